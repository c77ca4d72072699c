//! Any text as a grammar file of the user's; what is a grammar reads a log.

use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::render;
use ksplat::stages::report::Incidents;

/// A late clear, an oops, and lines that milestones and facts are made of.
const LOG: &[u8] = include_bytes!("../seeds/grammar.log");

pub fn run(text: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("user.toml"), text).expect("room");
    let grammar = match Grammar::with_overrides(folder.path()) {
        Ok(grammar) => grammar,
        Err(error) => {
            assert!(!error.to_string().contains('\n'), "{error}");
            return;
        }
    };
    let Ok(analyzer) = Analyzer::new(grammar, None) else {
        return;
    };
    let mut reports = Vec::new();
    let take = &mut |report| reports.push(report);
    let input = analyzer.read_all("log", LOG, &mut Incidents::default(), take);
    render::document(&[input], &reports).expect("few reports wait in memory");
}
