//! A dashboard: the bugs as a table with their trends, filters over it, and a page for each bug that is read on demand.
//!
//! Behind the first rows the markup is text in `noscript` elements, which costs a browser nothing: the script makes
//! elements of the rows that are seen and of the bug that is opened, and without scripts it is read as it is. The
//! filters look at the facts of each bug as JSON, not at elements.

use super::plot::Axis;
use super::report::report_lines;
use super::threads::{Thread, threads};
use super::{MAX_THREADS, culprit, day, place, seen, span};
use crate::db::{Bug, Mention};
use crate::render::clean::{clean, clean_json, clean_lines};
use crate::render::facts::fixed;
use crate::render::html::{PageParts, bug_id, page_of};
use crate::render::words::count;
use crate::report::FixedBy;
use maud::{Markup, PreEscaped, html};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are elements from the start.
const ROWS: usize = 100;

/// Pages of bugs in one `noscript` element: the script reads one element to open a bug.
const PAGES: usize = 64;

/// Kernels and mailing lists that a row names.
const FEW: usize = 3;

/// Kernels, and bugs of the same title or incident, that a page names.
const MANY: usize = 200;

/// What the filters ask of a bug.
#[derive(Serialize)]
struct Facts<'a> {
    /// What words are looked for in, in lower case.
    text: String,
    kind: &'a str,
    subsystem: Option<&'a str>,
    lists: &'a [String],
    kernels: &'a [String],
    /// Days with a mail, sorted.
    days: BTreeSet<&'a str>,
    months: &'a BTreeMap<String, u64>,
    count: u64,
    title: &'a str,
    fixed: bool,
}

impl<'a> Facts<'a> {
    fn of(bug: &'a Bug) -> Facts<'a> {
        let named = [Some(&bug.title), Some(&bug.signature)];
        let blamed = [
            bug.culprit.as_ref(),
            bug.file.as_ref(),
            bug.subsystem.as_ref(),
        ];
        let text: Vec<_> = named
            .iter()
            .chain(&blamed)
            .flatten()
            .map(|part| part.to_lowercase())
            .collect();
        Facts {
            text: text.join(" "),
            kind: &bug.kind,
            subsystem: bug.subsystem.as_deref(),
            lists: &bug.lists,
            kernels: &bug.kernels,
            days: bug.news.iter().filter_map(day).collect(),
            months: &bug.months,
            count: bug.count,
            title: &bug.title,
            fixed: !bug.fixed_by.is_empty(),
        }
    }
}

/// The page.
pub fn bug_page(bugs: &[Bug]) -> String {
    let axis = Axis::of(bugs);
    let (first, rest) = bugs.split_at(bugs.len().min(ROWS));
    let events: u64 = bugs.iter().map(|bug| bug.count).sum();
    let body = html! {
        div id="overview" {
            header.top {
                p.name { "ksplat" }
                h1 { (count(bugs.len() as u64, "bug")) }
                p.extent { span { (count(events, "event")) } @if let Some(days) = extent(bugs) { span { (days) } } }
                @if let Some(axis) = &axis { (axis.large(bugs)) }
            }
            (controls(bugs))
            table.memory id="table" {
                thead { tr { th { "Events" } th { "Bug" } th { "By month" } th { "First and last" } th { "Kernels" } th { "Lists" } } }
                tbody { @for bug in first { (row(bug, axis.as_ref())) } }
            }
            @if !rest.is_empty() {
                noscript data-rows { table.memory { tbody { @for bug in rest { (row(bug, axis.as_ref())) } } } }
            }
            button.plain id="more" type="button" hidden {}
        }
        article id="bug" hidden {}
        div id="pages" data-all="" {
            @for bugs in bugs.chunks(PAGES) {
                noscript { @for bug in bugs { (page(bug, axis.as_ref())) } }
            }
        }
        script id="facts" type="application/json" { (PreEscaped(facts(bugs))) }
    };
    page_of(PageParts {
        title: "ksplat: bugs",
        style: include_str!("page.css"),
        script: include_str!("page.js"),
        body,
    })
}

/// `<` is there only as JSON's escape: nothing in it ends the element.
fn facts(bugs: &[Bug]) -> String {
    let facts: Vec<_> = bugs.iter().map(Facts::of).collect();
    let text = serde_json::to_string(&facts).expect("no map key but strings");
    clean_json(text).replace('<', "\\u003c")
}

/// First and last day of all.
fn extent(bugs: &[Bug]) -> Option<String> {
    let first = bugs.iter().filter_map(|bug| bug.first.as_deref()).min()?;
    let last = bugs.iter().filter_map(|bug| bug.last.as_deref()).max()?;
    Some(format!("{first} to {last}"))
}

/// Hidden until the script runs: without it they would do nothing.
fn controls(bugs: &[Bug]) -> Markup {
    let kinds = bugs.iter().map(|bug| bug.kind.as_str());
    let subsystems = bugs.iter().filter_map(|bug| bug.subsystem.as_deref());
    let lists = bugs.iter().flat_map(|bug| &bug.lists).map(String::as_str);
    html! {
        div.controls data-script="" hidden {
            label { "Text " input id="text" type="search" autocomplete="off" spellcheck="false"; }
            (choice("kind", "Kind", kinds))
            (choice("subsystem", "Subsystem", subsystems))
            (choice("list", "List", lists))
            label { "Kernel " input.short id="kernel" type="search" placeholder="6.12" autocomplete="off" spellcheck="false"; }
            label { "From " input.short id="from" type="date"; }
            label { "to " input.short id="to" type="date"; }
            label { "New since " input.short id="new" type="date"; }
            label { "Fix " select id="fixed" {
                option value="" { "any" } option value="yes" { "fixed" } option value="no" { "not fixed" }
            } }
            label { "Order " select id="order" {
                option value="count" { "most events" } option value="new" { "newest first" }
                option value="last" { "last seen" } option value="title" { "title" }
            } }
            button.plain type="button" id="reset" { "Reset" }
            output id="matches" {}
        }
    }
}

/// A choice of what occurs; where there is nothing to choose between it is left out.
fn choice<'a>(id: &str, name: &str, values: impl Iterator<Item = &'a str>) -> Markup {
    let mut bugs: BTreeMap<&str, u64> = BTreeMap::new();
    values.for_each(|value| *bugs.entry(value).or_default() += 1);
    html! {
        label hidden[bugs.is_empty()] { (name) " " select id=(id) {
            option value="" { "any" }
            @for (value, bugs) in &bugs { option value=(clean(value)) { (clean(value)) " (" (bugs) ")" } }
        } }
    }
}

fn row(bug: &Bug, axis: Option<&Axis>) -> Markup {
    let (first, last) = (bug.news.first(), bug.news.last());
    html! {
        tr {
            td.number { (bug.count) }
            th scope="row" {
                a href={ "#" (id(&bug.signature)) } { (clean(&bug.title)) }
                code.signature { (clean(&bug.signature)) }
                @if let Some(fixed) = fixed(&bug.fixed_by) { p.fix { (clean(&fixed)) } }
            }
            td { @if let Some(axis) = axis { (axis.small(&bug.months)) } }
            td.days { (linked(first)) @if bug.first != bug.last { " " (linked(last)) } }
            td { (clean(&newest(&bug.kernels))) }
            td { (clean(&few(&bug.lists))) }
        }
    }
}

fn id(signature: &str) -> String {
    format!("bug-{}", bug_id(signature))
}

/// The day of a mention, with a link to its mail.
fn linked(mention: Option<&Mention>) -> Markup {
    let day = mention.and_then(day).unwrap_or_default();
    html! {
        @match mention.and_then(Mention::link) {
            Some(link) => a href=(link) rel="noreferrer" { (clean(day)) },
            None => span { (clean(day)) },
        }
    }
}

fn newest(kernels: &[String]) -> String {
    let kernels: Vec<_> = kernels.iter().map(String::as_str).collect();
    span(&kernels).unwrap_or_default()
}

fn few(names: &[String]) -> String {
    let more = match names.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = names.iter().take(FEW).map(String::as_str);
    named.collect::<Vec<_>>().join(", ") + &more
}

/// All that is known of one bug.
fn page(bug: &Bug, axis: Option<&Axis>) -> Markup {
    let rows = [
        ("Signature", Some(bug.signature.clone())),
        ("Seen", Some(seen(bug))),
        ("Kind", Some(bug.kind.clone())),
        ("Culprit", culprit(bug)),
        ("Subsystem", bug.subsystem.clone()),
        ("Kernels", named(&bug.kernels, ", ")),
        ("Machines", named(&bug.hardware, "; ")),
        ("Lists", named(&bug.lists, ", ")),
    ];
    html! {
        section.bug id=(id(&bug.signature)) {
            h2 { (clean(&bug.title)) }
            dl.facts {
                @for (name, value) in rows { @if let Some(value) = value { div { dt { (name) } dd { (clean(&value)) } } } }
                @if !bug.fixed_by.is_empty() { div { dt { "Fix" } dd { @for fix in &bug.fixed_by { (commit(fix)) } } } }
                @if let Some(axis) = axis.filter(|_| !bug.months.is_empty()) {
                    div { dt { "By month" } dd { (axis.small(&bug.months)) } }
                }
            }
            (others("Variants: other signatures of this title", bug.variants.iter().map(|variant| (variant.signature.as_str(), Some(variant.count)))))
            (others("In one incident with it", bug.related.iter().map(|signature| (signature.as_str(), None))))
            h4 { "Threads" }
            @let found = threads(&bug.places);
            ol.mentions { @for thread in found.iter().take(MAX_THREADS) { li { (mentioned(thread)) } } }
            @if let Some(more @ 1..) = found.len().checked_sub(MAX_THREADS) {
                p.note { "and " (count(more as u64, "more thread")) }
            }
            h4 { "The most complete report" }
            pre { (clean_lines(&report_lines(&bug.report).join("\n"))) }
        }
    }
}

fn named(names: &[String], between: &str) -> Option<String> {
    let more = match names.len().saturating_sub(MANY) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = names[..names.len().min(MANY)].join(between);
    (!names.is_empty()).then(|| shown + &more)
}

fn commit(fix: &FixedBy) -> Markup {
    let text = fixed(std::slice::from_ref(fix)).unwrap_or_default();
    let is_hash = fix.commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    html! {
        span {
            (clean(&text)) " "
            @if is_hash { a href={ "https://git.kernel.org/linus/" (fix.commit) } rel="noreferrer" { "commit" } }
        }
    }
}

/// Links to other bugs.
fn others<'a>(name: &str, bugs: impl Iterator<Item = (&'a str, Option<u64>)>) -> Markup {
    let bugs: Vec<_> = bugs.take(MANY).collect();
    html! {
        @if !bugs.is_empty() {
            h4 { (name) }
            ul.kin { @for (signature, events) in bugs { li {
                a href={ "#" (id(signature)) } { (clean(signature)) }
                @if let Some(events) = events { " " small { (count(events, "event")) } }
            } } }
        }
    }
}

fn mentioned(thread: &Thread<'_>) -> Markup {
    let first = thread.first;
    let words = first.subject.clone().unwrap_or_else(|| place(first));
    let lists: Vec<_> = thread.lists.iter().copied().collect();
    html! {
        span.when { (clean(&thread.days())) } " "
        @match first.link() {
            Some(link) => a href=(link) rel="noreferrer" { (clean(&words)) },
            None => span { (clean(&words)) },
        }
        @if thread.mails.len() > 1 { " " small { (count(thread.mails.len() as u64, "mail")) } }
        " " small { (clean(&lists.join(", "))) }
    }
}
