//! Marks of a damaged report.

use super::find::functions;
use crate::grammar::{Grammar, Landmark, LandmarkUse, Pattern, TitleForm};
use std::sync::LazyLock;

/// A frame must stand within so many lines behind the line that begins a call trace.
const MAX_GAP: usize = 15;

/// Fewer lines than this from the beginning of a trace on: the log ends before its frames.
const MIN_TRACE: usize = 3;

/// The stack of a thread that may not be read (mm/kasan/report.c and others).
const NO_STACK_KEPT: &str = "(stack is not available)";

/// A time stamp inside a title: two lines were mixed.
static STAMP: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"\[ *\d+\.\d+\]"));

/// True where a report of this form and title cannot be trusted.
pub fn in_report(grammar: &Grammar, form: &TitleForm, title: &str, lines: &[&str]) -> bool {
    if STAMP.is_match(title) {
        return true;
    }
    if form.no_stack {
        return false;
    }
    let traces = grammar
        .landmarks
        .iter()
        .filter(|landmark| landmark.purpose == LandmarkUse::Trace)
        .filter_map(|landmark| Some((landmark, first(landmark, lines)?)));
    let mut has_frames = false;
    for (landmark, at) in traces {
        let cut = lines.len() - at < MIN_TRACE;
        let frames = !cut && frames_follow(grammar, lines.get(at + 1..).unwrap_or_default());
        if cut || !frames && !landmark.may_be_empty {
            return true;
        }
        has_frames |= frames;
    }
    !has_frames
}

fn first(landmark: &Landmark, lines: &[&str]) -> Option<usize> {
    lines
        .iter()
        .position(|line| landmark.pattern.is_match(line))
}

/// True where a frame comes before the next trace begins.
fn frames_follow(grammar: &Grammar, lines: &[&str]) -> bool {
    for line in lines.iter().take(MAX_GAP) {
        let begins = |landmark: &&Landmark| {
            landmark.purpose == LandmarkUse::Trace && landmark.pattern.is_match(line)
        };
        if grammar.landmarks.iter().any(|landmark| begins(&landmark)) {
            return false;
        }
        if line.contains(NO_STACK_KEPT) || !functions(line).is_empty() {
            return true;
        }
    }
    false
}
