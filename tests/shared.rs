//! Real mails and boots with known answers, kept beside the repository (`../shared`): third parties'
//! text that may not be copied. Skipped where it is missing.

mod common;

use common::{differences, ksplat, stdout};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A folder of `../shared`, if it is there.
fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(folder);
    if !path.is_dir() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(path)
}

/// Every file that `expected.json` names, against its answer.
fn check(expected: &Path, logs: &Path) {
    let text = std::fs::read_to_string(expected).expect("readable");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let mut wrong = Vec::new();
    for (name, truth) in expected.as_object().expect("an object") {
        let output = ksplat(logs)
            .args(["--format", "json", name])
            .output()
            .expect("ksplat runs");
        let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let differences = differences(truth, &document, false);
        wrong.extend(
            differences
                .into_iter()
                .map(|difference| format!("{name}: {difference}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn real_mails() {
    if let Some(folder) = shared("real") {
        check(&folder.join("expected.json"), &folder);
    }
}

#[test]
fn boots_of_the_lab() {
    if let Some(folder) = shared("lab") {
        check(&folder.join("expected.json"), &folder.join("logs"));
    }
}
