//! intel/lkp-tests' dmesg fixtures: `NN` is a log, `NN.yaml` what LKP finds in it.

use crate::{Score, analyzer, files, fixtures, reports};
use std::collections::BTreeSet;

/// What LKP keeps beside a finding to tell two of one name apart: functions of the call trace that a list of its own
/// has.
const PLACES: [&str; 1] = ["calltrace:"];

/// Findings: keys that start with a letter and have the value 1.
fn findings(yaml: &str) -> BTreeSet<String> {
    let entries = yaml.lines().filter_map(|line| line.strip_suffix(": 1"));
    entries
        .filter(|key| key.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter(|key| *key != "boot_failures" && !PLACES.iter().any(|p| key.starts_with(p)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn names_of_lkp() {
    let Some(dir) = fixtures("lkp/dmesg") else {
        return;
    };
    let analyzer = analyzer();
    let (mut found, mut logs) = (Score::default(), Score::default());
    for path in files(&dir) {
        let Ok(yaml) = std::fs::read_to_string(path.with_extension("yaml")) else {
            continue;
        };
        if path.extension().is_some() {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let wanted = findings(&yaml);
        let all = reports(
            &analyzer,
            &std::fs::read(&path).expect("a readable fixture"),
        );
        let given: BTreeSet<String> = all.iter().flat_map(|report| report.lkp_all()).collect();
        for finding in &wanted {
            found.count(given.contains(finding), || format!("{name}: {finding}"));
        }
        let equal = !given.is_disjoint(&wanted);
        logs.count(equal, || format!("{name}: {given:?}, wants {wanted:?}"));
    }
    found.hold("LKP findings", 92.0);
    logs.hold("LKP fixtures", 97.0);
}
