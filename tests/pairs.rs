//! No report swallows the next one: the examples of any two kinds, one after the other, are two reports with the titles
//! that each has alone. Only what a rule of the grammar calls a part of the first one may be absorbed.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::{Grammar, Kind, Level, Pattern};
use ksplat::stages::report::{Incidents, Report};
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> =
    LazyLock::new(|| Analyzer::new(Grammar::builtin(), None).expect("few literals"));

/// Lines behind a header after which nothing is a part of its report any more.
const MAX_PART_GAP: usize = 32;

fn reports(log: &str) -> Vec<Report> {
    let mut all = Vec::new();
    let take = &mut |report| all.push(report);
    ANALYZER.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut Incidents::default(),
        take,
    );
    all
}

fn example(kind: &Kind) -> &str {
    kind.examples[0].log.trim_start_matches('\n')
}

/// True where a line of the text, without its stamp, fits one of the patterns.
fn holds(log: &str, patterns: &[Pattern]) -> bool {
    let texts = log
        .lines()
        .filter_map(|line| Some(line.split_once("] ")?.1));
    texts
        .into_iter()
        .any(|text| patterns.iter().any(|p| p.is_match(text)))
}

/// True where a rule says that the second header is a part of the first report, or where printk says the same twice.
fn may_be_one(first: &Kind, second: &Kind, gap: usize) -> bool {
    let is_part = holds(example(second), &first.parts) || holds(example(first), &second.takes_over);
    let repeated = gap == 0 && first.name == second.name;
    repeated || gap < MAX_PART_GAP && is_part
}

/// Why a pair is wrong.
fn fault(first: &Kind, second: &Kind, gap: usize) -> Option<String> {
    let plain = (0..gap).map(|n| format!("[   12.6] usb 1-1: plain line {n}\n"));
    let plain: String = plain.collect();
    // A header that comes again with the time that it had is the same one, quoted.
    let later = example(second).replace("[   12.5]", "[   12.7]");
    let all = reports(&format!("{}{plain}{later}", example(first)));
    let pair = [first, second];
    let is_right = |(report, kind): (&Report, &Kind)| {
        let title = &kind.examples[0].title;
        // Without printk's callers two CPUs may have printed this at once, which the report says.
        report.splat.kind == kind.name && (report.title == *title || report.splat.interleaved)
    };
    let right = all.len() == 2 && all.iter().zip(pair).all(is_right);
    let titles: Vec<_> = all.iter().map(|report| &report.title).collect();
    (!right).then(|| format!("{}, {gap} lines, {}: {titles:?}", first.name, second.name))
}

fn every_pair_with(gap: usize) {
    let kinds = ANALYZER.grammar().kinds.iter();
    let kinds: Vec<_> = kinds.filter(|kind| kind.level == Level::Report).collect();
    let pairs = kinds
        .iter()
        .flat_map(|a| kinds.iter().map(move |b| (*a, *b)));
    let free = pairs.filter(|(first, second)| !may_be_one(first, second, gap));
    let faults: Vec<_> = free
        .filter_map(|(first, second)| fault(first, second, gap))
        .collect();
    assert!(
        faults.is_empty(),
        "{} pairs:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn one_right_behind_the_other() {
    every_pair_with(0);
}

#[test]
fn a_few_lines_between_them() {
    every_pair_with(3);
}

#[test]
fn many_lines_between_them() {
    every_pair_with(60);
}
