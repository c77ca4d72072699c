//! What a kind of report, a signature or a CPU feature means, out of the grammar.

use super::words::wrap;
use crate::grammar::features::{Feature, FeatureTable};
use crate::grammar::{Grammar, Kind, Level, Requester, SummaryRule};
use crate::splat::HEADLESS;
use std::collections::HashSet;
use std::fmt::Write;

/// Columns of prose.
const WIDTH: usize = 88;

/// Columns of the names of rows.
const LABEL: usize = 10;

/// The kernel whose numbers are named: the newest of the tables.
const NEWEST: &str = "7.3.0";

/// What signatures of late clears begin with.
const LATE_CLEAR: &str = "late-clear";

/// What a late clear is.
const A_LATE_CLEAR: &str =
    "a CPU feature flag was cleared after the kernel's code had been patched for it";

/// Explains a kind by its name, a signature by its kind and, for a late clear, its feature and requester, or
/// a CPU feature by its name, its flag or its number (`133`, `4*32+5`); `None` where nothing is known by
/// that name.
pub fn explain(grammar: &Grammar, what: &str) -> Option<String> {
    let what = what.trim();
    match (grammar.kind(what), what.split_once(':')) {
        (Some(kind), _) => Some(of_kind(grammar, kind)),
        (None, Some((LATE_CLEAR, rest))) => of_late_clear(grammar, rest),
        (None, Some((HEADLESS, rest))) => Some(of_signature(of_headless(), rest)),
        (None, Some((kind, rest))) => {
            let kind = grammar.kind(kind)?;
            Some(of_signature(of_kind(grammar, kind), rest))
        }
        (None, None) if what == LATE_CLEAR => Some(of_any_late_clear()),
        (None, None) if what == HEADLESS => Some(of_headless()),
        (None, None) => Some(of_feature(grammar, &feature(grammar, what)?)),
    }
}

/// What is the same in all late clears.
fn of_any_late_clear() -> String {
    let mut text = format!("{LATE_CLEAR}\n");
    row(&mut text, "What", A_LATE_CLEAR);
    let how = "ksplat explain with the signature of a report says its cause and what to do";
    row(&mut text, "Next", how);
    text
}

/// A report without its header is of no kind of the grammar.
fn of_headless() -> String {
    let mut text = format!("{HEADLESS}\n");
    let what = "a report whose beginning the log lacks: its end marker or its call trace shows that there was one";
    row(&mut text, "What", what);
    let next = "Get the whole log: the lines before it say what happened.";
    row(&mut text, "Next", next);
    text
}

/// Every name that [`explain`] knows: kinds, then features.
pub fn names(grammar: &Grammar) -> Vec<String> {
    let kinds = grammar.kinds.iter().map(|kind| kind.name.clone());
    let kinds = kinds.chain([HEADLESS, LATE_CLEAR].map(str::to_owned));
    let table = newest(grammar);
    kinds.chain(table.names().map(str::to_owned)).collect()
}

fn newest(grammar: &Grammar) -> FeatureTable<'_> {
    grammar.features().for_release(Some(NEWEST))
}

/// Every kind with what it is, a line or two each: reports, then notices.
pub fn explain_all(grammar: &Grammar) -> String {
    let mut kinds: Vec<_> = grammar.kinds.iter().collect();
    kinds.sort_by_key(|kind| (kind.level == Level::Notice, &kind.name));
    let mut text = String::new();
    for kind in kinds {
        let about = format!("{}{}: {}", kind.name, level(kind), kind.about);
        let _ = writeln!(text, "{}", wrap(&about, WIDTH - LABEL, 4));
    }
    text
}

fn level(kind: &Kind) -> &'static str {
    match kind.level {
        Level::Report => "",
        Level::Notice => " (notice)",
    }
}

fn of_kind(grammar: &Grammar, kind: &Kind) -> String {
    let mut text = format!("{}{}\n", kind.name, level(kind));
    row(&mut text, "What", &kind.about);
    row(
        &mut text,
        "Means",
        kind.means.as_deref().unwrap_or_default(),
    );
    row(
        &mut text,
        "Next",
        kind.advice.as_deref().unwrap_or_default(),
    );
    add_sentences(&mut text, grammar, kind);
    let mut lines = kind.examples.iter().flat_map(|example| example.log.lines());
    // An example may have lines in front of its header.
    let header = lines.find(|line| kind.is_in(line));
    row(&mut text, "Example", header.unwrap_or_default());
    text
}

/// What a report of the kind begins with, in each of its forms, and what is to be done in any of them.
fn add_sentences(text: &mut String, grammar: &Grammar, kind: &Kind) {
    let is_about = |rule: &&SummaryRule| rule.kinds.contains(&kind.name);
    let rules: Vec<_> = grammar.summaries.iter().filter(is_about).collect();
    // The last sentence of a rule needs the fewest facts.
    let sentence = |rule: &&SummaryRule| {
        let says = without_facts(rule.says.last()?);
        Some(format!("{}: {says}", rule.label))
    };
    let mut sentences: Vec<_> = rules.iter().filter_map(sentence).collect();
    let mut seen = HashSet::new();
    sentences.retain(|sentence| seen.insert(sentence.clone()));
    add_list(text, "Says", &sentences);
    // The last rule is the most general one.
    let steps = rules.last().map(|rule| rule.alive.iter().chain(&rule.next));
    let steps: Vec<_> = steps.into_iter().flatten().cloned().collect();
    add_list(text, "Next", &steps);
}

/// `killed {name}` as `killed <name>`, as manuals write what differs from case to case.
fn without_facts(sentence: &str) -> String {
    let mut pieces = sentence.split('{');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (fact, rest) = piece.split_once('}').unwrap_or((piece, ""));
        text.push('<');
        text.push_str(fact);
        text.push('>');
        text.push_str(rest);
    }
    text
}

fn add_list(text: &mut String, label: &str, values: &[String]) {
    for (index, value) in values.iter().enumerate() {
        row(text, if index == 0 { label } else { "" }, value);
    }
}

/// After the kind come the function, or the title, and the frames below it.
fn of_signature(mut text: String, rest: &str) -> String {
    // A title has colons of its own, each with a blank after it; the callers come after the last of them.
    let title = rest.rfind(": ").map_or(0, |at| at + 2);
    let end = rest[title..].find(':').map_or(rest.len(), |at| title + at);
    let (about, callers) = rest.split_at(end);
    let callers = callers.trim_start_matches(':');
    row(&mut text, "About", about);
    row(&mut text, "Called by", &callers.replace(':', ", "));
    text
}

/// `ap:VMX:init_ia32_feat_ctl`.
fn of_late_clear(grammar: &Grammar, rest: &str) -> Option<String> {
    let mut parts = rest.splitn(3, ':');
    let (path, name, function) = (parts.next()?, parts.next()?, parts.next()?);
    let feature = feature(grammar, name)?;
    let mut text = format!("{LATE_CLEAR}\n");
    row(&mut text, "What", A_LATE_CLEAR);
    if let Some(rule) = grammar.requester(function, Some(&feature.name)) {
        row(&mut text, "Cause", &rule.cause);
        row(
            &mut text,
            "Next",
            if path == "ap" { &rule.ap } else { &rule.bsp },
        );
    }
    text.push('\n');
    text.push_str(&of_feature(grammar, &feature));
    Some(text)
}

/// A feature by its name, with or without the macro's prefix, by its flag, or by its number.
fn feature(grammar: &Grammar, what: &str) -> Option<Feature> {
    let table = newest(grammar);
    let bare = what.to_ascii_uppercase();
    let bare = bare.strip_prefix("X86_FEATURE_").unwrap_or(&bare);
    // Names of bugs are X86_BUG_ in the kernel, those of features X86_FEATURE_.
    let bare = bare.strip_prefix("X86_").unwrap_or(bare);
    let number = what.parse().ok().or_else(|| FeatureTable::number(what));
    let by_number = || table.feature(number?);
    table
        .by_name(bare)
        .or_else(|| table.by_flag(what))
        .or_else(by_number)
}

fn of_feature(grammar: &Grammar, feature: &Feature) -> String {
    let mut text = format!("{}\n", feature.symbol());
    let everywhere = grammar.features().for_release(None);
    let kernels = match everywhere.feature(feature.number).as_ref() == Some(feature) {
        true => "in all kernels from 6.1 on".to_owned(),
        false => format!("in {}; other kernels differ", NEWEST.trim_end_matches(".0")),
    };
    let number = format!(
        "{} (word {}, bit {}) {kernels}",
        feature.number,
        feature.word(),
        feature.bit(),
    );
    row(&mut text, "Number", &number);
    let flag = match &feature.flag {
        Some(flag) => format!("{flag} in /proc/cpuinfo"),
        None => "hidden in /proc/cpuinfo".to_owned(),
    };
    row(&mut text, "Flag", &flag);
    let needs: Vec<_> = grammar.needs_of(&feature.name).collect();
    row(&mut text, "Needs", &needs.join(", "));
    let falls = grammar.dependents_of(&feature.name, &newest(grammar));
    row(&mut text, "Takes away", &falls.join(", "));
    for rule in clearing(grammar, &feature.name) {
        let cleared = format!("by {}() where {}", rule.function, rule.cause);
        row(&mut text, "Cleared", &cleared);
        row(&mut text, "", &format!("On one CPU only: {}.", rule.ap));
    }
    text
}

/// The rules of the functions that are known to clear a feature.
fn clearing<'g>(grammar: &'g Grammar, name: &'g str) -> impl Iterator<Item = &'g Requester> {
    let rules = grammar.requesters.iter();
    rules.filter(move |rule| rule.features.iter().any(|feature| feature == name))
}

/// A row; none where nothing is known.
fn row(text: &mut String, label: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    let value = wrap(value, WIDTH - LABEL - 3, LABEL + 3);
    let _ = writeln!(text, "  {label:<LABEL$} {value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_says_what_it_means_and_what_to_do() {
        let text = explain(&Grammar::builtin(), "mtrr").expect("a kind");
        assert!(
            text.starts_with("mtrr (notice)\n  What       the MTRRs of the CPUs"),
            "{text}"
        );
        assert!(text.contains("\n  Means      The firmware"), "{text}");
        assert!(text.contains("\n  Next       Update the BIOS"), "{text}");
    }

    #[test]
    fn a_feature_is_known_by_name_flag_and_number() {
        let grammar = Grammar::builtin();
        let by_name = explain(&grammar, "X86_FEATURE_VMX").expect("a feature");
        for name in ["VMX", "vmx", "133", "4*32+5", "4*32+ 5"] {
            assert_eq!(explain(&grammar, name).as_deref(), Some(by_name.as_str()));
        }
        assert!(by_name.contains("133 (word 4, bit 5)"), "{by_name}");
        assert!(by_name.contains("init_ia32_feat_ctl()"), "{by_name}");
        let sgx = explain(&grammar, "sgx").expect("a feature");
        assert!(sgx.contains("SGX_LC, SGX1, SGX2"), "{sgx}");
        assert!(explain(&grammar, "BUG_SRSO").is_some_and(|text| text.starts_with("X86_BUG_SRSO")));
    }

    #[test]
    fn a_signature_is_explained_by_its_parts() {
        let grammar = Grammar::builtin();
        let text = explain(&grammar, "late-clear:ap:VMX:init_ia32_feat_ctl").expect("known");
        assert!(
            text.contains("MSR 0x3a") && text.contains("X86_FEATURE_VMX"),
            "{text}"
        );
        let text = explain(&grammar, "warning:foo:bar:baz").expect("known");
        assert!(
            text.contains("About      foo\n  Called by  bar, baz\n"),
            "{text}"
        );
        for unknown in [
            "",
            "nonsense",
            "nonsense:foo",
            "late-clear:ap",
            "9999",
            "4294967295*32+1",
        ] {
            assert_eq!(explain(&grammar, unknown), None, "{unknown}");
        }
    }
}
