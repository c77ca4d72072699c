//! How a run ends, through the real binary: signals, pipes whose reader goes away, streams that cannot be written,
//! files that are cut short, threads that cannot be started.

mod common;

use common::{ksplat, stderr, stdout};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn log() -> Vec<u8> {
    fs::read(corpus().join("ap-vmx-bios-kaslr/log")).expect("readable")
}

fn fifo(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("fifo");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo runs").success());
    path
}

/// Sends a signal, and waits for the end: at most a second.
fn end(mut child: Child, signal: i32) -> std::process::Output {
    let pid = i32::try_from(child.id()).expect("a process");
    // SAFETY: the process is a child that was not waited for.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    let begun = Instant::now();
    while child.try_wait().expect("a child").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(3), "it goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().expect("ended")
}

#[test]
fn a_signal_ends_the_wait_for_a_fifo_with_what_was_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = fifo(&folder);
    for arguments in [
        &["scan", "fifo"][..],
        &["fifo"],
        &["scan", "-j", "1", "fifo"],
    ] {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            let child = ksplat(folder.path())
                .args(arguments)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("ksplat runs");
            let mut writer = OpenOptions::new().write(true).open(&path).expect("opened");
            writer.write_all(&log()).expect("written");
            std::thread::sleep(Duration::from_millis(800));
            let output = end(child, signal);
            assert_eq!(output.status.code(), Some(130), "{arguments:?}");
            assert!(
                stdout(&output).contains("init_ia32_feat_ctl"),
                "{arguments:?}"
            );
            assert!(
                stderr(&output).contains("interrupted"),
                "{}",
                stderr(&output)
            );
        }
    }
}

#[test]
fn a_signal_ends_the_wait_for_somebody_who_opens_a_fifo() {
    let folder = tempfile::tempdir().expect("a folder");
    fifo(&folder);
    let child = ksplat(folder.path())
        .args(["scan", "fifo"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(end(child, libc::SIGINT).status.code(), Some(130));
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    let baseline = tempfile::NamedTempFile::new().expect("a file");
    let baseline = baseline.path().to_str().expect("a name");
    let ap = "ap-vmx-bios-kaslr/log";
    for (arguments, code) in [
        (
            &["check", "--baseline", baseline, "ap-vmx-bios-kaslr"][..],
            1,
        ),
        (&["check", "--baseline", baseline, "healthy-2cpu/log"], 0),
        (&["scan", "healthy-2cpu/log", ap], 1),
        (&["healthy-2cpu/log", ap], 1),
        (&["--format", "ndjson", ap], 1),
        (&["healthy-2cpu/log"], 0),
        (&["annotate", ap], 0),
    ] {
        let mut child = ksplat(&corpus())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ksplat runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ends");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert_eq!(stderr(&output), "", "{arguments:?}");
    }
}

#[test]
fn stderr_that_cannot_be_written_loses_no_output() {
    let full = || {
        File::options()
            .write(true)
            .open("/dev/full")
            .expect("opened")
    };
    for arguments in [
        &["nowhere", "ap-vmx-bios-kaslr/log"][..],
        &["scan", "nowhere", "ap-vmx-bios-kaslr"],
        &["-v", "nowhere", "ap-vmx-bios-kaslr/log"],
    ] {
        let output = ksplat(&corpus()).args(arguments).stderr(full()).output();
        let output = output.expect("ksplat runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stdout(&output).contains("init_ia32_feat_ctl"),
            "{arguments:?}"
        );
    }
    let output = ksplat(&corpus()).arg("nowhere").stderr(full()).output();
    assert_eq!(output.expect("ksplat runs").status.code(), Some(2));
}

#[test]
fn any_number_of_threads_is_bounded() {
    let output = ksplat(&corpus())
        .args(["scan", "-j", "20000", "ap-vmx-bios-kaslr"])
        .output()
        .expect("ksplat runs");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

/// A limit on processes holds for other users than root only.
#[test]
fn threads_that_cannot_be_started_are_done_without() {
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().expect("a folder");
    // Long enough to be searched by all threads.
    let mut text = vec![b'\n'; 20 << 20];
    text.extend(log());
    fs::write(folder.path().join("long"), text).expect("written");
    // SAFETY: the closure makes system calls only.
    let limited = |arguments: &[&str]| unsafe {
        let mut command = ksplat(folder.path());
        command.args(arguments).pre_exec(|| {
            let none = libc::rlimit {
                rlim_cur: 0,
                rlim_max: 0,
            };
            let limited = libc::setrlimit(libc::RLIMIT_NPROC, &none);
            // As root the limit does not hold; as a user without any other process it does.
            match limited == 0 && (libc::getuid() != 0 || libc::setuid(54_321) == 0) {
                true => Ok(()),
                false => Err(std::io::Error::last_os_error()),
            }
        });
        command.output()
    };
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("changed");
    for arguments in [&["scan", "long"][..], &["long"]] {
        match limited(arguments) {
            // The binary may stand where that user may not read.
            Err(_) => return,
            Ok(output) => {
                assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
                assert!(stdout(&output).contains("init_ia32_feat_ctl"));
            }
        }
    }
}

#[test]
fn a_log_that_is_cut_short_while_it_is_read_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a-live.log");
    fs::write(folder.path().join("b.log"), log()).expect("written");
    // Warnings all over it keep it busy for a while.
    let mut live = File::create(&path).expect("made");
    let one = log();
    for _ in 0..(48 << 20) / one.len() {
        live.write_all(&one).expect("written");
    }
    let mut child = ksplat(folder.path())
        .args(["scan", "--format", "ndjson", "."])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    let mut first = [0; 64];
    let mut reader = child.stdout.take().expect("piped");
    reader.read_exact(&mut first).expect("something is found");
    live.set_len(0).expect("cut");
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("a text");
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("a-live.log: was cut short"),
        "{}",
        stderr(&output)
    );
    assert!(rest.contains("b.log"));
}
