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
    /// Frames of the warning machinery, one behind the other.
    Folded(Vec<&'a Frame>),
    /// What follows is on another stack: of another context, or of somebody else (`Allocated by task 5312`).
    /// A label is the log's own text.
    Section(&'a str),
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

/// The rows of each stack, with the label of those that are not the report's own.
pub fn stacks<'a>(splat: &'a Splat, grammar: &Grammar) -> Vec<(Option<&'a str>, Vec<Step<'a>>)> {
    let stacks = splat.stacks.iter();
    let stacks = stacks.map(|stack| {
        let steps = of_stack(splat.frames_of(stack), grammar);
        (stack.label.as_deref(), steps)
    });
    stacks.collect()
}

fn of_stack<'a>(frames: &'a [Frame], grammar: &Grammar) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut section = Section::Task;
    for frame in frames {
        if grammar.is_in("noise", frame.base_name()) {
            match steps.last_mut() {
                Some(Step::Folded(frames)) => frames.push(frame),
                _ => steps.push(Step::Folded(vec![frame])),
            }
            continue;
        }
        if frame.section != section {
            section = frame.section;
            steps.push(Step::Section(section_name(section)));
        }
        steps.push(Step::Frame(frame));
    }
    steps
}

/// What stands in place of folded frames.
pub fn folded(frames: &[&Frame]) -> String {
    format!(
        "[{} of the warning machinery]",
        count(frames.len() as u64, "frame")
    )
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
