//! The JSON that is printed is what `docs/ksplat.schema.json` says: each field of each document of the corpus.

mod common;

use common::{ksplat, stdout};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::path::Path;

fn schema() -> Value {
    serde_json::from_str(include_str!("../docs/ksplat.schema.json")).expect("JSON")
}

/// Whatever is wrong with a value.
fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(5)
        .collect()
}

fn check(arguments: &[&str]) {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = ksplat(root).args(arguments).output().expect("ksplat runs");
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert!(!document["splats"].as_array().expect("a list").is_empty());
    assert_eq!(
        faults(&validator, &document),
        Vec::<String>::new(),
        "{arguments:?}"
    );
}

#[test]
fn triage_of_logs_of_every_sort() {
    check(&[
        "--format",
        "json",
        "--expect",
        "userspace",
        "corpus/ap-vmx-bios-kaslr/log",
        "corpus/reports",
        "corpus/architectures",
        "corpus/healthy",
    ]);
}

#[test]
fn a_report_with_maintainers_and_sources() {
    check(&[
        "--format",
        "json",
        "--kernel-tree",
        "tests/tree",
        "corpus/reports",
    ]);
}

#[test]
fn a_scan_of_the_corpus() {
    check(&["scan", "--format", "json", "corpus"]);
}

#[test]
fn a_check_of_the_corpus() {
    let folder = tempfile::tempdir().expect("a folder");
    let baseline = folder.path().join("baseline.toml");
    std::fs::write(&baseline, "").expect("writable");
    let baseline = baseline.to_str().expect("UTF-8");
    check(&[
        "check",
        "--baseline",
        baseline,
        "--format",
        "json",
        "corpus",
    ]);
}

/// A line of ndjson is one of the `splats`.
#[test]
fn lines_of_ndjson() {
    let mut of_splat = schema();
    let schema = of_splat.as_object_mut().expect("an object");
    for name in ["type", "properties", "required", "additionalProperties"] {
        schema.remove(name);
    }
    schema.insert("$ref".to_owned(), json!("#/$defs/splat"));
    let validator = jsonschema::validator_for(&of_splat).expect("a schema");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = ksplat(root)
        .args(["scan", "--format", "ndjson", "corpus"])
        .output();
    let text = stdout(&output.expect("ksplat runs"));
    assert!(text.lines().count() > 50);
    for line in text.lines() {
        let splat = serde_json::from_str(line).expect("JSON");
        assert_eq!(faults(&validator, &splat), Vec::<String>::new(), "{line}");
    }
}

/// The test above can fail: a field that the schema does not name is found.
#[test]
fn a_field_that_is_not_in_the_schema_is_a_fault() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let document = json!({"schema": 1, "tool": {"name": "ksplat", "version": "1"}, "inputs": [], "splats": [], "more": 1});
    assert_eq!(faults(&validator, &document).len(), 1);
}
