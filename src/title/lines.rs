//! The lines of a report, each looked at once: walks and checks go over them again and again.

use crate::grammar::{Grammar, Landmark, LandmarkUse};
use crate::splat::{base_name, printed_frames};
use std::cell::OnceCell;

/// A line of a report.
pub struct Line<'a> {
    /// As printed, without framing.
    pub text: &'a str,
    grammar: &'a Grammar,
    marks: OnceCell<Marks<'a>>,
    functions: OnceCell<Vec<String>>,
}

/// What the landmarks say of a line.
#[derive(Default)]
struct Marks<'a> {
    traces: Vec<&'a Landmark>,
    damage: bool,
}

impl<'a> Line<'a> {
    /// Not looked at yet.
    pub fn new(grammar: &'a Grammar, text: &'a str) -> Line<'a> {
        Line {
            text,
            grammar,
            marks: OnceCell::new(),
            functions: OnceCell::new(),
        }
    }

    /// The functions of a frame line, innermost first: none for lines that are no frame, for
    /// unreliable frames and for inlined functions that a symbolizer added; two where the architecture
    /// prints the caller in the same line.
    pub fn functions(&self) -> &[String] {
        self.functions.get_or_init(|| functions(self.text))
    }

    /// True for a frame of an architecture that puts no title in front of its frames: arm names the caller
    /// as well, sparc calls it so.
    pub fn is_frame_without_title(&self) -> bool {
        self.text.trim_start().starts_with("Caller[") || self.functions().len() > 1
    }

    /// True where it begins a call trace.
    pub fn begins_trace(&self) -> bool {
        !self.marks().traces.is_empty()
    }

    /// True where it is this beginning of a call trace.
    pub fn is_trace(&self, landmark: &Landmark) -> bool {
        let mut traces = self.marks().traces.iter();
        traces.any(|trace| trace.name == landmark.name)
    }

    /// True where it shows that two reports were mixed.
    pub fn is_damage(&self) -> bool {
        self.marks().damage
    }

    fn marks(&self) -> &Marks<'a> {
        self.marks.get_or_init(|| {
            let mut marks = Marks::default();
            for landmark in self.grammar.signs_in(self.text) {
                match landmark.purpose {
                    LandmarkUse::Trace => marks.traces.push(landmark),
                    LandmarkUse::Damage => marks.damage = true,
                    LandmarkUse::Intruder | LandmarkUse::Place => {}
                }
            }
            marks
        })
    }
}

fn functions(line: &str) -> Vec<String> {
    if line.trim_end().ends_with("[inline]") {
        return Vec::new();
    }
    let frames = printed_frames(line).into_iter().filter(|f| f.reliable);
    let names = frames.map(|frame| readable(frame.name()));
    names.filter(|name| !name.is_empty()).collect()
}

/// Without clone suffixes, and as the source names it where the language mangles names.
fn readable(symbol: &str) -> String {
    let name = base_name(symbol);
    rustc_demangle::try_demangle(name).map_or_else(|_| name.to_owned(), |name| format!("{name:#}"))
}
