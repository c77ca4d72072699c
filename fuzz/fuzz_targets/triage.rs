//! Any bytes the whole way: splats, verdicts, JSON.
#![no_main]

use ksplat::analyzer::Analyzer;
use ksplat::grammar::Grammar;
use ksplat::render;
use ksplat::report::Sequence;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> =
    LazyLock::new(|| Analyzer::new(Grammar::builtin(), None).expect("few literals"));

fuzz_target!(|log: &[u8]| {
    let mut reports = Vec::new();
    let input = ANALYZER.read_all("log", log, &mut Sequence::default(), &mut |report| reports.push(report));
    let document = render::document(&[input], &reports);
    // Nothing that a terminal would act on.
    assert!(document.chars().all(|c| !c.is_control() || c == '\n'));
});
