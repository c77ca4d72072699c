//! Names of files and texts of logs that a CI job or a terminal would take for something else.

mod common;

use common::{ksplat, stderr};
use std::fs;

const LOG: &str = "[    1.0] WARNING: CPU: 1 PID: 7 at ::error::c:12 foo+0x10/0x20\n\
    [    1.0] ::error::of the log\n[    1.0] ##[add-mask]of the log\n\
    ::error::bare\n  ::error::bare\n\
    [    1.0] CPU: 1 PID: 7 Comm: a\u{200b}b\u{2028}::c\u{feff}\u{61c} Not tainted 6.1.0 #1\n\
    [    1.0] Hardware name: ##[error] x\u{2029}y\n\
    [    1.0] RIP: 0010:foo+0x10/0x20\n[    1.0] Call Trace:\n[    1.0]  bar+0x1/0x2\n\
    [    1.0] ---[ end trace 0000000000000000 ]---\n";

/// Names of files; the last one is of a file that cannot be read.
const NAMES: [&str; 3] = ["::error::x", " ::add-mask::y", "::warning::nowhere"];

#[test]
fn no_line_of_any_output_is_a_command() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in &NAMES[..2] {
        fs::write(folder.path().join(name), LOG).expect("written");
    }
    fs::write(folder.path().join("::known"), "").expect("written");
    let commands = [
        vec![],
        vec!["scan"],
        vec!["-v", "--expect", "userspace"],
        vec!["check", "--baseline", "::known", "--expect", "userspace"],
    ];
    for format in [
        "text", "json", "ndjson", "junit", "sarif", "github", "html", "mail",
    ] {
        for command in &commands {
            let output = ksplat(folder.path())
                .args(command)
                .args(["--format", format])
                .args(NAMES)
                .output()
                .expect("ksplat runs");
            assert_eq!(output.status.code(), Some(2), "{format} {command:?}");
            for (name, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
                let text = String::from_utf8(text.clone()).expect("UTF-8");
                for line in text.lines() {
                    let is_own = format == "github"
                        && name == "stdout"
                        && [
                            "::error file=%3A%3A",
                            "::error file= %3A%3A",
                            "::error title=ksplat could not",
                            "::warning file=",
                            "::notice file=",
                        ]
                        .iter()
                        .any(|own| line.starts_with(own));
                    let is_command =
                        line.trim_start().starts_with("::") || line.contains("##[") && !is_own;
                    assert!(is_own || !is_command, "{format} {command:?} {name}: {line}");
                }
                let hidden = ['\u{200b}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{61c}'];
                assert!(
                    !text.contains(hidden),
                    "{format} {command:?} {name}: {text}"
                );
            }
        }
    }
}

#[test]
fn an_error_of_the_command_line_is_no_command() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["::error::x"][..],
        &["annotate", "::error::x"],
        &["--grammar", "::error::x", "y"],
    ] {
        let output = ksplat(folder.path()).args(arguments).output();
        let told = stderr(&output.expect("ksplat runs"));
        assert!(told.starts_with("ksplat: "), "{told}");
    }
}
