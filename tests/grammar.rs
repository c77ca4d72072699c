//! `--grammar DIR`: what the README promises, and errors that say where and why.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

/// Runs ksplat on a log with one grammar file.
fn run(grammar: &str, log: &str) -> Output {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("rules")).expect("a folder");
    std::fs::write(dir.path().join("rules/mine.toml"), grammar).expect("written");
    std::fs::write(dir.path().join("log"), log).expect("written");
    ksplat(dir.path())
        .args(["--grammar", "rules", "--format", "json", "log"])
        .output()
        .expect("ksplat runs")
}

fn titles(output: &Output) -> Vec<String> {
    let document: Value = serde_json::from_str(&stdout(output)).expect("JSON");
    let splats = document["splats"].as_array().expect("a list").iter();
    splats
        .map(|splat| format!("{}: {}", splat["kind"], splat["title"]).replace('"', ""))
        .collect()
}

/// The README's example.
fn example() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("readable");
    let block = readme.split("```toml\n").nth(1).expect("an example");
    block.split("```").next().expect("its end").to_owned()
}

#[test]
fn the_ten_lines_of_the_readme_add_a_kind() {
    let rules = example();
    let lines = rules.lines().filter(|line| line.contains('=')).count();
    assert!(lines <= 10, "{lines} lines");
    let log = "[    1.5] mydrv: FAULT 17 in dma2\n";
    assert_eq!(titles(&run("", log)), [""; 0]);
    assert_eq!(
        titles(&run(&rules, log)),
        ["mydrv-fault: mydrv fault in dma2"]
    );
}

#[test]
fn a_kind_of_the_same_name_is_replaced_and_the_others_stay() {
    let log = "[    1.5] Kernel panic - not syncing: no more tea\n[    9.5] mydrv: FAULT 1 in x\n";
    let rules = example().replace("mydrv-fault", "panic");
    assert_eq!(titles(&run(&rules, log)), ["panic: mydrv fault in x"]);
}

#[test]
fn a_notice_of_the_user_is_no_reason_to_fail() {
    let rules = example().replace("single = true", "single = true\nlevel = \"notice\"");
    let output = run(&rules, "[    1.5] mydrv: FAULT 17 in dma2\n");
    assert_eq!(output.status.code(), Some(0));
    assert!(titles(&output).is_empty());
}

/// What is wrong, the line it stands on, and what the error must say.
#[test]
fn an_error_names_file_line_and_reason() {
    let good = example();
    let line_of = |text: &str| {
        let line = good.lines().position(|line| line.contains(text));
        line.expect("in the example") + 1
    };
    let rows = [
        ("name = ", "nome = ", line_of("name = "), "nome"),
        (
            "single = true",
            "single = \"yes\"",
            line_of("single = true"),
            "bool",
        ),
        (
            "'FAULT \\d+ in (?<unit>\\w+)'",
            "'FAULT \\d+ in (?<unit>\\w+'",
            line_of("(?<unit>"),
            "unclosed group",
        ),
        ("{unit}", "{part}", line_of("{unit}"), "part"),
        (
            "no_stack = true",
            "function = { find = [\"nowhere\"] }",
            line_of("no_stack"),
            "nowhere",
        ),
        ("[\"mydrv: FAULT \"]", "[]", line_of("name = "), "literals"),
        ("[[kind]]", "[[kind]", line_of("[[kind]]"), ""),
    ];
    for (right, wrong, line, reason) in rows {
        let output = run(&good.replacen(right, wrong, 1), "");
        let error = stderr(&output);
        let place = format!("ksplat: rules/mine.toml:{line}: ");
        assert!(
            error.starts_with(&place) && error.contains(reason),
            "{wrong}: {error}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn an_example_that_does_not_get_its_title_is_an_error_with_its_place() {
    let log = "mydrv: FAULT 17 in dma2\\n";
    let title = "mydrv fault in dma2";
    let rules = format!(
        "{}[[kind.example]]\nlog = \"{log}\"\ntitle = \"{title}\"\n",
        example()
    );
    assert_eq!(run(&rules, "").status.code(), Some(0));
    for (from, to, reason) in [
        (
            "title = \"mydrv fault in {",
            "title = \"mydrv trouble in {",
            "gets the title",
        ),
        (
            "literals = [\"mydrv: FAULT",
            "literals = [\"mydrv: FAILURE",
            "none of its literals",
        ),
        (
            "headers = ['mydrv: FAULT ",
            "headers = ['mydrv: FAULTS ",
            "no header matches",
        ),
    ] {
        let broken = rules.replacen(from, to, 1);
        assert_ne!(broken, rules, "{from}");
        let output = run(&broken, "");
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        let is_one = error.starts_with("ksplat: rules/mine.toml:") && error.contains(reason);
        assert!(is_one && error.lines().count() == 1, "{error}");
    }
}
