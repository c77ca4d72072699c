//! The stacks of a report, each frame with what was inlined into it.

use crate::render::trace::{Step, folded, stacks};
use crate::render::words::place;
use crate::report::Report;
use crate::splat::{Frame, demangled};
use maud::{Markup, html};

/// The stacks; nothing where the splat has none. Those of others have their label as the log has it.
pub fn render(report: &Report) -> Markup {
    let stacks = stacks(&report.splat, report.grammar());
    html! {
        div.stacks {
            @for (label, steps) in stacks.iter().filter(|(_, steps)| !steps.is_empty()) {
                section.stack {
                    h4 { (label.unwrap_or("Call trace")) }
                    ol.trace { @for step in steps { (self::step(step)) } }
                }
            }
        }
    }
}

fn step(step: &Step<'_>) -> Markup {
    html! {
        @match step {
            Step::Frame(frame) => (row(frame)),
            Step::Section(name) => li.aside { (name) },
            Step::Folded(why, frames) => li.aside { details {
                summary { (folded(*why, frames)) }
                ol { @for frame in frames { (row(frame)) } }
            } },
        }
    }
}

fn row(frame: &Frame) -> Markup {
    let code = &frame.code;
    let rest = code.to_string();
    let name = demangled(code.function.as_deref().unwrap_or_default());
    let rest = rest.strip_prefix(name.as_ref()).unwrap_or(&rest);
    let at = place(frame.file.as_deref(), frame.line);
    html! {
        @for inline in &frame.inlines {
            li.inlined {
                span { b { (inline.function.as_deref().unwrap_or("?")) } " " small { "inlined" } }
                span.at { (place(inline.file.as_deref(), inline.line)) }
            }
        }
        li class=[(!frame.reliable).then_some("unsure")] {
            span {
                @if !frame.reliable { abbr title="The unwinder does not vouch for this frame" { "? " } }
                b { (name) } small { (rest) }
                @if frame.recovered { " " abbr title="Not in the log: the function ended in a jump, as its caller's code shows" { "left no frame" } }
            }
            @if !at.is_empty() { span.at { (at) } }
        }
    }
}
