//! `--db`: an archive that remembers, through the real binary.

mod common;

use common::{ksplat, quoted, refusal, run, stderr, stdout, warning, write};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const STAMP: &str = "[   10.000001] ";

/// A mail to a list, with a text.
fn mail(id: &str, day: &str, list: &str, text: &str) -> String {
    format!(
        "From: a@b\nTo: {list}@vger.kernel.org\nSubject: report {id}\nDate: {day} 2026 12:00:00 +0000\nMessage-Id: <{id}@b>\n\
         List-Id: <{list}.vger.kernel.org>\n\n{text}\n"
    )
}

fn bugs(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let all = [&["bugs", "--format", "json"], arguments].concat();
    let document: Value = serde_json::from_str(&stdout(&run(folder, &all))).expect("JSON");
    document["bugs"].as_array().expect("a list").clone()
}

/// A report, a reply that quotes it, and the same mail on another list: one event. The same bug later is another.
fn lists(folder: &Path) {
    let first = warning("alpha", "10.000001", "6.9.0");
    let again = warning("alpha", "99.000001", "6.12.0");
    write(
        folder,
        &[
            ("usb/1", mail("1", "Mon, 5 Jan", "linux-usb", &first)),
            (
                "usb/2",
                mail("2", "Tue, 6 Jan", "linux-usb", &quoted(&first)),
            ),
            ("kernel/1", mail("1", "Mon, 5 Jan", "linux-kernel", &first)),
            ("kernel/3", mail("3", "Sat, 7 Feb", "linux-kernel", &again)),
            (
                "kernel/4",
                mail(
                    "4",
                    "Sun, 8 Feb",
                    "linux-kernel",
                    &warning("beta", "5.000001", "6.12.0"),
                ),
            ),
        ],
    );
}

#[test]
fn quotes_and_cross_posts_are_one_event() {
    let folder = tempfile::tempdir().expect("a folder");
    lists(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "usb", "kernel"],
    );
    let found = bugs(folder.path(), &["--db", "all.db"]);
    assert_eq!(found.len(), 2);
    let alpha = &found[0];
    assert_eq!(alpha["title"], "WARNING in alpha");
    assert_eq!(
        (&alpha["count"], &alpha["mentions"], &alpha["mails"]),
        (&2.into(), &4.into(), &3.into())
    );
    assert_eq!(
        (&alpha["first"], &alpha["last"]),
        (&"2026-01-05".into(), &"2026-02-07".into())
    );
    assert_eq!(alpha["kernels"], serde_json::json!(["6.9.0", "6.12.0"]));
    assert_eq!(
        alpha["months"],
        serde_json::json!({"2026-01": 1, "2026-02": 1})
    );
    assert_eq!(alpha["links"][0], "https://lore.kernel.org/all/1@b/");
}

#[test]
fn filters_take_what_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    lists(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "usb", "kernel"],
    );
    let titles = |arguments: &[&str]| -> Vec<String> {
        let found = bugs(folder.path(), &[&["--db", "all.db"], arguments].concat());
        found
            .iter()
            .map(|bug| bug["title"].as_str().expect("text").to_owned())
            .collect()
    };
    let (alpha, beta) = ("WARNING in alpha", "WARNING in beta");
    assert_eq!(titles(&[]), [alpha, beta]);
    assert_eq!(titles(&["--new-since", "2026-02-01"]), [beta]);
    assert_eq!(titles(&["--until", "2026-01-31"]), [alpha]);
    assert_eq!(titles(&["--kernel", "6.9"]), [alpha]);
    assert_eq!(titles(&["--list", "usb"]), [alpha]);
    assert_eq!(titles(&["--grep", "bet"]), [beta]);
    assert_eq!(titles(&["--kind", "oops"]), [""; 0]);
    assert_eq!(titles(&["--top", "1"]), [alpha]);
    assert_eq!(titles(&["--sort", "last"]), [beta, alpha]);
    assert_eq!(titles(&[beta]), [beta]);
}

#[test]
fn a_second_run_reads_only_what_is_new() {
    let folder = tempfile::tempdir().expect("a folder");
    lists(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "usb", "kernel"],
    );
    let before = bugs(folder.path(), &["--db", "all.db"]);
    let again = stdout(&run(
        folder.path(),
        &["scan", "--db", "all.db", "usb", "kernel"],
    ));
    assert!(again.contains("0 splats in 0 groups"), "{again}");
    assert_eq!(bugs(folder.path(), &["--db", "all.db"]), before);
    write(
        folder.path(),
        &[(
            "usb/9",
            mail(
                "9",
                "Mon, 9 Mar",
                "linux-usb",
                &warning("gamma", "1.0", "6.12.0"),
            ),
        )],
    );
    let new = stdout(&run(
        folder.path(),
        &["scan", "--db", "all.db", "usb", "kernel"],
    ));
    assert!(new.contains("1 splat in 1 group"), "{new}");
    assert_eq!(
        bugs(folder.path(), &["--db", "all.db"]).len(),
        before.len() + 1
    );
}

#[test]
fn a_log_is_held_against_what_was_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    lists(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "usb", "kernel"],
    );
    write(
        folder.path(),
        &[
            ("log", warning("alpha", "1.0", "6.13.0")),
            ("new", warning("delta", "1.0", "6.13.0")),
        ],
    );
    let output = run(
        folder.path(),
        &["--db", "all.db", "--format", "json", "log"],
    );
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    insta::assert_json_snapshot!(document["splats"][0]["seen"], @r#"
    {
      "count": 2,
      "first": "2026-01-05",
      "fixed_by": [],
      "last": "2026-02-07",
      "links": [
        "https://lore.kernel.org/all/1@b/",
        "https://lore.kernel.org/all/2@b/",
        "https://lore.kernel.org/all/3@b/"
      ],
      "release": "6.12.0"
    }
    "#);
    let code = |log: &str| {
        run(folder.path(), &["check", "--db", "all.db", log])
            .status
            .code()
    };
    assert_eq!((code("log"), code("new")), (Some(0), Some(1)));
    let new = stdout(&run(folder.path(), &["--db", "all.db", "new"]));
    assert!(
        new.contains("Seen      never before in the database"),
        "{new}"
    );
}

#[test]
fn shards_in_any_order_are_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    lists(folder.path());
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    run(&["scan", "-q", "--db", "whole.db", "usb", "kernel"]);
    run(&["scan", "-q", "--db", "usb.db", "usb"]);
    run(&["scan", "-q", "--db", "kernel.db", "kernel"]);
    run(&[
        "scan",
        "-q",
        "--format",
        "ndjson",
        "-o",
        "kernel.ndjson",
        "kernel",
    ]);
    let whole = bugs(folder.path(), &["--db", "whole.db"]);
    for shards in [
        ["usb.db", "kernel.db"],
        ["kernel.db", "usb.db"],
        ["kernel.ndjson", "usb.db"],
    ] {
        run(&[&["merge", "-o", "merged.db"], shards.as_slice()].concat());
        assert_eq!(
            bugs(folder.path(), &["--db", "merged.db"]),
            whole,
            "{shards:?}"
        );
    }
    run(&[
        "merge",
        "-o",
        "twice.db",
        "merged.db",
        "usb.db",
        "merged.db",
    ]);
    assert_eq!(bugs(folder.path(), &["--db", "twice.db"]), whole);
}

/// Killed anywhere and begun again, it has what one undisturbed run has.
#[test]
fn a_killed_scan_loses_nothing_and_counts_nothing_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..400 {
        let function = format!("function_{}", number % 50);
        let text = warning(&function, &format!("{number}.000001"), "6.12.0");
        let noise = format!("{STAMP}nothing of interest\n").repeat(200);
        write(
            folder.path(),
            &[(&format!("logs/{number:03}"), format!("{text}{noise}"))],
        );
    }
    run(folder.path(), &["scan", "-q", "--db", "whole.db", "logs"]);
    for millis in [0, 3, 7, 12, 20, 30, 45, 60] {
        let mut child = ksplat(folder.path())
            .args(["scan", "-q", "--db", "killed.db", "-o", "/dev/null", "logs"])
            .spawn()
            .expect("ksplat runs");
        std::thread::sleep(Duration::from_millis(millis));
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().expect("it ends");
    }
    run(folder.path(), &["scan", "-q", "--db", "killed.db", "logs"]);
    let whole = bugs(folder.path(), &["--db", "whole.db"]);
    assert_eq!(
        whole
            .iter()
            .map(|bug| bug["count"].as_u64().expect("a number"))
            .sum::<u64>(),
        400
    );
    assert_eq!(bugs(folder.path(), &["--db", "killed.db"]), whole);
}

/// What `bugs` says of a database, as it stands there.
fn document(folder: &Path, database: &str) -> String {
    let arguments = ["bugs", "--db", database, "--format", "json"];
    stdout(&run(folder, &arguments))
}

/// A signal in the middle of a file, or of the mails of a repository, leaves no gap and no half of a report.
#[test]
fn an_interrupted_scan_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let texts: Vec<_> = (0..600)
        .map(|number| {
            let text = warning(
                &format!("function_{number}"),
                &format!("{number}.000001"),
                "6.12.0",
            );
            format!(
                "{text}{}",
                format!("{STAMP}nothing of interest\n").repeat(5)
            )
        })
        .collect();
    write(folder.path(), &[("log", texts.concat())]);
    inbox(&folder.path().join("list"), &texts);
    for input in ["log", "list"] {
        run(folder.path(), &["scan", "-q", "--db", "whole.db", input]);
        for millis in [60, 150, 300] {
            let _ = fs::remove_file(folder.path().join("ended.db"));
            let arguments = ["scan", "-q", "--db", "ended.db", "-o", "/dev/null", input];
            let mut child = ksplat(folder.path())
                .args(arguments)
                .stderr(Stdio::null())
                .spawn()
                .expect("ksplat runs");
            std::thread::sleep(Duration::from_millis(millis));
            let id = i32::try_from(child.id()).expect("a process");
            // SAFETY: a signal to a child that was not waited for.
            unsafe { libc::kill(id, libc::SIGINT) };
            child.wait().expect("it ends");
            run(folder.path(), &["scan", "-q", "--db", "ended.db", input]);
            let (ended, whole) = ("ended.db", "whole.db");
            assert!(
                document(folder.path(), ended) == document(folder.path(), whole),
                "{input} after {millis} ms"
            );
        }
        fs::remove_file(folder.path().join("whole.db")).expect("removed");
    }
}

/// A reader that has seen enough does not keep the database from what comes behind.
#[test]
fn a_reader_that_goes_away_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let text: String = (0..1000)
        .map(|number| {
            warning(
                &format!("function_{number}"),
                &format!("{number}.000001"),
                "6.12.0",
            )
        })
        .collect();
    write(folder.path(), &[("log", text)]);
    let mut child = ksplat(folder.path())
        .args(["scan", "-q", "--db", "all.db", "--format", "ndjson", "log"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    drop(child.stdout.take());
    child.wait().expect("it ends");
    assert_eq!(bugs(folder.path(), &["--db", "all.db"]).len(), 1000);
}

#[test]
fn what_could_not_be_read_is_told_by_the_next_run_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = packed(&warning("alpha", "1.000001", "6.12.0"));
    fs::write(folder.path().join("log.gz"), &whole[..whole.len() / 2]).expect("writable");
    for _ in 0..2 {
        let output = ksplat(folder.path())
            .args(["scan", "--db", "all.db", "log.gz"])
            .output()
            .expect("ksplat runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).contains("cut off or damaged"),
            "{}",
            stderr(&output)
        );
    }
}

fn packed(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("packed");
    packed.finish().expect("packed")
}

/// A public-inbox repository with a mail a commit.
fn inbox(folder: &Path, texts: &[String]) {
    let repository = gix::init_bare(folder).expect("a repository");
    let who = gix::actor::SignatureRef {
        name: "a".into(),
        email: "a@b".into(),
        time: "0 +0000",
    };
    let mut parents = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let mail = mail(&number.to_string(), "Mon, 5 Jan", "l", text);
        let mut tree = gix::objs::Tree::empty();
        tree.entries.push(gix::objs::tree::Entry {
            mode: gix::objs::tree::EntryKind::Blob.into(),
            filename: "m".into(),
            oid: repository.write_blob(mail).expect("written").detach(),
        });
        let tree = repository.write_object(&tree).expect("written").detach();
        let commit = repository.commit_as(who, who, "HEAD", "mail", tree, parents);
        parents = vec![commit.expect("committed").detach()];
    }
}

#[test]
fn what_is_no_database_is_an_error_of_one_line_and_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("text", "no database\n".repeat(100)),
            ("log", warning("a", "1.0", "6.1")),
        ],
    );
    for arguments in [
        ["scan", "--db", "text", "log"].as_slice(),
        &["bugs", "--db", "text"],
        &["bugs", "--db", "missing"],
        &["--db", "missing", "log"],
        &["merge", "-o", "all.db", "text"],
        &["bugs"],
        &["merge", "text"],
    ] {
        refusal(folder.path(), arguments);
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("text")).expect("readable"),
        "no database\n".repeat(100)
    );
    assert!(!folder.path().join("all.db").exists() && !folder.path().join("missing").exists());
}

#[test]
fn the_page_escapes_what_mails_hold() {
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = mail(
        "<script>alert(1)</script>",
        "Mon, 5 Jan",
        "l",
        &warning("alpha", "1.0", "6.1"),
    );
    write(folder.path(), &[("mails/1", hostile)]);
    run(folder.path(), &["scan", "-q", "--db", "all.db", "mails"]);
    let page = stdout(&run(
        folder.path(),
        &["bugs", "--db", "all.db", "--format", "html"],
    ));
    assert!(
        page.contains("WARNING in alpha") && !page.contains("<script>alert"),
        "{page}"
    );
}

/// Stamps before the clock is set are all 0: they make no two kernels one event.
#[test]
fn stamps_of_zero_join_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = |release| warning("alpha", "0.000000", release);
    write(
        folder.path(),
        &[("logs/1", log("6.9.0")), ("logs/2", log("6.12.0"))],
    );
    run(folder.path(), &["scan", "-q", "--db", "all.db", "logs"]);
    let found = bugs(folder.path(), &["--db", "all.db"]);
    assert_eq!((found.len(), &found[0]["count"]), (1, &2.into()));
}

/// A timer's ticks are the same on all machines; a quote names its machine.
#[test]
fn stamps_of_ticks_join_the_same_kernel_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = |release| warning("alpha", "0.004000", release);
    write(
        folder.path(),
        &[
            ("logs/1", log("6.9.0")),
            ("logs/2", log("6.12.0")),
            (
                "logs/3",
                mail("1", "Mon, 5 Jan", "l", &quoted(&log("6.12.0"))),
            ),
        ],
    );
    run(folder.path(), &["scan", "-q", "--db", "all.db", "logs"]);
    let found = bugs(folder.path(), &["--db", "all.db"]);
    assert_eq!(
        (&found[0]["count"], &found[0]["mentions"]),
        (&2.into(), &3.into())
    );
}

/// One file at two paths is two mentions of one event, in one run, in two, and in two databases.
#[test]
fn the_same_file_at_two_paths_counts_the_same_in_any_number_of_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = warning("alpha", "1.000001", "6.9.0");
    write(folder.path(), &[("a/log", text.clone()), ("b/log", text)]);
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    run(&["scan", "-q", "--db", "one.db", "a", "b"]);
    for path in ["a", "b", "a", "b"] {
        run(&["scan", "-q", "--db", "two.db", path]);
    }
    run(&["scan", "-q", "--db", "a.db", "a"]);
    run(&["scan", "-q", "--db", "b.db", "b"]);
    run(&["merge", "-o", "merged.db", "a.db", "b.db"]);
    let one = document(folder.path(), "one.db");
    assert!(one.contains("\"mentions\": 2"), "{one}");
    for database in ["two.db", "merged.db"] {
        assert_eq!(document(folder.path(), database), one, "{database}");
    }
}

/// A database of another program stays as it is, byte for byte.
#[test]
fn a_database_of_another_program_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.db");
    let other = rusqlite::Connection::open(&path).expect("a database");
    other
        .execute_batch("CREATE TABLE mine (x)")
        .expect("written");
    drop(other);
    write(folder.path(), &[("log", warning("alpha", "1.0", "6.9.0"))]);
    let before = fs::read(&path).expect("readable");
    let output = ksplat(folder.path())
        .args(["scan", "--db", "other.db", "log"])
        .output();
    assert_eq!(output.expect("ksplat runs").status.code(), Some(2));
    assert!(fs::read(&path).expect("readable") == before);
}

/// What version 1 of the tables was, with an event in it.
const VERSION_1: &str = "
    CREATE TABLE input (key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE event (
        id TEXT PRIMARY KEY, signature TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, culprit TEXT, file TEXT,
        subsystem TEXT, release TEXT, hardware TEXT, time REAL, cpu INTEGER, pid INTEGER, comm TEXT,
        weight INTEGER NOT NULL, report TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX event_signature ON event (signature);
    CREATE TABLE mention (
        event TEXT NOT NULL REFERENCES event (id), path TEXT NOT NULL, member TEXT NOT NULL,
        first_line INTEGER NOT NULL, last_line INTEGER NOT NULL, message_id TEXT, date TEXT, list TEXT, subject TEXT,
        PRIMARY KEY (event, path, member, first_line)
    ) WITHOUT ROWID;
    PRAGMA application_id = 1802727532;
    PRAGMA user_version = 1;";

/// A database of version 1 that holds what another one does.
fn downgrade(folder: &Path, from: &str, to: &str) {
    let old = rusqlite::Connection::open(folder.join(to)).expect("a database");
    old.execute_batch(VERSION_1).expect("written");
    let columns = "event, path, member, first_line, last_line, message_id, date, list, subject";
    let copy = format!(
        "ATTACH '{}' AS new; INSERT INTO event SELECT * FROM new.event; \
         INSERT INTO mention SELECT {columns} FROM new.mention; INSERT INTO input SELECT * FROM new.input;",
        folder.join(from).display()
    );
    old.execute_batch(&copy).expect("copied");
}

#[test]
fn a_database_of_an_earlier_version_is_brought_to_this_one() {
    let folder = tempfile::tempdir().expect("a folder");
    lists(folder.path());
    run(
        folder.path(),
        &["scan", "-q", "--db", "new.db", "usb", "kernel"],
    );
    let new = document(folder.path(), "new.db");
    let version = |name: &str| -> u32 {
        let database = rusqlite::Connection::open(folder.path().join(name)).expect("a database");
        let version = database.pragma_query_value(None, "user_version", |row| row.get(0));
        version.expect("a version")
    };
    for name in ["read.db", "written.db", "merged.db"] {
        downgrade(folder.path(), "new.db", name);
        assert_eq!(version(name), 1);
    }
    assert_eq!(document(folder.path(), "read.db"), new);
    let again = run(
        folder.path(),
        &["scan", "--db", "written.db", "usb", "kernel"],
    );
    assert!(stdout(&again).contains("0 splats in 0 groups"));
    assert_eq!(document(folder.path(), "written.db"), new);
    run(
        folder.path(),
        &["merge", "-o", "all.db", "merged.db", "new.db"],
    );
    assert_eq!(document(folder.path(), "all.db"), new);
    for name in ["read.db", "written.db"] {
        assert_eq!(version(name), version("new.db"), "{name}");
    }
}

/// A step that fails leaves the tables as they were.
#[test]
fn a_migration_is_whole_or_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("old.db");
    let old = rusqlite::Connection::open(&path).expect("a database");
    old.execute_batch(VERSION_1).expect("written");
    // Of the same name as a table of a later version.
    old.execute_batch("CREATE TABLE mend (x)").expect("written");
    drop(old);
    let output = ksplat(folder.path())
        .args(["bugs", "--db", "old.db"])
        .output();
    assert_eq!(output.expect("ksplat runs").status.code(), Some(2));
    let old = rusqlite::Connection::open(&path).expect("a database");
    let columns = old
        .prepare("SELECT * FROM mention")
        .expect("a table")
        .column_count();
    let version: u32 = old
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("a version");
    assert_eq!((columns, version), (9, 1));
}

#[test]
fn a_database_of_a_later_version_is_refused_with_the_mend() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), &[("log", warning("alpha", "1.0", "6.9.0"))]);
    run(folder.path(), &["scan", "-q", "--db", "all.db", "log"]);
    let database = rusqlite::Connection::open(folder.path().join("all.db")).expect("a database");
    database
        .pragma_update(None, "user_version", 99)
        .expect("written");
    drop(database);
    for arguments in [
        ["bugs", "--db", "all.db"].as_slice(),
        &["scan", "--db", "all.db", "log"],
        &["--db", "all.db", "log"],
    ] {
        let errors = refusal(folder.path(), arguments);
        assert!(
            errors.contains("version 99") && errors.contains("use a later ksplat"),
            "{errors}"
        );
    }
}

/// The database holds the titles and headers of what it has seen: read as a log it would be one more mention of all.
#[test]
fn a_folder_with_the_database_in_it_does_not_hold_a_log_more() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[
            ("logs/a.log", warning("alpha", "10.000001", "6.9.0")),
            // A file of that name elsewhere is a log.
            ("logs/all.db", warning("beta", "10.000001", "6.9.0")),
        ],
    );
    for path in [".", "./", "../", "."] {
        let path = match path {
            "../" => folder.path().join("logs/.."),
            path => path.into(),
        };
        let path = path.to_str().expect("plain");
        let output = run(folder.path(), &["scan", "--db", "all.db", path]);
        assert!(!stderr(&output).contains("all.db"), "{}", stderr(&output));
    }
    let bugs = bugs(folder.path(), &["--db", "all.db"]);
    assert_eq!(bugs.len(), 2, "{bugs:?}");
    // The last way names the files by another folder.
    assert!(bugs.iter().all(|bug| bug["count"] == 1), "{bugs:?}");
}

/// A folder by another name is the same folder.
#[test]
fn a_dot_in_front_of_a_path_makes_no_second_mention() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        &[("logs/a.log", warning("alpha", "10.000001", "6.9.0"))],
    );
    for path in ["logs", "./logs", ".//logs", "."] {
        run(folder.path(), &["scan", "--db", "all.db", path]);
    }
    let bugs = bugs(folder.path(), &["--db", "all.db"]);
    assert_eq!(
        (&bugs[0]["count"], &bugs[0]["mentions"]),
        (&1.into(), &1.into())
    );
}
