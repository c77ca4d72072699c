//! A self-contained page: the bugs as a table, each boot as a timeline, each splat beside the lines of
//! the log that its verdict stands on.
//!
//! In: reports with their excerpts. Out: one HTML document, without network and usable without JavaScript.
//! What comes from the log is text: [`maud`] escapes it, and no control byte is left in the page.

mod anchor;
mod boots;
mod log;
mod page;
mod splat;
mod table;
mod timeline;
mod tone;
mod trace;

use super::clean::clean_lines;
use super::output::{Ending, Lacking, Output, Standing};
use crate::analyzer::Input;
use crate::grammar::{Grammar, Level};
use crate::group::Groups;
use crate::report::Report;
use std::collections::HashMap;
use std::error::Error;
use tone::Tone;

/// Reports of one bug that are shown in full; the table counts the others.
const SHOWN_OF_A_BUG: usize = 12;

/// Reports shown in full on a page.
const SHOWN: usize = 1000;

/// Inputs with boots and without a splat that are drawn.
const MAX_CLEAN_INPUTS: usize = 50;

/// What was read in all.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    splats: u64,
    late_clears: u64,
    inputs: u64,
    /// Inputs without a splat.
    clean: u64,
    boots: u64,
    lines: u64,
    unread: u64,
}

/// The output as a page.
pub struct Html<'a> {
    grammar: &'a Grammar,
    groups: Groups,
    /// How bugs stand to the baseline, where there is one.
    standings: HashMap<String, &'static str>,
    shown: Vec<Report>,
    shown_of: HashMap<String, usize>,
    /// Those with shown reports, and some without.
    inputs: Vec<Input>,
    clean_drawn: usize,
    /// Reports of the input at hand.
    at_hand: usize,
    totals: Totals,
}

impl<'a> Html<'a> {
    /// Without reports yet.
    pub fn new(grammar: &'a Grammar) -> Html<'a> {
        Html {
            grammar,
            groups: Groups::default(),
            standings: HashMap::new(),
            shown: Vec::new(),
            shown_of: HashMap::new(),
            inputs: Vec::new(),
            clean_drawn: 0,
            at_hand: 0,
            totals: Totals::default(),
        }
    }

    fn show(&mut self, report: Report) {
        if self.shown.len() >= SHOWN {
            return;
        }
        let shown = self.shown_of.entry(report.signature.clone()).or_default();
        if *shown < SHOWN_OF_A_BUG {
            *shown += 1;
            self.shown.push(report);
        }
    }

    /// True where the last report that is shown is of this input.
    fn is_shown(&self, input: &Input) -> bool {
        let last = self.shown.last();
        last.is_some_and(|report| report.splat.source.path == input.path)
    }
}

impl Output for Html<'_> {
    fn report(&mut self, report: Report, standing: Standing<'_>) -> String {
        self.at_hand += 1;
        self.totals.splats += u64::from(report.level == Level::Report);
        self.totals.late_clears += u64::from(report.late_clear.is_some());
        self.groups.add(&report);
        if let Some(standing) = standing.baseline {
            let signature = report.signature.clone();
            self.standings.insert(signature, standing.name());
        }
        self.show(report);
        String::new()
    }

    fn input(&mut self, input: Input) -> String {
        self.totals.inputs += 1;
        self.totals.boots += input.boots.len() as u64;
        self.totals.lines += input.lines;
        let is_clean = std::mem::take(&mut self.at_hand) == 0;
        self.totals.clean += u64::from(is_clean);
        let is_drawn = match is_clean {
            true => !input.boots.is_empty() && self.clean_drawn < MAX_CLEAN_INPUTS,
            false => self.is_shown(&input),
        };
        if is_drawn {
            self.clean_drawn += usize::from(is_clean);
            self.inputs.push(input);
        }
        String::new()
    }

    fn wants_boots(&self) -> bool {
        true
    }

    /// The page shows the milestones of each boot.
    fn lacking(&mut self, _: &Lacking<'_>) -> String {
        String::new()
    }

    fn error(&mut self, _: &dyn Error) -> String {
        self.totals.unread += 1;
        String::new()
    }

    fn finish(&mut self, _: Ending<'_>) -> String {
        // An input that was not read to its end has told nothing of itself.
        let last = self.shown.last().map(|report| &report.splat.source.path);
        let interrupted = last.filter(|path| !self.inputs.iter().any(|i| i.path == **path));
        let interrupted = interrupted.map(|path| Input {
            path: path.clone(),
            ..Input::default()
        });
        self.inputs.extend(interrupted);
        let mut groups = std::mem::take(&mut self.groups).into_sorted();
        // However many notices there are, splats come first.
        groups.sort_by_key(|group| Tone::of_group(group, self.grammar) == Tone::Notice);
        let page = page::Page {
            grammar: self.grammar,
            groups,
            standings: &self.standings,
            shown: &self.shown,
            inputs: &self.inputs,
            totals: self.totals,
        };
        clean_lines(&page.render().into_string())
    }
}
