//! Cuts bytes into lines, and skips what nobody waits for.

use super::finder::{Finder, Hit, Hits};
use memchr::{memchr, memchr_iter, memrchr};

/// A longer line is cut here: no kernel prints one, and a log without line feeds must not fill
/// memory. printk's own limit is 1024 bytes a record (`PRINTKRB_RECORD_MAX`).
pub const MAX_LINE: usize = 64 * 1024;

/// Lines handed over before one that was found by search: the beginning of a report may stand in
/// front of the line that gives it away.
const LOOKBACK: usize = 48;

/// Who reads the lines.
pub trait Visitor {
    /// Takes in a line, without its line feed, cut to [`MAX_LINE`].
    fn line(&mut self, number: u64, line: &[u8]);
    /// True where lines without a hit of the finder may be skipped.
    fn may_skip(&self) -> bool;
    /// True where the line behind `before` is only a part of something: it cannot be read alone.
    fn continues(&self, before: &[u8]) -> bool;
}

/// Position in a stream of bytes.
///
/// What a visitor sees does not depend on how the stream is cut into chunks.
#[derive(Debug, Default)]
pub struct LineReader {
    /// Lines that may still be looked back at, then lines not yet scanned, then half a line.
    buffer: Vec<u8>,
    /// Offset in `buffer` of the first line that was not scanned.
    scanned: usize,
    /// Offset in `buffer` behind the last line that was handed over.
    handed: usize,
    /// Lines before `scanned`.
    count: u64,
    /// In a line longer than [`MAX_LINE`], whose rest is dropped.
    overlong: bool,
}

impl LineReader {
    /// Reads a whole input at once, without copying it.
    pub fn read_all(bytes: &[u8], finder: &Finder, visitor: &mut impl Visitor) -> u64 {
        let mut reader = LineReader::default();
        reader.scan(bytes, finder, visitor);
        reader.count
    }

    /// Takes in the next chunk of a stream.
    pub fn push(&mut self, chunk: &[u8], finder: &Finder, visitor: &mut impl Visitor) {
        let chunk = match self.end_of_overlong(chunk) {
            Some(chunk) => chunk,
            None => return,
        };
        self.buffer.extend_from_slice(chunk);
        if let Some(last) = memrchr(b'\n', &self.buffer) {
            let mut buffer = std::mem::take(&mut self.buffer);
            self.scan(&buffer[..=last], finder, visitor);
            let keep = lookback(&buffer, self.handed, self.scanned, LOOKBACK);
            buffer.drain(..keep);
            self.scanned -= keep;
            self.handed = self.handed.saturating_sub(keep);
            self.buffer = buffer;
        }
        if self.buffer.len() - self.scanned > MAX_LINE {
            self.buffer.truncate(self.scanned + MAX_LINE);
            self.overlong = true;
        }
    }

    /// Ends the stream; gives the number of its lines.
    pub fn finish(mut self, finder: &Finder, visitor: &mut impl Visitor) -> u64 {
        let buffer = std::mem::take(&mut self.buffer);
        self.scan(&buffer, finder, visitor);
        self.count
    }

    /// The part of a chunk behind a line that is being dropped; `None` where it is all of that line.
    fn end_of_overlong<'a>(&mut self, chunk: &'a [u8]) -> Option<&'a [u8]> {
        if !self.overlong {
            return Some(chunk);
        }
        let end = memchr(b'\n', chunk)?;
        self.overlong = false;
        Some(&chunk[end..])
    }

    /// Scans `bytes`, which continue what was scanned before.
    fn scan(&mut self, bytes: &[u8], finder: &Finder, visitor: &mut impl Visitor) {
        let mut hits = finder.hits(bytes);
        // Up to here lines are handed over, because one of them holds a hit.
        let mut wanted = self.scanned;
        while self.scanned < bytes.len() {
            if self.scanned >= wanted && visitor.may_skip() {
                let Some(hit) = hits.next_from(self.scanned) else {
                    return self.skip_to(bytes, bytes.len());
                };
                wanted = hit.at + 1;
                let alone = !begins_report(&mut hits, hit, bytes)
                    && !visitor.continues(self.line_before(bytes, hit.at));
                self.jump_before(bytes, hit.at, if alone { 0 } else { LOOKBACK });
            }
            self.hand_over(bytes, visitor);
        }
    }

    /// The line in front of the one of a hit.
    fn line_before<'b>(&self, bytes: &'b [u8], hit: usize) -> &'b [u8] {
        let Some(end) = memrchr(b'\n', &bytes[self.handed..hit]) else {
            return &[];
        };
        let before = &bytes[self.handed..self.handed + end];
        let start = memrchr(b'\n', before).map_or(0, |at| at + 1);
        &before[start..]
    }

    /// Goes to the line of a hit, and some lines back.
    fn jump_before(&mut self, bytes: &[u8], hit: usize, lines_before: usize) {
        let line = memrchr(b'\n', &bytes[self.scanned..hit])
            .map_or(self.scanned, |at| self.scanned + at + 1);
        self.skip_to(bytes, line);
        let start = lookback(bytes, self.handed, line, lines_before);
        self.count -= memchr_iter(b'\n', &bytes[start..line]).count() as u64;
        self.scanned = start;
    }

    fn skip_to(&mut self, bytes: &[u8], end: usize) {
        let skipped = &bytes[self.scanned..end];
        self.count += memchr_iter(b'\n', skipped).count() as u64;
        if end == bytes.len() && skipped.last().is_some_and(|b| *b != b'\n') {
            self.count += 1;
        }
        self.scanned = end;
    }

    fn hand_over(&mut self, bytes: &[u8], visitor: &mut impl Visitor) {
        let rest = &bytes[self.scanned..];
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        self.count += 1;
        visitor.line(self.count, &rest[..length.min(MAX_LINE)]);
        self.scanned = (self.scanned + length + 1).min(bytes.len());
        self.handed = self.scanned;
    }
}

/// True where the line of a hit has a literal that begins a report.
fn begins_report(hits: &mut Hits<'_>, first: Hit, bytes: &[u8]) -> bool {
    let mut hit = first;
    let end = memchr(b'\n', &bytes[first.at..]).map_or(bytes.len(), |length| first.at + length);
    while !hit.report {
        match hits.next_from(hit.at + 1) {
            Some(next) if next.at < end => hit = next,
            _ => return false,
        }
    }
    true
}

/// Start of the line `lines` lines before `line`, but not before `first`.
fn lookback(bytes: &[u8], first: usize, line: usize, lines: usize) -> usize {
    let mut start = line;
    for _ in 0..lines {
        if start <= first {
            return first;
        }
        start = memrchr(b'\n', &bytes[first..start - 1]).map_or(first, |at| first + at + 1);
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands over lines with `hit` and the two behind each of them.
    #[derive(Default)]
    struct Reader {
        seen: Vec<(u64, Vec<u8>)>,
        waiting: usize,
    }

    impl Visitor for Reader {
        fn line(&mut self, number: u64, line: &[u8]) {
            self.waiting = self.waiting.saturating_sub(1);
            if memchr::memmem::find(line, b"hit").is_some() {
                self.waiting = 2;
            }
            self.seen.push((number, line.to_vec()));
        }
        fn may_skip(&self) -> bool {
            self.waiting == 0
        }
        fn continues(&self, before: &[u8]) -> bool {
            before == b"begun"
        }
    }

    fn finder() -> Finder {
        Finder::new(["hit"], []).expect("one literal")
    }

    fn at_once(bytes: &[u8]) -> (Vec<(u64, Vec<u8>)>, u64) {
        let mut reader = Reader::default();
        let count = LineReader::read_all(bytes, &finder(), &mut reader);
        (reader.seen, count)
    }

    fn in_chunks(bytes: &[u8], size: usize) -> (Vec<(u64, Vec<u8>)>, u64) {
        let mut reader = Reader::default();
        let mut lines = LineReader::default();
        let finder = finder();
        for chunk in bytes.chunks(size) {
            lines.push(chunk, &finder, &mut reader);
        }
        let count = lines.finish(&finder, &mut reader);
        (reader.seen, count)
    }

    #[test]
    fn a_hit_comes_with_its_number_and_the_lines_before_it() {
        let log: String = (1..=200)
            .map(|n| {
                if n == 150 {
                    "hit\n".into()
                } else {
                    format!("{n}\n")
                }
            })
            .collect();
        let (seen, count) = at_once(log.as_bytes());
        assert_eq!(count, 200);
        assert_eq!(
            seen.first().map(|(n, l)| (*n, l.as_slice())),
            Some((102, &b"102"[..]))
        );
        assert!(seen.contains(&(150, b"hit".to_vec())));
        assert_eq!(seen.last().map(|(n, _)| *n), Some(152));
    }

    #[test]
    fn a_note_comes_alone_and_a_report_on_its_line_is_not_missed() {
        let finder = Finder::new(["hit"], ["note"]).expect("two literals");
        let mut reader = Reader::default();
        LineReader::read_all(b"a\nb note\nc\nd\n", &finder, &mut reader);
        assert_eq!(reader.seen, [(2, b"b note".to_vec())]);
        let mut reader = Reader::default();
        LineReader::read_all(b"a\nnote hit\nc\nd\n", &finder, &mut reader);
        let numbers: Vec<_> = reader.seen.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        let mut reader = Reader::default();
        LineReader::read_all(b"a\nbegun\nnote\nd\n", &finder, &mut reader);
        let numbers: Vec<_> = reader.seen.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_costs_no_more_memory() {
        let mut log = vec![b'x'; 3 * MAX_LINE];
        log.extend_from_slice(b"\nhit\n");
        let (seen, count) = in_chunks(&log, 1000);
        assert_eq!(count, 2);
        assert_eq!(seen, at_once(&log).0);
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(lines in prop::collection::vec("[a-c]{0,4}|x?hit", 0..120), size in 1usize..40, end: bool) {
            let mut log = lines.join("\n");
            if end { log.push('\n'); }
            prop_assert_eq!(in_chunks(log.as_bytes(), size), at_once(log.as_bytes()));
        }
    }
}
