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
    for stack in &splat.stacks {
        steps.extend(stack.label.as_deref().map(Step::Section));
        add(&mut steps, splat.frames_of(stack), grammar);
    }
    steps
}

fn add<'a>(steps: &mut Vec<Step<'a>>, frames: &'a [Frame], grammar: &Grammar) {
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
