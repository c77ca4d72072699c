//! What several test files need: running the real binary, and the truth about a log.

#![allow(dead_code, reason = "each test file uses its part")]

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::late_clear::LateClear;
use ksplat::stages::report::{Incidents, Report};
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

/// The JSON document that a log gives.
pub fn document(log: impl AsRef<[u8]>) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log"), log).expect("written");
    let output = run(folder.path(), &["--format", "json", "log"]);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The reports of a log, from the JSON.
pub fn splats(log: impl AsRef<[u8]>) -> Vec<Value> {
    let mut document = document(log);
    let splats = document["splats"].as_array_mut().expect("a list");
    std::mem::take(splats)
}

/// The only report of a log, from the JSON.
pub fn splat(log: impl AsRef<[u8]>) -> Value {
    let mut all = splats(log);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The reports of a log, by the library.
pub fn reports(log: &str) -> Vec<Report> {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    reports_of(&analyzer, log)
}

/// The same with an analyzer of one's own.
pub fn reports_of(analyzer: &Analyzer, log: &str) -> Vec<Report> {
    let mut all = Vec::new();
    analyzer.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut Incidents::default(),
        &mut |report| all.push(report),
    );
    all
}

/// The first late clear of a log.
pub fn late_clear(log: &str) -> LateClear {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    let found = reports_of(&analyzer.reports_only(), log).into_iter();
    let mut late_clears = found.filter_map(|report| report.late_clear);
    late_clears.next().expect("a late clear")
}

/// A WARN on CPU 1 that clears the feature of a number, asked for by `requester`, above the frames `below`.
pub fn warn_of_late_clear(hardware: &str, requester: &str, number: u32, below: &str) -> String {
    let text = format!(
        "------------[ cut here ]------------\n\
         WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:117 do_clear_cpu_cap+0xde/0x130\n\
         CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.9 #1\n\
         Hardware name: {hardware}\n\
         RIP: 0010:do_clear_cpu_cap+0xde/0x130\n\
         RAX: 0000000000000000 RBX: 00000000{number:08x} RCX: 0000000000000000\n\
         RDX: 0000000000000000 RSI: 00000000{number:08x} RDI: ffff88801f41a0c0\n\
         Call Trace:\n <TASK>\n {requester}+0x357/0x4d0\n {below} </TASK>\n\
         ---[ end trace 0000000000000000 ]---\n"
    );
    stamped("    0.150000", &text)
}

/// A WARNING of a function, at a time, on a kernel.
pub fn warning(function: &str, time: &str, release: &str) -> String {
    let text = format!(
        "------------[ cut here ]------------\n\
         WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 {function}+0x10/0x20\n\
         CPU: 1 PID: 7 Comm: x Not tainted {release} #1\n\
         RIP: 0010:{function}+0x10/0x20\n\
         Call Trace:\n <TASK>\n caller+0x1/0x2\n </TASK>\n\
         ---[ end trace 0000000000000000 ]---\n"
    );
    stamped(&format!("   {time}"), &text)
}

/// Each line with the kernel's stamp in front.
fn stamped(time: &str, text: &str) -> String {
    text.lines()
        .map(|line| format!("[{time}] {line}\n"))
        .collect()
}

/// As a reply quotes it.
pub fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

/// Writes files, and the folders that they are in.
pub fn write(folder: &Path, files: &[(&str, String)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
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
