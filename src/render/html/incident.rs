//! The reports of one crash: one block for the cause, and a line for each that came of it.

use super::page::Scene;
use super::splat::{self, Body};
use super::tone::Tone;
use super::{anchor, trace};
use crate::render::facts;
use crate::render::words::count;
use crate::report::Report;
use maud::{Markup, html};

/// Lines for what followed; the rest is counted.
const MAX_LINES: usize = 100;

/// A crash, or a notice.
pub struct Incident {
    /// What came first.
    pub first: Report,
    /// What followed, as far as it is shown in full.
    more: Vec<Report>,
    lines: Vec<IncidentLine>,
    /// Reports without a line.
    uncounted: u64,
}

/// A report that followed.
struct IncidentLine {
    number: u64,
    after: String,
    headline: String,
    bug: String,
    /// Its place among those that are shown in full.
    shown: Option<usize>,
}

impl Incident {
    /// So far of one report.
    pub fn new(first: Report) -> Incident {
        Incident {
            first,
            more: Vec::new(),
            lines: Vec::new(),
            uncounted: 0,
        }
    }

    /// True where the report belongs to it.
    pub fn has(&self, report: &Report) -> bool {
        let key = |report: &Report| (report.level, report.incident);
        key(&self.first) == key(report)
    }

    /// True where another report gets a line.
    pub fn has_room(&self) -> bool {
        self.lines.len() < MAX_LINES
    }

    /// Adds what followed; `is_shown` in full or with its line only.
    pub fn add(&mut self, report: Report, is_shown: bool) {
        // A crash may print thousands of reports; the first of them say what happened.
        if !self.has_room() {
            self.uncounted += 1;
            return;
        }
        self.lines.push(IncidentLine {
            number: report.splat.source.first_line,
            after: facts::after(&self.first, &report).unwrap_or_default(),
            headline: facts::headline(&report).to_owned(),
            bug: anchor::bug(&report.signature),
            shown: is_shown.then_some(self.more.len()),
        });
        if is_shown {
            self.more.push(report);
        }
    }

    /// The ids of its bugs.
    fn bugs(&self) -> String {
        let mut bugs = vec![anchor::bug(&self.first.signature)];
        for line in &self.lines {
            if !bugs.contains(&line.bug) {
                bugs.push(line.bug.clone());
            }
        }
        bugs.join(" ")
    }

    /// The block.
    pub fn render(&self, scene: &Scene) -> Markup {
        let report = &self.first;
        let tone = Tone::of(report);
        html! {
            details class={ "report " (tone.class()) } id=(anchor::splat(report)) data-bugs=(self.bugs()) open[scene.open] {
                summary {
                    span class={ "badge " (tone.class()) } {
                        @if tone >= Tone::Splat { (report.splat.kind) } @else { (tone.label()) }
                    }
                    span.headline { (facts::sentence(report, &self.more)) }
                    span.where {
                        (facts::span(&report.splat))
                        @if self.followed() > 0 { ", then " (count(self.followed(), "report")) }
                    }
                }
                @match scene.lazy {
                    true => noscript { (self.body()) },
                    false => (self.body()),
                }
            }
        }
    }

    fn body(&self) -> Markup {
        let body = Body::of(&self.first);
        html! {
            @if self.followed() == 0 {
                div.beside {
                    div.case { (body.story()) (body.proof()) }
                    div.record { (body.log()) (trace::render(&self.first)) }
                }
            } @else {
                div.beside { div.case { (body.story()) } div.record { (self.then()) } }
                div.beside {
                    div.case { (body.proof()) }
                    div.record { (body.log()) (trace::render(&self.first)) }
                }
            }
        }
    }

    /// Reports that followed.
    fn followed(&self) -> u64 {
        self.lines.len() as u64 + self.uncounted
    }

    fn then(&self) -> Markup {
        html! {
            h4 { "Then " (count(self.followed(), "report")) " of the same incident" }
            ol.then {
                @for line in &self.lines {
                    li {
                        @match line.shown.and_then(|index| self.more.get(index)) {
                            Some(report) => details class={ "report " (Tone::of(report).class()) } id=(anchor::splat(report)) {
                                summary { (line.render()) }
                                (splat::whole(report))
                            },
                            None => (line.render()),
                        }
                    }
                }
                @if self.uncounted > 0 { li.note { "and " (count(self.uncounted, "more report")) } }
            }
        }
    }
}

impl IncidentLine {
    fn render(&self) -> Markup {
        html! {
            span.number { "line " (self.number) }
            span.after { (self.after) }
            span.headline { (self.headline) }
        }
    }
}
