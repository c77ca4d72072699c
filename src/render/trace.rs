//! Call traces as people read them: what only belongs to the warning itself is folded.
//!
//! In: a splat. Out: its [`Step`]s.

use super::words::count;
use crate::grammar::Grammar;
use crate::splat::{Frame, Section, Splat};

/// A row of a trace.
pub enum Step<'a> {
    /// A frame.
    Frame(&'a Frame),
    /// Frames, one after the other, that say nothing of the report.
    Folded(Why, Vec<&'a Frame>),
    /// What follows is on another stack: of another context, or of somebody else (`Allocated by task 5312`).
    /// A label is the log's own text.
    Section(&'a str),
}

/// Why frames are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// They belong to the warning itself.
    Machinery,
    /// The unwinder does not vouch for them: addresses that an earlier call may have left on the stack.
    Unsure,
}

/// The rows of all stacks, the report's own first, each innermost first.
pub fn steps<'a>(splat: &'a Splat, grammar: &Grammar) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for (label, of_stack) in stacks(splat, grammar) {
        steps.extend(label.map(Step::Section));
        steps.extend(of_stack);
    }
    steps
}

/// So many frames that the unwinder does not vouch for are shown one by one.
const FEW: usize = 2;

/// The same for a person who follows the path: runs of frames that the unwinder does not vouch for are one row. Frames of
/// `function` are always shown, and all frames of a stack that has no others.
pub fn short<'a>(steps: Vec<Step<'a>>, function: Option<&str>) -> Vec<Step<'a>> {
    let is_sure = |step: &Step<'_>| matches!(step, Step::Frame(frame) if frame.reliable);
    // All of it is unsure then, and to fold it would leave nothing.
    if !steps.iter().any(is_sure) {
        return steps;
    }
    let mut all: Vec<Step<'a>> = Vec::new();
    for step in steps {
        let unsure = match step {
            Step::Frame(frame) if !frame.reliable && function != Some(frame.base_name()) => frame,
            other => {
                all.push(other);
                continue;
            }
        };
        match all.last_mut() {
            Some(Step::Folded(Why::Unsure, frames)) => frames.push(unsure),
            _ => all.push(Step::Folded(Why::Unsure, vec![unsure])),
        }
    }
    // A row in the place of one or two frames saves nothing.
    let few = |step| match step {
        Step::Folded(Why::Unsure, frames) if frames.len() <= FEW => {
            frames.into_iter().map(Step::Frame).collect()
        }
        step => vec![step],
    };
    all.into_iter().flat_map(few).collect()
}

/// The rows of each stack, with the label of those that are not the report's own.
pub fn stacks<'a>(splat: &'a Splat, grammar: &Grammar) -> Vec<(Option<&'a str>, Vec<Step<'a>>)> {
    let stacks = splat.stacks.iter();
    let stacks = stacks.map(|stack| {
        let steps = of_stack(splat.frames_of(stack), grammar);
        (stack.label.as_deref(), steps)
    });
    stacks.collect()
}

/// The rows of one stack.
pub fn of_stack<'a>(frames: &'a [Frame], grammar: &Grammar) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut section = Section::Task;
    for frame in frames {
        if grammar.is_in("noise", frame.base_name()) {
            match steps.last_mut() {
                Some(Step::Folded(_, frames)) => frames.push(frame),
                _ => steps.push(Step::Folded(Why::Machinery, vec![frame])),
            }
            continue;
        }
        // Machinery is folded across stacks: it is the handler's, whichever stack it ran on.
        if frame.section != section {
            section = frame.section;
            steps.push(Step::Section(section_name(section)));
        }
        steps.push(Step::Frame(frame));
    }
    steps
}

/// What is there in place of folded frames.
pub fn folded(why: Why, frames: &[&Frame]) -> String {
    let frames = count(frames.len() as u64, "frame");
    match why {
        Why::Machinery => format!("[{frames} of the warning machinery]"),
        Why::Unsure => format!("[{frames} marked ? by the kernel]"),
    }
}

fn section_name(section: Section) -> &'static str {
    match section {
        Section::Task => "<TASK>",
        Section::Irq => "<IRQ>",
        Section::SoftIrq => "<SOFTIRQ>",
        Section::Nmi => "<NMI>",
        Section::Exception => "<exception stack>",
    }
}
