//! The corpus: every case through the real binary.
//!
//! Each folder of `corpus/` holds a log, its true answer and its snapshots. The verdict must be the
//! true one; the snapshots pin what a user sees. With `KSPLAT_CORPUS_VMLINUX` (the kernel lab sets it)
//! the same is done with the vmlinux that the logs came from.

mod common;

use common::differences;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Folders with a log and its truth.
fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(corpus()).expect("corpus/ is part of the repository");
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.join("log").is_file() && path.join("expected.json").is_file())
        .collect();
    cases.sort();
    cases
}

/// Runs ksplat in the folder of a case, so that no path of this machine shows in the output.
fn ksplat(case: &Path, arguments: &[&str]) -> (String, i32) {
    let output = common::ksplat(case)
        .args(arguments)
        .arg("log")
        .output()
        .expect("ksplat runs");
    let errors = common::stderr(&output);
    assert!(errors.is_empty(), "{}: {errors}", case.display());
    (
        common::stdout(&output),
        output.status.code().expect("no signal"),
    )
}

fn truth(case: &Path) -> Value {
    let text = std::fs::read_to_string(case.join("expected.json")).expect("readable");
    serde_json::from_str(&text).expect("JSON")
}

fn json(case: &Path, arguments: &[&str]) -> (Value, i32) {
    let (text, code) = ksplat(case, &[&["--format", "json"], arguments].concat());
    (serde_json::from_str(&text).expect("JSON"), code)
}

/// Pins text and JSON in the folder of the case.
fn snapshot(case: &Path, name: &str, arguments: &[&str]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(case);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let (text, _) = ksplat(case, arguments);
    let (document, _) = ksplat(case, &[&["--format", "json"], arguments].concat());
    settings.bind(|| {
        insta::assert_snapshot!(format!("{name}.txt"), text);
        insta::assert_snapshot!(format!("{name}.json"), document);
    });
}

#[test]
fn every_verdict_is_true() {
    let cases = cases();
    assert!(cases.len() >= 12, "only {} cases", cases.len());
    for case in cases {
        let (document, code) = json(&case, &["--fail-on", "late-clear"]);
        let wrong = differences(&truth(&case), &document, false);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", case.display());
        let late_clears = document["splats"]
            .as_array()
            .is_some_and(|all| all.iter().any(|s| s["late_clear"].is_object()));
        assert_eq!(code, i32::from(late_clears), "{}", case.display());
    }
}

#[test]
fn snapshots() {
    for case in cases() {
        snapshot(&case, "snapshot", &[]);
    }
}

#[test]
fn with_vmlinux() {
    let Ok(vmlinux) = std::env::var("KSPLAT_CORPUS_VMLINUX") else {
        eprintln!("skipped: KSPLAT_CORPUS_VMLINUX does not name the vmlinux of the corpus");
        return;
    };
    for case in cases() {
        let arguments = ["--vmlinux", &vmlinux];
        let (document, _) = json(&case, &arguments);
        let wrong = differences(&truth(&case), &document, true);
        assert!(wrong.is_empty(), "{}: {wrong:#?}", case.display());
        snapshot(&case, "vmlinux", &arguments);
    }
}

/// Without -v only the boots of reports are read closely: one log with every boot of the corpus gives
/// the same splats either way, from a file and from a pipe.
#[test]
fn what_is_read_of_other_boots_changes_no_splat() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = Vec::new();
    for case in cases() {
        all.extend(std::fs::read(case.join("log")).expect("readable"));
        all.push(b'\n');
    }
    std::fs::write(folder.path().join("log"), &all).expect("written");
    let run = |arguments: &[&str]| {
        let log = std::fs::File::open(folder.path().join("log")).expect("readable");
        let mut command = common::ksplat(folder.path());
        command.args(["--format", "ndjson"]).args(arguments);
        let output = command.stdin(log).output().expect("ksplat runs");
        common::stdout(&output).replace("\"path\":\"-\"", "\"path\":\"log\"")
    };
    let closely = run(&["-v", "log"]);
    assert!(closely.lines().count() > 20);
    for arguments in ["log", "-"] {
        let splats = run(&[arguments]);
        assert_eq!(splats.lines().count(), closely.lines().count());
        for (number, (splat, other)) in splats.lines().zip(closely.lines()).enumerate() {
            assert!(splat == other, "splat {number} of {arguments} differs");
        }
    }
}
