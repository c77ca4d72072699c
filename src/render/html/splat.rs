//! One splat: verdict, evidence beside the log, facts, trace.

use super::page::Page;
use super::tone::Tone;
use super::{anchor, log, trace};
use crate::late_clear::LateClear;
use crate::render::facts;
use crate::report::Report;
use maud::{Markup, html};

/// The block; `open` from the start or on demand.
pub fn render(page: &Page<'_>, report: &Report, open: bool) -> Markup {
    let tone = Tone::of(report);
    html! {
        details class={ "report " (tone.class()) } id=(anchor::splat(report)) data-tone=(tone.class()) data-signature=(report.signature) open[open] {
            summary {
                span class={ "badge " (tone.class()) } {
                    @if tone >= Tone::Splat { (report.splat.kind) } @else { (tone.label()) }
                }
                span.headline { (facts::sentence(report, &[])) }
                span.where { (facts::span(&report.splat)) }
            }
            div.beside {
                div.case {
                    @if let Some(verdict) = &report.late_clear { (judged(report, verdict)) }
                    (next(&facts::steps(report)))
                    (hearers(report))
                    (rows(report))
                    (source(report))
                }
                div.record {
                    (log::render(report))
                    (trace::render(page.grammar, report))
                }
            }
        }
    }
}

/// What to do.
fn next(steps: &[String]) -> Markup {
    html! {
        @if !steps.is_empty() {
            h4 { "Next" }
            ul.next { @for step in steps { li { (step) } } }
        }
    }
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

fn judged(report: &Report, verdict: &LateClear) -> Markup {
    html! {
        p.diagnosis { (verdict.diagnosis) }
        h4 { "Evidence" }
        ol.evidence {
            @for (index, item) in verdict.evidence.iter().enumerate() {
                li id=(anchor::evidence(report, index)) {
                    span.for { (item.speaks_for) }
                    span.says { (item.says) }
                    @if let Some(line) = item.line {
                        a href={ "#" (anchor::line(report, line)) } { "line " (line) }
                    }
                }
            }
        }
    }
}

fn rows(report: &Report) -> Markup {
    let mut rows = facts::rows(report);
    rows.extend(facts::culprit(report).map(|culprit| ("culprit", culprit)));
    rows.push(("title", report.title.clone()));
    rows.push(("signature", report.signature.clone()));
    html! {
        h4 { "Facts" }
        dl.facts {
            @for (name, value) in rows { div { dt { (label(name)) } dd { (value) } } }
        }
    }
}

/// The style sheet writes the first letter large.
fn label(name: &str) -> &str {
    match name {
        "rip" => "RIP",
        name => name,
    }
}
