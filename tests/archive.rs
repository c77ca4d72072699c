//! What an archive says when its mails come late, and when its database is damaged, or may not be written.

mod common;

use common::{run, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A WARNING of a function, at a second, on a kernel.
fn warning(function: &str, second: u32, release: &str) -> String {
    let lines = [
        "------------[ cut here ]------------".to_owned(),
        format!("WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 {function}+0x10/0x20"),
        format!("CPU: 1 PID: 7 Comm: x Not tainted {release} #1"),
        format!("RIP: 0010:{function}+0x10/0x20"),
        "Call Trace:".to_owned(),
        " <TASK>".to_owned(),
        " caller+0x1/0x2".to_owned(),
        " </TASK>".to_owned(),
        "---[ end trace 0000000000000000 ]---".to_owned(),
    ];
    lines
        .map(|line| format!("[{second:5}.000001] {line}\n"))
        .concat()
}

fn mail(id: &str, date: &str, text: &str) -> String {
    format!(
        "From: a@b\nSubject: report\nDate: {date} 12:00:00 +0000\nMessage-Id: <{id}@b>\n\
         List-Id: <usb.example.org>\n\n{text}\n"
    )
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

fn write(folder: &Path, files: &[(&str, String)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    }
}

fn bugs(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let all = [&["bugs", "--format", "json"], arguments].concat();
    let document: Value = serde_json::from_str(&stdout(&run(folder, &all))).expect("JSON");
    document["bugs"].as_array().expect("a list").clone()
}

/// An event of 2020 on 5.10, which a reply of 2026 quotes, and one of 2023 on 6.1. The last event is the one of 2023.
fn old_bug(folder: &Path) {
    let old = warning("alpha", 10, "5.10.0");
    let files = [
        ("old/1", mail("1", "1 Mar 2020", &old)),
        (
            "new/2",
            mail("2", "2 Apr 2023", &warning("alpha", 99, "6.1.0")),
        ),
        ("new/3", mail("3", "20 Nov 2026", &quoted(&old))),
    ];
    write(folder, &files);
}

#[test]
fn a_quote_years_later_does_not_make_an_event_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    old_bug(folder);
    run(folder, &["scan", "-q", "--db", "all.db", "old", "new"]);
    run(folder, &["scan", "-q", "--db", "old.db", "old"]);
    run(folder, &["scan", "-q", "--db", "new.db", "new"]);
    run(folder, &["merge", "-o", "merged.db", "new.db", "old.db"]);
    write(folder, &[("log", warning("alpha", 5, "6.12.0"))]);
    for database in ["all.db", "merged.db"] {
        let counts = |arguments: &[&str]| -> Vec<Value> {
            let found = bugs(folder, &[&["--db", database], arguments].concat());
            found.iter().map(|bug| bug["count"].clone()).collect()
        };
        let bug = &bugs(folder, &["--db", database])[0];
        assert_eq!(bug["first"], "2020-03-01");
        assert_eq!(bug["last"], "2023-04-02");
        assert_eq!((&bug["count"], &bug["mails"]), (&2.into(), &3.into()));
        assert_eq!(counts(&["--since", "2024-01-01"]), [0; 0]);
        assert_eq!(counts(&["--since", "2023-01-01"]), [1]);
        assert_eq!(counts(&["--until", "2022-01-01"]), [1]);
        let output = run(folder, &["--db", database, "--format", "json", "log"]);
        let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let seen = &document["splats"][0]["seen"];
        assert_eq!(
            (&seen["first"], &seen["last"], &seen["release"]),
            (&"2020-03-01".into(), &"2023-04-02".into(), &"6.1.0".into())
        );
        // Where it was mentioned is told all the same.
        assert_eq!(seen["links"].as_array().expect("a list").len(), 3);
        let history = stdout(&run(
            folder,
            &["bugs", "--db", database, "WARNING in alpha"],
        ));
        assert!(history.contains("2026-11-20"), "{history}");
        let page = stdout(&run(
            folder,
            &["bugs", "--db", database, "--format", "html"],
        ));
        assert!(page.contains("\"days\":[\"2020-03-01\",\"2023-04-02\"]"));
    }
}
