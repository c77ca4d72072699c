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
        let quiet = ksplat(&corpus()).args(arguments).arg("-q").output();
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

/// A `System.map` of the release of the case: the functions of its trace, one after the other, and the variable that
/// the code in front of the trap reads, which is at `variable`.
fn map_of_the_release(folder: &Path, sizes: &[(&str, u64)], variable: u64) -> PathBuf {
    let mut address = 0xffff_ffff_8105_e000_u64;
    let mut text = "ffffffff81000000 T _text\nffffffff81000001 T x86_64_start_kernel\n".to_owned();
    for (name, size) in sizes {
        text += &format!("{address:016x} T {name}\n");
        address += size;
    }
    text += &format!("{address:016x} T after_them\n{variable:016x} D alternatives_patched\n");
    text += &format!("{:016x} D next_variable\n", variable + 4);
    let log = fs::read_to_string(corpus().join(AP)).expect("readable");
    let (_, rest) = log.split_once("Linux version ").expect("a banner");
    let release = rest.split(' ').next().expect("a release");
    let map = folder.join(format!("System.map-{release}"));
    fs::write(&map, text).expect("written");
    map
}

/// As the trace of the case prints them.
const SIZES: [(&str, u64); 8] = [
    ("do_clear_cpu_cap", 0x130),
    ("init_ia32_feat_ctl", 0x4d0),
    ("init_intel", 0x360),
    ("identify_cpu", 0x560),
    ("identify_secondary_cpu", 0x40),
    ("smp_store_cpu_info", 0x60),
    ("start_secondary", 0x140),
    ("common_startup_64", 0x141),
];

#[test]
fn another_build_of_the_release_takes_no_verdict_away() {
    let (folder, _) = empty();
    // That all sizes agree proves nothing: of another build the variable is elsewhere.
    let map = map_of_the_release(folder.path(), &SIZES, 0xffff_ffff_8300_0000);
    let output = ksplat(&corpus())
        .args(["--vmlinux", &map.display().to_string(), "-q", AP])
        .output()
        .expect("ksplat runs");
    let text = stdout(&output);
    assert!(
        text.contains("AP path: CPU 1 lost VMX after alternatives were patched"),
        "{text}"
    );
    assert!(
        text.contains("vmlinux of the same release; 8 functions have the log's size in it, which"),
        "{text}"
    );
}

#[test]
fn a_list_of_the_release_whose_sizes_are_not_the_logs_is_refused() {
    let (folder, _) = empty();
    for (changed, size) in [("identify_cpu", 0x570), ("common_startup_64", 0x151)] {
        let sizes = SIZES.map(|(name, own)| (name, if name == changed { size } else { own }));
        let map = map_of_the_release(folder.path(), &sizes, 0xffff_ffff_8300_0000);
        let output = ksplat(&corpus())
            .args(["--vmlinux", &map.display().to_string(), "-q", AP])
            .output()
            .expect("ksplat runs");
        let text = stdout(&output);
        assert!(text.contains("AP path: CPU 1 lost VMX"), "{text}");
        assert!(
            text.contains("vmlinux is of another kernel, not used:") && text.contains(changed),
            "{text}"
        );
    }
}

/// To open a FIFO waits for a writer that may never come, and a folder is for another option.
#[test]
#[cfg(unix)]
fn a_vmlinux_that_is_no_file_is_an_error_at_once() {
    let (folder, dir) = empty();
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo runs").success());
    let fifo = fifo.display().to_string();
    for (path, mend) in [
        (&fifo, "no regular file; write it to one first"),
        (&dir, "a folder; --debug-dir takes those"),
    ] {
        let output = ksplat(&corpus())
            .args(["--vmlinux", path, AP])
            .output()
            .expect("ksplat runs");
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            stderr(&output).trim_end(),
            format!("ksplat: {path}: {mend}")
        );
    }
}

/// Among all the places that are looked at a mistyped one would not be seen.
#[test]
fn a_folder_of_debug_info_that_is_none_is_named() {
    let (_folder, dir) = empty();
    for (path, why) in [
        (format!("{dir}/nowhere"), "No such file or directory"),
        (
            corpus().join(AP).display().to_string(),
            "no folder; --vmlinux takes files",
        ),
    ] {
        let output = ksplat(&corpus())
            .args(["--debug-dir", &path, AP])
            .output()
            .expect("ksplat runs");
        assert_eq!(output.status.code(), Some(2));
        let says = stderr(&output);
        assert!(says.starts_with(&format!("ksplat: {path}: ")), "{says}");
        assert!(says.contains(why) && says.lines().count() == 1, "{says}");
    }
}
