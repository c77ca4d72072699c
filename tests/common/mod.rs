//! What several test files need: running the real binary, and the truth about a log.

#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// The real binary, ready to run in `folder`.
pub fn ksplat(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplat"));
    command.current_dir(folder).env_remove("NO_COLOR");
    command
}

/// Standard output as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command that cannot work, and gives its error: code 2 and one line on standard error.
pub fn refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = ksplat(folder)
        .args(arguments)
        .output()
        .expect("ksplat runs");
    let errors = stderr(&output);
    assert_eq!(
        (output.status.code(), errors.lines().count()),
        (Some(2), 1),
        "{arguments:?}: {errors}"
    );
    errors
}

/// Runs a command that works, whatever it finds.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = ksplat(folder)
        .args(arguments)
        .output()
        .expect("ksplat runs");
    let is_fine = output.status.code().is_some_and(|code| code < 2);
    assert!(is_fine, "{arguments:?}: {}", stderr(&output));
    output
}

/// Compares the late clears of a JSON document with the truth: fields that the truth does not name are
/// free. Gives what differs.
pub fn differences(truth: &Value, document: &Value, vmlinux: bool) -> Vec<String> {
    let splats = document["splats"].as_array().expect("a list");
    let found: Vec<_> = splats
        .iter()
        .filter(|splat| splat["late_clear"].is_object())
        .collect();
    let wanted = truth["late_clears"].as_array().expect("a list");
    if found.len() != wanted.len() {
        return vec![format!("{} late clears, not {}", found.len(), wanted.len())];
    }
    let mut wrong = Vec::new();
    let reports = splats.iter().filter(|splat| splat["level"] == "report");
    let reports = reports.count() as u64;
    if truth["splats"]
        .as_u64()
        .is_some_and(|count| count != reports)
    {
        wrong.push(format!("{reports} splats, not {}", truth["splats"]));
    }
    // The truth counts late clears, the output counts splats.
    let index = |clear: u64| {
        splats
            .iter()
            .position(|splat| std::ptr::eq(splat, found[clear as usize]))
    };
    for (number, (wanted, splat)) in wanted.iter().zip(&found).enumerate() {
        for (field, wanted, is) in fields(wanted, splat, vmlinux) {
            let wanted = match field.as_str() {
                "caused_by" => json!(wanted.as_u64().and_then(index)),
                _ => wanted,
            };
            if wanted != is {
                wrong.push(format!(
                    "late clear {number}: {field} is {is}, not {wanted}"
                ));
            }
        }
    }
    wrong
}

/// Each field that the truth names, with its true value and the one found.
fn fields(wanted: &Value, splat: &Value, vmlinux: bool) -> Vec<(String, Value, Value)> {
    let verdict = &splat["late_clear"];
    let mut fields = Vec::new();
    for (name, value) in wanted.as_object().expect("an object") {
        let is = match name.as_str() {
            "truncated" => &splat[name],
            _ => &verdict[name],
        };
        match name.as_str() {
            "feature" => {
                let parts = value.as_object().expect("an object");
                fields.extend(parts.iter().map(|(part, value)| {
                    (format!("feature.{part}"), value.clone(), is[part].clone())
                }));
            }
            "requester" if !vmlinux && wanted["requester_without_vmlinux"].is_string() => {}
            "requester_without_vmlinux" if vmlinux => {}
            "requester_without_vmlinux" => {
                fields.push((name.clone(), value.clone(), verdict["requester"].clone()))
            }
            "target" if !vmlinux && is.is_null() => {}
            _ => fields.push((name.clone(), value.clone(), is.clone())),
        }
    }
    fields
}
