//! Messages run together on one line: two CPUs, or a CPU and a program, that wrote to one console.

use super::prompt;
use crate::grammar::Pattern;
use crate::line::{Framing, Source, framing};
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What other programs than the kernel write into a line: syzkaller's fuzzer.
static INTRUDERS: LazyLock<Pattern> = LazyLock::new(|| {
    Pattern::new(
        r"(?:\d{4}/\d\d/\d\d )?\d\d:\d\d:\d\d (?:executing program|result:)|executing program(?: \d+)?(?: \(id=\d+\))?:?\s*$",
    )
});

/// Every intruder has one of these: most lines need no look at the pattern. For two literals and a short line two
/// searches of memchr's take a sixth of the time of one automaton.
static INTRUDER_ENDS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new("executing program"), Finder::new("result:")]);

/// False for a line that no other program has written into.
pub(super) fn may_hold_intruder(line: &str) -> bool {
    let is_in = |end: &Finder<'_>| end.find(line.as_bytes()).is_some();
    INTRUDER_ENDS.iter().any(is_in)
}

/// A note of printk between two messages (kernel/printk/printk.c).
const DROPPED: &str = " printk messages dropped **";

/// How every note of printk begins.
pub(super) const NOTE: &str = "** ";

/// The messages of a line, with their framing. What is in front of the first stamp without one
/// of its own is no message of the kernel, and goes.
pub(super) fn messages(line: &str) -> Vec<(Framing, &str)> {
    let mut found = Vec::new();
    let end = intruder(line).unwrap_or(line.len());
    let mut rest = &line[..end];
    if rest.is_empty() && end < line.len() {
        return found;
    }
    loop {
        let (framing, text) = framing::strip(rest);
        // What a program quotes of the kernel's log is its own line.
        let is_programs = framing.source == Source::Program;
        let prefix = &rest[..rest.len() - text.len()];
        let next = || framing::stamp_at(text).or_else(|| next_logged(prefix, text));
        let next = (!is_programs).then(next).flatten();
        let Some(end) = next else {
            push(&mut found, framing, text);
            return found;
        };
        // A log that has stamps has them in front of every message: after a clock alone it is a label of the logger.
        if framing.is_kernels() {
            push(&mut found, framing, &text[..end]);
        }
        rest = &text[end..];
    }
}

/// The tag of the kernel's messages in a log of syslog or the journal.
const TAG: &str = " kernel: ";

/// True for a text with another message of the kernel's as a logger writes it.
pub(super) fn holds_tag(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), TAG.as_bytes()).is_some()
}

/// Where the next message begins that has a prefix like that of this one: a page that was copied lost its line feeds.
fn next_logged(prefix: &str, text: &str) -> Option<usize> {
    let (before, _) = prefix.split_once(TAG.trim_end())?;
    let words = before.split_whitespace().count();
    if words < 3 {
        return None;
    }
    let begin = |(at, _): (usize, &str)| {
        // The words in front of the tag, counted back from it.
        let mut starts = text[..at].rmatch_indices(' ').map(|(blank, _)| blank + 1);
        let begin = starts.nth(words - 1)?;
        framing::strip(&text[begin..])
            .0
            .is_kernels()
            .then_some(begin)
    };
    text.match_indices(TAG).find_map(begin)
}

/// Where another program's words begin.
fn intruder(line: &str) -> Option<usize> {
    may_hold_intruder(line).then(|| INTRUDERS.find(line))?
}

/// Adds a message, without printk's note or a prompt in front of it.
fn push<'a>(found: &mut Vec<(Framing, &'a str)>, framing: Framing, text: &'a str) {
    let text = match framing.source {
        Source::Unknown => prompt::behind(text),
        Source::Kernel | Source::Program => text,
    };
    match text.split_once(DROPPED) {
        Some((note, behind)) if note.starts_with(NOTE) => {
            let behind = behind.trim_start();
            found.extend((!behind.is_empty()).then_some((framing, behind)));
        }
        _ => found.push((framing, text)),
    }
}
