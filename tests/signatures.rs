//! Signatures: one bug has one, whatever boot, build, address or CPU it is seen in; different bugs have different ones.

use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};
use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn analyzer() -> Analyzer {
    Analyzer::new(Grammar::builtin(), None).expect("built")
}

fn reports(analyzer: &Analyzer, log: &str) -> Vec<Report> {
    let mut found = Vec::new();
    let mut sequence = Incidents::default();
    analyzer.read_all("log", log.as_bytes(), &mut sequence, &mut |report| {
        found.push(report)
    });
    found
}

fn signatures(analyzer: &Analyzer, log: &str) -> Vec<String> {
    let reports = reports(analyzer, log);
    reports.into_iter().map(|report| report.signature).collect()
}

fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let cases = fs::read_dir(folder).expect("the corpus");
    let mut logs: Vec<_> = cases
        .map(|case| case.expect("readable").path())
        .filter_map(|case| {
            let name = case.file_name()?.to_str()?.to_owned();
            Some((name, fs::read_to_string(case.join("log")).ok()?))
        })
        .collect();
    logs.sort();
    logs
}

/// What changes from one sighting of a bug to the next: a name, and how a log looks then.
fn sightings(log: &str) -> Vec<(&'static str, String)> {
    let swap = |pattern: &str, with: &dyn Fn(&Captures<'_>) -> String| {
        let pattern = Regex::new(pattern).expect("a pattern");
        pattern
            .replace_all(log, |found: &Captures<'_>| with(found))
            .into_owned()
    };
    vec![
        (
            "another time",
            swap(r"(?m)^\[ *(\d+)\.(\d{6})\]", &|found| {
                let seconds: u64 = found[1].parse().expect("digits");
                format!("[{:5}.{}]", seconds + 7, &found[2])
            }),
        ),
        (
            "another KASLR offset",
            swap(r"\bffffffff([0-9a-f]{8})\b", &|found| {
                let low = u32::from_str_radix(&found[1], 16).expect("digits");
                format!("ffffffff{:08x}", low.wrapping_add(0x0120_0000))
            }),
        ),
        (
            "another heap",
            swap(r"\bffff[89a-e][0-9a-f]{11}\b", &|_| {
                "ffff9d3c41234500".to_owned()
            }),
        ),
        // The sizes and offsets of functions, and where the compiler put parts of them.
        (
            "another build",
            swap(r"\+0x([0-9a-f]+)/0x([0-9a-f]+)\b", &|found| {
                let grown = |digits: &str| u64::from_str_radix(digits, 16).expect("digits") + 0x13;
                format!("+{:#x}/{:#x}", grown(&found[1]), grown(&found[2]))
            }),
        ),
        (
            "another kernel",
            log.replace("6.12.111+deb12-cloud-amd64", "6.13.4-rc2-custom"),
        ),
        (
            "a task of another number",
            swap(r"PID: [1-9]\d*", &|_| "PID: 4242".to_owned()),
        ),
    ]
}

#[test]
fn a_bug_keeps_its_signature_from_sighting_to_sighting() {
    let analyzer = analyzer();
    let mut compared = 0;
    for (name, log) in corpus() {
        let original = signatures(&analyzer, &log);
        compared += original.len();
        for (what, changed) in sightings(&log) {
            assert_eq!(signatures(&analyzer, &changed), original, "{name}: {what}");
        }
    }
    assert!(compared > 30, "only {compared} reports");
}

/// The same warning as `function` of different builds prints it.
fn warning(function: &str, frames: &[&str], cpu: u32) -> String {
    let mut log = format!(
        "[   12.345678] ------------[ cut here ]------------\n\
         [   12.345678] WARNING: CPU: {cpu} PID: 7 at kernel/foo.c:12 {function}+0x10/0x20\n\
         [   12.345678] CPU: {cpu} PID: 7 Comm: kworker/{cpu}:1 Not tainted 6.12.0 #1\n\
         [   12.345678] RIP: 0010:{function}+0x10/0x20\n\
         [   12.345678] Call Trace:\n\
         [   12.345678]  <TASK>\n"
    );
    for frame in frames {
        log.push_str(&format!("[   12.345678]  {frame}\n"));
    }
    log + "[   12.345678]  </TASK>\n[   12.345678] ---[ end trace 0000000000000000 ]---\n"
}

#[test]
fn clones_guesses_and_cpus_make_no_difference() {
    let analyzer = analyzer();
    let plain = warning(
        "do_foo",
        &["bar_work+0x1/0x9", "process_one_work+0x1/0x9"],
        0,
    );
    let same = [
        warning(
            "do_foo.isra.0",
            &["bar_work.part.3.cold+0x2/0x9", "process_one_work+0x1/0x9"],
            0,
        ),
        warning(
            "do_foo.constprop.0.llvm.1234",
            &[
                "? leftover+0x1/0x2",
                "bar_work+0x1/0x9",
                "process_one_work+0x4/0x9",
            ],
            0,
        ),
        warning(
            "do_foo",
            &["bar_work+0x1/0x9 [mod]", "process_one_work+0x1/0x9"],
            3,
        ),
        warning(
            "do_foo",
            &["bar_work+0x1/0x9", "process_one_work+0x1/0x9"],
            127,
        ),
    ];
    let wanted = signatures(&analyzer, &plain);
    assert_eq!(wanted.len(), 1);
    for log in same {
        assert_eq!(signatures(&analyzer, &log), wanted, "{log}");
    }
}

#[test]
fn another_function_or_another_caller_is_another_bug() {
    let analyzer = analyzer();
    let logs = [
        warning(
            "do_foo",
            &["bar_work+0x1/0x9", "process_one_work+0x1/0x9"],
            0,
        ),
        warning(
            "do_foo2",
            &["bar_work+0x1/0x9", "process_one_work+0x1/0x9"],
            0,
        ),
        warning(
            "do_foo",
            &["baz_ioctl+0x1/0x9", "__x64_sys_ioctl+0x1/0x9"],
            0,
        ),
    ];
    let mut all: Vec<_> = logs
        .iter()
        .flat_map(|log| signatures(&analyzer, log))
        .collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 3, "{all:?}");
}

/// A late clear's signature: path, feature and requester. The corpus has the same ones in several boots, and what
/// differs in one of the three differs in the signature.
#[test]
fn late_clears_of_the_corpus_are_told_apart_by_path_feature_and_requester() {
    let analyzer = analyzer();
    let mut logs_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut signature_of: BTreeMap<String, String> = BTreeMap::new();
    for (name, log) in corpus() {
        for report in reports(&analyzer, &log) {
            let Some(verdict) = &report.late_clear else {
                continue;
            };
            let feature = verdict.feature.as_ref().and_then(|feature| feature.number);
            let bug = format!("{:?} {feature:?} {:?}", verdict.path, verdict.requester);
            let known = signature_of
                .entry(bug)
                .or_insert_with(|| report.signature.clone());
            assert_eq!(*known, report.signature, "{name}");
            let logs = logs_of.entry(report.signature).or_default();
            if logs.last() != Some(&name) {
                logs.push(name.clone());
            }
        }
    }
    assert_eq!(signature_of.len(), logs_of.len());
    let mwait = &logs_of["late-clear:ap:MWAIT:filter_cpuid_features"];
    assert!(mwait.len() > 1, "{mwait:?}");
    let sides = ["ap", "bsp"].map(|path| format!("late-clear:{path}:VMX:init_ia32_feat_ctl"));
    assert!(
        sides.iter().all(|side| logs_of.contains_key(side)),
        "{logs_of:?}"
    );
}

#[test]
fn a_filesystem_error_that_has_its_stack_now_is_known_by_its_former_signature() {
    let log = include_str!("one_event/xfs-internal-error.log");
    let found = reports(&analyzer(), log);
    assert!(found[0].signature.starts_with("filesystem:xfs_create:"));
    assert_eq!(found[0].former_signatures[0], "filesystem:xfs_create");
}
