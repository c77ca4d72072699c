//! `ksplat bugs --db FILE`: what an archive remembers.

use super::args::{BugOptions, BugOrder, Options};
use super::fail_on::require_kinds;
use super::format::Format;
use super::scan::top;
use super::triage::grammar;
use super::{CLEAN, FOUND, Outcome, output};
use crate::db::{Bug, BugFilter, Database, roll_up};
use crate::render::{NO_BUG, bug_history, bug_lines, bug_page, bug_table, bugs_document};
use std::cmp::Reverse;
use std::error::Error;

/// Forms that bugs come in.
const FORMATS: [Format; 4] = [Format::Text, Format::Json, Format::Ndjson, Format::Html];

/// Runs the command. The code is 1 where a bug that was named is not known.
pub fn run(options: &Options, bugs: &BugOptions) -> Outcome {
    let Some(path) = &options.db else {
        return Err("bugs: no --db; name the database that ksplat scan --db made".into());
    };
    if !FORMATS.contains(&options.format()) {
        return Err("bugs: they are text, json, ndjson or html; give another --format".into());
    }
    let filter = BugFilter {
        kinds: bugs.kind.clone(),
        subsystem: bugs.subsystem.clone(),
        since: bugs.since.map(|date| date.to_string()),
        until: bugs.until.map(|date| date.to_string()),
        kernel: bugs.kernel.clone(),
        list: bugs.list.clone(),
        grep: bugs.grep.clone(),
        new_since: bugs.new_since.map(|date| date.to_string()),
        name: bugs.name.clone(),
    };
    let database = Database::open(path)?;
    database.check()?;
    require_known_kinds(options, &bugs.kind, &database)?;
    let mut found = database.bugs(&filter)?;
    if options.format() == Format::Text {
        found = roll_up(found);
        found.sort_by_key(|bug| Reverse(bug.count));
    }
    sort(&mut found, bugs.sort);
    // Counted before the rest is cut off, so that the last line can name it.
    let all = found.len();
    let is_all = bugs.all || bugs.name.is_some();
    found.truncate(top(options, bugs.top, is_all).unwrap_or(all));
    let style = output::style(options);
    let mut out = output::open_paged(options)?;
    out.print(&match (options.format(), &bugs.name) {
        (Format::Json, _) => bugs_document(&found),
        (Format::Ndjson, _) => bug_lines(&found),
        (Format::Html, _) => bug_page(&found),
        (_, Some(_)) => found.iter().map(|bug| bug_history(bug, &style)).collect(),
        (_, None) if all == 0 && database.signatures()?.is_empty() => NO_BUG.to_owned(),
        (_, None) => bug_table(&found, all, &style),
    });
    out.finish()?;
    Ok(match (&bugs.name, all) {
        (Some(name), 0) => {
            output::tell(&format!("{name}: not seen in this database"));
            FOUND
        }
        _ => CLEAN,
    })
}

/// A kind is known to the grammar, or to the database, which a scan with another grammar may have written.
fn require_known_kinds(
    options: &Options,
    kinds: &[String],
    database: &Database,
) -> Result<(), Box<dyn Error>> {
    // What is not asked for is not read.
    if kinds.is_empty() {
        return Ok(());
    }
    let seen = database.kinds()?;
    let unseen = kinds.iter().filter(|kind| !seen.contains(kind));
    let grammar = grammar(options)?;
    Ok(require_kinds(
        &grammar,
        "--kind",
        unseen.map(String::as_str),
    )?)
}

/// Puts bugs, which come the most frequent first, in another order.
fn sort(bugs: &mut [Bug], order: BugOrder) {
    match order {
        BugOrder::Count => {}
        // Bugs without a date come last.
        BugOrder::First => bugs.sort_by_key(|bug| (bug.first.is_none(), bug.first.clone())),
        BugOrder::Last => bugs.sort_by_key(|bug| Reverse(bug.last.clone())),
        BugOrder::Title => bugs.sort_by_key(|bug| bug.title.clone()),
    }
}
