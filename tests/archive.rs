//! What an archive says when its mails come late, and when its database is damaged, or may not be written.

mod common;

use common::{ksplat, quoted, refusal, run, stderr, stdout, warning, write};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn mail(id: &str, date: &str, text: &str) -> String {
    format!(
        "From: a@b\nSubject: report\nDate: {date} 12:00:00 +0000\nMessage-Id: <{id}@b>\n\
         List-Id: <usb.example.org>\n\n{text}\n"
    )
}

fn bugs(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let all = [&["bugs", "--format", "json"], arguments].concat();
    let document: Value = serde_json::from_str(&stdout(&run(folder, &all))).expect("JSON");
    document["bugs"].as_array().expect("a list").clone()
}

/// An event of 2020 on 5.10, which a reply of 2026 quotes, and one of 2023 on 6.1. The last event is the one of 2023.
fn old_bug(folder: &Path) {
    let old = warning("alpha", "10.000001", "5.10.0");
    let files = [
        ("old/1", mail("1", "1 Mar 2020", &old)),
        (
            "new/2",
            mail("2", "2 Apr 2023", &warning("alpha", "99.000001", "6.1.0")),
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
    write(folder, &[("log", warning("alpha", "5.000001", "6.12.0"))]);
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

/// Whatever part of the database is lost: the log is reported as it is, one line says that the database is damaged, and
/// nothing is said of what was seen. Half of the truth looks like the truth.
#[test]
fn a_damaged_database_is_not_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for second in 1..40 {
        let text = warning("alpha", &format!("{second}.000001"), "6.1.0");
        let mail = mail(&second.to_string(), "1 Mar 2020", &text);
        write(folder, &[(&format!("mails/{second}"), mail)]);
    }
    let two = warning("alpha", "500.000001", "6.1.0") + &warning("beta", "501.000001", "6.1.0");
    write(folder, &[("log", two)]);
    run(folder, &["scan", "-q", "--db", "all.db", "mails"]);
    let whole = fs::read(folder.join("all.db")).expect("readable");
    let triage = ["--db", "damaged.db", "--format", "json", "log"];
    let read = |bytes: &[u8]| {
        fs::write(folder.join("damaged.db"), bytes).expect("writable");
        let output = ksplat(folder).args(triage).output().expect("ksplat runs");
        let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        (document["splats"].clone(), stderr(&output))
    };
    let (sound, silent) = read(&whole);
    assert_eq!(
        (&sound[0]["seen"]["count"], silent.as_str()),
        (&39.into(), "")
    );
    let mut damaged = 0;
    // Pages are 4096 bytes; the first one holds the tables' names.
    for page in 1..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..][..2048].fill(0);
        let (splats, errors) = read(&bytes);
        if splats == sound {
            // The bytes were in use for nothing that is asked for here.
            continue;
        }
        damaged += 1;
        assert!(
            splats[0]["seen"].is_null() && splats[1]["seen"].is_null(),
            "{page}: {splats}"
        );
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(
            errors.contains("damaged.db") && errors.contains("it is damaged"),
            "{errors}"
        );
        refusal(folder, &["check", "--db", "damaged.db", "log"]);
        refusal(folder, &["bugs", "--db", "damaged.db"]);
    }
    assert!(damaged > 5, "{damaged}");
}

/// What a folder holds, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    names.sort();
    names
}

/// Puts the file into the mode in which a killed scan leaves it: each reader makes two more files then.
fn as_killed(path: &Path) {
    let database = rusqlite::Connection::open(path).expect("a database");
    let mode = database.pragma_update(None, "journal_mode", "WAL");
    mode.expect("set");
}

/// In a folder that may only be read nothing can be made beside the database. Who may do everything cannot be kept from
/// that by rights: a link that leads nowhere does it.
#[test]
fn to_read_a_database_takes_no_file_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    old_bug(folder);
    write(folder, &[("log", warning("alpha", "5.000001", "6.12.0"))]);
    fs::create_dir(folder.join("db")).expect("made");
    run(
        folder,
        &["scan", "-q", "--db", "db/all #1?.db", "old", "new"],
    );
    let path = folder.join("db/all #1?.db");
    let read = || {
        for arguments in [
            ["bugs", "--db", "db/all #1?.db"].as_slice(),
            &["check", "--db", "db/all #1?.db", "log"],
            &["--db", "db/all #1?.db", "log"],
        ] {
            let text = stdout(&run(folder, arguments));
            assert!(text.contains("2023-04-02"), "{arguments:?}: {text}");
        }
    };
    read();
    assert_eq!(names(&folder.join("db")), ["all #1?.db"]);
    as_killed(&path);
    let beside = |ending: &str| folder.join(format!("db/all #1?.db{ending}"));
    symlink("nowhere/shm", beside("-shm")).expect("made");
    read();
    // A log that cannot be read with the file may hold the half of it.
    fs::write(beside("-wal"), "log").expect("written");
    refusal(folder, &["bugs", "--db", "db/all #1?.db"]);
}

/// "Nothing is known" and "nothing of what is known fits" are two answers, and a slip of the finger is neither.
#[test]
fn filters_of_bugs_say_what_they_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    old_bug(folder);
    write(folder, &[("quiet", "[    1.000001] nothing\n".to_owned())]);
    run(folder, &["scan", "-q", "--db", "all.db", "old", "new"]);
    run(folder, &["scan", "-q", "--db", "empty.db", "quiet"]);
    let said = |database: &str, filter: &[&str]| {
        let arguments = [&["bugs", "--db", database], filter].concat();
        stdout(&run(folder, &arguments))
    };
    assert_eq!(said("empty.db", &[]), "no bug is known\n");
    assert_eq!(said("empty.db", &["--kind", "oops"]), "no bug is known\n");
    assert_eq!(
        said("all.db", &["--kind", "oops"]),
        "no bug fits the filters\n"
    );
    assert_eq!(
        said("all.db", &["--kernel", "7."]),
        "no bug fits the filters\n"
    );
    assert_eq!(said("all.db", &["--top", "0"]), "1 bug (--all)\n");
    let slip = refusal(folder, &["bugs", "--db", "all.db", "--kind", "warnin"]);
    assert!(slip.contains("did you mean warning?"), "{slip}");
}

/// A database has no baseline that could be updated: a scan adds to it.
#[test]
fn a_check_against_a_database_names_the_way_to_accept_what_is_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    old_bug(folder);
    write(folder, &[("log", warning("beta", "5.000001", "6.12.0"))]);
    run(folder, &["scan", "-q", "--db", "all.db", "old"]);
    let text = stdout(&run(folder, &["check", "--db", "all.db", "log"]));
    assert!(
        text.contains("To accept what is new: ksplat scan with the same --db"),
        "{text}"
    );
    assert!(!text.contains("--update"), "{text}");
    run(folder, &["scan", "-q", "--db", "all.db", "log"]);
    let text = stdout(&run(folder, &["check", "--db", "all.db", "log"]));
    assert!(text.contains("0 new, 0 expired, 1 known"), "{text}");
}

/// A bug that was quoted often did not happen often.
#[test]
fn a_scan_with_a_database_counts_events_and_says_how_often_they_are_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    old_bug(folder);
    let old = warning("alpha", "10.000001", "5.10.0");
    for second in 1..3 {
        let reply = mail(&format!("r{second}"), "21 Nov 2026", &quoted(&old));
        write(folder, &[(&format!("new/r{second}"), reply)]);
        let beta = warning("beta", &format!("{}.000001", 70 + second), "6.1.0");
        write(folder, &[(&format!("new/b{second}"), beta)]);
    }
    write(folder, &[("new/b3", warning("beta", "90.000001", "6.1.0"))]);
    let scan = ["scan", "--db", "all.db", "old", "new"];
    insta::assert_snapshot!(stdout(&run(folder, &scan)), @r#"
    3  WARNING in beta
      signature warning:beta:caller
      kernels   6.1.0
      first     new/b1:1
      last      new/b3:1
      seen      3 times

    2  WARNING in alpha
      signature warning:alpha:caller
      printed   5 times, with quotes and cross-posts
      kernels   5.10.0, 6.1.0
      first     old/1:7
      last      new/r2:7
      seen      2 times since 2020-03-01 (https://lore.kernel.org/all/1@b/), last 2023-04-02 on 6.1.0

    8 splats of 5 events in 2 groups; 107 lines in 8 inputs
    "#);
    // Before the clock is set two events have one stamp: nobody knows that the second one is a quote.
    let early = warning("gamma", "0.000001", "6.1.0").replace(".000001", ".000000");
    write(folder, &[("early", early.repeat(2))]);
    let text = stdout(&run(folder, &["scan", "--db", "all.db", "early"]));
    assert!(
        text.contains("2  WARNING in gamma") && text.contains("2 splats in 1 group"),
        "{text}"
    );
    // Nobody tells them apart without a database.
    let text = stdout(&run(folder, &["scan", "old", "new"]));
    assert!(text.starts_with("5  WARNING in alpha\n"), "{text}");
}
