"""A database of very many bugs: reports as lines of NDJSON, put together by `ksplat merge`."""

import json
import subprocess

KINDS = ["warning", "kasan", "oops", "lockdep", "ubsan"]
LISTS = ["linux-usb.vger.kernel.org", "netdev.vger.kernel.org", "linux-fsdevel.vger.kernel.org"]
SUBSYSTEMS = ["USB SUBSYSTEM", "NETWORKING [GENERAL]", "FILESYSTEMS (VFS)"]

# What a mail would need to say to get out of its place, as title, subject and list.
EVIL = "\"></noscript></script><script>alert(1)</script><img src=x onerror=alert(2)>'</section>"


def event(bug, number):
    """The event `number` of a bug: its mail is of the month that many after January 2024."""
    month = (bug + 3 * number) % 24
    date = f"{2024 + month // 12}-{month % 12 + 1:02}-{bug % 28 + 1:02}"
    function = f"function_{bug}"
    frames = [function, "caller", "do_syscall_64"]
    return {
        "source": {
            "path": "archive.git", "member": f"{bug}-{number}", "first_line": 1, "last_line": 40,
            "message_id": f"{bug}.{number}@example.org", "date": f"{date}T12:00:00Z",
            "list": LISTS[bug % 3], "subject": f"a report of {function}",
        },
        "kind": KINDS[bug % 5], "level": "report", "title": f"WARNING in {function}", "signature": f"warning:{function}:caller",
        "incident": 0, "culprit": {"function": function, "file": f"drivers/x/{bug % 97}.c"},
        "summary": f"{function}() found what must not be", "kernel": {"release": f"6.{(bug + number) % 19}.0", "taint": ""},
        "hardware": f"Box {bug % 7}", "time": bug + number / 8 + 0.000001, "cpu": 1, "pid": 7, "comm": "x",
        "message": [], "registers": {"rax": "0" * 16}, "details": ["a line of detail"],
        "frames": [{"function": name, "offset": 16, "size": 32, "module": None, "reliable": True, "inlines": []} for name in frames],
        "routing": {"subsystem": SUBSYSTEMS[bug % 3]},
    }


def events(bugs):
    for bug in range(bugs):
        for number in range(1 + bug % 5):
            yield event(bug, number)
    hostile = event(bugs, 0)
    hostile.update(title=EVIL, signature=EVIL, kind="oops")
    hostile["source"].update(subject=EVIL, list=EVIL, message_id=EVIL)
    yield hostile
    # Another signature of the first title, in one incident with the second bug.
    for splat in (event(0, 9), event(1, 9)):
        splat["source"].update(member="both", first_line=50 + (splat["cpu"] or 0))
        splat["incident"] = 77
        if splat["title"].endswith("_0"):
            splat["signature"] += ":variant"
        yield splat


def make(binary, folder, bugs):
    """A page of so many bugs and one that is hostile, and one variant; a tenth of them is fixed. Gives its path."""
    shard, database, page = (folder / name for name in ("memory.ndjson", "memory.db", "memory.html"))
    with shard.open("w") as out:
        for splat in events(bugs):
            out.write(json.dumps(splat) + "\n")
    subprocess.run([binary, "merge", "-o", database, shard], check=True)
    fixes(database, range(0, bugs, 10))
    subprocess.run([binary, "bugs", "--db", database, "--format", "html", "-o", page], check=True)
    return page


def fixes(database, bugs):
    """Commits that close a mail of a bug, as a scan of a repository notes them."""
    import sqlite3

    with sqlite3.connect(database) as memory:
        for bug in bugs:
            commit = f"{bug:040x}"
            memory.execute("INSERT INTO fix VALUES (?, ?, '2026-01-01', '6.19')", (commit, f"x: Mend {bug}"))
            memory.execute("INSERT INTO mend VALUES ('closes', ?, ?)", (f"{bug}.0@example.org", commit))
