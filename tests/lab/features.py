#!/usr/bin/env python3
"""Compares grammars/cpu-features with kernel headers.

In: a directory of arch/x86/include/asm/cpufeatures.h files named by version (6.12.113.h,
7.3-rc7.h), for instance out of a distribution's linux-headers packages.
Out: for each header the lines that the tables lack for that version, ready to paste; an entry
that they replace needs its `until`. Exit code 0: nothing lacks, 1: something does, 2: usage.

Usage: features.py HEADER_DIR
"""

import pathlib
import re
import sys
import tomllib

TABLES = pathlib.Path(__file__).parents[2] / "grammars" / "cpu-features"
DEFINE = re.compile(
    r"^#\s*define\s+X86_(?P<kind>FEATURE|BUG)_(?P<name>\w+)\s+(?:X86_BUG)?"
    r"\(\s*(?:(?P<word>\d+)\s*\*\s*32\s*\+\s*)?(?P<bit>\d+)\s*\)\s*(?P<comment>/\*.*)?$"
)
SIZE = re.compile(r"^#define\s+(NCAPINTS|NBUGINTS)\s+(\d+)", re.M)
QUOTED = re.compile(r'/\*\s*"([^"]*)"')


def version(text, open_end=False):
    """A version as a tuple; a series that ends a range reaches to its last stable release."""
    parts = [int(part) for part in text.split("-")[0].split(".")]
    return tuple(parts + [10**6 if open_end else 0] * (3 - len(parts)))


def flag_of(name, comment, opt_in):
    """What arch/x86/kernel/cpu/mkcapflags.sh makes of a define: the flag, or None where hidden.

    Since 6.11 only a quoted name shows (commit 78ce84b9e0a5); before, `""` hides.
    """
    quoted = QUOTED.match(comment or "")
    if quoted:
        return quoted[1].lower() or None
    return None if opt_in else name.lower()


def read_header(path):
    """{("feature" or "bug", "WORD*32+BIT"): (name, flag)} and {"NCAPINTS": n, "NBUGINTS": n}."""
    text = pathlib.Path(path).read_text()
    opt_in = '/* ""' not in text
    defines = {}
    for match in filter(None, map(DEFINE.match, text.splitlines())):
        kind, name = match["kind"].lower(), match["name"]
        number = f"{match['word'] or 0}*32+{match['bit']}"
        defines[kind, number] = (name, flag_of(name, match["comment"], opt_in))
    return defines, {name: int(value) for name, value in SIZE.findall(text)}


def holds(entry, at):
    """Whether an entry of the tables speaks of version `at`."""
    return version(entry.get("since", "0.0")) <= at <= version(entry.get("until", "999.0"), True)


def line(kind, number, name, flag):
    """An entry in the form of the tables."""
    key = "number" if kind == "feature" else "bit"
    shown = f', flag = "{flag}"' if flag else ""
    return f'{kind}: {{ {key} = "{number}", name = "{name}"{shown} }},'


def lacks(entries, header, at):
    """The lines that a header needs and the tables do not have."""
    known = {
        (kind, entry.get("number") or entry["bit"]): (entry["name"], entry.get("flag"))
        for kind in ("feature", "bug")
        for entry in entries[kind]
        if holds(entry, at)
    }
    defines, sizes = header
    for (kind, number), found in defines.items():
        if known.get((kind, number)) != found:
            yield line(kind, number, *found)
    wanted = {"ncapints": sizes["NCAPINTS"], "nbugints": sizes["NBUGINTS"]}
    size = next((s for s in reversed(entries["kernel"]) if version(s["since"]) <= at), {})
    if {key: size.get(key) for key in wanted} != wanted:
        yield f"kernel: {wanted}"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    entries = {"feature": [], "bug": [], "kernel": []}
    for path in sorted(TABLES.glob("*.toml")):
        for kind, rows in tomllib.loads(path.read_text()).items():
            entries[kind] += rows
    lacking = 0
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.h")):
        for text in lacks(entries, read_header(path), version(path.stem)):
            print(f"{path.stem}: {text}")
            lacking = 1
    return lacking


if __name__ == "__main__":
    sys.exit(main())
