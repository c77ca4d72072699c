//! The bugs of a database, as `ksplat bugs` prints them.
//!
//! In: [`Bug`]s, the most frequent first. Out: a table, the history of one, a page, JSON.

mod history;
mod json;
mod page;
mod plot;
mod report;
mod table;
mod threads;

pub use history::bug_history;
pub use json::{bug_lines, bugs_document};
pub use page::bug_page;
pub use table::{NO_BUG, bug_table};

use super::words::count;
use crate::db::{Bug, Mention};

/// Threads that a page shows of a bug; the rest is counted.
const MAX_THREADS: usize = 50;

/// `12 events in 3 mails, 2024-04-30 to 2025-11-02`.
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

/// `6.9.0 to 6.18-rc3`, of kernels in the order of their versions.
fn span(kernels: &[&str]) -> Option<String> {
    match kernels {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first, .., last] => Some(format!("{first} to {last}")),
    }
}

/// The function and the file to blame, as far as they are known.
fn culprit(bug: &Bug) -> Option<String> {
    let parts = [bug.culprit.as_deref(), bug.file.as_deref()];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" \u{b7} "))
}

/// The place of a mention in its input: `lab7/dmesg.xz:812`.
fn place(mention: &Mention) -> String {
    let Mention {
        path, first_line, ..
    } = mention;
    match mention.member.as_str() {
        "" => format!("{path}:{first_line}"),
        member => format!("{path}:{first_line} ({member})"),
    }
}

/// The day of its mail.
fn day(mention: &Mention) -> Option<&str> {
    mention.date.as_deref().and_then(|date| date.get(..10))
}
