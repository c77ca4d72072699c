//! journald's export format (systemd.io/JOURNAL_EXPORT_FORMATS) and `journalctl -o verbose`: a line
//! a field, an empty line or the next entry's head after the last one. A value that is no plain
//! text comes after the name's line as eight bytes of length and the bytes themselves.

use super::record::{Fields, Physical, Record, Records};
use crate::line::framing::is_full_date;

/// A longer value is not kept.
const MAX_VALUE: usize = 64 * 1024;

/// Bytes of the length of a binary value, lowest first.
const LENGTH: usize = 8;

/// Fields that begin an entry, or show that a line is of one.
const MARKS: [&str; 8] = [
    "__CURSOR",
    "__REALTIME_TIMESTAMP",
    "__MONOTONIC_TIMESTAMP",
    "__SEQNUM",
    "_BOOT_ID",
    "_TRANSPORT",
    "_SOURCE_MONOTONIC_TIMESTAMP",
    "MESSAGE",
];

/// The format.
#[derive(Debug, Default)]
pub(super) struct Export {
    entry: Option<JournalEntry>,
}

#[derive(Debug, Default)]
struct JournalEntry {
    fields: Fields,
    binary: Option<Binary>,
}

/// A binary value that is being read.
#[derive(Debug)]
struct Binary {
    /// The record that it is the text of.
    record: Option<Record>,
    bytes: Vec<u8>,
}

impl Records for Export {
    fn line(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        if is_head(line.text) {
            self.release(out);
            self.entry = Some(JournalEntry::default());
            return true;
        }
        let Some((name, value)) = field(line.text) else {
            return self.other(line, out);
        };
        // `NAME=value` may be a line of any log: an entry begins with a field that journald always
        // has.
        if self.entry.is_none() && !MARKS.contains(&name) {
            return false;
        }
        self.entry.get_or_insert_default().field(name, value, line);
        true
    }

    fn release(&mut self, out: &mut Vec<Record>) {
        out.extend(self.entry.take().and_then(|entry| entry.fields.finish()));
    }

    fn is_idle(&self) -> bool {
        self.entry.is_none()
    }
}

impl Export {
    /// True where the next line is of a binary value.
    pub fn wants_bytes(&self) -> bool {
        self.entry
            .as_ref()
            .is_some_and(|entry| entry.binary.is_some())
    }

    /// Takes in a line of a binary value, as it is.
    pub fn bytes(&mut self, raw: &[u8]) {
        if let Some(entry) = &mut self.entry
            && let Some(binary) = entry.binary.take()
        {
            entry.binary_line(binary, raw);
        }
    }

    /// A line that is no field: the name of a binary one, or the end of the entry.
    fn other(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        let Some(entry) = &mut self.entry else {
            return false;
        };
        if is_name(line.text) {
            let record = (line.text == "MESSAGE").then(|| Record::at(line, ""));
            entry.binary = Some(Binary {
                record,
                bytes: Vec::new(),
            });
            return true;
        }
        self.release(out);
        line.text.trim().is_empty()
    }
}

impl JournalEntry {
    fn field(&mut self, name: &str, value: &str, line: &Physical<'_>) {
        let number = || value.parse::<u64>().ok();
        match name {
            "MESSAGE" => self.fields.record = Some(Record::at(line, value)),
            "PRIORITY" => self.fields.framing.level = number().map(|level| (level & 7) as u8),
            "_SOURCE_MONOTONIC_TIMESTAMP" => self.fields.framing.time_us = number(),
            _ => self.fields.writer.field(name, value),
        }
    }

    /// The next physical line of a binary value, whose bytes may be line feeds.
    fn binary_line(&mut self, mut binary: Binary, raw: &[u8]) {
        binary.bytes.extend_from_slice(raw);
        let length = binary
            .bytes
            .first_chunk::<LENGTH>()
            .map(|bytes| u64::from_le_bytes(*bytes));
        let value = length.and_then(|length| {
            let end = usize::try_from(length).ok()?.checked_add(LENGTH)?;
            Some(
                (binary.bytes.len() >= end)
                    .then(|| binary.bytes.get(LENGTH..end).unwrap_or_default()),
            )
        });
        match value {
            Some(Some(value)) => {
                if let Some(record) = binary.record {
                    let text = String::from_utf8_lossy(value).into_owned();
                    self.fields.record = Some(Record { text, ..record });
                }
            }
            // The length may be crafted or damaged: without a bound all of the input would be taken
            // for the value.
            _ if binary.bytes.len() < MAX_VALUE => {
                binary.bytes.push(b'\n');
                self.binary = Some(binary);
            }
            _ => {}
        }
    }
}

/// `Mon 2026-11-23 14:20:48.123456 UTC [s=0;i=1;b=2]`: the head of an entry of -o verbose. The kernel may print the
/// same brackets after words of its own.
fn is_head(text: &str) -> bool {
    let cursor = text.find("[s=").filter(|_| text.trim_end().ends_with(']'));
    cursor.is_some_and(|at| is_full_date(&text[..at]))
}

/// `NAME=value`, indented where it is of -o verbose.
fn field(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("    ").unwrap_or(text);
    text.split_once('=').filter(|(name, _)| is_name(name))
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(allowed)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
