//! Dumps of pstore (fs/pstore/platform.c): `Panic#1 Part3`. The kernel saves the end of its log
//! first, so Part1 is the last; parts are put in the order in which the kernel printed them.
//!
//! The lines of a dump are numbered in that order, from the first line of the dump on: a verdict
//! asks what came before a splat.

use crate::input::PartHead;
use crate::line::quote;
use std::collections::BTreeSet;

/// Bytes held back; a dump is at most `kmsg_bytes` (10 KiB) unless it was set, a part less than that.
const MAX_BYTES: usize = 16 << 20;

/// What takes the lines in their new order.
type Give<'g> = dyn FnMut(u64, &[u8]) + 'g;

/// The parts of a dump.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    /// Their numbers in the dump.
    numbers: BTreeSet<u64>,
    bytes: usize,
}

#[derive(Debug)]
struct Part {
    head: PartHead,
    number: u64,
    lines: Vec<Vec<u8>>,
}

impl Parts {
    /// Takes in a line.
    pub fn line(&mut self, number: u64, raw: &[u8], give: &mut Give<'_>) {
        if let Some(head) = PartHead::read(quote::strip(raw).1) {
            if !self.continues(&head) {
                self.release(give);
            }
            self.numbers.insert(head.part);
            self.parts.push(Part {
                head,
                number,
                lines: Vec::new(),
            });
        }
        let Some(part) = self.parts.last_mut() else {
            return give(number, raw);
        };
        self.bytes += raw.len();
        part.lines.push(raw.to_vec());
        if self.bytes > MAX_BYTES {
            self.release(give);
        }
    }

    /// True for another part of the same dump.
    fn continues(&self, head: &PartHead) -> bool {
        let same = |part: &Part| (part.head.reason, part.head.dump) == (head.reason, head.dump);
        self.parts.first().is_none_or(same) && !self.numbers.contains(&head.part)
    }

    /// Gives the parts away, the first one printed first.
    pub fn release(&mut self, give: &mut Give<'_>) {
        let mut parts = std::mem::take(self).parts;
        let first = parts
            .iter()
            .map(|part| part.number)
            .min()
            .unwrap_or_default();
        parts.sort_by_key(|part| std::cmp::Reverse(part.head.part));
        let lines = parts.iter().flat_map(|part| part.lines.iter().enumerate());
        for (number, (index, line)) in (first..).zip(lines) {
            // The head of a part may stand in the middle of a splat: it is no line of the log.
            if index > 0 {
                give(number, line);
            }
        }
    }

    /// True where nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.parts.is_empty()
    }
}
