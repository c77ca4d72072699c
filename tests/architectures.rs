//! What is read of the reports of each architecture, and the table that says so.
//!
//! Each folder of `corpus/architectures/` holds a report and what it tells. It is read with its time stamps and
//! without. `UPDATE_DOCS=1 cargo test --test architectures` writes `docs/architectures.md` anew.

mod common;

use serde_json::{Value, json};
use std::fmt::Write;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const PAGE: &str = "docs/architectures.md";

const INTRODUCTION: &str = "\
# Architectures

Generated from `corpus/architectures/` by `UPDATE_DOCS=1 cargo test --test architectures`.

What ksplat reads of a kernel's report on each architecture: **yes** where the architecture prints it, **address** where it prints
the address of the instruction but not the function, **–** where it prints nothing. All of it is read with and
without printk's time stamps. The registers go into the JSON by the names that the kernel prints, in lower case; the
instruction pointer, where a line of its own names it, is `at.function` and `registers.rip` on every architecture.
";

/// Where an address of the fault stands if no function is printed.
const POINTERS: [&str; 5] = ["pc", "rip", "ea", "elr", "rpc"];

struct Case {
    name: String,
    log: String,
    expected: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/architectures")
}

fn cases() -> Vec<Case> {
    let entries = std::fs::read_dir(folder()).expect("the corpus is part of the repository");
    let folders = entries.map(|entry| entry.expect("readable").path());
    let read = |path: PathBuf| {
        let text = |file: &str| std::fs::read_to_string(path.join(file)).expect("readable");
        Case {
            name: path
                .file_name()
                .expect("a folder")
                .to_string_lossy()
                .into_owned(),
            log: text("log"),
            expected: serde_json::from_str(&text("expected.json")).expect("JSON"),
        }
    };
    let mut cases: Vec<_> = folders.filter(|path| path.is_dir()).map(read).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// The splats that the real binary finds in a log.
fn splats(log: &str) -> Vec<Value> {
    let mut command = common::ksplat(&folder());
    command
        .args(["--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("ksplat runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(log.as_bytes()).expect("it is read");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document["splats"].as_array().expect("a list").clone()
}

/// What the table has a column for, as a splat has it.
fn told(case: &Case, splat: &Value) -> Vec<(&'static str, Value)> {
    let registers = &splat["registers"];
    let pointer = match case.expected["pointer"].as_str() {
        Some("address") => {
            let is_known = POINTERS.iter().any(|name| registers[name].is_string());
            json!(is_known.then_some("address"))
        }
        _ => splat["at"]["function"].clone(),
    };
    let expected = case.expected["registers"].as_object();
    let named = |names: &serde_json::Map<String, Value>| {
        names
            .keys()
            .map(|name| (name.clone(), registers[name].clone()))
            .collect()
    };
    let code = &splat["code"];
    let bytes = || {
        code["bytes"]
            .as_str()
            .map_or(0, |bytes| bytes.split(' ').count())
    };
    let code = match code.is_null() {
        true => Value::Null,
        false => json!({"bytes": bytes(), "trap_offset": code["trap_offset"]}),
    };
    let frames = splat["frames"].as_array().into_iter().flatten();
    let frames = frames.filter(|frame| frame["reliable"] == true);
    vec![
        ("title", splat["title"].clone()),
        ("pointer", pointer),
        ("cpu", splat["cpu"].clone()),
        ("pid", splat["pid"].clone()),
        ("comm", splat["comm"].clone()),
        ("release", splat["kernel"]["release"].clone()),
        (
            "registers",
            expected.map_or(Value::Null, |names| Value::Object(named(names))),
        ),
        ("code", code),
        (
            "frames",
            frames.map(|frame| frame["function"].clone()).collect(),
        ),
    ]
}

fn without_stamps(log: &str) -> String {
    let bare = |line: &str| {
        line.split_once("] ")
            .map_or(String::new(), |(_, text)| format!("{text}\n"))
    };
    log.lines().map(bare).collect()
}

fn check(case: &Case, log: &str, wrong: &mut Vec<String>) {
    let found = splats(log);
    let [splat] = found.as_slice() else {
        let titles: Vec<_> = found.iter().map(|splat| &splat["title"]).collect();
        wrong.push(format!("{}: not one report: {titles:?}", case.name));
        return;
    };
    if splat["corrupted"] == true {
        wrong.push(format!("{}: called corrupted", case.name));
    }
    for (field, is) in told(case, splat) {
        let wanted = &case.expected[field];
        if *wanted != is {
            wrong.push(format!("{}: {field} is {is}, not {wanted}", case.name));
        }
    }
}

#[test]
fn every_architecture_is_read_with_stamps_and_without() {
    let cases = cases();
    assert!(cases.len() >= 24, "only {} architectures", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        check(case, &case.log, &mut wrong);
        check(case, &without_stamps(&case.log), &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page(&cases());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{PAGE} is old; write it anew: UPDATE_DOCS=1 cargo test --test architectures"
    );
}

fn page(cases: &[Case]) -> String {
    let mut page = format!(
        "{INTRODUCTION}\n| architecture | title | pointer | CPU | PID, comm | release | registers | code | frames | printed by |\n|{}\n",
        "---|".repeat(10)
    );
    for case in cases {
        let expected = &case.expected;
        let sign = |field: &str| match &expected[field] {
            Value::Null => "–",
            Value::String(text) if text == "address" => "address",
            _ => "yes",
        };
        let signs = [
            "pointer",
            "cpu",
            "pid",
            "release",
            "registers",
            "code",
            "frames",
        ]
        .map(sign)
        .join(" | ");
        let title = expected["title"].as_str().unwrap_or_default();
        let source = expected["source"].as_str().unwrap_or_default();
        let _ = writeln!(page, "| {} | {title} | {signs} | {source} |", case.name);
    }
    page
}
