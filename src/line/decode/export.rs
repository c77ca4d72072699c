//! journald's export format (systemd.io/JOURNAL_EXPORT_FORMATS) and `journalctl -o verbose`: a line
//! a field, an empty line or the next entry's head behind the last one. A value that is no plain
//! text comes behind the name's line as eight bytes of length and the bytes themselves.

use super::record::{Physical, Record, Records};
use crate::line::Framing;

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
    entry: Option<Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    framing: Framing,
    record: Option<Record>,
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
        if let Some(entry) = &mut self.entry
            && let Some(binary) = entry.binary.take()
        {
            entry.binary_line(binary, line.raw);
            return true;
        }
        let Some((name, value)) = field(line.content) else {
            return self.other(line, out);
        };
        if self.entry.is_none() && !MARKS.contains(&name) {
            return false;
        }
        self.entry.get_or_insert_default().field(name, value, line);
        true
    }

    fn release(&mut self, out: &mut Vec<Record>) {
        let Some(Entry {
            framing,
            record: Some(record),
            ..
        }) = self.entry.take()
        else {
            return;
        };
        out.push(Record {
            framing: Framing {
                present: true,
                ..framing
            },
            ..record
        });
    }

    fn is_idle(&self) -> bool {
        self.entry.is_none()
    }
}

impl Export {
    /// A line that is no field: the name of a binary one, or the end of the entry.
    fn other(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        let Some(entry) = &mut self.entry else {
            return false;
        };
        if is_name(line.content) {
            let record = (line.content == b"MESSAGE").then(|| Record::at(line));
            entry.binary = Some(Binary {
                record,
                bytes: Vec::new(),
            });
            return true;
        }
        self.release(out);
        line.content.trim_ascii().is_empty()
    }
}

impl Entry {
    fn field(&mut self, name: &str, value: &[u8], line: &Physical<'_>) {
        let number = || {
            str::from_utf8(value)
                .ok()
                .and_then(|digits| digits.parse::<u64>().ok())
        };
        match name {
            "MESSAGE" => {
                let text = String::from_utf8_lossy(value).into_owned();
                self.record = Some(Record {
                    text,
                    ..Record::at(line)
                });
            }
            "PRIORITY" => self.framing.level = number().map(|level| (level & 7) as u8),
            "_SOURCE_MONOTONIC_TIMESTAMP" => self.framing.time_us = number(),
            _ => {}
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
                    self.record = Some(Record { text, ..record });
                }
            }
            _ if binary.bytes.len() < MAX_VALUE => {
                binary.bytes.push(b'\n');
                self.binary = Some(binary);
            }
            _ => {}
        }
    }
}

/// `NAME=value`, indented where it is of -o verbose.
fn field(content: &[u8]) -> Option<(&str, &[u8])> {
    let content = content.strip_prefix(b"    ").unwrap_or(content);
    let equals = memchr::memchr(b'=', content)?;
    let (name, value) = (&content[..equals], &content[equals + 1..]);
    is_name(name).then(|| Some((str::from_utf8(name).ok()?, value)))?
}

fn is_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    !name.is_empty() && name.len() <= 64 && name.iter().all(allowed) && !name[0].is_ascii_digit()
}
