//! The bugs of a database, as `ksplat bugs` prints them.

use super::clean::clean;
use super::facts::fixed;
use super::html::page_of;
use super::json::{SCHEMA, Tool, pretty};
use super::style::Style;
use super::words::{count, wrap};
use crate::db::{Bug, Mention};
use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns of the numbers in front of a title.
const COLUMNS: usize = 32;

/// Mentions that a history shows; the rest is counted.
const MAX_MENTIONS: usize = 50;

/// A line for each bug, under a heading; `all` is how many there are.
pub fn bug_table(bugs: &[Bug], all: usize, style: &Style) -> String {
    if bugs.is_empty() {
        return "no bug is known\n".to_owned();
    }
    let mut out = String::new();
    let heading = format!(
        "{:>6}  {:10}  {:10}  {}",
        "events", "first", "last", "title"
    );
    let _ = writeln!(out, "{}", Style::paint(style.label, heading));
    for bug in bugs {
        let title = clean(&bug.title);
        let room = style.width.saturating_sub(COLUMNS);
        let title = wrap(&title, room, COLUMNS);
        let _ = writeln!(
            out,
            "{:>6}  {:10}  {:10}  {}",
            bug.count,
            date(&bug.first),
            date(&bug.last),
            Style::paint(style.headline, title)
        );
        // The whole list is in the history of one bug; it may be dozens.
        let kernels = match bug.kernels.as_slice() {
            [] => String::new(),
            [one] => format!(" on {one}"),
            [first, .., last] => format!(" on {first} to {last}"),
        };
        let detail = format!("{}{kernels}", bug.signature);
        for detail in std::iter::once(detail).chain(fixed(&bug.fixed_by)) {
            let detail = wrap(&clean(&detail), room, COLUMNS);
            let _ = writeln!(out, "{:COLUMNS$}{}", "", Style::paint(style.dim, detail));
        }
    }
    match all - bugs.len() {
        0 => {}
        more => {
            let _ = writeln!(out, "and {}", count(more as u64, "more bug"));
        }
    }
    out
}

fn date(date: &Option<String>) -> &str {
    date.as_deref().unwrap_or("-")
}

/// All that is known of one bug: when, where, on what, and its most complete report.
pub fn bug_history(bug: &Bug, style: &Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", Style::paint(style.headline, clean(&bug.title)));
    let rows = [
        ("Signature", bug.signature.clone()),
        ("Seen", seen(bug)),
        (
            "Culprit",
            [bug.culprit.clone(), bug.file.clone()]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" \u{b7} "),
        ),
        ("Subsystem", bug.subsystem.clone().unwrap_or_default()),
        ("Kernels", bug.kernels.join(", ")),
        ("Machines", bug.hardware.join("; ")),
        ("Lists", bug.lists.join(", ")),
        ("Fix", fixed(&bug.fixed_by).unwrap_or_default()),
        (
            "Months",
            bug.months
                .iter()
                .map(|(month, n)| format!("{month}: {n}"))
                .collect::<Vec<_>>()
                .join(", "),
        ),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let value = wrap(&clean(value), style.width.saturating_sub(12), 12);
        let _ = writeln!(
            out,
            "  {}{value}",
            Style::paint(style.label, format!("{name:10}"))
        );
    }
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "Mentions"));
    for place in bug.places.iter().take(MAX_MENTIONS) {
        let _ = writeln!(out, "    {}", clean(&mention(place)));
    }
    if let Some(more @ 1..) = bug.places.len().checked_sub(MAX_MENTIONS) {
        let _ = writeln!(out, "    and {}", count(more as u64, "more mention"));
    }
    let _ = writeln!(
        out,
        "\n  {}",
        Style::paint(style.label, "The most complete report")
    );
    for line in report_lines(&bug.report) {
        let _ = writeln!(out, "    {}", clean(&line));
    }
    out.push('\n');
    out
}

fn seen(bug: &Bug) -> String {
    let mails = match bug.mails {
        0 => String::new(),
        mails => format!(" in {}", count(mails, "mail")),
    };
    let days = match (&bug.first, &bug.last) {
        (Some(first), Some(last)) if first != last => format!(", {first} to {last}"),
        (Some(first), _) => format!(", {first}"),
        _ => String::new(),
    };
    format!("{}{mails}{days}", count(bug.count, "event"))
}

/// `2024-04-30  [PATCH] x  https://…`, or the place in a log.
fn mention(place: &Mention) -> String {
    // The day is the beginning of the date (RFC 3339).
    let date = place.date.as_deref().and_then(|date| date.get(..10));
    let member = if place.member.is_empty() {
        String::new()
    } else {
        format!(" ({})", place.member)
    };
    let place_of_log = || format!("{}:{}{member}", place.path, place.first_line);
    let parts = [
        date.map(str::to_owned),
        place.subject.clone(),
        Some(place.link().unwrap_or_else(place_of_log)),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// A report out of its JSON: what it says, and its call trace.
fn report_lines(report: &str) -> Vec<String> {
    // The database's own JSON: a damaged row gives empty lines, not an end of the list.
    let report: Value = serde_json::from_str(report).unwrap_or_default();
    let strings = |name: &str| {
        let all = report[name].as_array().into_iter().flatten();
        all.filter_map(|line| line.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let mut lines = vec![report["summary"].as_str().unwrap_or_default().to_owned()];
    lines.extend(strings("message"));
    lines.extend(strings("details"));
    let frames = report["frames"].as_array().into_iter().flatten();
    lines.extend(frames.filter_map(|frame| {
        let function = frame["function"].as_str()?;
        // As the kernel marks it (arch/x86/kernel/dumpstack.c, printk_stack_address()).
        let guess = if frame["reliable"] == false { "? " } else { "" };
        let place = match (frame["file"].as_str(), frame["line"].as_u64()) {
            (Some(file), Some(line)) => format!("  {file}:{line}"),
            _ => String::new(),
        };
        Some(format!("  {guess}{function}{place}"))
    }));
    lines
}

#[derive(Serialize)]
struct BugsDocument<'a> {
    schema: u32,
    tool: Tool,
    bugs: Vec<BugJson<'a>>,
}

#[derive(Serialize)]
struct BugJson<'a> {
    #[serde(flatten)]
    bug: &'a Bug,
    links: Vec<String>,
}

impl<'a> BugJson<'a> {
    fn of(bug: &'a Bug) -> BugJson<'a> {
        let mut links: Vec<_> = bug.places.iter().filter_map(Mention::link).collect();
        // One mail may be in several archives.
        let mut known = std::collections::HashSet::new();
        links.retain(|link| known.insert(link.clone()));
        BugJson { bug, links }
    }
}

/// All bugs as one document, with a line feed at the end.
pub fn bugs_document(bugs: &[Bug]) -> String {
    pretty(&BugsDocument {
        schema: SCHEMA,
        tool: Tool::default(),
        bugs: bugs.iter().map(BugJson::of).collect(),
    })
}

/// Each bug as one line.
pub fn bug_lines(bugs: &[Bug]) -> String {
    let line =
        |bug| serde_json::to_string(&BugJson::of(bug)).expect("no map key but strings") + "\n";
    bugs.iter().map(line).collect()
}

/// A dashboard: a row for each bug, with its trend by month and a link to its first mail.
pub fn bug_page(bugs: &[Bug]) -> String {
    let events: u64 = bugs.iter().map(|bug| bug.count).sum();
    let body = html! {
        h1 { (count(bugs.len() as u64, "bug")) ", " (count(events, "event")) }
        table {
            thead { tr {
                th { "events" } th { "first" } th { "last" } th { "by month" } th { "bug" } th { "kernels" } th { "lists" }
            } }
            tbody {
                @for bug in bugs {
                    tr id=(bug.signature) {
                        td { (bug.count) }
                        td { (date(&bug.first)) }
                        td { (date(&bug.last)) }
                        td { (trend(&bug.months)) }
                        td {
                            @match bug.places.iter().find_map(Mention::link) {
                                Some(link) => a href=(link) rel="noreferrer" { (clean(&bug.title)) },
                                None => (clean(&bug.title)),
                            }
                            p.note { (clean(&bug.signature)) }
                            @if let Some(fixed) = fixed(&bug.fixed_by) { p.note { (clean(&fixed)) } }
                        }
                        td { (ends(&bug.kernels)) }
                        td { (clean(&bug.lists.join(", "))) }
                    }
                }
            }
        }
    };
    page_of("ksplat: bugs", &body)
}

fn ends(kernels: &[String]) -> String {
    match kernels {
        [] => String::new(),
        [one] => clean(one).into_owned(),
        [first, .., last] => clean(&format!("{first} to {last}")).into_owned(),
    }
}

/// Height of a plot, and the width of a month in it, in pixels.
const PLOT: (u64, u64) = (18, 4);

/// Months that a plot shows.
const MAX_MONTHS: usize = 24;

/// A bar for each of the last months with an event.
fn trend(months: &BTreeMap<String, u64>) -> Markup {
    let shown: Vec<_> = months.iter().rev().take(MAX_MONTHS).collect();
    let most = shown.iter().map(|(_, n)| **n).max().unwrap_or(1);
    let (height, step) = PLOT;
    html! {
        svg width=(step * shown.len() as u64) height=(height) role="img" {
            title { @for (month, n) in shown.iter().rev() { (month) ": " (n) " " } }
            @for (index, (_, n)) in shown.iter().rev().enumerate() {
                @let bar = (**n * height).div_ceil(most);
                rect x=(index as u64 * step) y=(height - bar) width=(step - 1) height=(bar) fill="currentColor" {}
            }
        }
    }
}
