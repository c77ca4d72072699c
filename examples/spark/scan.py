#!/usr/bin/env python3
"""Scans an archive on a Spark cluster: scan.py -o all.db PATH...

Each path is read by `ksplat scan --format ndjson` on some worker (RDD.pipe), so the workers must find it under the same
name, as on NFS, and ksplat too. The lines are brought together by signature and merged into one database, which is that
of one run over all paths. A task that is lost with its worker is done again by another one; its lines come once, since
Spark takes the output of one attempt, and `ksplat merge` knows a line that it has seen.

    spark-submit --master spark://HOST:7077 scan.py -o all.db /archive/linux-usb/*.git /archive/logs/*
"""

import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

from pyspark import SparkContext

PART = pathlib.Path(__file__).resolve().with_name("part")


def key(line):
    """Lines of one bug come together; what could not be read has no bug, and a commit mends any."""
    if line.startswith("!"):
        return "!"
    found = json.loads(line)
    return found["fix"]["commit"] if "fix" in found else found["signature"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0], fromfile_prefix_chars="@")
    arguments.add_argument("-o", "--output", required=True, help="the database to write")
    arguments.add_argument("--ksplat", default="ksplat", help="the program, as the workers find it")
    arguments.add_argument("--tasks", type=int, default=0, help="parts to cut the paths into (default: 4 for each core)")
    arguments.add_argument("paths", nargs="+", metavar="PATH", help="what ksplat scan takes; @FILE is a list of them, a line each")
    options = arguments.parse_args()
    paths = options.paths

    context = SparkContext(appName="ksplat")
    tasks = min(len(paths), options.tasks or 4 * context.defaultParallelism)
    command = shlex.join([str(PART), options.ksplat])
    lines = context.parallelize(paths, tasks).pipe(command, checkCode=True)
    by_signature = lines.keyBy(key).partitionBy(max(1, context.defaultParallelism)).values()
    unreadable = 0
    with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as shard:
        for line in by_signature.toLocalIterator():
            if line.startswith("!"):
                unreadable += 1
                print(line[1:], file=sys.stderr)
            else:
                print(line, file=shard)
        shard.flush()
        context.stop()
        subprocess.run([options.ksplat, "merge", "-o", options.output, shard.name], check=True)
    return 2 if unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
