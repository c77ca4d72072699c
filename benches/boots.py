"""Boots of the corpus, and the same boots of other machines."""

import re

from measure import ROOT

STAMP = re.compile(rb"^\[ *(\d+)\.(\d{6})\]", re.M)
ADDRESS = re.compile(rb"\bffff[0-9a-f]{12}\b")
PID = re.compile(rb"PID: [1-9]\d*")



def logs():
    """The corpus: logs without and with splats."""
    clean, broken = [], []
    for case in sorted(ROOT.glob("corpus/*/expected.json")):
        log = case.with_name("log").read_bytes()
        if b"WARNING: CPU" in log:
            broken.append(log)
        elif b"Linux version " in log:
            clean.append(log)
    return clean, broken


def vary(log, rng):
    """The same boot of another machine: other times, addresses and PIDs."""
    shift, slide = rng.randrange(1_000_000), rng.randrange(1 << 20) << 12

    def stamp(match):
        micros = int(match[1]) * 1_000_000 + int(match[2])
        micros += shift if micros else 0
        return b"[%5d.%06d]" % divmod(micros, 1_000_000)

    log = STAMP.sub(stamp, log)
    log = ADDRESS.sub(lambda m: b"%016x" % ((int(m[0], 16) + slide) & (1 << 64) - 1), log)
    return PID.sub(b"PID: %d" % rng.randrange(2, 30000), log)
