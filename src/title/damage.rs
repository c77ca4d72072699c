//! Marks of a damaged report.

use super::lines::TitleLine;
use crate::grammar::{Grammar, Landmark, LandmarkUse, Pattern, TitleForm};
use std::sync::LazyLock;

/// A frame must be within so many lines after the line that begins a call trace.
const MAX_GAP: usize = 15;

/// Fewer lines than this from the beginning of a trace on: the log ends before its frames.
const MIN_TRACE: usize = 3;

/// The stack of a thread that may not be read (mm/kasan/report.c and others).
const NO_STACK_KEPT: &str = "(stack is not available)";

/// A time stamp inside a title: two lines were mixed.
static STAMP: LazyLock<Pattern> = LazyLock::new(|| Pattern::new(r"\[ *\d+\.\d+\]"));

/// True where a report of this form and title cannot be trusted.
pub fn in_report(
    grammar: &Grammar,
    form: &TitleForm,
    title: &str,
    lines: &[TitleLine<'_>],
) -> bool {
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
    // Reports of sparc and arm may have no "Call Trace:", so their frames alone have to do.
    let mut has_frames = lines.iter().any(TitleLine::is_frame_without_title);
    for (landmark, at) in traces {
        let cut = lines.len() - at < MIN_TRACE;
        let frames = !cut && frames_follow(&lines[at..]);
        // syzkaller calls such a report corrupted, and its titles are followed here.
        if cut || !frames && !landmark.may_be_empty {
            return true;
        }
        has_frames |= frames;
    }
    !has_frames
}

fn first(landmark: &Landmark, lines: &[TitleLine<'_>]) -> Option<usize> {
    lines.iter().position(|line| line.is_trace(landmark))
}

/// True where a frame comes before the next trace begins. Two consoles print the first line twice; the first frame of
/// arm begins a trace itself.
fn frames_follow(lines: &[TitleLine<'_>]) -> bool {
    let first = lines.first().map(|line| line.text);
    let rest = lines.iter().skip_while(|line| Some(line.text) == first);
    for line in rest.take(MAX_GAP) {
        if line.begins_trace() {
            return line.functions().next().is_some();
        }
        if line.text.contains(NO_STACK_KEPT) || line.functions().next().is_some() {
            return true;
        }
    }
    false
}
