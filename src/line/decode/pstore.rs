//! Dumps of pstore (fs/pstore/platform.c): `Panic#1 Part3`. The kernel saves the end of its log
//! first, so Part1 is the last; parts are put in the order in which the kernel printed them.
//!
//! The lines of a dump are numbered in that order, from the first line of the dump on: a verdict
//! asks what came before a splat.

use crate::input::PartHead;
use crate::line::quote;
use std::collections::BTreeSet;

/// Memory for what is held back; a dump is at most `kmsg_bytes` (10 KiB) unless it was set, a part less than that.
const MAX_BYTES: usize = 16 << 20;

/// What a part takes beside its lines: its head and its number in the set of numbers.
const PART_BYTES: usize = size_of::<DumpPart>() + 3 * size_of::<u64>();

/// What takes the lines in their new order.
type Give<'g> = dyn FnMut(u64, &[u8]) + 'g;

/// The parts of a dump.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<DumpPart>,
    /// Their numbers in the dump.
    numbers: BTreeSet<u64>,
    /// The lines of all of them, each with a line feed: a buffer a line would make an empty line cost as much as a
    /// long one.
    text: Vec<u8>,
}

#[derive(Debug)]
struct DumpPart {
    head: PartHead,
    number: u64,
    /// Where its lines begin.
    begin: usize,
}

impl Parts {
    /// Takes in a line.
    pub fn line(&mut self, number: u64, raw: &[u8], give: &mut Give<'_>) {
        if let Some(head) = head(raw) {
            if !self.continues(&head) {
                self.release(give);
            }
            self.numbers.insert(head.part);
            self.parts.push(DumpPart {
                head,
                number,
                begin: self.text.len(),
            });
        }
        if self.parts.is_empty() {
            return give(number, raw);
        }
        self.text.extend_from_slice(raw);
        self.text.push(b'\n');
        // Whoever set `kmsg_bytes` higher gets the parts so far in order, and the rest as a dump of
        // its own.
        if self.text.len() + self.parts.len() * PART_BYTES > MAX_BYTES {
            self.release(give);
        }
    }

    /// True for another part of the same dump.
    fn continues(&self, head: &PartHead) -> bool {
        let same = |part: &DumpPart| (part.head.reason, part.head.dump) == (head.reason, head.dump);
        // A number that was seen before begins another dump with the same reason and count.
        self.parts.first().is_none_or(same) && !self.numbers.contains(&head.part)
    }

    /// Gives the parts away, the first one printed first.
    pub fn release(&mut self, give: &mut Give<'_>) {
        let Parts { parts, text, .. } = std::mem::take(self);
        let ends = parts.iter().skip(1).map(|part| part.begin);
        let ends: Vec<_> = ends.chain([text.len()]).collect();
        let mut parts: Vec<_> = parts.into_iter().zip(ends).collect();
        let first = parts
            .iter()
            .map(|(part, _)| part.number)
            .min()
            .unwrap_or_default();
        // Part 1 was saved first and holds the end of the log.
        parts.sort_by_key(|(part, _)| std::cmp::Reverse(part.head.part));
        let lines = parts.iter().flat_map(|(part, end)| {
            let lines = text[part.begin..*end].split_inclusive(|byte| *byte == b'\n');
            lines.enumerate()
        });
        for (number, (index, line)) in (first..).zip(lines) {
            // The head of a part may be in the middle of a splat: it is no line of the log.
            if index > 0 {
                give(number, line.strip_suffix(b"\n").unwrap_or(line));
            }
        }
    }

    /// True where nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.parts.is_empty()
    }
}

/// The head of a part, also in HTML, quoted there or not: `<div>&gt; Panic#1 Part3<br>`.
fn head(raw: &[u8]) -> Option<PartHead> {
    let in_html = || {
        memchr::memchr2(b'<', b'&', raw)?;
        let after_tag = |rest: &[u8]| {
            rest.iter()
                .position(|byte| *byte == b'>')
                .map(|end| end + 1)
        };
        let mut rest = match raw.strip_prefix(b"<") {
            Some(tag) => &tag[after_tag(tag)?..],
            None => raw,
        };
        while let Some(quoted) = rest.strip_prefix(b"&gt;") {
            rest = quoted.trim_ascii_start();
        }
        PartHead::read(rest.split(|byte| *byte == b'<').next()?)
    };
    PartHead::read(quote::strip(raw).1).or_else(in_html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_in_quotes_and_in_html() {
        for line in [
            "Panic#1 Part2",
            "> > Panic#1 Part2",
            "&gt; &gt; Panic#1 Part2",
            "<pre>Panic#1 Part2",
            "<div>&gt; Panic#1 Part2<br>",
        ] {
            assert_eq!(
                head(line.as_bytes()).map(|head| head.part),
                Some(2),
                "{line}"
            );
        }
        for line in [
            "see &gt; Panic#1 Part2",
            "Panic#1 Part2 of it",
            "<Panic#1 Part2",
        ] {
            assert!(head(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn what_is_held_back_is_bounded_whatever_the_lines_are() {
        for line in ["", "Panic#1 Part2"] {
            let (mut parts, mut given) = (Parts::default(), 0_u64);
            let mut give = |_: u64, _: &[u8]| given += 1;
            parts.line(1, b"Panic#1 Part1", &mut give);
            let memory = |parts: &Parts| parts.text.len() + parts.parts.len() * PART_BYTES;
            parts.text.reserve(MAX_BYTES);
            parts.text.resize(MAX_BYTES - 100, b'\n');
            for number in 2..1000 {
                parts.line(number, line.as_bytes(), &mut give);
                assert!(memory(&parts) <= MAX_BYTES);
            }
            assert!(given > 0);
        }
    }
}
