//! Bugs as text: one block each.

use super::{seen, span};
use crate::db::Bug;
use crate::render::clean::clean;
use crate::render::facts::fixed;
use crate::render::style::Style;
use crate::render::words::{count, wrap};
use std::fmt::Write;

/// Columns in front of the text.
const INDENT: usize = 8;

/// Mailing lists, and signatures, that a block names before it counts.
const FEW: usize = 3;

/// What is said of a database without a bug.
pub const NO_BUG: &str = "no bug is known\n";

/// Blocks of bugs that are rolled up by title; `all` is how many there are, of which these come first.
pub fn bug_table(bugs: &[Bug], all: usize, style: &Style) -> String {
    if bugs.is_empty() {
        // None is shown, or none is left.
        return match all {
            0 => "no bug fits the filters\n".to_owned(),
            _ => format!("{} (--all)\n", count(all as u64, "bug")),
        };
    }
    let mut out: String = bugs.iter().map(|bug| block(bug, style)).collect();
    match all - bugs.len() {
        0 => {}
        more => {
            let _ = writeln!(out, "and {} (--all)", count(more as u64, "more bug"));
        }
    }
    out
}

fn block(bug: &Bug, style: &Style) -> String {
    let mut out = String::new();
    let room = style.width.saturating_sub(INDENT);
    let title = wrap(&clean(&bug.title), room, INDENT);
    let title = Style::paint(style.headline, title);
    let _ = writeln!(out, "{:>6}  {title}", bug.count);
    let kernels: Vec<_> = bug.kernels.iter().map(String::as_str).collect();
    let facts = [Some(seen(bug)), span(&kernels), lists(bug)];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    let rows = [
        Some(facts.join(" \u{b7} ")),
        bug.variants.is_empty().then(|| bug.signature.clone()),
        fixed(&bug.fixed_by),
    ];
    for row in rows.into_iter().flatten() {
        let row = Style::paint(style.dim, wrap(&clean(&row), room, INDENT));
        let _ = writeln!(out, "{:INDENT$}{row}", "");
    }
    for variant in bug.variants.iter().take(FEW) {
        let signature = clean(&variant.signature);
        let row = Style::paint(style.dim, format!("{:>4}  {signature}", variant.count));
        let _ = writeln!(out, "{:INDENT$}{row}", "");
    }
    if let Some(more @ 1..) = bug.variants.len().checked_sub(FEW) {
        let row = format!("      and {}", count(more as u64, "more variant"));
        let _ = writeln!(out, "{:INDENT$}{}", "", Style::paint(style.dim, row));
    }
    out.push('\n');
    out
}

fn lists(bug: &Bug) -> Option<String> {
    let more = match bug.lists.len().saturating_sub(FEW) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = bug.lists.iter().take(FEW).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    (!bug.lists.is_empty()).then(|| named + &more)
}
