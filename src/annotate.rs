//! Annotation: the log itself, byte for byte, with symbolized frames.
//!
//! In: raw lines of a log, one after the other. Out: the same lines, in which each
//! `FUNC+0xOFF/0xSIZE` that a matching vmlinux or module knows reads `FUNC (FILE:LINE …)`, innermost
//! inline first. Lines of a splat wait until it is complete: only then is it known whether the
//! vmlinux matches.

use crate::boot::Boots;
use crate::grammar::Grammar;
use crate::line::LogLine;
use crate::report::disassembly;
use crate::splat::{Assembler, CodeRef, Frame, Inline, LineClass, Splat, code_ref};
use crate::symbols::{BootFacts, Match, Symbolizer, Symbols};
use regex::bytes::{Captures, Regex};
use std::cell::Cell;
use std::fmt::Write;
use std::sync::LazyLock;

/// Lines that wait for a splat to end; a longer one is annotated as if it stood in no splat.
const MAX_WAITING: usize = 4096;

/// `FUNC+0xOFF/0xSIZE`, with its module.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)[A-Za-z_.$][A-Za-z0-9_.$]*\+0x[0-9a-f]+/0x[0-9a-f]+(?: \[[A-Za-z0-9_-]+(?:\([A-Z+-]*\))?(?: [0-9a-f]+)?\])?")
        .expect("a constant pattern")
});

/// A splat whose lines are known, and what vmlinux says of it.
struct KnownPlaces {
    splat: Splat,
    symbols: Symbols,
}

/// The state between lines.
pub struct Annotator<'a> {
    symbolizer: Option<&'a Symbolizer>,
    assembler: Assembler<'a>,
    boots: Boots,
    release: Option<String>,
    banner: Option<String>,
    kaslr_offset: Option<u64>,
    /// The vmlinux does not match a splat of this boot.
    refused: bool,
    waiting: Vec<(u64, Vec<u8>)>,
    known: Vec<KnownPlaces>,
    count: u64,
    /// A frame was symbolized.
    symbolized: Cell<bool>,
    /// The instructions of a `Code:` line come after it.
    with_code: bool,
}

impl<'a> Annotator<'a> {
    /// For one log.
    pub fn new(grammar: &'a Grammar, symbolizer: Option<&'a Symbolizer>) -> Annotator<'a> {
        Annotator {
            symbolizer,
            assembler: Assembler::new(grammar, ""),
            boots: Boots::default(),
            release: None,
            banner: None,
            kaslr_offset: None,
            refused: false,
            waiting: Vec::new(),
            known: Vec::new(),
            count: 0,
            symbolized: Cell::new(false),
            with_code: false,
        }
    }

    /// Adds the instructions of each `Code:` line of x86 after it.
    pub fn with_code(mut self, with_code: bool) -> Annotator<'a> {
        self.with_code = with_code;
        self
    }

    /// Takes in a raw line with its line feed, if it has one; gives the lines that are ready.
    pub fn line(&mut self, raw: &[u8]) -> Vec<Vec<u8>> {
        self.count += 1;
        let line = LogLine::parse(self.count, raw.strip_suffix(b"\n").unwrap_or(raw));
        // The line is read before it waits, so that it waits with the splat that it is of.
        let complete = self.assembler.feed(line, &mut self.boots);
        self.waiting.push((self.count, raw.to_vec()));
        self.learn(complete);
        // A bound, since a splat may stay open to the end of a log.
        if self.assembler.is_idle() || self.waiting.len() > MAX_WAITING {
            return self.ready();
        }
        Vec::new()
    }

    /// True where a file and a line were found for any frame.
    pub fn has_symbolized(&self) -> bool {
        self.symbolized.get()
    }

    /// The log ended: gives the lines that waited.
    pub fn finish(&mut self) -> Vec<Vec<u8>> {
        let complete = self.assembler.finish(&mut self.boots);
        self.learn(complete);
        self.ready()
    }

    fn learn(&mut self, complete: Vec<Splat>) {
        let Some(symbolizer) = self.symbolizer else {
            return;
        };
        for mut splat in complete {
            let boot = splat.boot.and_then(|boot| self.boots.get(boot));
            let facts = BootFacts {
                banner: boot.and_then(|boot| boot.banner.as_deref()),
                kaslr_offset: boot.and_then(|boot| boot.kaslr_offset),
                build_id: None,
            };
            let symbols = symbolizer.symbolize(&mut splat, &facts);
            // Kept for frames outside of splats, which prove nothing themselves.
            self.kaslr_offset = symbols.kaslr_offset.or(self.kaslr_offset);
            self.refused |= matches!(symbols.matched, Match::Mismatch { .. });
            self.known.push(KnownPlaces { splat, symbols });
        }
    }

    fn ready(&mut self) -> Vec<Vec<u8>> {
        if let Some(boot) = self.boots.all().last() {
            self.release = boot.release().map(str::to_owned).or(self.release.take());
            if boot.banner.is_some() && boot.banner != self.banner {
                self.banner.clone_from(&boot.banner);
                self.refused = false;
            }
        }
        let waiting = std::mem::take(&mut self.waiting);
        let annotated = waiting.iter().flat_map(|(number, raw)| {
            let line = self.annotated(*number, raw).into_owned();
            let code = self.known.iter().filter(|_| self.with_code);
            let code = code.filter_map(|known| known.instructions(*number));
            std::iter::once(line).chain(code.collect::<Vec<_>>())
        });
        let ready = annotated.collect();
        self.known.clear();
        ready
    }

    fn annotated<'l>(&self, number: u64, raw: &'l [u8]) -> std::borrow::Cow<'l, [u8]> {
        let Some(symbolizer) = self.symbolizer else {
            return raw.into();
        };
        let known = self.known.iter().find(|known| {
            let source = &known.splat.source;
            (source.first_line..=source.last_line).contains(&number)
        });
        let is_wrong =
            |known: &KnownPlaces| matches!(known.symbols.matched, Match::Mismatch { .. });
        if known.map_or(self.refused, is_wrong) {
            return raw.into();
        }
        REFERENCE.replace_all(raw, |captures: &Captures<'_>| {
            let matched = &captures[0];
            let positions = std::str::from_utf8(matched).ok().and_then(|text| {
                let (_, code) = code_ref(text).ok()?;
                let of_splat = known.and_then(|known| known.positions(number, &code));
                let positions = of_splat.or_else(|| self.locate(symbolizer, &code, number, raw))?;
                written(&code, &positions)
            });
            if positions.is_some() {
                self.symbolized.set(true);
            }
            positions.map_or_else(|| matched.to_vec(), String::into_bytes)
        })
    }

    /// A reference outside any splat, or one that the splat's frames do not hold.
    fn locate(
        &self,
        symbolizer: &Symbolizer,
        code: &CodeRef,
        number: u64,
        raw: &[u8],
    ) -> Option<Vec<Inline>> {
        let line = LogLine::parse(number, raw);
        let text = line.text.trim_start();
        let exact =
            code.offset == Some(0) || text.starts_with("RIP") || text.starts_with("WARNING: ");
        let boot = BootFacts {
            banner: self.banner.as_deref(),
            kaslr_offset: self.kaslr_offset,
            build_id: None,
        };
        symbolizer.locate(code, exact, self.release.as_deref(), &boot)
    }
}

impl KnownPlaces {
    /// The instructions of the splat, where its `Code:` line is this one.
    fn instructions(&self, number: u64) -> Option<Vec<u8>> {
        let mut lines = self.splat.lines.iter();
        let line = lines.find(|line| line.number == number)?;
        let is_code = line.class == &LineClass::Read && line.text.trim_start().starts_with("Code:");
        let found = disassembly::of(&self.splat, &self.symbols).filter(|_| is_code)?;
        // Of several such lines, as that of the user's program, only the kernel's has the report's bytes.
        let code = self.splat.code.as_ref()?;
        let first = code.bytes.iter().take(4).map(|byte| format!("{byte:02x}"));
        let printed = line.text.replace(' ', "");
        if !printed.contains(&first.collect::<String>()) {
            return None;
        }
        let mut text = String::new();
        for line in &found.instructions {
            let mark = if line.offset == 0 { '>' } else { ' ' };
            let _ = writeln!(text, "  {mark} {:<30} {}", line.bytes, line.text);
        }
        Some(text.into_bytes())
    }

    /// What the symbols stage found for a reference on a line of the splat.
    fn positions(&self, number: u64, code: &CodeRef) -> Option<Vec<Inline>> {
        let frames = self.splat.frames.iter().filter(|frame| !frame.recovered);
        let mut on_line = frames.clone().filter(|frame| frame.log_line == number);
        let frame = on_line.next();
        let is_here = |frame: &&Frame| frame.place_line.unwrap_or(frame.log_line) == number;
        let mut placed = frames.filter(is_here);
        let named = placed.find(|frame| frame.code.function == code.function);
        if let Some(frame) = named.or(frame).filter(|frame| frame.file.is_some()) {
            let own = Inline {
                function: frame.dwarf_name.clone(),
                file: frame.file.clone(),
                line: frame.line,
            };
            return Some(frame.inlines.iter().cloned().chain([own]).collect());
        }
        let position = match code {
            _ if same_place(code, &self.splat.at) => self.symbols.at.as_ref(),
            _ if self
                .splat
                .rip
                .as_ref()
                .is_some_and(|rip| same_place(code, rip)) =>
            {
                self.symbols.rip.as_ref()
            }
            _ => None,
        };
        position
            .filter(|_| frame.is_none())
            .map(|position| position.frames())
    }
}

fn same_place(one: &CodeRef, other: &CodeRef) -> bool {
    one.function == other.function && one.offset == other.offset && one.size == other.size
}

/// `FUNC (FILE:LINE FILE:LINE) [MODULE]`; `None` where no line is known.
fn written(code: &CodeRef, positions: &[Inline]) -> Option<String> {
    let place = |inline: &Inline| Some(format!("{}:{}", inline.file.as_ref()?, inline.line?));
    let places: Option<Vec<_>> = positions.iter().map(place).collect();
    let places = places.filter(|places| !places.is_empty())?.join(" ");
    let module = code
        .module
        .as_ref()
        .map_or(String::new(), |module| format!(" [{module}]"));
    Some(format!("{} ({places}){module}", code.function.as_ref()?))
}
