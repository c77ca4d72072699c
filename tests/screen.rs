//! What a person sees of one report of each of the kinds that people meet most: `corpus/reports/`.

mod common;

use common::{ksplat, stdout};
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reports");
    let entries = std::fs::read_dir(folder).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut cases: Vec<_> = paths.filter(|path| path.join("log").is_file()).collect();
    cases.sort();
    cases
}

#[test]
fn each_report_reads_as_a_person_reads_it() {
    let cases = cases();
    assert!(cases.len() >= 8);
    for case in cases {
        let output = ksplat(&case).arg("log").output().expect("ksplat runs");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&case);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("text", stdout(&output)));
    }
}

/// The access is worked out from the instruction and the registers, the address of the header is the processor's.
#[test]
fn what_the_instruction_did_agrees_with_the_header() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reports/oops");
    let output = ksplat(&folder).args(["--format", "json", "log"]).output();
    let text = stdout(&output.expect("ksplat runs"));
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let access = &document["splats"][0]["access"];
    assert_eq!(access["kind"], "read");
    assert_eq!(access["address"], "10");
    assert_eq!(access["size"], 8);
    assert_eq!(access["instruction"], "mov 0x10(%rsi),%rax");
}
