//! Decoders: physical lines in, log lines out.
//!
//! Most logs have one message a line, with framing in front; [`super::framing`] reads those. The
//! rest is turned into that shape here, each form by one small module: records of other formats
//! (`RecordLines::records`), what terminals and web pages add, messages run together or torn apart. All of
//! it is known by the lines themselves, so that a log may change its form in the middle.

mod export;
mod html;
mod json;
mod kmsg;
mod markdown;
mod numbers;
mod page;
mod plain;
mod prompt;
mod pstore;
mod qr;
mod record;
mod runs;
mod string;
mod terminal;

use super::{Framing, LogLine, Source, framing, quote};
use numbers::ListedNumbers;
use pstore::Parts;
use record::{Physical, Record, Records};
use std::borrow::Cow;

/// Beginnings of lines that must be seen although they hold no text of a report: their decoder
/// puts the text together from several of them, or cannot be searched.
pub const LITERALS: &[&str] = &[
    "\"MESSAGE\":[",
    "\"MESSAGE\": [",
    "\"MESSAGE\" : [",
    ",ncfrag=",
    "Panic#",
    "Oops#",
    "MESSAGE\n",
    qr::MARK,
    // A word that begins a report, where dmesg's colours or Markdown's marks part it from the rest of a literal.
    "BUG\u{1b}[",
    "INFO\u{1b}[",
    "WARNING\u{1b}[",
    "INFO: rcu\\_",
];

/// Reads a whole message of printk's that is alone on its line; `None` for other lines.
pub fn plain(number: u64, raw: &[u8]) -> Option<LogLine<'_>> {
    plain::read(number, raw)
}

/// True for a text that holds another message of the kernel's: two ran together.
pub fn holds_message(text: &str) -> bool {
    framing::holds_stamp(text) || runs::holds_tag(text)
}

/// Who takes the lines.
pub type Take<'t> = dyn FnMut(LogLine<'_>) + 't;

/// The state between lines.
#[derive(Debug, Default)]
pub struct Decoder {
    parts: Parts,
    numbers: ListedNumbers,
    lines: RecordLines,
}

impl Decoder {
    /// Takes in a physical line, without its line feed.
    pub fn line(&mut self, number: u64, raw: &[u8], take: &mut Take<'_>) {
        // pstore comes first, since it reorders lines: listed numbers and records depend on which line is next.
        let (numbers, lines) = (&mut self.numbers, &mut self.lines);
        self.parts.line(number, raw, &mut |number, raw| {
            numbers.line(number, raw, &mut |number, raw| {
                lines.line(number, raw, take)
            });
        });
    }

    /// Gives away what is held back for what may follow: the input ended, or is silent.
    pub fn release(&mut self, take: &mut Take<'_>) {
        let (numbers, lines) = (&mut self.numbers, &mut self.lines);
        self.parts.release(&mut |number, raw| {
            numbers.line(number, raw, &mut |number, raw| {
                lines.line(number, raw, take)
            });
        });
        numbers.release(&mut |number, raw| lines.line(number, raw, take));
        self.lines.release(take);
    }

    /// True where nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.parts.is_idle() && self.numbers.is_idle() && self.lines.is_idle()
    }
}

/// Lines in their right order.
#[derive(Debug, Default)]
struct RecordLines {
    export: export::Export,
    kmsg: kmsg::Kmsg,
    json: json::JsonRecords,
    qr: qr::Qr,
}

impl RecordLines {
    /// Every format whose records are more than a line of text with framing.
    fn records(&mut self) -> [&mut dyn Records; 4] {
        [
            &mut self.export,
            &mut self.kmsg,
            &mut self.json,
            &mut self.qr,
        ]
    }

    fn line(&mut self, number: u64, raw: &[u8], take: &mut Take<'_>) {
        // A line that continues an open record may look like a plain message.
        if self.awaits_no_record()
            && let Some(line) = plain::read(number, raw)
        {
            return take(line);
        }
        self.any_line(number, raw, take);
    }

    /// True where no record is open that a line could continue.
    fn awaits_no_record(&self) -> bool {
        self.export.is_idle() && self.kmsg.is_between_records() && self.json.is_idle()
    }

    /// The long way, for a line of any form.
    fn any_line(&mut self, number: u64, raw: &[u8], take: &mut Take<'_>) {
        // The bytes of a binary value are counted, so that nothing may be taken out of them.
        if self.export.wants_bytes() {
            return self.export.bytes(raw);
        }
        for piece in terminal::pieces(raw) {
            let piece = String::from_utf8_lossy(&piece);
            if let Some(rows) = page::rows(&piece) {
                rows.for_each(|row| self.text(number, row, take));
            } else if let Some(rows) = string::rows(&piece) {
                rows.for_each(|row| self.text(number, &row, take));
            } else {
                self.text(number, &piece, take);
            }
        }
    }

    /// A line without what terminals add.
    fn text(&mut self, number: u64, piece: &str, take: &mut Take<'_>) {
        let plain = html::plain(piece);
        let plain = markdown::unescaped(&plain);
        let (quote, content) = quote::strip(unquoted(markdown::unfenced(&plain)).as_bytes());
        // Marks are ASCII: what they leave is a text again.
        let text = str::from_utf8(content).unwrap_or_default();
        let line = Physical {
            number,
            quote,
            width: piece.len(),
            text,
        };
        self.piece(&line, take);
    }

    fn piece(&mut self, line: &Physical<'_>, take: &mut Take<'_>) {
        let mut out = Vec::new();
        let taken = self
            .records()
            .into_iter()
            .any(|format| format.line(line, &mut out));
        for record in &out {
            self.record(record, take);
        }
        if taken {
            return;
        }
        // Another program's words are no kernel's, whatever they quote.
        let of_others = |framing: &Framing| framing.source == Source::Program;
        for (framing, text) in runs::messages(line.text) {
            if of_others(&framing) {
                continue;
            }
            let Physical {
                number,
                quote,
                width,
                ..
            } = *line;
            let text = Cow::Borrowed(text);
            take(LogLine {
                number,
                quote,
                framing,
                width,
                text,
            });
        }
    }

    fn release(&mut self, take: &mut Take<'_>) {
        let mut out = Vec::new();
        for format in self.records() {
            format.release(&mut out);
        }
        for record in &out {
            self.record(record, take);
        }
    }

    fn is_idle(&self) -> bool {
        self.export.is_idle() && self.kmsg.is_idle() && self.json.is_idle()
    }

    /// A message may have several lines, what a terminal adds, and the kernel's own stamp inside.
    fn record(&mut self, record: &Record, take: &mut Take<'_>) {
        if record.framing.source == Source::Program {
            return;
        }
        let lines = record.text.split('\n');
        for piece in lines.flat_map(|line| terminal::pieces(line.as_bytes())) {
            let (inner, text) = framing::strip(str::from_utf8(&piece).unwrap_or_default());
            let line = LogLine {
                number: record.number,
                quote: record.quote,
                framing: record.framing.with(inner),
                width: record.width,
                text: Cow::Borrowed(text),
            };
            take(line);
        }
    }
}

/// The line of a console that is in quotation marks: an element of an array, code in Markdown, the last field of a
/// row of a table or of a record in YAML. Records of JSON have a decoder of their own.
fn unquoted(text: &str) -> &str {
    let inner = |mark: char| {
        let inner = text.trim_end().trim_end_matches([',', '}', ']', ' ']);
        let inner = inner.strip_suffix(mark)?;
        let indent = inner.len() - inner.trim_start().len();
        let is_open = |(at, _): &(usize, &str)| {
            let is_first = *at == indent && inner[at + 1..].starts_with('[');
            is_first || framing::of_console(&inner[at + 1..]).is_some()
        };
        let (at, _) = inner.match_indices(mark).find(is_open)?;
        // An object of JSON: its decoder knows the other fields as well.
        (!inner[..at].contains("{\"")).then(|| &inner[at + 1..])
    };
    if let Some(cell) = last_cell(text) {
        return cell;
    }
    let may_end = text.trim_end().ends_with(['"', '\'', '`', ',', '}', ']']);
    if !may_end {
        let field = in_open_field(text).or_else(|| in_pair(text));
        return field.unwrap_or(text);
    }
    ['"', '\'', '`'].into_iter().find_map(inner).unwrap_or(text)
}

/// The message in the last column of a table: `| 14:20:48 | h1 | [   12.345678] text |`.
fn last_cell(text: &str) -> Option<&str> {
    let cells = text.trim().strip_prefix("| ")?.strip_suffix(" |")?;
    let is_console = |cell: &&str| framing::of_console(cell).is_some();
    let starts = cells.match_indices("| ").map(|(at, _)| &cells[at + 2..]);
    std::iter::once(cells).chain(starts).find(is_console)
}

/// The field of a row that goes on in the next line, because the message in it ends with a line feed: WSL's traces.
fn in_open_field(text: &str) -> Option<&str> {
    const OPEN: &str = ",\"";
    let at = text.find(",\"[")?;
    let message = &text[at + OPEN.len()..];
    framing::of_console(message).map(|_| message)
}

/// The value of `msg="[   12.345678] text" source=kmsg` (logfmt).
fn in_pair(text: &str) -> Option<&str> {
    const OPEN: &str = "=\"";
    let at = text.find("=\"[")?;
    let value = &text[at + OPEN.len()..];
    let (message, pairs) = value.rsplit_once("\" ")?;
    let mut pairs = pairs.split(' ');
    let is_console = framing::of_console(message).is_some();
    (is_console && pairs.all(|pair| pair.contains('='))).then_some(message)
}

impl Framing {
    /// With what a second framing inside says: the kernel's own word counts.
    fn with(self, inner: Framing) -> Framing {
        Framing {
            time_us: inner.time_us.or(self.time_us),
            clock: inner.clock.or(self.clock),
            caller: inner.caller.or(self.caller),
            level: inner.level.or(self.level),
            source: match inner.source {
                Source::Unknown => self.source,
                known => known,
            },
            present: self.present || inner.present,
        }
    }
}

#[cfg(test)]
mod tests;
