#!/usr/bin/env python3
"""Compares what ksplat says about logs with what is true of them.

In: truths and their logs (a JSON file of truths and a folder of logs, or a folder of cases), the
ksplat binary ($KSPLAT, else target/release/ksplat), and for symbols a vmlinux.
Out: a line per log, `ok NAME` or `FAILED NAME` with the fields that differ; exit code 1 if any do.

A truth is {"late_clears": [...], "splats": N, "kaslr": BOOL, "kaslr_offset": "0x..."}; each late
clear names fields of ksplat's `late_clear` object (or of its splat, such as `truncated`).
A field that is not named is free. `caused_by` counts within `late_clears`, from 0.
`requester_without_vmlinux` is a second requester that counts as right: the one that the printed
frames show where a tail call hid the true one.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_CLEAR_FIELDS = {"requester_without_vmlinux"}
TIMEOUT_S = 120


@dataclasses.dataclass
class Answer:
    """What one ksplat run said."""

    exit_code: int
    stderr: str
    document: dict | None
    """The JSON document; None where standard output held none."""


def binary():
    """The ksplat to test."""
    return pathlib.Path(os.environ.get("KSPLAT", ROOT / "target/release/ksplat"))


def ask(log, vmlinux=None):
    """Runs ksplat on a log, and has only a late clear make it exit with 1."""
    command = [str(binary()), "--format", "json", "--fail-on", "late-clear"]
    if vmlinux:
        command += ["--vmlinux", str(vmlinux)]
    done = subprocess.run([*command, str(log)], capture_output=True, timeout=TIMEOUT_S)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = None
    return Answer(done.returncode, done.stderr.decode(errors="replace").strip(), document)


def differences(truth, answer, with_vmlinux):
    """Every way in which an answer differs from the truth, one line each; empty when it is right."""
    if answer.document is None:
        return [f"no JSON, exit code {answer.exit_code}: {answer.stderr or 'nothing on stderr'}"]
    splats = answer.document.get("splats", [])
    found = late_clears(splats)
    wanted = truth["late_clears"]
    return [
        *exit_code_differences(wanted, answer),
        *count_differences(truth, splats, found),
        *kaslr_differences(truth, answer.document, with_vmlinux),
        *(
            f"late clear {index}: {line}"
            for index, (want, have) in enumerate(zip(wanted, found))
            for line in clear_differences(want, have, with_vmlinux)
        ),
    ]


def late_clears(splats):
    """The splats that are late clears, in order: the fields of the splat and of its `late_clear`
    in one dict, `caused_by` counted within the late clears as in a truth."""
    indexes = [index for index, splat in enumerate(splats) if splat.get("late_clear")]
    order = {index: nth for nth, index in enumerate(indexes)}
    found = []
    for index in indexes:
        clear = {**splats[index], **splats[index]["late_clear"]}
        cause = clear.get("caused_by")
        if cause is not None:
            clear["caused_by"] = order.get(cause, f"splat {cause}, which is no late clear")
        found.append(clear)
    return found


def exit_code_differences(wanted, answer):
    due = 1 if wanted else 0
    if answer.exit_code != due:
        yield f"exit code {answer.exit_code}, not {due} {answer.stderr}".rstrip()


def count_differences(truth, splats, found):
    if len(found) != len(truth["late_clears"]):
        yield f"{len(found)} late clears {brief(found)}, not {len(truth['late_clears'])}"
    reports = [splat for splat in splats if splat.get("level") != "notice"]
    if "splats" in truth and len(reports) != truth["splats"]:
        yield f"{len(reports)} splats, not {truth['splats']}"


def brief(clears):
    """A few words for each late clear found."""
    return [
        "{} cpu {} {}".format(c.get("path"), c.get("cpu"), (c.get("feature") or {}).get("name"))
        for c in clears
    ]


def kaslr_differences(truth, document, with_vmlinux):
    """The offset can be had from a late clear and its vmlinux; without either it may be unknown."""
    if not truth.get("kaslr_offset") and truth.get("kaslr") is not False:
        return
    due = offset(truth.get("kaslr_offset")) or 0
    boots = [boot for log in document.get("inputs", []) for boot in log.get("boots", [])]
    said = offset(boots[0].get("kaslr_offset")) if boots else None
    may_be_unknown = due == 0 or not with_vmlinux or not truth["late_clears"]
    if said != due and not (said is None and may_be_unknown):
        yield f"kaslr_offset {None if said is None else hex(said)}, not {due:#x}"


def offset(value):
    """An offset as a number: JSON has it as a number or in hex."""
    return int(value, 16) if isinstance(value, str) else value


def clear_differences(want, have, with_vmlinux):
    for field in (name for name in want if name not in NOT_CLEAR_FIELDS):
        allowed = allowed_values(field, want, with_vmlinux)
        if isinstance(want[field], dict):
            inner = have.get(field) or {}
            for key, value in want[field].items():
                if inner.get(key) != value:
                    yield f"{field}.{key} {inner.get(key)!r}, not {value!r}"
        elif have.get(field) not in allowed:
            yield f"{field} {have.get(field)!r}, not {allowed[0]!r}"


def allowed_values(field, want, with_vmlinux):
    """The values that count as right, the true one first."""
    allowed = [want[field]]
    if field == "target" and not with_vmlinux:
        allowed += [None, "unknown"]
    if field == "requester" and "requester_without_vmlinux" in want:
        allowed.append(want["requester_without_vmlinux"])
    return allowed


def check(name, truth, log, vmlinux=None):
    """Asks ksplat about one log and prints the outcome; True when it is right."""
    try:
        wrong = differences(truth, ask(log, vmlinux), with_vmlinux=vmlinux is not None)
    except (OSError, subprocess.TimeoutExpired) as error:
        wrong = [str(error)]
    tell(name, wrong)
    return not wrong


def tell(name, wrong):
    """Prints an outcome."""
    print(f"{'FAILED' if wrong else 'ok':6} {name}")
    for line in wrong:
        print(f"         {line}")


def close(outcomes):
    """Prints the closing line of a run; its exit code."""
    failed = outcomes.count(False)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed else 0


def saved_truths(options):
    """What the options name: (name, truth, path of the log), one by one."""
    if options.cases:
        for truth in sorted(options.cases.glob("*/expected.json")):
            yield truth.parent.name, json.loads(truth.read_text()), truth.parent / "log"
    else:
        folder = options.logs or options.expected.parent
        for name, truth in json.loads(options.expected.read_text()).items():
            yield name, truth, folder / name


def main():
    parser = argparse.ArgumentParser(description="Compare ksplat's verdicts with the truth.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--expected", type=pathlib.Path, help="the truths of many logs (JSON)")
    source.add_argument("--cases", type=pathlib.Path, metavar="DIR",
                        help="a folder of cases, each with `log` and `expected.json` (corpus/)")
    parser.add_argument("--logs", type=pathlib.Path,
                        help="folder of the logs of --expected (default: the one it is in)")
    parser.add_argument("--vmlinux", type=pathlib.Path, help="symbols of the logs' kernel")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only logs whose name has NAME")
    options = parser.parse_args()
    return close([
        check(name, truth, log, options.vmlinux)
        for name, truth, log in saved_truths(options)
        if not options.names or any(part in name for part in options.names)
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
