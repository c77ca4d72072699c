//! Every kind of report has an example that gets its title, and a place in `docs/kinds.md`.
//!
//! `UPDATE_DOCS=1 cargo test --test kinds` writes the page anew.

mod common;

use common::reports_of;
use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::{Grammar, Kind, Level};
use std::fmt::Write;
use std::path::Path;

const PAGE: &str = "docs/kinds.md";

const INTRODUCTION: &str = "\
# Kinds of reports

Generated from `grammars/kinds/` by `UPDATE_DOCS=1 cargo test --test kinds`.

ksplat finds these reports. `kind` is their name in the JSON, the title is syzbot's where syzbot
knows the report. A kind is data: `--grammar DIR` adds kinds and replaces those of the same name.
What is marked as a notice is printed by healthy boots as well: it is one line of the text output,
in the JSON it stands among the `notices`, and `--fail-on any`, `scan` and `check` pass over it.
";

#[test]
fn every_kind_has_an_example_that_gets_its_title() {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    for kind in &analyzer.grammar().kinds {
        assert!(!kind.examples.is_empty(), "{}: no example", kind.name);
        for example in &kind.examples {
            let all = reports_of(&analyzer, &example.log);
            let got: Vec<_> = all
                .iter()
                .map(|report| (report.splat.kind.as_str(), report.title.as_str()))
                .collect();
            assert_eq!(got, [(kind.name.as_str(), example.title.as_str())]);
        }
    }
}

#[test]
fn the_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page(&Grammar::builtin());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(&path, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "{PAGE} is old; write it anew: UPDATE_DOCS=1 cargo test --test kinds"
    );
}

/// A later kind replaces an earlier one of the same name, which is for a user's grammar: of two in `grammars/` the
/// first would never be found.
#[test]
fn no_two_kinds_have_the_same_name() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/grammars/kinds");
    let files = std::fs::read_dir(folder).expect("grammars/ is part of the repository");
    let mut names: Vec<String> = Vec::new();
    for file in files {
        let rules = std::fs::read_to_string(file.expect("readable").path()).expect("text");
        let mut lines = rules.lines();
        while let Some(line) = lines.next() {
            if line == "[[kind]]" {
                names.push(lines.next().expect("a name").to_owned());
            }
        }
    }
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|two| two[0] == two[1]).collect();
    assert!(names.len() > 100 && twice.is_empty(), "{twice:?}");
}

#[test]
fn every_notice_says_what_it_means_and_what_to_do() {
    let grammar = Grammar::builtin();
    let notices = grammar
        .kinds
        .iter()
        .filter(|kind| kind.level == Level::Notice);
    for kind in notices {
        for text in [&kind.means, &kind.advice] {
            let sentence = text.as_deref().unwrap_or_default();
            assert!(
                sentence.len() > 20 && sentence.ends_with('.'),
                "{}: {sentence}",
                kind.name
            );
        }
    }
}

fn page(grammar: &Grammar) -> String {
    let mut page = INTRODUCTION.to_owned();
    for kind in &grammar.kinds {
        section(&mut page, kind);
    }
    page
}

fn section(page: &mut String, kind: &Kind) {
    let is_notice = kind.level == Level::Notice;
    let level = if is_notice { " (notice)" } else { "" };
    let _ = write!(page, "\n## {}{level}\n\n{}.\n", kind.name, kind.about);
    for text in kind.means.iter().chain(&kind.advice) {
        let _ = write!(page, "\n{text}\n");
    }
    for example in &kind.examples {
        let log = example.log.trim_matches('\n');
        let _ = write!(page, "\n```\n{log}\n```\n\nTitle: `{}`\n", example.title);
    }
    let _ = write!(page, "\n| title | taken so because |\n|---|---|\n");
    for form in &kind.titles {
        let _ = writeln!(page, "| `{}` | {} |", form.title, form.why);
    }
}
