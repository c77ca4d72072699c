//! `ksplat symbolize`, through the real binary, on the mini kernel.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Mini, line_of, mini};

fn command(vmlinux: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ksplat"));
    command.args(["symbolize", "--vmlinux"]).arg(vmlinux);
    command
}

fn run(mini: &Mini, arguments: &[&str]) -> (String, Option<i32>) {
    let output = command(&mini.vmlinux).args(arguments).output();
    shown(&output.expect("ksplat runs"))
}

fn shown(output: &Output) -> (String, Option<i32>) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (text, output.status.code())
}

#[test]
fn a_function_and_an_address_give_the_same_place() {
    let Some(mini) = mini(&[]) else { return };
    let first = mini.function("first");
    let by_name = run(&mini, &["first"]);
    let by_address = run(&mini, &[&format!("{:x}", first.address)]);
    let moved = format!("{:#x}", first.address + 0x1200_0000);
    let by_moved = run(&mini, &["--kaslr-offset", "0x12000000", &moved]);
    let line = line_of("kernel.c", "in first");
    let wanted = format!(
        "{:016x} first+0x0/{:#x} kernel.c:{line}\n",
        first.address,
        first.extent.expect("another function follows")
    );
    assert_eq!(by_name, (wanted, Some(0)));
    assert_eq!(by_address, by_name);
    assert_eq!(by_moved, by_name);
}

#[test]
fn a_return_address_is_the_call_in_front_of_it() {
    let Some(mini) = mini(&[]) else { return };
    let helper = mini.function("helper");
    let call = mini.call(&helper, &mini.function("report")).to_string();
    let (text, code) = run(&mini, &["--return-addresses", &call]);
    let own = format!("{call} kernel.c:{}\n", line_of("kernel.c", "in helper"));
    let inlined = format!(
        "    inlined kernel.c:{}\n",
        line_of("kernel.c", "in inlined")
    );
    assert!(text.ends_with(&format!("{own}{inlined}")), "{text}");
    assert_eq!(code, Some(0));
}

#[test]
fn functions_of_one_name_are_all_told() {
    let Some(mini) = mini(&[]) else { return };
    let (text, code) = run(&mini, &["--format", "ndjson", "helper"]);
    let places: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let files: Vec<_> = places.iter().map(|place| place["file"].as_str()).collect();
    assert_eq!(files.len(), 2, "{text}");
    assert!(files.contains(&Some("kernel.c")) && files.contains(&Some("other.c")));
    assert_eq!(code, Some(0));
}

#[test]
fn what_is_unknown_is_said_in_its_place() {
    let Some(mini) = mini(&[]) else { return };
    let queries = [
        "nosuch+0x1",
        "first+0x0/0x9999",
        "ffffffffc0000000",
        "two words",
        "f+0x0/0x1 [xfs]",
        "first",
    ];
    let (text, code) = run(&mini, &queries);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), queries.len(), "{text}");
    for (line, query) in lines.iter().zip(&queries[..5]) {
        assert!(line.starts_with(&format!("? {query}: ")), "{line}");
    }
    assert!(lines[5].contains(" first+0x0/"), "{text}");
    assert_eq!(code, Some(1));
    let (text, _) = run(&mini, &["--format", "json", "nosuch", "first"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"], 1);
    assert!(document["places"][0]["function"].is_null());
    assert!(document["places"][0]["why"].is_string());
    assert_eq!(document["places"][1]["function"], "first");
}

#[test]
fn places_come_from_standard_input() {
    let Some(mini) = mini(&[]) else { return };
    let mut child = command(&mini.vmlinux)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(b"first\n\n ? second\r\n").expect("written");
    drop(stdin);
    let piped = shown(&child.wait_with_output().expect("ends"));
    assert_eq!(piped, run(&mini, &["first", "second"]));
    assert_eq!(piped.0.lines().count(), 2);
}

#[test]
fn errors_are_one_line_and_code_2() {
    let none = Path::new("no-such-vmlinux");
    let without = Command::new(env!("CARGO_BIN_EXE_ksplat"))
        .args(["symbolize", "first"])
        .output()
        .expect("ksplat runs");
    let missing = command(none).arg("first").output().expect("ksplat runs");
    for output in [without, missing] {
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
