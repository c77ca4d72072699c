//! The lines of a report, each with what it was read as.

use crate::grammar::Detail;
use crate::line::kind::{INLINE_MARK, LineKind};
use compact_str::CompactString;
use std::borrow::Cow;

/// What a line of a report is. It is found out once, when the line is read; titles look at this, not at
/// the text again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LineClass {
    /// A frame of a call trace: its function as printed, and the caller where the architecture prints
    /// both in one line (arm).
    Frame(CompactString, Option<CompactString>),
    /// What a symbolizer added for an inlined function.
    Inlined,
    /// Registers, instruction bytes, CPU, hardware, stack markers: it has fields of its own in the splat.
    Read,
    /// `Call Trace:` and its kin.
    TraceStart,
    /// The grammar knows it as a line of reports, and what of it a person wants to see.
    Known(Detail),
    /// Anything else: only its text says something.
    #[default]
    Text,
}

impl LineClass {
    /// Of a line that was read as `kind`.
    pub(super) fn of(text: &str, kind: &LineKind) -> LineClass {
        match kind {
            LineKind::Frame(frame) if frame.is_inlined() => LineClass::Inlined,
            LineKind::Frame(frame) => {
                let caller = frame.caller.as_ref().map(|caller| caller.name().into());
                LineClass::Frame(frame.name().into(), caller)
            }
            // The header of an inlined function, for example, which is read as a header.
            _ if text.trim_end().ends_with(INLINE_MARK) => LineClass::Inlined,
            LineKind::TraceStart => LineClass::TraceStart,
            LineKind::Known(detail) => LineClass::Known(*detail),
            LineKind::Header | LineKind::Who | LineKind::Foreign => LineClass::Text,
            _ => LineClass::Read,
        }
    }

    /// True for a line that has no field of its own in the splat.
    pub fn is_text(&self) -> bool {
        matches!(self, LineClass::Known(_) | LineClass::Text)
    }
}

/// A line of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplatLine<'a> {
    /// As the kernel printed it: without framing, and without what a symbolizer put in.
    pub text: &'a str,
    /// As the log has it, without framing.
    pub printed: &'a str,
    /// What it is.
    pub class: &'a LineClass,
    /// Its line in the log.
    pub number: u64,
}

/// The lines of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
    entries: Vec<Stored>,
    /// There were more than are kept.
    is_cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stored {
    /// Offset of the end in the text of all lines.
    end: usize,
    /// As the log has it, where a symbolizer changed it.
    printed: Option<Box<str>>,
    class: LineClass,
    number: u64,
}

impl Lines {
    /// Adds a line: as the log has it, and as the kernel printed it.
    pub fn push(&mut self, printed: &str, raw: Cow<'_, str>, class: LineClass, number: u64) {
        self.text.push_str(&raw);
        self.entries.push(Stored {
            end: self.text.len(),
            // Kept only where it differs: nearly every line is as the kernel printed it.
            printed: matches!(raw, Cow::Owned(_)).then(|| printed.into()),
            class,
            number,
        });
    }

    /// Remembers that a line was not kept.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// True where the report has more lines than these.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = SplatLine<'_>> {
        let ends = self.entries.iter().map(|entry| entry.end);
        let begins = std::iter::once(0).chain(ends);
        let texts = begins.zip(&self.entries);
        let texts = texts.map(|(begin, entry)| (&self.text[begin..entry.end], entry));
        texts.map(|(text, entry)| SplatLine {
            text,
            printed: entry.printed.as_deref().unwrap_or(text),
            class: &entry.class,
            number: entry.number,
        })
    }
}
