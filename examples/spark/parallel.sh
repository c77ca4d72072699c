#!/bin/sh
# Scans an archive with GNU parallel, on this machine or on others (PARALLEL='--sshlogin a,b'): parallel.sh ALL.DB <PATHS
#
# PATHS has a path a line. Shards are NDJSON: they come back through the pipe, no folder needs to be shared. A job that
# fails is tried three times, and the output of one attempt is kept.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ksplat=${KSPLAT:-ksplat}
shard=$(mktemp --suffix .ndjson)
trap 'rm -f "$shard"' EXIT
parallel --will-cite --retries 3 --pipe -N "${PATHS_A_JOB:-16}" "$here/part" "$ksplat" >"$shard"
code=0
if grep '^!' "$shard" | cut -c2- >&2 && grep -q '^!' "$shard"; then code=2; fi
sed -i '/^!/d' "$shard"
"$ksplat" merge -o "$1" "$shard"
exit "$code"
