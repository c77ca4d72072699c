//! What a check found, as people read it.

use super::clean::clean;
use super::groups::{Totals, group};
use super::output::{Ending, Lacking, Output, Standing};
use super::style::Style;
use super::text;
use super::words::count;
use crate::analyzer::Input;
use crate::baseline::{self, Comparison, Known};
use crate::grammar::Grammar;
use crate::report::Report;
use std::collections::HashSet;
use std::fmt::Write;

/// The output of a check as text.
pub struct CheckText<'a> {
    grammar: &'a Grammar,
    style: Style,
    verbose: bool,
    /// Signatures that were explained.
    explained: HashSet<String>,
    totals: Totals,
}

impl<'a> CheckText<'a> {
    /// With these colours; a verbose one names every kernel and machine.
    pub fn new(grammar: &'a Grammar, style: Style, verbose: bool) -> CheckText<'a> {
        CheckText {
            grammar,
            style,
            verbose,
            explained: HashSet::new(),
            totals: Totals::default(),
        }
    }
}

impl Output for CheckText<'_> {
    /// What is new is explained once.
    fn report(&mut self, report: Report, standing: Standing<'_>) -> String {
        self.totals.report(&report);
        match standing.known() {
            Some(_) => String::new(),
            None if self.explained.insert(report.signature.clone()) => {
                text::report(&report, self.grammar, &self.style)
            }
            None => text::report_line(&report, &self.style),
        }
    }

    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        text::lacking(lacking, &self.style)
    }

    fn input(&mut self, input: Input) -> String {
        self.totals.input(&input);
        String::new()
    }

    fn finish(&mut self, ending: Ending<'_>) -> String {
        match ending {
            Ending::Check(comparison) => {
                summary(comparison, &self.totals, self.verbose, &self.style)
            }
            Ending::Triage | Ending::Scan(_) => String::new(),
        }
    }
}

/// What the baseline lacks, what it knows, and the closing line. `all`: every kernel and machine by name.
fn summary(comparison: &Comparison<'_>, totals: &Totals, all: bool, style: &Style) -> String {
    let mut out = String::new();
    let (mut new, mut expired, mut known) = (0, 0, 0);
    for (of_one, standing) in &comparison.groups {
        match standing {
            baseline::Standing::New => {
                new += 1;
                let _ = write!(out, "new: {}", group(of_one, all, style));
            }
            baseline::Standing::Expired(entry) => {
                expired += 1;
                let block = group(of_one, all, style);
                let _ = write!(out, "{}{block}", told(entry, "expired", style));
            }
            baseline::Standing::Known(entry) => {
                known += 1;
                out.push_str(&told(entry, "known", style));
            }
        }
    }
    for entry in &comparison.unseen {
        out.push_str(&told(entry, "not seen", style));
    }
    let _ = writeln!(
        out,
        "{new} new, {expired} expired, {known} known, {} not seen; {} in {}",
        comparison.unseen.len(),
        count(totals.splats, "splat"),
        count(totals.inputs, "input"),
    );
    out
}

/// An entry of the baseline in one line.
fn told(entry: &Known, standing: &str, style: &Style) -> String {
    let expires = entry.expires.map(|day| match standing {
        "expired" => format!("accepted up to {day}: extend it, or mend the bug"),
        _ => format!("up to {day}"),
    });
    let facts = [entry.reason.clone(), expires, entry.link.clone()];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    let facts = match facts.as_slice() {
        [] => String::new(),
        facts => format!(" ({})", facts.join("; ")),
    };
    format!(
        "{}: {}{}\n",
        Style::paint(style.label, standing),
        clean(entry.name()),
        clean(&facts)
    )
}
