//! The call trace, each frame with what was inlined into it.

use crate::grammar::Grammar;
use crate::render::trace::{Step, folded, steps};
use crate::render::words::place;
use crate::report::Report;
use crate::splat::{Frame, demangled};
use maud::{Markup, html};

/// The trace; nothing where the splat has none.
pub fn render(grammar: &Grammar, report: &Report) -> Markup {
    let steps = steps(&report.splat, grammar);
    html! {
        @if !steps.is_empty() {
            h4 { "Call trace" }
            ol.trace {
                @for step in &steps {
                    @match step {
                        Step::Frame(frame) => (row(frame)),
                        Step::Section(name) => li.aside { (name) },
                        Step::Folded(frames) => li.aside { details {
                            summary { (folded(frames)) }
                            ol { @for frame in frames { (row(frame)) } }
                        } },
                    }
                }
            }
        }
    }
}

fn row(frame: &Frame) -> Markup {
    let code = &frame.code;
    let rest = code.to_string();
    let name = demangled(code.function.as_deref().unwrap_or_default());
    let rest = rest.strip_prefix(name.as_ref()).unwrap_or(&rest);
    html! {
        @for inline in &frame.inlines {
            li.inlined {
                span { b { (inline.function.as_deref().unwrap_or("?")) } " " small { "inlined" } }
                span.at { (place(inline.file.as_deref(), inline.line)) }
            }
        }
        li.unsure[!frame.reliable] {
            span {
                @if !frame.reliable { abbr title="The unwinder does not vouch for this frame" { "? " } }
                b { (name) } small { (rest) }
                @if frame.recovered { " " small { "recovered" } }
            }
            span.at { (place(frame.file.as_deref(), frame.line)) }
        }
    }
}
