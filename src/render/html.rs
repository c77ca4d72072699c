//! A self-contained page: the bugs as a table, each boot as a timeline, each splat beside the lines of
//! the log that its verdict stands on.
//!
//! In: reports with their excerpts. Out: one HTML document, without network and usable without JavaScript.
//! What comes from the log is text: [`maud`] escapes it, and no control byte is left in the page.

mod boots;
mod log;
mod page;
mod splat;
mod table;
mod timeline;
mod tone;
mod trace;

use super::clean::clean_lines;
use super::output::{Output, Run, Standing};
use crate::grammar::Grammar;
use crate::group::Groups;
use crate::report::Report;
use std::collections::HashMap;

/// Reports of one bug that are shown in full; the table counts the others.
const SHOWN_OF_A_BUG: usize = 12;

/// Reports shown in full on a page.
const SHOWN: usize = 1000;

/// The output as a page.
pub struct Html<'a> {
    grammar: &'a Grammar,
    groups: Groups,
    shown: Vec<Report>,
    shown_of: HashMap<String, usize>,
    splats: usize,
    late_clears: usize,
}

impl<'a> Html<'a> {
    /// Without reports yet.
    pub fn new(grammar: &'a Grammar) -> Html<'a> {
        Html {
            grammar,
            groups: Groups::default(),
            shown: Vec::new(),
            shown_of: HashMap::new(),
            splats: 0,
            late_clears: 0,
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
}

impl Output for Html<'_> {
    fn report(&mut self, report: Report, _: Standing) -> String {
        self.splats += 1;
        self.late_clears += usize::from(report.late_clear.is_some());
        self.groups.add(&report);
        self.show(report);
        String::new()
    }

    fn finish(&mut self, run: &Run<'_>) -> String {
        let page = page::Page {
            grammar: self.grammar,
            groups: std::mem::take(&mut self.groups).into_sorted(),
            shown: &self.shown,
            inputs: run.inputs,
            splats: self.splats,
            late_clears: self.late_clears,
        };
        clean_lines(&page.render().into_string())
    }
}
