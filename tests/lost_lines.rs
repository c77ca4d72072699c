//! Each late clear of the corpus with one of its lines lost, as a slow console, a mailer or a person
//! loses lines: what is said of it is still true, or is not said.

mod common;

use common::reports_of;
use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::{Grammar, PathName, StageName};
use ksplat::stages::late_clear::{Confidence, Divergence, LateClear};
use ksplat::stages::report::Report;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Lines around a splat that are lost as well: its "cut here", the messages beside it.
const AROUND: u64 = 2;

/// Lines of one log that are damaged.
const MAX_LINES: usize = 120;

/// The logs of the corpus that have late clears.
fn logs() -> Vec<(PathBuf, String)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut all: Vec<_> = std::fs::read_dir(corpus)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path().join("log"))
        .filter_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)))
        .filter(|(_, log)| log.contains("do_clear_cpu_cap"))
        .collect();
    all.sort();
    all
}

/// What a verdict claims, field by field; what it does not know is absent.
fn claims(report: &Report, verdict: &LateClear) -> BTreeMap<&'static str, String> {
    let mut claims = BTreeMap::new();
    let mut claim = |name, value: Option<String>| {
        if let Some(value) = value {
            claims.insert(name, value);
        }
    };
    let path = (verdict.path != PathName::Unknown).then(|| format!("{:?}", verdict.path));
    let stage = (verdict.stage != StageName::Unknown).then(|| format!("{:?}", verdict.stage));
    let differs = verdict.divergence != Divergence::Unknown;
    claim("path", path);
    claim("stage", stage);
    claim("cpu", verdict.cpu.map(|cpu| cpu.to_string()));
    let feature = verdict.feature.as_ref();
    claim("feature", feature.and_then(|feature| feature.name.clone()));
    claim(
        "number",
        feature.and_then(|feature| Some(feature.number?.to_string())),
    );
    claim("target", verdict.target.map(|target| format!("{target:?}")));
    claim("requester", verdict.requester.clone());
    claim(
        "divergence",
        differs.then(|| format!("{:?}", verdict.divergence)),
    );
    claim("title", Some(report.title.clone()));
    let certain = verdict.confidence == Confidence::Certain;
    claim("certain", certain.then(String::new));
    claims
}

type Verdicts = Vec<BTreeMap<&'static str, String>>;

fn verdicts(reports: &[Report]) -> Verdicts {
    let late = reports
        .iter()
        .filter_map(|report| Some((report, report.late_clear.as_ref()?)));
    late.map(|(report, verdict)| claims(report, verdict))
        .collect()
}

/// Lines that a verdict may stand on: those of the splats and around them, and all evidence.
fn lines_of(reports: &[Report]) -> BTreeSet<u64> {
    let late = || reports.iter().filter(|report| report.late_clear.is_some());
    let spans = late().flat_map(|report| {
        let source = &report.splat.source;
        source.first_line.saturating_sub(AROUND).max(1)..=source.last_line + AROUND
    });
    let all: BTreeSet<_> = spans
        .chain(late().flat_map(Report::evidence_lines))
        .collect();
    // The splats of one log are alike: those behind the first few would only take time.
    all.into_iter().take(MAX_LINES).collect()
}

/// The log without that line.
fn without(log: &str, number: u64) -> String {
    let kept = (1..).zip(log.lines()).filter(|(line, _)| *line != number);
    kept.flat_map(|(_, line)| [line, "\n"]).collect()
}

/// The log with that line cut into by another CPU's message, in the middle of its text.
fn garbled(log: &str, number: u64) -> String {
    let lines = (1..).zip(log.lines()).map(|(line, text)| {
        let begin = text.find("] ").map_or(0, |end| end + 2);
        match text.char_indices().nth((begin + text.len()) / 2) {
            Some((middle, _)) if line == number => {
                format!(
                    "{}\u{fffd}usb 1-1: new{}\n",
                    &text[..middle],
                    &text[middle..]
                )
            }
            _ => format!("{text}\n"),
        }
    });
    lines.collect()
}

/// What is wrong of `found`, and which claims are missing; a verdict that is missing is a missing claim.
fn compare(whole: &Verdicts, found: &Verdicts) -> (Vec<String>, Vec<&'static str>) {
    if found.len() != whole.len() {
        return match found
            .iter()
            .all(|verdict| whole.iter().any(|known| agrees(known, verdict)))
        {
            true if found.len() < whole.len() => (Vec::new(), vec!["verdict"]),
            _ => (
                vec![format!("{} late clears of {}", found.len(), whole.len())],
                Vec::new(),
            ),
        };
    }
    let mut wrong = Vec::new();
    let mut missing = Vec::new();
    for (known, verdict) in whole.iter().zip(found) {
        for (name, value) in known {
            match verdict.get(name) {
                // Where the requester's own frame is lost its caller is the innermost one.
                Some(_) if *name == "requester" && !verdict.contains_key("certain") => {}
                Some(said) if said != value => wrong.push(format!("{name} {said}, not {value}")),
                Some(_) => {}
                None if *name == "certain" => {}
                None => missing.push(*name),
            }
        }
        let invented = verdict
            .keys()
            .filter(|name| !known.contains_key(*name) && **name != "certain");
        wrong.extend(invented.map(|name| format!("{name} {} invented", verdict[name])));
    }
    (wrong, missing)
}

fn agrees(known: &BTreeMap<&str, String>, verdict: &BTreeMap<&str, String>) -> bool {
    verdict
        .iter()
        .all(|(name, value)| known.get(name) == Some(value))
}

/// Damages each line that a verdict may stand on, one at a time; gives what became wrong, and the lines
/// without which a claim is missing.
fn damage(change: impl Fn(&str, u64) -> String) -> (Vec<String>, Vec<(&'static str, String)>) {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("an analyzer");
    let mut wrong = Vec::new();
    let mut missing = Vec::new();
    for (path, log) in logs() {
        let whole = reports_of(&analyzer, &log);
        let known = verdicts(&whole);
        for number in lines_of(&whole) {
            let found = verdicts(&reports_of(&analyzer, &change(&log, number)));
            let text = log.lines().nth(number as usize - 1).unwrap_or_default();
            let (errors, gone) = compare(&known, &found);
            let place = || format!("{}:{number}", path.display());
            wrong.extend(
                errors
                    .iter()
                    .map(|error| format!("{}: {error}\n    {text}", place())),
            );
            missing.extend(gone.iter().map(|claim| (*claim, text.to_owned())));
        }
    }
    (wrong, missing)
}

/// What is missing but what only the lines between a splat and its nested repeat can prove: the pointer.
fn lost(missing: &[(&'static str, String)]) -> Vec<String> {
    let lost = missing.iter().filter(|(claim, _)| *claim != "target");
    lost.map(|(claim, line)| format!("{claim} without {line}"))
        .collect()
}

#[test]
fn a_lost_line_makes_no_verdict_wrong_and_loses_none() {
    let (wrong, missing) = damage(without);
    assert_eq!(wrong.join("\n"), "");
    assert_eq!(lost(&missing).join("\n"), "");
}

#[test]
fn a_garbled_line_makes_no_verdict_wrong_and_loses_none() {
    let (wrong, missing) = damage(garbled);
    assert_eq!(wrong.join("\n"), "");
    assert_eq!(lost(&missing).join("\n"), "");
}
