//! Any bytes the whole way: splats, verdicts, JSON and text.

use ksplat::analyzer::Analyzer;
use ksplat::grammar::Grammar;
use ksplat::render::{self, Style};
use ksplat::report::Sequence;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> =
    LazyLock::new(|| Analyzer::new(Grammar::builtin(), None).expect("few literals"));

pub fn run(log: &[u8]) {
    let mut reports = Vec::new();
    let take = &mut |report| reports.push(report);
    let input = ANALYZER.read_all("log", log, &mut Sequence::default(), take);
    let grammar = ANALYZER.grammar();
    let text = reports
        .iter()
        .map(|report| render::report(report, grammar, &Style::default()));
    let text: String = text.collect();
    // Nothing that a terminal would act on.
    for shown in [text, render::document(&[input], &reports, grammar)] {
        assert!(shown.chars().all(|c| !c.is_control() || c == '\n'));
    }
}
