//! What a page says of one report: what happened and what to do, then the proof.

use super::{anchor, log, trace};
use crate::late_clear::Evidence;
use crate::render::facts;
use crate::report::Report;
use maud::{Markup, html};

/// The rows that a program or a person takes elsewhere; the script gives each a button that copies it.
const TO_COPY: [&str; 4] = ["Title", "Signature", "syzbot", "LKP"];

/// The parts of a block.
pub struct Body<'a> {
    report: &'a Report,
    id: String,
    rows: Vec<(&'static str, Vec<String>)>,
}

/// A report by itself.
pub fn whole(report: &Report) -> Markup {
    let body = Body::of(report);
    html! {
        div.beside {
            div.case { (body.story()) (body.proof()) }
            div.record { (body.log()) (trace::render(report)) }
        }
    }
}

impl<'a> Body<'a> {
    /// Of a report.
    pub fn of(report: &'a Report) -> Body<'a> {
        Body {
            report,
            id: anchor::splat(report),
            rows: facts::told(report),
        }
    }

    fn row(&self, name: &str) -> &[String] {
        let mut rows = self.rows.iter();
        rows.find(|row| row.0 == name)
            .map_or(&[], |row| row.1.as_slice())
    }

    /// What happened, and what to do.
    pub fn story(&self) -> Markup {
        html! {
            @for text in self.row("What") { p.diagnosis { (text) } }
            @if !self.row("Next").is_empty() {
                h4 { "Next" }
                ul.next { @for step in self.row("Next") { li { (step) } } }
            }
            (hearers(self.report))
        }
    }

    /// The evidence, and the facts.
    pub fn proof(&self) -> Markup {
        let verdict = self.report.late_clear.as_ref();
        html! {
            @if let Some(verdict) = verdict {
                (self.evidence("Evidence", verdict.supporting()))
                @if !verdict.against.is_empty() { (self.evidence("Against it", verdict.contradicting())) }
            }
            (code(self.report))
            (variables(self.report))
            (source(self.report))
            h4 { "Facts" }
            dl.facts {
                @for (name, values) in self.facts() {
                    div {
                        dt { (name) }
                        @if TO_COPY.contains(&name) {
                            dd data-copy { @for value in &values { span { (breakable(value)) } } }
                        } @else {
                            dd { @for value in &values { span { (value) } } }
                        }
                    }
                }
            }
        }
    }

    /// The lines of the log.
    pub fn log(&self) -> Markup {
        log::render(self.report, &self.id)
    }

    fn evidence<'e>(
        &self,
        title: &str,
        items: impl Iterator<Item = (usize, &'e Evidence)>,
    ) -> Markup {
        html! {
            h4 { (title) }
            ol.evidence {
                @for (index, item) in items {
                    li id=(anchor::evidence(&self.id, index)) {
                        span.for { (item.speaks_for) }
                        span.says { (item.says) }
                        @if let Some(line) = item.line {
                            a href={ "#" (anchor::line(&self.id, line)) } { "line " (line) }
                        }
                    }
                }
            }
        }
    }

    /// The names of the report, then the rows of the text that are not elsewhere in the block.
    fn facts(&self) -> Vec<(&'static str, Vec<String>)> {
        let report = self.report;
        let mut facts = vec![
            ("Title", vec![report.title.clone()]),
            ("Signature", vec![report.signature.clone()]),
        ];
        if report.syzbot != report.title {
            facts.push(("syzbot", vec![report.syzbot.clone()]));
        }
        if !report.alt_titles.is_empty() {
            facts.push(("Also", report.alt_titles.clone()));
        }
        let told = self.rows.iter();
        let told = told.filter(|(name, _)| !["What", "Next", "Whose"].contains(name));
        facts.extend(told.cloned());
        let hardware = report.platform.hardware.clone();
        facts.extend(hardware.map(|name| ("Hardware", vec![name])));
        let register = report.msr.as_ref();
        facts.extend(register.map(|msr| ("Register", vec![msr.to_string()])));
        facts
    }
}

/// A long name that is broken between its words.
fn breakable(name: &str) -> Markup {
    let parts = name.split_inclusive([':', '_', ',']).enumerate();
    html! { @for (index, part) in parts { @if index > 0 { wbr; } (part) } }
}

/// Who should hear of it.
fn hearers(report: &Report) -> Markup {
    let all = report.routing.iter().flat_map(|routing| {
        let people = routing.maintainers.iter().chain(&routing.reviewers);
        people.chain(&routing.lists)
    });
    html! {
        @if report.routing.is_some() {
            h4 { "Whose" }
            @for line in facts::whose(report).iter().take(1) { p { (line) } }
            ul.next { @for address in all { li { (address) } } }
        }
    }
}

/// Parameters and variables at RIP; where a value is lost, why.
fn variables(report: &Report) -> Markup {
    let all = &report.symbols.variables;
    html! {
        @if !all.is_empty() {
            h4 { "Variables" }
            dl.facts {
                @for variable in all {
                    div {
                        dt { code { (variable.name) } }
                        dd {
                            @match &variable.value {
                                Some(value) => { span { code { (value) } } span { (variable.how) } },
                                None => { span { (variable.how) } },
                            }
                            span { small { (variable.type_name) ", in " (variable.function) "()" } }
                        }
                    }
                }
            }
        }
    }
}

/// Lines of the sources.
fn source(report: &Report) -> Markup {
    html! {
        @if let Some(code) = &report.source_code {
            h4 { "Source" }
            p { (facts::source_place(code, report)) }
            pre {
                @for line in &code.lines {
                    @let mark = if line.number == code.line { '>' } else { ' ' };
                    (format!("{mark} {:>6}  {}\n", line.number, line.text))
                }
            }
        }
    }
}

/// The `Code:` line as instructions, the one that RIP points at marked.
fn code(report: &Report) -> Markup {
    html! {
        @if let Some(found) = report.disassembly() {
            h4 { "Code" }
            pre {
                @for line in &found.instructions {
                    @let mark = if line.offset == 0 { '>' } else { ' ' };
                    (format!("{mark} {:>4}  {}\n", line.offset, line.text))
                }
            }
        }
    }
}
