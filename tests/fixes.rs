//! `scan --fixes`: commits that mend what an archive holds, through the real binary.

mod common;

use common::{refusal, run, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A WARNING of a function, on a kernel.
fn warning(function: &str, time: u32, release: &str) -> String {
    format!(
        "[{time:5}.000001] ------------[ cut here ]------------\n\
         [{time:5}.000001] WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 {function}+0x10/0x20\n\
         [{time:5}.000001] CPU: 1 PID: 7 Comm: x Not tainted {release} #1\n\
         [{time:5}.000001] RIP: 0010:{function}+0x10/0x20\n\
         [{time:5}.000001] Call Trace:\n\
         [{time:5}.000001]  <TASK>\n\
         [{time:5}.000001]  caller+0x1/0x2\n\
         [{time:5}.000001]  </TASK>\n\
         [{time:5}.000001] ---[ end trace 0000000000000000 ]---\n"
    )
}

/// The same, as a message of a commit quotes it: without stamps, indented.
fn quoted(function: &str) -> String {
    let text = warning(function, 1, "6.9.0");
    text.lines()
        .map(|line| format!("  {}\n", &line["[    1.000001] ".len()..]))
        .collect()
}

fn mail(from: &str, id: &str, text: &str) -> String {
    format!(
        "From: {from}\nTo: l@vger.kernel.org\nSubject: report {id}\nDate: Mon, 5 Jan 2026 12:00:00 +0000\n\
         Message-Id: <{id}@b>\nList-Id: <l.vger.kernel.org>\n\n{text}\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, text).expect("writable");
}

/// Adds a commit without files at HEAD, and a tag where one is named.
fn commit(repository: &gix::Repository, message: &str, seconds: u32, tag: Option<&str>) -> String {
    let tree = repository
        .write_object(gix::objs::Tree::empty())
        .expect("written")
        .detach();
    let time = format!("{seconds} +0000");
    let who = gix::actor::SignatureRef {
        name: "a".into(),
        email: "a@b".into(),
        time: &time,
    };
    let parent = repository.head_id().ok().map(gix::Id::detach);
    let id = repository.commit_as(who, who, "HEAD", message, tree, parent);
    let id = id.expect("committed").detach();
    if let Some(tag) = tag {
        let must = gix::refs::transaction::PreviousValue::MustNotExist;
        repository.tag_reference(tag, id, must).expect("tagged");
    }
    id.to_string()
}

/// Bugs that are reported in mails: alpha, beta, gamma by syzbot, delta, epsilon.
fn mails(folder: &Path) {
    let syzbot = "syzbot <syzbot+0123456789abcdef0123@syzkaller.appspotmail.com>";
    let rows = [
        ("a@b", "1", "alpha"),
        ("a@b", "2", "beta"),
        (syzbot, "3", "gamma"),
        ("a@b", "4", "delta"),
        ("a@b", "5", "epsilon"),
    ];
    for (time, (from, id, function)) in (1..).zip(rows) {
        let text = mail(from, id, &warning(function, time, "6.9.0"));
        write(folder, &format!("mails/{id}"), &text);
    }
}

/// The day 2026-02-03.
const DAY: u32 = 1_770_076_800;

/// Mends alpha by a quote, beta by a mail, gamma by syzbot's hash, delta by a link.
fn history(folder: &Path) -> gix::Repository {
    let repository = gix::init_bare(folder.join("linux.git")).expect("a repository");
    commit(&repository, "Linux 6.12", DAY, Some("v6.12"));
    let quote = format!(
        "foo: Mend alpha\n\n{}\nFixes: 1a2b3c4d5e6f (\"foo: Add alpha\")\n",
        quoted("alpha")
    );
    commit(&repository, &quote, DAY, None);
    let closes = "foo: Mend beta\n\nCloses: https://lore.kernel.org/l/2@b/\n";
    commit(&repository, closes, DAY, Some("v6.13-rc1"));
    let syzbot =
        "foo: Mend gamma\n\nReported-by: syzbot+0123456789abcdef0123@syzkaller.appspotmail.com\n";
    commit(&repository, syzbot, DAY, None);
    commit(
        &repository,
        "foo: Mend delta\n\nLink: https://patch.msgid.link/4@b\n",
        DAY,
        None,
    );
    commit(
        &repository,
        "foo: Clean up\n\nLink: https://lore.kernel.org/r/other@b\n",
        DAY,
        None,
    );
    repository
}

fn bugs(folder: &Path, database: &str) -> Vec<Value> {
    let output = run(
        folder,
        &[
            "bugs", "--db", database, "--sort", "title", "--format", "json",
        ],
    );
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    document["bugs"].as_array().expect("a list").clone()
}

/// Title of the bug, title of its fix, release and reason.
fn told(folder: &Path, database: &str) -> Vec<[String; 4]> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row = |bug: &Value| {
        let fix = &bug["fixed_by"][0];
        [
            &bug["title"],
            &fix["title"],
            &fix["release"],
            &fix["reasons"][0],
        ]
        .map(text)
    };
    bugs(folder, database).iter().map(row).collect()
}

#[test]
fn commits_mend_what_they_name_and_say_why() {
    let folder = tempfile::tempdir().expect("a folder");
    mails(folder.path());
    let repository = history(folder.path());
    run(
        folder.path(),
        &[
            "scan",
            "-q",
            "--db",
            "all.db",
            "--fixes",
            "linux.git",
            "mails",
        ],
    );
    let mut expected = [
        ["WARNING in alpha", "foo: Mend alpha", "6.13-rc1", "quotes"],
        ["WARNING in beta", "foo: Mend beta", "6.13-rc1", "closes"],
        ["WARNING in delta", "foo: Mend delta", "-", "links"],
        ["WARNING in epsilon", "-", "-", "-"],
        ["WARNING in gamma", "foo: Mend gamma", "-", "syzbot"],
    ];
    assert_eq!(
        told(folder.path(), "all.db"),
        expected.map(|row| row.map(str::to_owned))
    );
    let alpha = bugs(folder.path(), "all.db").remove(0);
    assert_eq!(alpha["fixed_by"][0]["date"], "2026-02-03");
    assert_eq!(
        alpha["fixed_by"][0]["fixes"],
        serde_json::json!(["1a2b3c4d5e6f"])
    );
    // A later tag holds what was read before it was made.
    commit(&repository, "Linux 6.13-rc2", DAY, Some("v6.13-rc2"));
    let again = run(
        folder.path(),
        &["scan", "--db", "all.db", "--fixes", "linux.git"],
    );
    // Not the three that v6.13-rc1 holds.
    assert!(
        stderr(&again).contains("4 new commits"),
        "{}",
        stderr(&again)
    );
    expected[2][2] = "6.13-rc2";
    expected[4][2] = "6.13-rc2";
    assert_eq!(
        told(folder.path(), "all.db"),
        expected.map(|row| row.map(str::to_owned))
    );
    let again = run(
        folder.path(),
        &["scan", "--db", "all.db", "--fixes", "linux.git"],
    );
    assert!(
        stderr(&again).contains("0 new commits"),
        "{}",
        stderr(&again)
    );
}

#[test]
fn a_log_says_which_commit_mends_it_and_whether_its_kernel_is_older() {
    let folder = tempfile::tempdir().expect("a folder");
    mails(folder.path());
    history(folder.path());
    run(
        folder.path(),
        &[
            "scan",
            "-q",
            "--db",
            "all.db",
            "--fixes",
            "linux.git",
            "mails",
        ],
    );
    let rows = [
        ("6.9.0", Some("older"), "is older than the fix"),
        ("6.13.2", Some("contains"), "has the fix"),
        ("6.12.0-rc1-00001-gee8962082a44", None, ""),
    ];
    for (release, kernel, says) in rows {
        write(folder.path(), "log", &warning("alpha", 9, release));
        let seen = run(
            folder.path(),
            &["--db", "all.db", "--format", "json", "log"],
        );
        let document: Value = serde_json::from_str(&stdout(&seen)).expect("JSON");
        let fix = &document["splats"][0]["seen"]["fixed_by"][0];
        assert_eq!(fix["this_kernel"].as_str(), kernel, "{release}: {fix}");
        let text = stdout(&run(folder.path(), &["--db", "all.db", "log"]));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            text.contains("fixed by")
                && text.contains("(2026-02, in 6.13-rc1, it quotes the splat)"),
            "{text}"
        );
        assert!(text.contains(says), "{release}: {text}");
        assert!(
            stdout(&run(
                folder.path(),
                &["check", "--db", "all.db", "-v", "log"]
            ))
            .contains("fixed by")
        );
    }
    let history = stdout(&run(
        folder.path(),
        &["bugs", "--db", "all.db", "WARNING in beta"],
    ));
    let history = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        history.contains("'foo: Mend beta'") && history.contains("closes a mail"),
        "{history}"
    );
}

/// What `bugs` says of a database, byte for byte.
fn document(folder: &Path, database: &str) -> String {
    stdout(&run(
        folder,
        &["bugs", "--db", database, "--format", "json"],
    ))
}

/// Whoever reads the commits, in whatever order, and whether a database or lines of NDJSON carry them: the fixes are the same.
#[test]
fn fixes_of_shards_are_those_of_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    mails(folder.path());
    history(folder.path());
    write(
        folder.path(),
        "tip/1",
        &mail("tip-bot2@linutronix.de", "9", &tip()),
    );
    let run = |arguments: &[&str]| run(folder.path(), &[&["scan", "-q"], arguments].concat());
    let fixes = ["--fixes", "linux.git"];
    run(&["--db", "whole.db", fixes[0], fixes[1], "mails", "tip"]);
    run(&["--db", "mails.db", "mails"]);
    run(&["--db", "fixes.db", fixes[0], fixes[1], "tip"]);
    run(&["-o", "mails.ndjson", "mails"]);
    run(&["-o", "fixes.ndjson", fixes[0], fixes[1], "tip"]);
    run(&["-o", "whole.ndjson", fixes[0], fixes[1], "mails", "tip"]);
    // Programs that share out the lines of a shard put them in any order.
    let lines = fs::read_to_string(folder.path().join("whole.ndjson")).expect("readable");
    let turned: Vec<_> = lines.lines().rev().collect();
    write(folder.path(), "turned.ndjson", &turned.join("\n"));
    let whole = document(folder.path(), "whole.db");
    assert!(whole.contains("foo: Mend gamma") && whole.contains("foo: Mend by tip"));
    for shards in [
        ["mails.db", "fixes.db"].as_slice(),
        &["fixes.db", "mails.db"],
        &["whole.db", "fixes.db"],
        &["mails.ndjson", "fixes.db"],
        &["fixes.ndjson", "mails.ndjson"],
        &["fixes.ndjson", "whole.db", "mails.ndjson"],
        &["whole.ndjson"],
        &["turned.ndjson"],
    ] {
        common::run(
            folder.path(),
            &[&["merge", "-o", "merged.db"], shards].concat(),
        );
        assert_eq!(document(folder.path(), "merged.db"), whole, "{shards:?}");
    }
}

/// A mail of a list of commits: it quotes alpha and closes the mail of beta.
fn tip() -> String {
    format!(
        "The following commit has been merged into the x86/urgent branch of tip:\n\nCommit-ID:     {TIP}\n\
         Gitweb:        https://git.kernel.org/tip/{TIP}\nAuthor:        A <a@b>\n\
         CommitterDate: Tue, 03 Feb 2026 01:32:11 +01:00\n\nfoo: Mend by tip\n\n{}\
         Closes: https://lore.kernel.org/l/2@b/\n---\n kernel/foo.c | 1 +\n",
        quoted("alpha")
    )
}

const TIP: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn a_commit_that_quotes_a_splat_is_told_where_no_mail_was_read() {
    let folder = tempfile::tempdir().expect("a folder");
    history(folder.path());
    let scan = ["scan", "-q", "--db", "fixes.db", "--fixes", "linux.git"];
    run(folder.path(), &scan);
    write(folder.path(), "log", &warning("alpha", 9, "6.9.0"));
    let text = stdout(&run(folder.path(), &["--db", "fixes.db", "log"]));
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("never before in the database, fixed by"),
        "{text}"
    );
}

#[test]
fn a_mail_of_a_list_of_commits_is_a_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    mails(folder.path());
    write(
        folder.path(),
        "tip/1",
        &mail("tip-bot2@linutronix.de", "9", &tip()),
    );
    run(
        folder.path(),
        &["scan", "-q", "--db", "all.db", "tip", "mails"],
    );
    let found = told(folder.path(), "all.db");
    assert_eq!(
        found[0],
        ["WARNING in alpha", "foo: Mend by tip", "-", "quotes"]
    );
    assert_eq!(
        found[1],
        ["WARNING in beta", "foo: Mend by tip", "-", "closes"]
    );
    let alpha = &bugs(folder.path(), "all.db")[0]["fixed_by"][0];
    assert_eq!(
        (&alpha["commit"], &alpha["date"]),
        (&TIP.into(), &"2026-02-03".into())
    );
}

#[test]
fn what_is_no_repository_is_an_error_of_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        ["scan", "--db", "all.db", "--fixes", "missing"].as_slice(),
        &["scan", "--fixes", "missing"],
    ] {
        refusal(folder.path(), arguments);
    }
}
