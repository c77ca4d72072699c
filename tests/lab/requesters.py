#!/usr/bin/env python3
"""Compares grammars/late-clear.toml and grammars/dependencies.toml with kernel trees.

In: one or more kernel trees (a distribution's linux-source package, unpacked; arch/x86, drivers and
Makefile are enough).
Out: each function that calls clear_cpu_cap() or setup_clear_cpu_cap() for a feature of which neither a
[[requester]] nor a [[never_late]] tells; each of those that no tree has; each dependency that the table
lacks. Exit code 0: nothing lacks, 1: something does, 2: usage.

Usage: requesters.py TREE...
"""

import pathlib
import re
import sys
import tomllib

GRAMMARS = pathlib.Path(__file__).parents[2] / "grammars"
CALL = re.compile(r"\b(?:setup_)?clear_cpu_cap\s*\((?:[^;,()]*(?:\([^()]*\))?,)?\s*([^;]*?)\)\s*;", re.S)
FUNCTION = re.compile(r"^(?![#/*\s]|\w+:)[^;={}]*?\b(?!(?:if|for|while|switch)\b)(\w+)\s*\([^;{}]*\)[^;{}()]*\{", re.M)
PAIR = re.compile(r"\{\s*X86_FEATURE_(\w+),\s*X86_FEATURE_(\w+),?\s*\}")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
# The machinery itself.
SITE = "arch/x86/kernel/cpu/cpuid-deps.c"


def callers(tree):
    """(file, function, feature) of each call; a feature that is no constant is None."""
    for path in sorted(pathlib.Path(tree).glob("arch/x86/**/*.c")) + sorted(
        pathlib.Path(tree).glob("drivers/**/*.c")
    ):
        text = path.read_text(errors="replace")
        name = str(path.relative_to(tree))
        if "clear_cpu_cap" not in text or name == SITE:
            continue
        text = COMMENT.sub(lambda found: "\n" * found.group().count("\n"), text)
        starts = [(found.start(), found.group(1)) for found in FUNCTION.finditer(text)]
        for call in CALL.finditer(text):
            inside = [function for at, function in starts if at < call.start()]
            feature = call.group(1).strip()
            known = feature.startswith("X86_FEATURE_")
            yield name, inside[-1] if inside else "?", feature[12:] if known else None


def rules():
    """(function, features or none) of the grammar's rules, and those that were matched."""
    grammar = tomllib.loads((GRAMMARS / "late-clear.toml").read_text())
    for rule in grammar["requester"]:
        names = [rule["function"], *rule.get("also", []), *rule.get("inlined_into", [])]
        yield rule["name"], names, rule.get("features", [])
    for rule in grammar.get("never_late", []):
        yield rule["functions"][0], rule["functions"], rule.get("features", [])


def lacking_callers(trees):
    known, used, lacking = list(rules()), set(), []
    for tree in trees:
        for file, function, feature in callers(tree):
            fits = [
                name
                for name, functions, features in known
                if function in functions
                and (not features or feature is None or feature in features)
            ]
            used.update(fits)
            if not fits:
                lacking.append(f"{tree}: {file}: {function}() clears {feature or 'a variable'}")
    gone = [f"no tree has {name}" for name, _, _ in known if name not in used]
    return lacking, gone


def lacking_dependencies(trees):
    table = tomllib.loads((GRAMMARS / "dependencies.toml").read_text())["depends"]
    known = {(row["feature"], row["needs"]) for row in table}
    for tree in trees:
        for pair in PAIR.findall((pathlib.Path(tree) / SITE).read_text()):
            if pair not in known:
                yield f"{tree}: {pair[0]} depends on {pair[1]}"


def main():
    trees = sys.argv[1:]
    if not trees or not all((pathlib.Path(tree) / SITE).is_file() for tree in trees):
        print(__doc__, file=sys.stderr)
        return 2
    lacking, gone = lacking_callers(trees)
    lacking += lacking_dependencies(trees)
    for line in lacking + gone:
        print(line)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
