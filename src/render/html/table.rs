//! The bugs as a table; the script makes it sortable and filterable.

use super::anchor;
use super::list::open_rest;
use super::page::Page;
use super::tone::{TONES, Tone};
use crate::group::{Group, Machines};
use crate::render::words::count;
use crate::splat::SourceSpan;
use maud::{Markup, PreEscaped, html};

/// Kernels named in a cell.
const FEW: usize = 3;

/// Bugs that are seen at once.
const ROWS: usize = 100;

/// Where there are more further ones the browser reads them on demand.
const EAGER_ROWS: usize = 500;

/// Columns: how they sort, and their names.
const COLUMNS: [(&str, &str); 6] = [
    ("text", "Verdict"),
    ("text", "Bug"),
    ("number", "Splats"),
    ("text", "Kernel"),
    ("text", "Machine"),
    ("text", "First seen"),
];

/// The section.
pub fn render(page: &Page<'_>) -> Markup {
    let (first, rest) = page.groups.split_at(page.groups.len().min(ROWS));
    html! {
        section.bugs aria-labelledby="bugs" {
            h2 id="bugs" { (count(page.groups.len() as u64, "bug")) }
            @if page.groups.len() > 1 { (controls(page)) }
            div.list {
                table id="table" {
                    thead { tr {
                        @for (order, name) in COLUMNS { th scope="col" data-order=(order) { (name) } }
                    } }
                    tbody data-first { @for group in first { (row(page, group)) } }
                }
                @if !rest.is_empty() {
                    (PreEscaped(open_rest(rest.len() as u64, "bug")))
                    @match rest.len() > EAGER_ROWS {
                        true => noscript { (further(page, rest)) },
                        false => (further(page, rest)),
                    }
                    (PreEscaped("</details>"))
                }
            }
        }
    }
}

fn further(page: &Page<'_>, groups: &[Group]) -> Markup {
    html! { table { tbody data-rest { @for group in groups { (row(page, group)) } } } }
}

/// Hidden until the script runs: without it they would do nothing.
fn controls(page: &Page<'_>) -> Markup {
    let of_group = |group| Tone::of_group(group, page.grammar);
    let present = |tone: &Tone| page.groups.iter().any(|group| of_group(group) == *tone);
    html! {
        div.controls data-script="" hidden {
            label { "Filter " input id="filter" type="search" autocomplete="off" spellcheck="false"; }
            div.choice role="group" aria-label="Verdicts to show" {
                @for tone in TONES.iter().filter(|tone| present(tone)) {
                    button type="button" class={ "badge " (tone.class()) } data-tone=(tone.class()) aria-pressed="true" {
                        (tone.label())
                    }
                }
            }
            button.plain type="button" id="expand" { "Expand all" }
            button.plain type="button" id="collapse" { "Collapse all" }
            output id="matches" {}
        }
    }
}

fn row(page: &Page<'_>, group: &Group) -> Markup {
    let tone = Tone::of_group(group, page.grammar);
    let name = group.name();
    let splat = anchor::of(&group.signature, &group.first);
    let bug = anchor::bug(&group.signature);
    html! {
        tr id={ "bug-" (bug) } data-tone=(tone.class()) data-bug=(bug) {
            td { span class={ "badge " (tone.class()) } {
                @if tone >= Tone::Splat { (group.kind) } @else { (tone.label()) }
            } }
            th scope="row" {
                @match page.budget.has(&splat) {
                    true => a href={ "#" (splat) } { (name) },
                    false => (name),
                }
                @if let Some(standing) = page.standings.get(&group.signature) { " " span.standing { (standing) } }
                code.signature { (group.signature) }
            }
            td.number { (group.count) }
            td { (kernels(&group.kernels)) }
            td { (machine(group)) }
            td.place { (place(&group.first)) }
        }
    }
}

fn kernels(names: &[String]) -> Markup {
    html! {
        @for name in names.iter().take(FEW) { span.item { (name) } }
        @if names.len() > FEW { span.item { "and " (names.len() - FEW) " more" } }
    }
}

fn machine(group: &Group) -> Markup {
    let name = group.hardware.first();
    html! {
        @match (group.machines, name) {
            (Some(Machines::Many), _) => (count(group.hardware.len() as u64, "machine")),
            (_, Some(name)) => (name),
            (_, None) => "",
        }
    }
}

fn place(source: &SourceSpan) -> String {
    match &source.member {
        None => format!("{}:{}", source.path, source.first_line),
        Some(member) => format!("{}: {member}:{}", source.path, source.first_line),
    }
}
