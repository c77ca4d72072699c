//! Logs put together from fragments of kernel text, in any order: none makes ksplat fail, and what
//! it says of them holds together.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};
use proptest::prelude::*;
use std::sync::LazyLock;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| {
    Analyzer::new(Grammar::builtin(), None).expect("the compiled-in grammar is tested")
});

/// Lines of every example of the grammar, without their framing.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let grammar = Grammar::builtin();
    let examples = grammar.kinds.iter().flat_map(|kind| &kind.examples);
    let logs = examples.flat_map(|example| example.log.lines());
    let texts = logs.map(|line| line.split_once("] ").map_or(line, |(_, text)| text));
    let more = [
        "------------[ cut here ]------------",
        "Sending NMI from CPU 0 to CPUs 1:",
        "CPU: 1 PID: 7 Comm: x Tainted: G W 6.1.0 #1",
        "RSP: 0018:ffffc900000cbe30 EFLAGS: 00000202",
        "PC is at 0x0",
        "[<80de0078>] (f) from [<80de0574>] (g+0x28/0x2c)",
        " should_fail+0x1/0x2",
        "FAULT_INJECTION: forcing a failure",
        "<EOI>",
        "---[ end Kernel panic - not syncing: x ]---",
        "at: [<ffffffff>",
        "Call Trace:",
    ];
    texts.chain(more).map(str::to_owned).collect()
});

/// A line: framing or none, a fragment or two of it, cut anywhere.
fn line() -> impl Strategy<Value = String> {
    let framing = prop_oneof![
        Just(String::new()),
        Just("[    1.000000] ".to_owned()),
        (0u32..5).prop_map(|n| format!("[    1.000000][   T{n}] ")),
        (0u32..3).prop_map(|n| format!("[    1.000000][   C{n}] ")),
    ];
    let fragment = || (0..LINES.len(), any::<prop::sample::Index>());
    (framing, fragment(), prop::option::weighted(0.1, fragment())).prop_map(
        |(framing, first, second)| {
            let mut text = framing;
            for (line, cut) in std::iter::once(first).chain(second) {
                let line = &LINES[line];
                let whole = cut.index(4) > 0;
                let end = if whole {
                    line.len()
                } else {
                    cut.index(line.len() + 1)
                };
                text.extend(line.chars().take(end));
            }
            text
        },
    )
}

fn reports(log: &str) -> Vec<Report> {
    let mut all = Vec::new();
    ANALYZER.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut Incidents::default(),
        &mut |report| all.push(report),
    );
    all
}

proptest! {
    #[test]
    fn fragments_in_any_order(lines in prop::collection::vec(line(), 0..120)) {
        let all = reports(&lines.join("\n"));
        let mut last = 0;
        for report in &all {
            let source = &report.splat.source;
            prop_assert!(source.first_line >= last, "out of order");
            prop_assert!(source.first_line <= source.last_line);
            prop_assert!(source.last_line <= lines.len() as u64);
            prop_assert!(report.title.len() <= 120);
            prop_assert!(!report.alt_titles.contains(&report.title));
            last = source.first_line;
        }
    }
}
