//! Any bytes the whole way: splats, verdicts and every form of the output.

use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::render::{
    Firmware, Github, Html, Json, Junit, Mail, Manner, Markdown, Output, RunStatus, RunSummary,
    Sarif, Style, Text,
};
use ksplat::stages::report::Incidents;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| {
    Analyzer::new(Grammar::builtin(), None)
        .expect("few literals")
        .with_excerpts()
});

pub fn run(log: &[u8]) {
    let grammar = ANALYZER.grammar();
    let forms: [Box<dyn Output>; 9] = [
        Box::new(Text::new(Style::plain(), Manner::default())),
        Box::new(Json::default()),
        Box::new(Junit::default()),
        Box::new(Sarif::default()),
        Box::new(Github),
        Box::new(Mail::default()),
        Box::new(Html::new(grammar)),
        Box::new(Firmware::default()),
        Box::new(Markdown::default()),
    ];
    for mut form in forms {
        let mut shown = String::new();
        let take = &mut |report| shown += &form.report(report, RunStatus::default());
        let input = ANALYZER.read_all("log", log, &mut Incidents::default(), take);
        shown += &form.input(input);
        shown += &form.finish(RunSummary::Triage);
        while let Some(rest) = form.rest().expect("few reports wait in memory") {
            shown += &rest;
        }
        // Nothing that a terminal would act on.
        let is_harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\t' | '\r');
        assert!(shown.chars().all(is_harmless));
    }
}
