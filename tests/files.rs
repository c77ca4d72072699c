//! Files that ksplat writes, through the real binary: nothing that it reads is lost, nothing is half written.

mod common;

use common::{ksplat, stderr};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// A folder with a log of the corpus, named `x`.
fn folder() -> (TempDir, Vec<u8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let log = fs::read(corpus.join("ap-vmx-bios-kaslr/log")).expect("readable");
    fs::write(folder.path().join("x"), &log).expect("written");
    (folder, log)
}

fn run(folder: &Path, arguments: &[&str]) -> Option<i32> {
    let output = ksplat(folder).args(arguments).output();
    output.expect("ksplat runs").status.code()
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names
}

#[test]
fn an_input_that_is_the_output_is_read_first() {
    let (folder, log) = folder();
    let at = |name: &str| folder.path().join(name);
    assert_eq!(run(folder.path(), &["annotate", "-o", "x", "x"]), Some(0));
    assert_eq!(fs::read(at("x")).expect("there"), log);
    let from_itself = ksplat(folder.path())
        .args(["annotate", "-o", "x"])
        .stdin(File::open(at("x")).expect("there"))
        .status();
    assert!(from_itself.expect("ksplat runs").success());
    assert_eq!(fs::read(at("x")).expect("there"), log);
    fs::hard_link(at("x"), at("hard")).expect("a link");
    symlink("x", at("soft")).expect("a link");
    assert_eq!(run(folder.path(), &["x", "-o", "hard"]), Some(1));
    assert_eq!(fs::read(at("x")).expect("there"), log);
    assert_ne!(fs::read(at("hard")).expect("there"), log);
    for second in ["x", "soft"] {
        fs::write(at("x"), &log).expect("written");
        assert_eq!(run(folder.path(), &["scan", "x", "-o", second]), Some(1));
        let report = fs::read_to_string(at("x")).expect("a text");
        assert!(report.contains("1 splat in 1 group"), "{report}");
        assert!(at("soft").is_symlink());
    }
    assert_eq!(names(folder.path()), [at("hard"), at("soft"), at("x")]);
}

#[test]
fn mode_and_owner_are_kept() {
    let (folder, _) = folder();
    let out = folder.path().join("out");
    fs::write(&out, "old").expect("written");
    fs::set_permissions(&out, fs::Permissions::from_mode(0o604)).expect("changed");
    let before = fs::metadata(&out).expect("there");
    assert_eq!(run(folder.path(), &["x", "-o", "out"]), Some(1));
    let after = fs::metadata(&out).expect("there");
    assert_eq!(after.mode(), before.mode());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
}

#[test]
fn a_run_that_fails_leaves_the_old_file() {
    let (folder, _) = folder();
    let out = folder.path().join("out");
    fs::write(&out, "old").expect("written");
    assert_eq!(
        run(folder.path(), &["annotate", "nowhere", "-o", "out"]),
        Some(2)
    );
    assert_eq!(fs::read(&out).expect("there"), b"old");
    // Killed while it reads a pipe that stays open.
    let mut child = ksplat(folder.path())
        .args(["annotate", "-o", "out"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    std::thread::sleep(std::time::Duration::from_millis(300));
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(fs::read(&out).expect("there"), b"old");
}

#[test]
fn what_is_no_file_is_written_as_it_comes() {
    let (folder, _) = folder();
    let output = ksplat(folder.path())
        .args(["x", "-o", "/dev/stdout"])
        .output()
        .expect("ksplat runs");
    assert!(
        output.stdout.starts_with(b"HYPERVISOR: "),
        "{}",
        stderr(&output)
    );
    for arguments in [
        &["x", "-o", "/dev/full"][..],
        &["annotate", "x", "-o", "/dev/full"],
    ] {
        let output = ksplat(folder.path()).args(arguments).output();
        let output = output.expect("ksplat runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(
            stderr(&output).starts_with("ksplat: /dev/full: "),
            "{}",
            stderr(&output)
        );
        assert_eq!(stderr(&output).lines().count(), 1);
    }
}

#[test]
fn what_is_being_written_is_no_input() {
    let (folder, _) = folder();
    fs::write(folder.path().join(".ksplat-0123456789abcdef"), "half of it").expect("written");
    let output = ksplat(folder.path())
        .args(["scan", ".", "--format", "json", "-o", "out"])
        .output()
        .expect("ksplat runs");
    assert_eq!(output.status.code(), Some(1));
    let text = fs::read(folder.path().join("out")).expect("there");
    let document: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    assert_eq!(document["inputs"].as_array().map(Vec::len), Some(1));
}

#[test]
fn links_in_folders_are_counted() {
    let (folder, _) = folder();
    for name in ["one", "two"] {
        symlink("x", folder.path().join(name)).expect("a link");
    }
    for command in [&["scan", "."][..], &["."]] {
        let output = ksplat(folder.path()).args(command).output();
        let told = stderr(&output.expect("ksplat runs"));
        assert_eq!(
            told,
            "ksplat: 2 links in folders not followed; name what they lead to, to read it\n"
        );
    }
}
