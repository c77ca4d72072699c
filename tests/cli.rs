//! The command line, end to end: exit codes, streams, errors, colours.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const AP: &str = "ap-vmx-bios-kaslr/log";
const BSP: &str = "bsp-vmx-kaslr/log";
const HEALTHY: &str = "healthy-2cpu/log";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn code(arguments: &[&str]) -> Option<i32> {
    ksplat(&corpus())
        .args(arguments)
        .output()
        .expect("ksplat runs")
        .status
        .code()
}

#[test]
fn exit_codes_follow_fail_on() {
    let rows: &[(&[&str], i32)] = &[
        (&[AP], 1),
        (&[HEALTHY], 0),
        (&["--fail-on", "never", AP], 0),
        (&["--fail-on", "ap", AP], 1),
        (&["--fail-on", "bsp", AP], 0),
        (&["--fail-on", "bsp", "--fail-on", "ap", AP], 1),
        (&["--fail-on", "bsp", BSP], 1),
        (&["--fail-on", "late-clear", BSP], 1),
        (&["--fail-on", "hint", AP], 0),
        (&["--fail-on", "hint", "ap-vmx-bios-quiet-kaslr/log"], 1),
        (&["no-such-file"], 2),
        (&["no-such-file", AP], 2),
        (&["--vmlinux", AP, AP], 2),
        (&["--no-such-option"], 2),
    ];
    for (arguments, wanted) in rows {
        assert_eq!(code(arguments), Some(*wanted), "{arguments:?}");
    }
}

#[test]
fn an_error_is_one_line_that_names_the_file_and_the_mend() {
    for arguments in [
        &["no-such-file"][..],
        &["--vmlinux", AP, AP],
        &["--grammar", "no-such-dir", AP],
        &["-o", "no/such/dir", AP],
    ] {
        let output = ksplat(&corpus())
            .args(arguments)
            .output()
            .expect("ksplat runs");
        let error = stderr(&output);
        assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
        assert!(
            error.starts_with("ksplat: ") && error.contains(';'),
            "{error}"
        );
    }
}

#[test]
fn an_unreadable_input_does_not_stop_the_others() {
    let output = ksplat(&corpus())
        .args(["no-such-file", AP])
        .output()
        .expect("ksplat runs");
    assert!(stdout(&output).contains("CPU 1 lost VMX"));
}

#[test]
fn a_splat_is_printed_while_the_stream_goes_on() {
    let log = std::fs::read(corpus().join(AP)).expect("readable");
    let end = memchr::memmem::find(&log, b"---[ end trace").expect("a splat");
    let mut child = ksplat(&corpus())
        .args(["--format", "ndjson"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(&log[..end + 40]).expect("written");
    stdin.flush().expect("flushed");
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("piped"));
    reader
        .read_line(&mut line)
        .expect("a line while stdin is open");
    let splat: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(splat["late_clear"]["path"], "ap");
    drop(stdin);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("the end");
    assert_eq!(rest, "");
    assert_eq!(child.wait().expect("ends").code(), Some(1));
}

#[test]
fn a_pipe_and_a_file_give_the_same() {
    let log = std::fs::read(corpus().join("ap-faststring/log")).expect("readable");
    let mut child = ksplat(&corpus())
        .args(["--format", "ndjson", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(&log)
        .expect("written");
    let piped = stdout(&child.wait_with_output().expect("ends"));
    let file = ksplat(&corpus())
        .args(["--format", "ndjson", "ap-faststring/log"])
        .output()
        .expect("ksplat runs");
    assert_eq!(
        piped.replace("\"path\":\"-\"", "\"path\":\"ap-faststring/log\""),
        stdout(&file)
    );
}

#[test]
fn nothing_found_is_one_calm_line() {
    let output = ksplat(&corpus())
        .arg(HEALTHY)
        .output()
        .expect("ksplat runs");
    let text = stdout(&output);
    // QEMU's firmware leaves the MTRRs of its CPUs unlike: a notice, and what it means.
    let calm = text.lines().filter(|line| line.contains("no kernel splat"));
    assert_eq!(calm.count(), 1, "{text}");
    assert!(text.ends_with(", 3 notices\n"), "{text}");
}

#[test]
fn colours_only_where_asked_for() {
    let run = |arguments: &[&str]| {
        stdout(
            &ksplat(&corpus())
                .args(arguments)
                .output()
                .expect("ksplat runs"),
        )
    };
    assert!(!run(&[AP]).contains('\x1b'));
    assert!(run(&["--color", "always", AP]).contains('\x1b'));
    assert!(!run(&["--color", "never", AP]).contains('\x1b'));
}

#[test]
fn control_bytes_of_the_log_never_reach_the_terminal() {
    let dir = tempfile::tempdir().expect("a directory");
    let log = "[ 1.0] ------------[ cut here ]------------\n[ 1.0] WARNING: CPU: 0 PID: 1 at a/b.c:1 f+0x1/0x2\n\
        [ 1.0] CPU: 0 PID: 1 Comm: ev\x1b[2J\x07il\u{9b}31m Not tainted 6.1.0\x1b]0;x\x07 #1\n[ 1.0] ---[ end trace 0 ]---\n";
    std::fs::write(dir.path().join("log"), log).expect("written");
    let text = stdout(&ksplat(dir.path()).arg("log").output().expect("ksplat runs"));
    assert!(text.contains("WARNING in "), "{text}");
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
}

#[test]
fn a_vmlinux_of_something_else_is_found_out() {
    let other = std::env::current_exe().expect("this test is an ELF file with DWARF");
    let output = ksplat(&corpus())
        .args(["--format", "json", "--vmlinux"])
        .arg(other)
        .arg(AP)
        .output()
        .expect("ksplat runs");
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let splat = &document["splats"][0];
    assert_eq!(
        splat["symbols"]["match"], "mismatch",
        "{}",
        splat["symbols"]
    );
    assert!(
        splat["symbols"]["why"]
            .as_str()
            .is_some_and(|why| !why.is_empty())
    );
    let frames = splat["frames"].as_array().expect("a list");
    assert!(frames.iter().all(|frame| frame["line"].is_null()));
    assert_eq!(splat["late_clear"]["feature"]["from"], "register");
}

#[test]
fn annotate_without_debug_info_gives_the_log_byte_for_byte() {
    let output = ksplat(&corpus())
        .args(["annotate", AP])
        .output()
        .expect("ksplat runs");
    assert_eq!(
        output.stdout,
        std::fs::read(corpus().join(AP)).expect("readable")
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = ksplat(&corpus())
        .args(["annotate", AP])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(stderr(&output), "");
}

#[test]
fn output_goes_to_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("out.json");
    let output = ksplat(&corpus())
        .args(["--format", "json", AP, "-o"])
        .arg(&file)
        .output()
        .expect("ksplat runs");
    assert!(output.stdout.is_empty());
    let text = std::fs::read_to_string(file).expect("written");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"], 1);
    assert_eq!(document["inputs"][0]["path"], AP);
}
