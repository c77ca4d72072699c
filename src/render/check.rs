//! What a check found, as people read it.

use super::clean::clean;
use super::facts;
use super::groups::{Totals, group};
use super::output::{Lacking, Output, RunStatus, RunSummary};
use super::style::Style;
use super::text;
use super::words::count;
use crate::analyzer::Input;
use crate::baseline::{self, BaselineBug, Comparison};
use crate::report::Report;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// The output of a check as text.
pub struct CheckText {
    style: Style,
    verbose: bool,
    /// How to accept what is new; nothing where this run does it.
    acceptance: Acceptance,
    /// Signatures that were explained.
    explained: HashSet<String>,
    /// What the database knows of each signature.
    seen: HashMap<String, String>,
    totals: Totals,
}

/// How what is new is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// This run does it.
    Done,
    /// By another run, which changes the baseline.
    Update,
    /// There is no baseline, only a database.
    Database,
}

impl Acceptance {
    fn advice(self) -> &'static str {
        match self {
            Acceptance::Done => "",
            Acceptance::Update => {
                "To accept what is new: the same command with --update, then a reason in its entry.\n"
            }
            Acceptance::Database => {
                "To accept what is new: ksplat scan with the same --db and the same paths.\n"
            }
        }
    }
}

impl CheckText {
    /// With these colours; a verbose one names every kernel and machine.
    pub fn new(style: Style, verbose: bool) -> CheckText {
        CheckText {
            style,
            verbose,
            acceptance: Acceptance::Update,
            explained: HashSet::new(),
            seen: HashMap::new(),
            totals: Totals::default(),
        }
    }

    /// Another way to accept what is new.
    pub fn accepting(self, acceptance: Acceptance) -> Self {
        CheckText { acceptance, ..self }
    }
}

impl Output for CheckText {
    /// What is new is explained once.
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        self.totals.report(&report);
        // Of a new one its own block says it.
        if let (Some(seen), true) = (&report.seen, standing.known().is_some()) {
            let known = self.seen.entry(report.signature.clone());
            known.or_insert_with(|| facts::seen(seen));
        }
        match standing.known() {
            Some(_) => String::new(),
            // The second report of a bug says nothing that the first one did not.
            None if self.explained.insert(report.signature.clone()) => {
                text::report(&report, &self.style)
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

    fn finish(&mut self, ending: RunSummary<'_>) -> String {
        match ending {
            RunSummary::Check(comparison) => {
                let mut text = groups(comparison, &self.seen, self.verbose, &self.style);
                if comparison.has_new() {
                    text.push_str(self.acceptance.advice());
                }
                text + &closing(comparison, &self.totals)
            }
            RunSummary::Triage | RunSummary::Scan(_) => String::new(),
        }
    }
}

/// What the baseline lacks, and what it and the database know. `all`: every kernel and machine by name.
fn groups(
    comparison: &Comparison<'_>,
    seen: &HashMap<String, String>,
    all: bool,
    style: &Style,
) -> String {
    let mut out = String::new();
    for (of_one, standing) in &comparison.groups {
        match standing {
            baseline::BaselineStatus::New => {
                let _ = write!(out, "new: {}", group(of_one, all, style));
            }
            baseline::BaselineStatus::Expired(entry) => {
                let block = group(of_one, all, style);
                let _ = write!(out, "{}{block}", told(entry, "expired", style));
            }
            baseline::BaselineStatus::Known(entry) => {
                out.push_str(&told(entry, "known", style));
                if let Some(seen) = seen.get(&of_one.signature) {
                    let _ = writeln!(out, "  seen {}", clean(seen));
                }
            }
        }
    }
    for entry in &comparison.unseen {
        out.push_str(&told(entry, "not seen", style));
    }
    out
}

/// The last line.
fn closing(comparison: &Comparison<'_>, totals: &Totals) -> String {
    let of = |name| {
        let groups = comparison.groups.iter();
        groups
            .filter(|(_, standing)| standing.name() == name)
            .count()
    };
    format!(
        "{} new, {} expired, {} known, {} not seen; {} in {}\n",
        of("new"),
        of("expired"),
        of("known"),
        comparison.unseen.len(),
        count(totals.splats, "splat"),
        count(totals.inputs, "input"),
    )
}

/// An entry of the baseline in one line.
fn told(entry: &BaselineBug, standing: &str, style: &Style) -> String {
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
