//! The history of one bug as text.

use super::report::report_lines;
use super::threads::{Thread, threads};
use super::{culprit, place, seen};
use crate::db::Bug;
use crate::render::clean::clean;
use crate::render::facts::fixed;
use crate::render::style::Style;
use crate::render::words::{count, wrap};
use std::fmt::Write;

/// Columns in front of the value of a row.
const INDENT: usize = 12;

/// All that is known of one bug: when, where, on what, and its most complete report.
pub fn bug_history(bug: &Bug, style: &Style) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", Style::paint(style.headline, clean(&bug.title)));
    let is_one = bug
        .variants
        .iter()
        .all(|variant| variant.signature != bug.signature);
    let signature = if is_one {
        bug.signature.clone()
    } else {
        String::new()
    };
    let months = bug.months.iter().map(|(month, n)| format!("{month}: {n}"));
    let rows = [
        ("Signature", signature),
        ("Seen", seen(bug)),
        ("Culprit", culprit(bug).unwrap_or_default()),
        ("Subsystem", bug.subsystem.clone().unwrap_or_default()),
        ("Kernels", bug.kernels.join(", ")),
        ("Machines", bug.hardware.join("; ")),
        ("Lists", bug.lists.join(", ")),
        ("Fix", fixed(&bug.fixed_by).unwrap_or_default()),
        ("Months", months.collect::<Vec<_>>().join(", ")),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let value = wrap(&clean(value), style.width.saturating_sub(INDENT), INDENT);
        let name = Style::paint(style.label, format!("{name:10}"));
        let _ = writeln!(out, "  {name}{value}");
    }
    let variants = bug.variants.iter();
    let variants = variants.map(|variant| format!("{:>4}  {}", variant.count, variant.signature));
    section(
        &mut out,
        "Variants: signatures of this title",
        variants,
        style,
    );
    section(
        &mut out,
        "In one incident with it",
        bug.related.iter().cloned(),
        style,
    );
    let found = threads(&bug.places);
    section(&mut out, "Threads", found.iter().map(thread), style);
    let report = report_lines(&bug.report).into_iter();
    section(&mut out, "The most complete report", report, style);
    out.push('\n');
    out
}

fn section(out: &mut String, name: &str, lines: impl Iterator<Item = String>, style: &Style) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, name));
    for line in lines {
        let _ = writeln!(out, "    {}", clean(&line));
    }
}

/// `2024-04-30 to 2024-05-02  a bug  https://… (3 mails, usb)`, or the place in a log.
fn thread(thread: &Thread<'_>) -> String {
    let mails = match thread.mails.len() {
        0 | 1 => None,
        mails => Some(count(mails as u64, "mail")),
    };
    let lists = thread.lists.iter().map(|list| (*list).to_owned());
    let about: Vec<_> = mails.into_iter().chain(lists).collect();
    let about = (!about.is_empty()).then(|| format!("({})", about.join(", ")));
    let days = Some(thread.days()).filter(|days| !days.is_empty());
    let first = thread.first;
    let link = first.link().unwrap_or_else(|| place(first));
    let parts = [days, first.subject.clone(), Some(link), about];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}
