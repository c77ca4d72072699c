//! The text of a mail: prose wrapped, the log as it is.

use super::Message;
use crate::late_clear::LateClear;
use crate::render::clean::clean;
use crate::render::facts;
use crate::render::trace::{Step, folded, steps};
use crate::render::words::{count, place, wrap};
use crate::report::Report;
use crate::splat::Frame;
use std::fmt::Write;

/// Columns of prose.
const WIDTH: usize = 74;

/// Bytes of a line that a mail server must take (RFC 5322, 2.1.1), with room for an mbox mark.
const MAX_LINE: usize = 990;

/// The whole text.
pub fn write(message: &Message) -> String {
    let report = &message.report;
    let mut out = String::new();
    let headline = clean(facts::headline(report));
    let _ = writeln!(out, "{}\n", wrap(&headline, WIDTH, 0));
    rows(&mut out, report);
    if let Some(verdict) = &report.late_clear {
        section(&mut out, "Diagnosis");
        let _ = writeln!(out, "{}", wrap(&clean(&verdict.diagnosis), WIDTH, 0));
        section(&mut out, "Evidence");
        evidence(&mut out, verdict);
    }
    trace(&mut out, report);
    list(&mut out, "Followed by", &message.followed_by);
    list(&mut out, "Seen again", &message.again);
    if message.unnamed > 0 {
        let _ = writeln!(
            out,
            "- and in {}",
            count(message.unnamed as u64, "more place")
        );
    }
    section(&mut out, "Log");
    log(&mut out, report);
    // Mail readers cut off at this line what is the signature (RFC 3676, 4.3); the blank belongs to
    // it.
    let _ = writeln!(out, "\n-- \nksplat {}", env!("CARGO_PKG_VERSION"));
    out
}

fn section(out: &mut String, title: &str) {
    let _ = writeln!(out, "\n{title}\n{}", "-".repeat(title.len()));
}

fn rows(out: &mut String, report: &Report) {
    let mut rows = facts::rows(report);
    rows.extend(facts::culprit(report).map(|culprit| ("culprit", culprit)));
    rows.push(("log", facts::span(&report.splat)));
    for (name, value) in rows {
        let value = wrap(&clean(&value), WIDTH - 11, 11);
        let _ = writeln!(out, "{:<10} {value}", format!("{name}:"));
    }
}

fn evidence(out: &mut String, verdict: &LateClear) {
    let supporting = verdict.supporting().map(|(_, item)| ("", item));
    let contradicting = verdict
        .contradicting()
        .map(|(_, item)| ("against it: ", item));
    for (mark, item) in supporting.chain(contradicting) {
        let line = item.line.map(|line| format!(", line {line}"));
        let text = format!(
            "- {mark}{}{}: {}",
            item.speaks_for,
            line.unwrap_or_default(),
            clean(&item.says)
        );
        let _ = writeln!(out, "{}", wrap(&text, WIDTH, 2));
    }
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    section(out, title);
    for item in items {
        let _ = writeln!(out, "{}", wrap(&format!("- {}", clean(item)), WIDTH, 2));
    }
}

/// The trace with what vmlinux adds to it; without that, the log below says it all.
fn trace(out: &mut String, report: &Report) {
    let splat = &report.splat;
    if !splat.frames.iter().any(|frame| frame.file.is_some()) {
        return;
    }
    section(out, "Call trace");
    for step in steps(splat, report.grammar()) {
        match step {
            Step::Folded(why, frames) => {
                let _ = writeln!(out, "{}", folded(why, &frames));
            }
            Step::Section(name) => {
                let _ = writeln!(out, "{}", clean(name));
            }
            Step::Frame(frame) => write_frame(out, frame),
        }
    }
}

fn write_frame(out: &mut String, frame: &Frame) {
    for inline in &frame.inlines {
        let name = inline.function.as_deref().unwrap_or("(inlined)");
        let place = place(inline.file.as_deref(), inline.line);
        let _ = writeln!(out, "    {} (inlined), {}", clean(name), clean(&place));
    }
    let mark = if frame.reliable { "" } else { "? " };
    let name = frame.code.to_string();
    let place = place(frame.file.as_deref(), frame.line);
    let comma = if place.is_empty() { "" } else { ", " };
    let _ = writeln!(out, "  {mark}{}{comma}{}", clean(&name), clean(&place));
}

/// The lines of the log; a gap is an ellipsis.
fn log(out: &mut String, report: &Report) {
    let mut last = None;
    for line in &report.excerpt.lines {
        if last.is_some_and(|last| line.number > last + 1) {
            out.push_str("[...]\n");
        }
        last = Some(line.number);
        let text = clean(&line.text);
        for piece in pieces(&text) {
            let _ = writeln!(out, "{piece}");
        }
    }
}

/// A line in pieces that a mail server takes.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_LINE {
        // Never inside a character.
        let boundary = (0..=MAX_LINE).rev().find(|at| rest.is_char_boundary(*at));
        let (piece, behind) = rest.split_at(boundary.unwrap_or(MAX_LINE));
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINE, pieces};

    #[test]
    fn an_overlong_line_is_sent_in_pieces_and_whole() {
        let line = "\u{e9}".repeat(MAX_LINE);
        let pieces = pieces(&line);
        assert!(pieces.iter().all(|piece| piece.len() <= MAX_LINE));
        assert_eq!(pieces.concat(), line);
        assert_eq!(super::pieces(""), [""]);
    }
}
