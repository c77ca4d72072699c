//! `ksplat symbolize --vmlinux V [PLACE…]`: places in code to function, file, line and inlines.

use super::args::{Options, Symbolize};
use super::format::Format;
use super::output::Out;
use super::triage::symbolizer;
use super::{CLEAN, FOUND, Outcome, output};
use crate::os;
use crate::render::{self, Escape, PlaceAnswer, Style, without_commands};
use crate::splat::code_ref;
use crate::symbols::{CodePlace, Image, Resolved, Unresolved};
use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;

/// Forms that the answers come in.
const FORMATS: [Format; 3] = [Format::Text, Format::Json, Format::Ndjson];

/// Lines of standard input that are looked up at once.
const BATCH: usize = 1 << 17;

/// A longer line holds no place.
const MAX_LINE: usize = 4096;

/// Hex digits of an address that comes without 0x; a shorter word may be a function.
const MIN_DIGITS: usize = 8;

/// Runs the command. The code is 1 where a place is unknown.
pub fn run(options: &Options, arguments: &Symbolize) -> Outcome {
    if !FORMATS.contains(&options.format()) {
        return Err("symbolize: answers are text, json or ndjson; give another --format".into());
    }
    let mut run = Run {
        images: images(options)?,
        arguments,
        format: options.format(),
        style: output::style(options),
        out: output::open(options)?,
        answers: Vec::new(),
        unknown: false,
    };
    match arguments.places.as_slice() {
        [] => run.read(BufReader::new(io::stdin()), os::is_input_at_hand)?,
        places => run.answer(places.to_vec())?,
    }
    run.finish()
}

/// The files of `--vmlinux`, else those of the kernel of `--release`.
fn images(options: &Options) -> Result<Vec<Arc<Image>>, Box<dyn Error>> {
    // Without the machine's own debug info: addresses of another kernel would get answers that look
    // right.
    if !options.vmlinux.is_empty() {
        let open = |path| Image::open(path, options.max_size).map(Arc::new);
        return Ok(options
            .vmlinux
            .iter()
            .map(|path| open(path))
            .collect::<Result<_, _>>()?);
    }
    if options.release.is_none() {
        return Err(
            "symbolize: no --vmlinux; name the kernel image with debug info, or its release with -r".into(),
        );
    }
    let symbolizer = symbolizer(options)?;
    // One of several that fit: the first has debug info, where any has.
    let images: Vec<_> = symbolizer.kernels(None).into_iter().take(1).collect();
    match images.as_slice() {
        [] => Err(symbolizer.missing(false).join("\n").into()),
        _ => Ok(images),
    }
}

struct Run<'a> {
    images: Vec<Arc<Image>>,
    arguments: &'a Symbolize,
    format: Format,
    style: Style,
    out: Out,
    /// Kept for the JSON document only.
    answers: Vec<PlaceAnswer>,
    unknown: bool,
}

impl Run<'_> {
    /// One place a line. Answers as soon as no further line is at hand: a place costs less the more there are, since
    /// those in one file of the kernel are found together.
    fn read(
        &mut self,
        mut input: BufReader<impl io::Read>,
        is_at_hand: impl Fn() -> bool,
    ) -> Result<(), Box<dyn Error>> {
        let mut queries = Vec::new();
        let mut raw = Vec::new();
        while read_line(&mut input, &mut raw)? {
            let line = String::from_utf8_lossy(&raw);
            if !line.trim().is_empty() {
                queries.push(line.trim().to_owned());
            }
            // A program that asks and waits for each answer must get it.
            let waits = input.buffer().is_empty() && !is_at_hand();
            if waits || queries.len() >= BATCH {
                self.answer(std::mem::take(&mut queries))?;
            }
        }
        self.answer(queries)
    }

    fn answer(&mut self, queries: Vec<String>) -> Result<(), Box<dyn Error>> {
        let asked: Vec<Asked> = queries.iter().map(|query| self.asked(query)).collect();
        let found = self.look_up(&asked);
        for (query, places) in queries.into_iter().zip(found) {
            self.unknown |= places.is_err();
            let answer = PlaceAnswer { query, places };
            match self.format {
                Format::Json => self.answers.push(answer),
                Format::Ndjson => self.write(&render::place_lines(&answer))?,
                _ => self.write(&render::place_text(&answer, &self.style))?,
            }
        }
        Ok(self.out.flush()?)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let escape = self.format.escape().unwrap_or(Escape::Text);
        let text = without_commands(text.to_owned(), escape);
        self.out.write_all(text.as_bytes())
    }

    fn asked(&self, query: &str) -> Asked {
        let asked = asked(query);
        match asked.place {
            Ok(CodePlace::Address(address)) => {
                let offset = self.arguments.kaslr_offset.unwrap_or(0);
                let link = address.checked_sub(offset).map(CodePlace::Address);
                Asked {
                    place: link.ok_or_else(|| "the address is below the KASLR offset".to_owned()),
                    ..asked
                }
            }
            _ => asked,
        }
    }

    /// Asks one image after the other for what is not found yet.
    fn look_up(&self, asked: &[Asked]) -> Vec<Result<Vec<Resolved>, String>> {
        let unasked = |asked: &Asked| match &asked.place {
            Ok(_) => Err("a place in a module; name the module's file with --vmlinux".to_owned()),
            Err(why) => Err(why.clone()),
        };
        let mut answers: Vec<_> = asked.iter().map(unasked).collect();
        for image in &self.images {
            let open = asked.iter().zip(&mut answers).filter(|(asked, answer)| {
                // A symbol of a module may have a namesake in vmlinux.
                answer.is_err() && (!asked.in_module || image.is_relocatable())
            });
            let (places, slots): (Vec<_>, Vec<_>) = open
                .filter_map(|(asked, slot)| Some((asked.place.clone().ok()?, slot)))
                .unzip();
            let found = image.resolve(&places, !self.arguments.return_addresses);
            for (slot, found) in slots.into_iter().zip(found) {
                *slot = found.map_err(|why| self.explain(&why));
            }
        }
        answers
    }

    fn explain(&self, why: &Unresolved) -> String {
        match (why, self.arguments.kaslr_offset) {
            (Unresolved::NoCode, None) => {
                format!("{why}; an address of a running kernel needs --kaslr-offset")
            }
            _ => why.to_string(),
        }
    }

    fn finish(mut self) -> Outcome {
        if self.format == Format::Json {
            let document = render::place_document(&self.answers);
            self.write(&document)?;
        }
        self.out.finish()?;
        Ok(if self.unknown { FOUND } else { CLEAN })
    }
}

/// Reads the next line, of which no more than [`MAX_LINE`] is kept; false at the end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut piece = input.by_ref().take(MAX_LINE as u64);
    if piece.read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(true)
}

/// A query that was read.
struct Asked {
    place: Result<CodePlace, String>,
    /// A module is named after it: vmlinux cannot know it.
    in_module: bool,
}

/// `ffffffff81000123`, `0xffffffff81000123`, `FUNC`, `FUNC+0x12`, `FUNC+18`, and each form of a call
/// trace.
fn asked(query: &str) -> Asked {
    let text = query.trim().trim_start_matches("? ");
    if let Some(address) = address(text) {
        return Asked {
            place: Ok(CodePlace::Address(address)),
            in_module: false,
        };
    }
    let code = code_ref(text)
        .ok()
        .filter(|(rest, _)| rest.trim().is_empty());
    let Some((_, code)) = code else {
        return Asked {
            place: plain(text).ok_or_else(|| {
                "no place in code; write ADDRESS, FUNC or FUNC+OFFSET[/SIZE]".to_owned()
            }),
            in_module: false,
        };
    };
    Asked {
        in_module: code.module.is_some(),
        place: Ok(match (code.function, code.address) {
            (None, Some(address)) => CodePlace::Address(address),
            (function, _) => CodePlace::Function {
                name: function.unwrap_or_default(),
                offset: code.offset.unwrap_or(0),
                size: code.size,
            },
        }),
    }
}

fn address(text: &str) -> Option<u64> {
    let prefixed = text.strip_prefix("0x");
    let digits = prefixed.unwrap_or(text);
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    // `deadbeef` may be either; so many digits are an address.
    let enough = prefixed.is_some() || digits.len() >= MIN_DIGITS;
    u64::from_str_radix(digits, 16)
        .ok()
        .filter(|_| is_hex && enough)
}

/// A name alone, or with a decimal offset.
fn plain(text: &str) -> Option<CodePlace> {
    let (name, offset) = match text.split_once('+') {
        Some((name, offset)) => (name, offset.parse().ok()?),
        None => (text, 0),
    };
    let is_symbol = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    let begins = |c: char| !c.is_ascii_digit();
    (name.starts_with(begins) && name.chars().all(is_symbol)).then(|| CodePlace::Function {
        name: name.to_owned(),
        offset,
        size: None,
    })
}

/// The value of `--kaslr-offset`, as the log prints it: hex, with or without 0x.
///
/// # Errors
/// Anything else.
pub fn kaslr_offset(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u64::from_str_radix(digits, 16)
        .map_err(|_| "write it as the log's \"Kernel Offset: 0x…\" does, in hex".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, offset: u64, size: Option<u64>) -> Option<CodePlace> {
        let name = name.to_owned();
        Some(CodePlace::Function { name, offset, size })
    }

    #[test]
    fn places_in_every_form() {
        for (query, place) in [
            (
                "ffffffff81000123",
                Some(CodePlace::Address(0xffff_ffff_8100_0123)),
            ),
            ("0x12", Some(CodePlace::Address(0x12))),
            (
                " [<ffffffff81000123>]",
                Some(CodePlace::Address(0xffff_ffff_8100_0123)),
            ),
            ("add", function("add", 0, None)),
            ("foo.isra.0+18", function("foo.isra.0", 18, None)),
            ("foo+0x12", function("foo", 0x12, None)),
            (" ? foo+0x12/0x40 [xfs]", function("foo", 0x12, Some(0x40))),
            (
                "[<ffffffff81000123>] foo+0x12/0x40",
                function("foo", 0x12, Some(0x40)),
            ),
            ("foo+bar", None),
            ("two words", None),
            ("1st", None),
            ("", None),
        ] {
            assert_eq!(asked(query).place.ok(), place, "{query}");
        }
        assert!(asked("foo+0x12/0x40 [xfs]").in_module);
    }

    #[test]
    fn of_a_line_without_end_no_more_is_kept_than_a_place_has() {
        let text = [vec![b'x'; 3 * MAX_LINE], b"\nadd\n\nlast".to_vec()].concat();
        let mut input = BufReader::with_capacity(100, text.as_slice());
        let (mut line, mut lengths) = (Vec::new(), Vec::new());
        while read_line(&mut input, &mut line).expect("readable") {
            lengths.push(line.len());
        }
        assert_eq!(lengths, [MAX_LINE, "add\n".len(), "\n".len(), "last".len()]);
    }
}
