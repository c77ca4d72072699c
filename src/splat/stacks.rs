//! The stacks of a report: its own, and those that it shows beside it.
//!
//! In: a splat with its classified lines. Out: its [`Stack`]s, the report's own first. Which lines begin
//! the stack of somebody else is said by the landmarks of the grammar.

use super::{LineClass, Splat, SplatLine, Stack};
use crate::grammar::{Grammar, StackOf};

/// Where a stack begins.
struct Begun {
    /// So many lines of the splat are in front.
    place: usize,
    label: Option<String>,
    /// `Call Trace:` begins it, or a line that says that it is the report's own.
    marked: bool,
    /// The `Call Trace:` that comes next is its own.
    waits: bool,
    /// It is not the report's own while there is another.
    aside: bool,
    /// It comes before the header: a report that this one completes printed it.
    ahead: bool,
}

impl Begun {
    fn is_own(&self) -> bool {
        self.marked && self.label.is_none()
    }
}

/// Divides the frames of a splat.
pub fn of(grammar: &Grammar, splat: &Splat) -> Vec<Stack> {
    let begun = beginnings(grammar, splat);
    let ends = begun.iter().skip(1).map(|next| next.place);
    let mut from = 0;
    let mut stacks: Vec<(Stack, &Begun)> = Vec::new();
    // Frames know how many lines are in front of them: so they are divided without reading a line
    // again.
    for (begun, end) in begun.iter().zip(ends.chain([usize::MAX])) {
        let count = splat.frames[from..].partition_point(|frame| frame.behind <= end);
        let frames = from..from + count;
        from = frames.end;
        if !frames.is_empty() {
            let label = begun.label.clone();
            stacks.push((Stack { label, frames }, begun));
        }
    }
    own_first(stacks)
}

/// Where stacks begin, in the order of the lines.
fn beginnings(grammar: &Grammar, splat: &Splat) -> Vec<Begun> {
    let mut all = vec![Begun {
        place: 0,
        label: None,
        marked: false,
        waits: false,
        aside: false,
        ahead: false,
    }];
    for (place, line) in splat.lines.iter().enumerate() {
        let waits = all.last().is_some_and(|last| last.waits);
        match begins(grammar, line) {
            // The `Call Trace:` after the name of another task is that task's.
            Some(StackOf::Own) if waits => all.iter_mut().for_each(|begun| begun.waits = false),
            Some(of) => all.push(Begun {
                place,
                label: label(of, line.printed),
                marked: of == StackOf::Own,
                waits: of.waits(),
                aside: of == StackOf::Aside,
                ahead: line.number < splat.header_line,
            }),
            None => {}
        }
    }
    if all.iter().any(|begun| begun.is_own() && !begun.ahead) {
        label_ahead(&mut all, splat);
    }
    all
}

/// Stacks before the header go by the line that the report begins with, where the report has a stack of its own.
fn label_ahead(all: &mut [Begun], splat: &Splat) {
    let first = splat.lines.iter().next().map(|line| line.printed);
    for begun in all.iter_mut().filter(|begun| begun.is_own() && begun.ahead) {
        begun.label = first.and_then(|text| label(StackOf::Other, text));
    }
}

fn begins(grammar: &Grammar, line: SplatLine<'_>) -> Option<StackOf> {
    match line.class {
        LineClass::TraceStart => Some(StackOf::Own),
        LineClass::Text | LineClass::Known(_) => grammar.stack_at(line.text.trim()),
        _ => None,
    }
}

fn label(of: StackOf, text: &str) -> Option<String> {
    let label = text.trim().trim_end_matches(':').trim_start_matches("... ");
    (of != StackOf::Own).then(|| label.to_owned())
}

/// The report's own stack is the first one that `Call Trace:` begins and no line says to be another's;
/// without such a line the first one without a label, else the first one that is not aside.
fn own_first(stacks: Vec<(Stack, &Begun)>) -> Vec<Stack> {
    let find = |fits: &dyn Fn(&Begun) -> bool| {
        let mut all = stacks.iter();
        all.position(|(_, begun)| fits(begun))
    };
    let own = find(&Begun::is_own)
        .or_else(|| find(&|begun| begun.label.is_none()))
        .or_else(|| find(&|begun| !begun.aside))
        .unwrap_or(0);
    let mut stacks: Vec<Stack> = stacks.into_iter().map(|(stack, _)| stack).collect();
    // The others stay in the order of the log.
    if own < stacks.len() {
        stacks[..=own].rotate_right(1);
    }
    stacks
}
