//! Records of /dev/kmsg and of netconsole's extended form (Documentation/ABI/testing/dev-kmsg,
//! Documentation/networking/netconsole.rst):
//! `4,567,55225,-,caller=T0;text`, ` KEY=value` lines after, `\xHH` escapes, and
//! `ncfrag=0/33` pieces that make one message.

use super::record::{Physical, Record, Records};
use crate::line::PrintedClock;
use crate::line::framing::{self, caller_id, level_of};

/// A message of more bytes is no message of printk (`PRINTKRB_RECORD_MAX` is 1024; every byte may be
/// escaped, and a dictionary follows).
const MAX_MESSAGE: usize = 64 * 1024;

/// The format.
#[derive(Debug, Default)]
pub(super) struct Kmsg {
    /// A message whose continuation may follow.
    held: Option<HeldRecord>,
    /// True after a record: its dictionary may follow.
    in_record: bool,
}

#[derive(Debug)]
struct HeldRecord {
    record: Record,
    /// As it came, escapes and all.
    text: String,
    /// Number of the message and its whole length, where it comes in pieces.
    pieces: Option<(u64, usize)>,
}

/// What is in front of the `;`.
#[derive(Debug, Default)]
struct Prefix {
    sequence: u64,
    continues: bool,
    begins: bool,
    offset: usize,
    whole: Option<usize>,
}

impl Records for Kmsg {
    fn line(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        let mut rest = line.text;
        // Before the line is read as one record: the second piece would be text of the first.
        while let Some(at) = next_piece(rest) {
            let text = &rest[..at];
            self.message(&Physical { text, ..*line }, out);
            rest = &rest[at..];
        }
        self.message(
            &Physical {
                text: rest,
                ..*line
            },
            out,
        )
    }

    fn release(&mut self, out: &mut Vec<Record>) {
        self.in_record = false;
        if let Some(HeldRecord {
            mut record, text, ..
        }) = self.held.take()
        {
            // After the first line feed comes the dictionary, which netconsole counts as a part of the message.
            record.text = unescaped(text.lines().next().unwrap_or_default());
            out.push(record);
        }
    }

    fn is_idle(&self) -> bool {
        self.held.is_none()
    }
}

impl Kmsg {
    fn message(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool {
        let Some((mut record, prefix, text)) = read(line) else {
            return self.dictionary(line.text) || {
                self.release(out);
                false
            };
        };
        self.in_record = true;
        if self.continued(&prefix, text, out) {
            return true;
        }
        self.release(out);
        // `release()` ended the record before; the dictionary of this one may follow.
        self.in_record = true;
        let text = text.to_owned();
        let pieces = prefix.whole.map(|length| (prefix.sequence, length));
        // Only these may go on; all others are given away at once.
        if prefix.begins || pieces.is_some_and(|(_, length)| text.len() < length) {
            self.held = Some(HeldRecord {
                record,
                text,
                pieces,
            });
        } else {
            record.text = unescaped(&text);
            out.push(record);
        }
        true
    }

    /// True where the next line cannot be of the record before.
    pub fn is_between_records(&self) -> bool {
        self.held.is_none() && !self.in_record
    }

    /// ` SUBSYSTEM=acpi`: the dictionary of the record before, or what netconsole's user adds to it
    /// (` taskname=init`). The pieces of a message may end in it, and count it.
    fn dictionary(&mut self, text: &str) -> bool {
        let key = text
            .strip_prefix(' ')
            .and_then(|entry| entry.split_once('='));
        let is_key = |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        let is_entry = self.in_record && key.is_some_and(|(key, _)| is_key(key));
        let in_pieces = |held: &&mut HeldRecord| {
            held.pieces.is_some() && held.text.len() + text.len() < MAX_MESSAGE
        };
        if let (true, Some(held)) = (is_entry, self.held.as_mut().filter(in_pieces)) {
            held.text.push('\n');
            held.text.push_str(text);
        }
        is_entry
    }

    /// Adds a continuation, or the next piece, to the message that is held. True where it was one.
    fn continued(&mut self, prefix: &Prefix, text: &str, out: &mut Vec<Record>) -> bool {
        let Some(held) = &mut self.held else {
            return false;
        };
        let is_next = match held.pieces {
            // A line feed between text and dictionary that a piece ends with is not seen.
            Some((sequence, _)) => {
                let length = held.text.len();
                sequence == prefix.sequence && (length..=length + 1).contains(&prefix.offset)
            }
            None => prefix.continues,
        };
        // A piece that was lost on the way (netconsole is UDP) leaves what is there as the message.
        if !is_next || held.text.len() + text.len() > MAX_MESSAGE {
            return false;
        }
        if held.pieces.is_some() && prefix.offset > held.text.len() {
            held.text.push('\n');
        }
        held.text.push_str(text);
        if held
            .pieces
            .is_some_and(|(_, length)| held.text.len() >= length)
        {
            self.release(out);
            self.in_record = true;
        }
        true
    }
}

/// Where the next piece of a message begins on the same line: a packet with a piece ends with no line feed,
/// and `nc` writes packets as they come.
fn next_piece(text: &str) -> Option<usize> {
    const MARK: &str = ",ncfrag=";
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (head, behind) = text.split_at(text.find(MARK)? + MARK.len());
    let is_head = !head.contains(';');
    let at = is_head.then(|| behind.find(head))??;
    Some(head.len() + at)
}

/// Reads a record, also one that a syslog server received from netconsole and put its own clock in front of.
fn read<'a>(line: &Physical<'a>) -> Option<(Record, Prefix, &'a str)> {
    record(line).or_else(|| {
        let (clock, text) = behind_logger(line.text)?;
        let (mut found, prefix, text) = record(&Physical { text, ..*line })?;
        found.framing.clock = Some(clock);
        Some((found, prefix, text))
    })
}

/// `May 25 07:29:42 host 4,567,55225,-;text`: the clock, and what is after clock and host.
fn behind_logger(text: &str) -> Option<(PrintedClock, &str)> {
    let semicolon = memchr::memchr(b';', text.as_bytes())?;
    let begin = text[..semicolon].rfind(' ')? + 1;
    if !text[begin..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (framing, host) = framing::strip(&text[..begin]);
    let is_host = host.split_ascii_whitespace().count() <= 1;
    Some((framing.clock.filter(|_| is_host)?, &text[begin..]))
}

/// Reads `[release,]priority,sequence,microseconds,flags[,key=value…];text`.
fn record<'a>(line: &Physical<'a>) -> Option<(Record, Prefix, &'a str)> {
    // Nearly all lines fail here, before anything is searched for.
    if !line.text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (head, text) = line.text.split_once(';')?;
    let mut fields = head.split(',');
    let first = fields.next()?;
    // Netconsole may put the release in front (netconsole.rst, "release").
    let priority = if first.contains('.') {
        fields.next()?
    } else {
        first
    };
    let mut record = Record::at(line, "");
    let (level, source) = level_of(priority.parse().ok()?);
    (record.framing.level, record.framing.source) = (Some(level), source);
    let mut prefix = Prefix {
        sequence: fields.next()?.parse().ok()?,
        ..Prefix::default()
    };
    record.framing.time_us = Some(fields.next()?.parse().ok()?);
    // `c` is the first fragment of a line, `+` a later one, `-` no fragment (Documentation/ABI/testing/dev-kmsg).
    match fields.next()? {
        "-" => {}
        "c" => prefix.begins = true,
        "+" => prefix.continues = true,
        _ => return None,
    }
    for field in fields {
        if let Some(caller) = field.strip_prefix("caller=") {
            record.framing.caller = caller_id(caller).ok().map(|(_, caller)| caller);
        } else if let Some((offset, whole)) = field
            .strip_prefix("ncfrag=")
            .and_then(|f| f.split_once('/'))
        {
            prefix.offset = offset.parse().ok()?;
            prefix.whole = Some(whole.parse().ok()?);
        }
    }
    Some((record, prefix, text))
}

/// Puts `\xHH` back (kernel/printk/printk.c, `append_char()`).
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = rest
            .strip_prefix(b"\\x")
            .and_then(|digits| hex_byte(digits.get(..2)?));
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &rest[4..]
        } else {
            behind
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}
