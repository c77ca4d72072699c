//! Runs in which nothing happened, through the real binary: no kernel log, and boots that did not come far enough.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const BOOT: &str = "[    0.000000] Linux version 6.9.0 (a@b) (gcc) #1 SMP\n\
    [    0.700000] smp: Bringing up secondary CPUs ...\n\
    [    0.900000] smp: Brought up 1 node, 2 CPUs\n";
const USERSPACE: &str =
    "[    1.500000] Run /sbin/init as init process\n[    1.600000] systemd[1]: hello\n";
const STUCK: &str = "[    1.200000] i8042: probing\n\n";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("known.toml"), "").expect("written");
    fs::create_dir(folder.path().join("logs")).expect("made");
    for (name, text) in files {
        fs::write(folder.path().join("logs").join(name), text).expect("written");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    ksplat(folder)
        .args(arguments)
        .output()
        .expect("ksplat runs")
}

fn check(folder: &Path, paths: &[&str]) -> Output {
    run(
        folder,
        &[&["check", "--baseline", "known.toml"], paths].concat(),
    )
}

#[test]
fn a_check_of_nothing_is_an_error() {
    let folder = folder(&[
        ("console.log", b""),
        ("tests.txt", b"PASS: all of them\n"),
        ("vmlinuz", b"MZ\0\0\x90\0\xff\xfe"),
    ]);
    for (paths, told) in [
        (
            &["logs/console.log"][..],
            "logs/console.log: holds no line of a kernel: is the console there?",
        ),
        (
            &["logs"],
            "logs: holds no line of a kernel: is the console there?",
        ),
        (
            &["/dev/null"],
            "/dev/null: holds no line of a kernel: is the console there?",
        ),
        (
            &["logs/tests.txt", "logs/vmlinuz"],
            "logs/tests.txt, logs/vmlinuz: hold no line of a kernel: is the console there?",
        ),
    ] {
        let output = check(folder.path(), paths);
        assert_eq!(output.status.code(), Some(2), "{paths:?}");
        let first = stderr(&output)
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(first, format!("ksplat: {told}"));
    }
    let update = check(folder.path(), &["--update", "logs"]);
    assert_eq!(update.status.code(), Some(2));
    assert!(stderr(&update).contains("the baseline stays as it is"));
    fs::write(folder.path().join("logs/dmesg"), "<6>usb 1-1: new device\n").expect("written");
    assert_eq!(check(folder.path(), &["logs"]).status.code(), Some(0));
}

#[test]
fn triage_says_whether_there_is_a_log() {
    let folder = folder(&[("empty", b""), ("boot", BOOT.as_bytes())]);
    let empty = run(folder.path(), &["logs/empty"]);
    assert_eq!(stdout(&empty), "logs/empty: no kernel log in 0 lines\n");
    assert_eq!(empty.status.code(), Some(0));
    let boot = run(folder.path(), &["logs/boot"]);
    assert_eq!(
        stdout(&boot),
        "logs/boot: no kernel splat in 3 lines, one boot of 6.9.0\n"
    );
}

#[test]
fn a_boot_that_stops_early_is_a_finding_with_its_last_line() {
    let good = format!("{BOOT}{USERSPACE}");
    let stuck = format!("{BOOT}{STUCK}");
    let both = format!("{stuck}{good}");
    let folder = folder(&[
        ("good", good.as_bytes()),
        ("stuck", stuck.as_bytes()),
        ("both", both.as_bytes()),
    ]);
    let told = "the boot of 6.9.0 lacks userspace; the last that it printed: [    1.200000] i8042: probing";
    for (arguments, code) in [
        (&["--expect", "userspace", "logs/good"][..], 0),
        (&["--expect", "userspace", "logs/stuck"], 1),
        (&["--expect", "userspace", "logs/both"], 1),
        (&["--expect", "secondary-up", "logs/stuck"], 0),
        (
            &[
                "--expect",
                "secondary-up",
                "--expect",
                "userspace",
                "logs/stuck",
            ],
            1,
        ),
        (
            &["--expect", "userspace", "--fail-on", "never", "logs/stuck"],
            0,
        ),
        (&["scan", "--expect", "userspace", "logs/stuck"], 1),
        (
            &[
                "check",
                "--baseline",
                "known.toml",
                "--expect",
                "userspace",
                "logs/stuck",
            ],
            1,
        ),
        (
            &[
                "check",
                "--baseline",
                "known.toml",
                "--update",
                "--expect",
                "userspace",
                "logs/stuck",
            ],
            1,
        ),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            stderr(&output)
        );
        let is_told = stdout(&output).contains(told);
        let lacks = arguments.contains(&"userspace") && !arguments.contains(&"logs/good");
        assert_eq!(is_told, lacks, "{arguments:?}: {}", stdout(&output));
    }
    let text = stdout(&run(
        folder.path(),
        &["--expect", "userspace", "logs/stuck"],
    ));
    assert!(text.starts_with("logs/stuck:4: "), "{text}");
}

#[test]
fn every_form_of_the_output_says_it() {
    let stuck = format!("{BOOT}{STUCK}");
    let folder = folder(&[("stuck", stuck.as_bytes())]);
    let of = |format: &str| {
        run(
            folder.path(),
            &["--expect", "userspace", "--format", format, "logs/stuck"],
        )
    };
    for format in ["json", "ndjson", "junit", "sarif", "github", "html", "mail"] {
        let output = of(format);
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert!(stderr(&output).contains("lacks userspace"), "{format}");
    }
    let document: Value = serde_json::from_str(&stdout(&of("json"))).expect("JSON");
    let boot = &document["inputs"][0]["boots"][0];
    assert_eq!(boot["lacks"], serde_json::json!(["userspace"]));
    assert_eq!(
        (&boot["last_line"], &boot["last_text"]),
        (&4.into(), &"[    1.200000] i8042: probing".into())
    );
    assert!(
        stdout(&of("github"))
            .starts_with("::error file=logs/stuck,line=4,title=the boot lacks userspace::")
    );
    assert!(stdout(&of("junit")).contains("lacks userspace"));
    assert!(stdout(&of("sarif")).contains("lacks userspace"));
}

#[test]
fn a_log_that_is_none_lacks_all_and_an_unknown_milestone_is_named() {
    let folder = folder(&[("empty", b"")]);
    let output = run(folder.path(), &["--expect", "userspace", "logs/empty"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).starts_with("logs/empty: no boot, so no userspace"));
    let output = run(folder.path(), &["--expect", "user-space", "logs/empty"]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(
        told.contains("secondary-bring-up-done") && told.contains("userspace"),
        "{told}"
    );
}
