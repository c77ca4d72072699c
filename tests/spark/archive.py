#!/usr/bin/env python3
"""Makes an archive: archive.py FOLDER N. N logs and mails with fifteen bugs, quotes of them, a mail of a commit that mends
one of them, and a file that is cut off."""

import gzip
import pathlib
import sys


def warning(number):
    function, stamp = f"function_{number % 20}", f"[{number + 1:5}.000001] "
    lines = [
        "------------[ cut here ]------------",
        f"WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 {function}+0x10/0x20",
        f"CPU: 1 PID: 7 Comm: x Not tainted 6.{number % 7}.0 #1",
        f"RIP: 0010:{function}+0x10/0x20",
        "Call Trace:",
        " <TASK>",
        " caller+0x1/0x2",
        " </TASK>",
        "---[ end trace 0000000000000000 ]---",
    ]
    return [stamp + line for line in lines]


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True)
    for number in range(count):
        # Every fourth file quotes the bug of the one before.
        lines = warning(number - 1 if number % 4 == 3 else number)
        if number % 4 == 3:
            lines = [f"> {line}" for line in lines]
        head = []
        if number % 2:
            head = ["From: a@b", f"Subject: report {number}", f"Message-Id: <{number}@b>",
                    f"Date: {1 + number % 28} Jan 2026 12:00:00 +0000", "List-Id: <l.example.org>", ""]
        (folder / f"{number:05}").write_text("\n".join(head + lines) + "\n")
    commit = f"{1:040x}"
    head = ["From: tip-bot2@example.org", "Subject: [tip] foo: Mend", "Message-Id: <tip@b>", "Date: 1 Feb 2026 12:00:00 +0000", ""]
    body = [f"Commit-ID:     {commit}", f"Gitweb:        https://git.kernel.org/tip/{commit}", "Author:        A <a@b>",
            "CommitterDate: Sun, 01 Feb 2026 12:00:00 +01:00", "", "foo: Mend", "", "Closes: https://lore.kernel.org/l/1@b/", "---"]
    (folder / "tip").write_text("\n".join(head + body) + "\n")
    (folder / "broken.gz").write_bytes(gzip.compress("\n".join(warning(0)).encode())[:-20])


if __name__ == "__main__":
    main()
