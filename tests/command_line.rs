//! The command line as people type it: slips of the finger, repeated options, sizes, filters, the pager.

#[path = "common/mod.rs"]
mod common;

use common::{ksplat, stderr, stdout};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use tempfile::TempDir;

const OOPS: &str = "\
[   12.5] BUG: unable to handle page fault for address: ffffc900000ab000\n\
[   12.5] Oops: 0000 [#1] SMP\n\
[   12.5] CPU: 1 PID: 77 Comm: zeta Not tainted 6.1.0 #1\n\
[   12.5] RIP: 0010:zeta_read+0x10/0x20\n\
[   12.5] Call Trace:\n\
[   12.5]  zeta_ioctl+0x20/0x40\n\
[   12.5] ---[ end trace 0000000000000000 ]---\n";

const HUNG: &str = "\
[  243.1] INFO: task zeta_sync:99 blocked for more than 120 seconds.\n\
[  243.1]       Not tainted 6.1.0 #1\n\
[  243.1] task:zeta_sync state:D stack:0 pid:99 ppid:1\n\
[  243.1] Call Trace:\n\
[  243.1]  schedule+0x10/0x20\n\
[  243.1]  zeta_flush+0x20/0x40\n\
[  243.1]  kthread+0x20/0x40\n";

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for (name, text) in [("a.log", OOPS), ("b.log", HUNG)] {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = ksplat(folder);
    command
        .args(arguments)
        .env_remove("PAGER")
        .env_remove("KSPLAT_PAGER");
    command.output().expect("the binary runs")
}

fn piped(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = ksplat(folder);
    let command = command.args(arguments).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_mistyped_command_is_told_unless_there_is_such_a_file() {
    let folder = folder();
    let output = run(folder.path(), &["scna", "a.log"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("did you mean ksplat scan?"),
        "{}",
        stderr(&output)
    );
    let output = run(folder.path(), &["--format", "json", "scan", "a.log"]);
    assert_eq!(
        stderr(&output).trim_end(),
        "ksplat: scan: a command, whose options come after it: ksplat scan …"
    );
    fs::copy(folder.path().join("a.log"), folder.path().join("scna")).expect("copied");
    let output = run(folder.path(), &["scna"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn scan_and_check_read_standard_input() {
    let folder = folder();
    let output = piped(folder.path(), &["scan", "-"], OOPS);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("-:1"), "{}", stdout(&output));
    fs::write(folder.path().join("known.toml"), "").expect("written");
    let check = ["check", "--baseline", "known.toml", "-"];
    let output = piped(folder.path(), &check, OOPS);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("1 new"));
    assert!(stdout(&output).contains("To accept what is new"));
}

#[test]
fn of_repeated_options_the_last_counts() {
    let folder = folder();
    let twice = [
        "--format",
        "json",
        "-vv",
        "--format",
        "github",
        "--max-size",
        "1",
        "--max-size",
        "4G",
        "a.log",
    ];
    let output = run(folder.path(), &twice);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("::error"));
}

#[test]
fn the_name_of_the_output_says_its_form() {
    let folder = folder();
    let rows = [
        ("x.html", "<!DOCTYPE"),
        ("x.json", "{"),
        ("x.xml", "<?xml"),
        ("x.md", "### "),
        ("x.txt", "BAD"),
    ];
    for (name, begins) in rows {
        let output = run(folder.path(), &["-o", name, "a.log"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let text = fs::read_to_string(folder.path().join(name)).expect("written");
        assert!(text.starts_with(begins), "{name}: {text}");
    }
    run(
        folder.path(),
        &["--format", "json", "-o", "x.html", "a.log"],
    );
    let text = fs::read_to_string(folder.path().join("x.html")).expect("written");
    assert!(text.starts_with('{'), "what --format says counts");
}

#[test]
fn a_folder_without_files_is_told() {
    let folder = folder();
    fs::create_dir(folder.path().join("empty")).expect("made");
    for command in [&["empty"][..], &["scan", "empty"]] {
        let output = run(folder.path(), command);
        assert_eq!(stderr(&output), "ksplat: empty: holds no file\n");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn any_kind_can_be_a_reason_to_fail() {
    let folder = folder();
    let code =
        |kind: &str, file: &str| run(folder.path(), &["--fail-on", kind, file]).status.code();
    assert_eq!(code("hung-task", "b.log"), Some(1));
    assert_eq!(code("hung-task", "a.log"), Some(0));
    let output = run(folder.path(), &["--fail-on", "hungtask", "a.log"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean hung-task?"));
}

#[test]
fn a_scan_shows_what_is_asked_for() {
    let folder = folder();
    let titles = |options: &[&str]| {
        let all = [&["scan", "."], options].concat();
        let text = stdout(&run(folder.path(), &all));
        let headlines = text.lines().filter(|line| line.starts_with("1  "));
        headlines
            .map(|line| line[3..].to_owned())
            .collect::<Vec<_>>()
    };
    let (oops, hung) = (
        "BUG: unable to handle kernel paging request in zeta_read",
        "INFO: task hung in zeta_flush",
    );
    assert_eq!(titles(&["--kind", "hung-task"]), [hung]);
    assert_eq!(titles(&["--grep", "paging .*zeta"]), [oops]);
    assert_eq!(titles(&["--grep", "^hung-task:"]), [hung]);
    assert_eq!(titles(&["--sort", "title"]), [oops, hung]);
    assert_eq!(titles(&["--sort", "last"]), [hung, oops]);
    assert_eq!(titles(&["--sort", "first", "--top", "1"]), [oops]);
    let output = run(folder.path(), &["scan", "--kind", "hung", "."]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_pager_shows_the_text_and_without_one_nothing_is_lost() {
    let folder = folder();
    let pager = folder.path().join("pager");
    fs::write(&pager, "#!/bin/sh\necho paged by $1\nexec cat\n").expect("written");
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).expect("changed");
    let shown = |pager: &str| {
        let mut command = ksplat(folder.path());
        command
            .args(["--paging", "always", "a.log"])
            .env("KSPLAT_PAGER", pager);
        let output = command.output().expect("the binary runs");
        assert_eq!(output.status.code(), Some(1), "the pager has no say in it");
        stdout(&output)
    };
    let plain = stdout(&run(folder.path(), &["a.log"]));
    let paged = shown(&format!("{} me", pager.display()));
    assert_eq!(paged, format!("paged by me\n{plain}"));
    assert_eq!(shown("/nowhere/pager"), plain);
    assert_eq!(shown("cat"), plain);
    assert_eq!(
        shown("false"),
        "",
        "a pager that was left at once has shown what was wanted"
    );
}

#[test]
fn the_man_page_has_what_people_look_for() {
    let page = stdout(&run(Path::new("/"), &["man"]));
    for heading in [
        "EXAMPLES",
        "\"EXIT STATUS\"",
        "ENVIRONMENT",
        "FILES",
        "COMMANDS",
    ] {
        assert!(page.contains(&format!(".SH {heading}\n")), "{heading}");
    }
    for command in ["scan", "check", "annotate", "cpus", "symbolize", "explain"] {
        let help = stdout(&run(Path::new("/"), &[command, "--help"]));
        assert!(help.contains("Examples:\n  ksplat "), "{help}");
    }
}
