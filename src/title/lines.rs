//! The lines of a report as the assembler classified them: walks and checks go over them again and again.

use crate::grammar::{Grammar, Landmark, LandmarkUse};
use crate::splat::{LineClass, SplatLine, base_name, demangled};
use std::cell::OnceCell;

/// A line of a report.
pub struct TitleLine<'a> {
    /// As the kernel printed it, without framing.
    pub text: &'a str,
    class: &'a LineClass,
    grammar: &'a Grammar,
    marks: OnceCell<Marks<'a>>,
}

/// What the landmarks say of a line.
#[derive(Default)]
struct Marks<'a> {
    traces: Vec<&'a Landmark>,
    damage: bool,
}

impl<'a> TitleLine<'a> {
    /// Not looked at yet.
    pub fn new(grammar: &'a Grammar, line: SplatLine<'a>) -> TitleLine<'a> {
        TitleLine {
            text: line.text,
            class: line.class,
            grammar,
            marks: OnceCell::new(),
        }
    }

    /// The functions of a frame, innermost first: none where the line is no frame, two where the
    /// architecture prints the caller in the same line.
    pub fn functions(&self) -> impl Iterator<Item = String> {
        let printed = match self.class {
            LineClass::Frame(function, caller) => [Some(function), caller.as_ref()],
            _ => [None, None],
        };
        let names = printed.into_iter().flatten().map(|name| readable(name));
        names.filter(|name| !name.is_empty())
    }

    /// True for a frame of an architecture that puts no title in front of its frames: arm names the caller
    /// as well, sparc calls it so.
    pub fn is_frame_without_title(&self) -> bool {
        self.text.trim_start().starts_with("Caller[") || self.functions().nth(1).is_some()
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

    // Looked at on demand: the walk of most titles ends within the first lines.
    fn marks(&self) -> &Marks<'a> {
        self.marks.get_or_init(|| {
            let mut marks = Marks::default();
            for landmark in self.grammar.signs_in(self.text) {
                match landmark.purpose {
                    LandmarkUse::Trace => marks.traces.push(landmark),
                    LandmarkUse::Damage => marks.damage = true,
                    LandmarkUse::Intruder
                    | LandmarkUse::Request
                    | LandmarkUse::Dump
                    | LandmarkUse::Preamble
                    | LandmarkUse::PreambleRest
                    | LandmarkUse::Place => {}
                }
            }
            marks
        })
    }
}

/// Without clone suffixes, and as the source names it where the language mangles names.
pub fn readable(symbol: &str) -> String {
    demangled(base_name(symbol)).into_owned()
}
