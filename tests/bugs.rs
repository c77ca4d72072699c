//! What people read of a database: the bugs, the history of one, and what is new of a scan.

mod common;

use common::stdout;
use std::fs;
use std::path::Path;

/// A WARNING with a caller, at a second, on a kernel.
fn warning(function: &str, caller: &str, second: u32, release: &str) -> String {
    let lines = [
        "------------[ cut here ]------------".to_owned(),
        format!("WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 {function}+0x10/0x20"),
        format!("CPU: 1 PID: 7 Comm: x Not tainted {release} #1"),
        "Hardware name: Box/Mini, BIOS 1".to_owned(),
        format!("RIP: 0010:{function}+0x10/0x20"),
        "RAX: 0000000000000000 RBX: ffff888100000000 RCX: 0000000000000001".to_owned(),
        "Call Trace:".to_owned(),
        " <TASK>".to_owned(),
        format!(" {caller}+0x1/0x2"),
        " </TASK>".to_owned(),
        "---[ end trace 0000000000000000 ]---".to_owned(),
    ];
    lines
        .map(|line| format!("[{second:5}.000001] {line}\n"))
        .concat()
}

fn mail(id: &str, day: &str, subject: &str, list: &str, text: &str) -> String {
    format!(
        "From: a@b\nTo: {list}@example.org\nSubject: {subject}\nDate: {day} 12:00:00 +0000\nMessage-Id: <{id}@b>\n\
         List-Id: <{list}.example.org>\n\n{text}\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, text).expect("writable");
}

/// What a command that works prints.
fn run(folder: &Path, arguments: &[&str]) -> String {
    stdout(&common::run(folder, arguments))
}

/// Alpha by two callers, with an answer and a cross-post; beta once, right after which the machine panics.
fn archive(folder: &Path) {
    let alpha = warning("alpha", "caller", 10, "6.9.0");
    let quote: String = alpha.lines().map(|line| format!("> {line}\n")).collect();
    let mails = [
        ("1", "5 Jan 2026", "a bug", "usb", alpha.clone()),
        ("1", "5 Jan 2026", "a bug", "net", alpha),
        ("2", "6 Jan 2026", "Re: a bug", "usb", quote),
        (
            "3",
            "7 Feb 2026",
            "again",
            "usb",
            warning("alpha", "caller", 99, "6.12.0"),
        ),
        (
            "4",
            "8 Feb 2026",
            "other",
            "net",
            warning("alpha", "another", 5, "6.10.0"),
        ),
        (
            "5",
            "9 Feb 2026",
            "beta",
            "net",
            warning("beta", "caller", 7, "6.18.0")
                + "[    7.000009] Kernel panic - not syncing: stop\n[    7.000010] CPU: 1 PID: 7 Comm: x\n",
        ),
    ];
    for (id, day, subject, list, text) in mails {
        let text = mail(id, day, subject, list, &text);
        write(folder, &format!("{list}/{id}"), &text);
    }
}

#[test]
fn bugs_are_rolled_up_by_title_with_their_variants() {
    let folder = tempfile::tempdir().expect("a folder");
    archive(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "usb", "net"],
    );
    let bugs = ["bugs", "--db", "all.db"];
    insta::assert_snapshot!(run(folder.path(), &[bugs.as_slice(), &["--top", "1"]].concat()), @r#"
         3  WARNING in alpha
            3 events in 4 mails, 2026-01-05 to 2026-02-08 · 6.9.0 to 6.12.0 ·
            net.example.org, usb.example.org
               2  warning:alpha:caller
               1  warning:alpha:another

    and 2 more bugs (--all)
    "#);
    let history = ["WARNING in alpha"];
    insta::assert_snapshot!(run(folder.path(), &[bugs.as_slice(), &history].concat()), @r#"
    WARNING in alpha
      Seen      3 events in 4 mails, 2026-01-05 to 2026-02-08
      Culprit   alpha · kernel/foo.c
      Kernels   6.9.0, 6.10.0, 6.12.0
      Machines  Box/Mini, BIOS 1
      Lists     net.example.org, usb.example.org
      Months    2026-01: 1, 2026-02: 2

      Variants: signatures of this title
           2  warning:alpha:caller
           1  warning:alpha:another

      Threads
        2026-01-05 to 2026-01-06  a bug  https://lore.kernel.org/all/1@b/  (2 mails, net.example.org, usb.example.org)
        2026-02-07  again  https://lore.kernel.org/all/3@b/  (usb.example.org)
        2026-02-08  other  https://lore.kernel.org/all/4@b/  (net.example.org)

      The most complete report
        usb/2:8-18
        WARNING: alpha() found what should never happen
        CPU 1, PID 7, x, 10.000001 s after boot
        6.9.0 · Box/Mini, BIOS 1
        RAX: 0000000000000000  RBX: ffff888100000000  RCX: 0000000000000001  RIP: alpha+0x10/0x20
        Call trace:
          caller+0x1/0x2
    "#);
    let beta = run(
        folder.path(),
        &[bugs.as_slice(), &["WARNING in beta"]].concat(),
    );
    assert!(!beta.contains("alpha"), "{beta}");
}

/// Reports of one incident lead to each other, in the database of one run as in one that was merged of lines.
#[test]
fn signatures_of_one_incident_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let clears = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/ap-spectre-ucode-many-kaslr/log"
    );
    fs::copy(clears, folder.path().join("log")).expect("copied");
    run(folder.path(), &["scan", "-q", "--db", "one.db", "log"]);
    run(
        folder.path(),
        &[
            "scan",
            "-q",
            "--format",
            "ndjson",
            "-o",
            "log.ndjson",
            "log",
        ],
    );
    run(folder.path(), &["merge", "-o", "merged.db", "log.ndjson"]);
    let json = |database| {
        run(
            folder.path(),
            &["bugs", "--db", database, "--format", "json"],
        )
    };
    assert_eq!(json("one.db"), json("merged.db"));
    let document: serde_json::Value = serde_json::from_str(&json("one.db")).expect("JSON");
    let bugs = document["bugs"].as_array().expect("a list");
    assert!(bugs.len() > 2);
    for bug in bugs {
        let related = bug["related"].as_array().expect("a list");
        assert_eq!(related.len(), bugs.len() - 1, "{bug}");
        assert!(!related.contains(&bug["signature"]));
    }
}

#[test]
fn a_scan_shows_first_what_no_earlier_run_has_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    archive(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "usb", "net"],
    );
    for second in 0..3 {
        let known = warning("alpha", "caller", 1000 + second, "6.13.0");
        write(folder.path(), &format!("new/{second}"), &known);
    }
    write(
        folder.path(),
        "new/9",
        &warning("gamma", "caller", 3, "6.13.0"),
    );
    let scan = ["scan", "--db", "all.db", "new"];
    insta::assert_snapshot!(run(folder.path(), &[scan.as_slice(), &["--top", "2"]].concat()), @r#"
    new  1  WARNING in gamma
      signature warning:gamma:caller
      kernels   6.13.0
      hardware  Box/Mini, BIOS 1
      at        new/9:1

    3  WARNING in alpha
      signature warning:alpha:caller
      kernels   6.13.0
      hardware  one kind of machine: Box/Mini, BIOS 1
      first     new/0:1
      last      new/2:1
      seen      5 times since 2026-01-05 (https://lore.kernel.org/all/1@b/), last 2026-02-07 on 6.12.0

    4 splats in 2 groups, 1 new; 44 lines in 4 inputs
    "#);
}
