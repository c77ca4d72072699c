//! SARIF against the schema of OASIS.

use super::{AP, BSP, HEALTHY, baseline, corpus, format, hostile, ksplat};
use serde_json::{Value, json};
use std::path::Path;

/// Parses a document that the schema allows.
fn valid(text: &str) -> Value {
    let schema = include_str!("../schemas/sarif-2.1.0.json");
    // `]?$` without its `[` is no regular expression of ECMAScript.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let document: Value = serde_json::from_str(text).expect("JSON");
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    document
}

fn results(document: &Value) -> &[Value] {
    document["runs"][0]["results"].as_array().expect("a list")
}

#[test]
fn a_result_points_at_the_log_and_at_its_evidence() {
    let document = valid(&format("sarif", &[AP]));
    let result = &results(&document)[0];
    assert_eq!(result["ruleId"], "late-clear/ap");
    assert_eq!(result["level"], "error");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], AP);
    assert_eq!(place["region"], json!({"startLine": 164, "endLine": 190}));
    let related = result["relatedLocations"].as_array().expect("evidence");
    assert!(related.iter().any(|location| {
        location["message"]["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("ap: identify_secondary_cpu"))
            && location["physicalLocation"]["region"]["startLine"] == 185
    }));
    assert_eq!(
        result["partialFingerprints"]["ksplatSignature/v1"],
        "late-clear:ap:VMX:init_ia32_feat_ctl"
    );
}

#[test]
fn every_log_of_the_corpus_and_every_rule_that_it_names() {
    let document = valid(&ksplat(&corpus(), &["scan", "--format", "sarif", "."]));
    let rules = document["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .expect("rules");
    let ids: Vec<_> = rules.iter().map(|rule| &rule["id"]).collect();
    assert!(results(&document).len() > 30);
    for result in results(&document) {
        assert!(ids.contains(&&result["ruleId"]), "{}", result["ruleId"]);
    }
}

#[test]
fn a_clean_log_has_no_results() {
    let document = valid(&format("sarif", &[HEALTHY]));
    let mut levels = results(&document).iter().map(|result| &result["level"]);
    assert!(levels.all(|level| level == "note"));
    assert_eq!(
        document["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
}

#[test]
fn lines_of_a_member_are_not_passed_off_as_lines_of_the_file() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = std::fs::File::create(folder.path().join("a.tar")).expect("made");
    let mut archive = tar::Builder::new(file);
    archive
        .append_path_with_name(corpus().join(AP), Path::new("dir/dmesg"))
        .expect("packed");
    archive.finish().expect("written");
    let document = valid(&ksplat(folder.path(), &["--format", "sarif", "a.tar"]));
    let location = &results(&document)[0]["locations"][0];
    assert_eq!(location["physicalLocation"]["region"], Value::Null);
    assert_eq!(
        location["logicalLocations"][0]["fullyQualifiedName"],
        "dir/dmesg:164-190"
    );
}

#[test]
fn a_known_splat_is_suppressed_for_its_reason() {
    let folder = tempfile::tempdir().expect("a directory");
    let baseline = baseline(&folder);
    let text = ksplat(
        &corpus(),
        &[
            "check",
            "--baseline",
            &baseline,
            "--format",
            "sarif",
            AP,
            BSP,
        ],
    );
    let document = valid(&text);
    let [known, new] = results(&document) else {
        panic!("two results: {document}");
    };
    assert_eq!(
        known["suppressions"][0]["justification"],
        "a <BIOS> update is under way"
    );
    assert_eq!(known["baselineState"], "unchanged");
    assert_eq!(new["suppressions"], Value::Null);
    assert_eq!(
        (&new["baselineState"], &new["level"]),
        (&json!("new"), &json!("error"))
    );
}

#[test]
fn what_cannot_be_read_makes_the_run_a_failed_one() {
    let document = valid(&format("sarif", &["no-such-file", HEALTHY]));
    let invocation = &document["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let text = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert!(
        text.as_str()
            .is_some_and(|text| text.contains("no-such-file"))
    );
}

#[test]
fn hostile_bytes_stay_text() {
    let (folder, name) = hostile();
    let document = valid(&ksplat(folder.path(), &["--format", "sarif", &name]));
    let uri = &results(&document)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%2Cline%3D7%3A%3A%22%3Cb%3E%26%1B%0A%250A");
}
