//! What a check found, as people read it.

use super::clean::clean;
use super::groups::{Totals, group};
use super::style::Style;
use super::text::count;
use crate::baseline::{Comparison, Known, Standing};
use std::fmt::Write;

/// What the baseline lacks, what it knows, and the closing line. `all`: every kernel and machine by name.
pub fn check_summary(
    comparison: &Comparison<'_>,
    totals: &Totals,
    all: bool,
    style: &Style,
) -> String {
    let mut out = String::new();
    let (mut new, mut expired, mut known) = (0, 0, 0);
    for (of_one, standing) in &comparison.groups {
        match standing {
            Standing::New => {
                new += 1;
                let _ = write!(out, "new: {}", group(of_one, all, style));
            }
            Standing::Expired(entry) => {
                expired += 1;
                let block = group(of_one, all, style);
                let _ = write!(out, "{}{block}", told(entry, "expired", style));
            }
            Standing::Known(entry) => {
                known += 1;
                out.push_str(&told(entry, "known", style));
            }
        }
    }
    for entry in &comparison.unseen {
        out.push_str(&told(entry, "not seen", style));
    }
    let _ = writeln!(
        out,
        "{new} new, {expired} expired, {known} known, {} not seen; {} in {}",
        comparison.unseen.len(),
        count(totals.splats, "splat"),
        count(totals.inputs, "input"),
    );
    out
}

/// An entry of the baseline in one line.
fn told(entry: &Known, standing: &str, style: &Style) -> String {
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
        clean(&entry.signature),
        clean(&facts)
    )
}
