//! A report says the same with and without the kernel's stamps: `dmesg -t`, `printk.time=0`, a paste without them.

mod common;

use common::splats;
use regex::Regex;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Fields that no stamp has a part in.
const FIELDS: [&str; 9] = [
    "kind",
    "title",
    "kernel",
    "hardware",
    "cpu",
    "pid",
    "comm",
    "culprit",
    "corrupted",
];

/// The logs of a folder of the corpus.
fn logs(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(folder);
    let cases = std::fs::read_dir(folder).expect("a folder").flatten();
    let logs = cases.map(|case| case.path().join("log"));
    logs.filter(|log| log.exists()).collect()
}

fn facts(log: &str) -> Vec<Vec<Value>> {
    let all = splats(log).into_iter();
    all.map(|splat| FIELDS.iter().map(|field| splat[field].clone()).collect())
        .collect()
}

#[test]
fn what_a_report_says_needs_no_stamps() {
    let stamp = Regex::new(r"(?m)^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?").expect("a pattern");
    let mut compared = 0;
    for path in logs("reports").into_iter().chain(logs("architectures")) {
        let log = std::fs::read_to_string(&path).expect("readable");
        let bare = stamp.replace_all(&log, "");
        if bare == log {
            continue;
        }
        assert_eq!(facts(&bare), facts(&log), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}
