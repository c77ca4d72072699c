//! Debug info that was asked for and could not be had, through the real binary: it is said once, with the mend.

mod common;

use common::{ksplat, stderr, stdout};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const AP: &str = "ap-vmx-bios-kaslr/log";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn empty() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().display().to_string();
    (folder, name)
}

#[test]
fn annotate_in_vain_is_an_error_that_names_what_was_looked_for() {
    let (_folder, dir) = empty();
    let output = ksplat(&corpus())
        .args(["annotate", "--debug-dir", &dir, AP])
        .output()
        .expect("ksplat runs");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(
        output.stdout,
        fs::read(corpus().join(AP)).expect("readable")
    );
    let told = stderr(&output);
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.starts_with(&format!("ksplat: {dir}: no vmlinux of 6.")),
        "{told}"
    );
    assert!(
        told.contains("looked for vmlinux-6.") && told.contains("; "),
        "{told}"
    );
}

#[test]
fn a_file_that_is_of_no_use_is_named() {
    let (folder, dir) = empty();
    let log = "[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008\n\
        [    1.0] CPU: 1 PID: 7 Comm: x Not tainted 6.1.0-13-amd64 #1\n\
        [    1.0] RIP: 0010:foo+0x10/0x20\n[    1.0] Call Trace:\n[    1.0]  bar+0x1/0x2\n\
        [    1.0] ---[ end trace 0000000000000000 ]---\n";
    let file = folder.path().join("log");
    fs::write(&file, log).expect("written");
    let annotate = || {
        let output = ksplat(folder.path())
            .args(["annotate", "--debug-dir", &dir, "log"])
            .output();
        output.expect("ksplat runs")
    };
    let output = annotate();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("install linux-image-6.1.0-13-amd64-dbg (Debian)"));
    fs::write(folder.path().join("vmlinux-6.1.0-13-amd64"), "no ELF").expect("written");
    let output = annotate();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("vmlinux-6.1.0-13-amd64: not an ELF file"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn other_commands_say_it_once_and_keep_their_code() {
    let (_folder, dir) = empty();
    for (arguments, code) in [
        (&["--debug-dir", &dir, AP, AP][..], 1),
        (&["scan", "--debug-dir", &dir, AP, "ap-faststring/log"], 1),
    ] {
        let output = ksplat(&corpus()).args(arguments).output();
        let output = output.expect("ksplat runs");
        assert_eq!(output.status.code(), Some(code));
        let told = stderr(&output);
        let mut lines: Vec<_> = told.lines().collect();
        assert!(
            !lines.is_empty() && lines.iter().all(|line| line.contains("no vmlinux of")),
            "{told}"
        );
        lines.dedup();
        assert_eq!(lines.len(), told.lines().count());
        let quiet = ksplat(&corpus()).arg("-q").args(arguments).output();
        assert_eq!(stderr(&quiet.expect("ksplat runs")), "");
    }
}

#[test]
fn a_log_without_frames_lacks_nothing() {
    let (folder, dir) = empty();
    fs::write(folder.path().join("log"), "[    1.0] usb 1-1: new device\n").expect("written");
    let output = ksplat(folder.path())
        .args(["annotate", "--debug-dir", &dir, "log"])
        .output()
        .expect("ksplat runs");
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(0), "")
    );
    assert!(stdout(&output).contains("usb"));
}
