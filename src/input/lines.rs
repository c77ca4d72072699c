//! Cuts bytes into lines, and skips what nobody waits for.

use super::finder::{Finder, Hit, Hits};
use super::mapped::{STEP, in_steps, passed};
use memchr::{memchr, memchr_iter, memrchr};
use std::ops::Range;

/// A longer line is cut here: no kernel prints one, and a log without line feeds must not fill
/// memory. printk's own limit is 1024 bytes a record (`PRINTKRB_RECORD_MAX`).
pub const MAX_LINE: usize = 64 * 1024;

/// Lines handed over before one that was found by search: the beginning of a report may be in
/// front of the line that gives it away.
const LOOKBACK: usize = 48;

/// The same in front of a line that is known to be a beginning itself.
const SHORT_LOOKBACK: usize = 8;

/// The same in front of a line that is all of its report: printk's note that it prints it once more, and what an
/// excerpt shows around it.
const LEAST_LOOKBACK: usize = 3;

/// What a line with a literal of a report may be, read alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// No part of a report.
    Nothing,
    /// The beginning of one.
    Beginning,
    /// All of one.
    Whole,
    /// Any part of one.
    Part,
}

/// Who reads the lines.
pub trait Visitor {
    /// Takes in a line, without its line feed, cut to [`MAX_LINE`].
    fn line(&mut self, number: u64, line: &[u8]);
    /// True where lines without a hit of the finder may be skipped.
    fn may_skip(&self) -> bool;
    /// What a line with a literal of a report may be.
    fn role(&self, line: &[u8]) -> Role;
    /// Takes in a line that begins a boot, and whose neighbours were skipped. `passed` is true where a
    /// milestone of the boot before is known to be among them.
    fn boot(&mut self, number: u64, line: &[u8], passed: bool);
    /// Takes in a line that matters by itself, and whose neighbours were skipped.
    fn aside(&mut self, number: u64, line: &[u8]);
    /// True for a line that begins a boot and reads like the one that began the last boot.
    fn repeats_boot(&self, line: &[u8]) -> bool;
    /// True where these lines are wanted of every boot, not only of those with a report.
    fn wants_deferred_lines(&self) -> bool;
    /// True where nothing more is wanted.
    fn is_over(&self) -> bool {
        false
    }
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
    /// Offset in `buffer` after the last line that was handed over.
    handed: usize,
    /// Lines before `scanned`.
    count: u64,
    /// Offset in `buffer` after the last line whose boot it is known all about, and the number of
    /// lines before it.
    noted: (usize, u64),
    /// In a line longer than [`MAX_LINE`], whose rest is dropped.
    overlong: bool,
}

impl LineReader {
    /// Reads a whole input at once, without copying it.
    pub fn read_all(bytes: &[u8], finder: &Finder, visitor: &mut impl Visitor) -> u64 {
        let mut reader = LineReader::default();
        reader.scan(bytes, finder, visitor);
        reader.note_rest(bytes, bytes.len(), finder, visitor);
        reader.count
    }

    /// Whole lines so far.
    pub fn count(&self) -> u64 {
        self.count
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
            self.note(&buffer, keep, finder, visitor);
            buffer.drain(..keep);
            self.scanned -= keep;
            self.handed = self.handed.saturating_sub(keep);
            self.noted.0 = self.noted.0.saturating_sub(keep);
            self.buffer = buffer;
        }
        // The line feed that ends it is not here yet; what is cut off now may be gigabytes.
        if self.buffer.len() - self.scanned > MAX_LINE {
            self.buffer.truncate(self.scanned + MAX_LINE);
            self.overlong = true;
        }
    }

    /// Ends the stream; gives the number of its lines.
    pub fn finish(mut self, finder: &Finder, visitor: &mut impl Visitor) -> u64 {
        let buffer = std::mem::take(&mut self.buffer);
        self.scan(&buffer, finder, visitor);
        self.note_rest(&buffer, buffer.len(), finder, visitor);
        self.count
    }

    /// The part of a chunk after a line that is being dropped; `None` where it is all of that line.
    fn end_of_overlong<'a>(&mut self, chunk: &'a [u8]) -> Option<&'a [u8]> {
        if !self.overlong {
            return Some(chunk);
        }
        let end = memchr(b'\n', chunk)?;
        self.overlong = false;
        // With the line feed: it ends the line that was cut.
        Some(&chunk[end..])
    }

    /// Scans `bytes`, which continue what was scanned before.
    fn scan<V: Visitor>(&mut self, bytes: &[u8], finder: &Finder, visitor: &mut V) {
        let from = self.scanned;
        let marks = &finder.marks;
        marks.search(bytes, from, |hits| {
            self.scan_by(hits, bytes, finder, visitor)
        });
    }

    fn scan_by<V: Visitor>(
        &mut self,
        hits: &mut Hits<'_>,
        bytes: &[u8],
        finder: &Finder,
        visitor: &mut V,
    ) {
        // Up to here lines are handed over, because one of them holds a hit.
        let mut wanted = self.scanned;
        while self.scanned < bytes.len() && !visitor.is_over() {
            if self.scanned >= wanted && visitor.may_skip() {
                let Some(hit) = hits.next_from(self.scanned) else {
                    let feeds = feeds_in(hits, bytes, self.scanned..bytes.len());
                    return self.pass(bytes, bytes.len(), feeds);
                };
                let end = line_end(bytes, hit.at);
                let feeds = feeds_in(hits, bytes, self.scanned..hit.at);
                // The line feeds were counted by the search on its way; to count them again would
                // read every byte twice.
                self.pass(bytes, line_start(bytes, self.scanned, hit.at), feeds);
                if !begins_report(hits, hit, end) {
                    self.begin_boot(bytes, finder, visitor);
                    continue;
                }
                let cut = end.min(self.scanned + MAX_LINE);
                let lines = match visitor.role(&bytes[self.scanned..cut]) {
                    Role::Part => LOOKBACK,
                    Role::Beginning => SHORT_LOOKBACK,
                    Role::Whole => LEAST_LOOKBACK,
                    // A literal inside another program's line, for example. Only that line is
                    // passed over.
                    Role::Nothing => {
                        self.skip_to(bytes, (end + 1).min(bytes.len()));
                        continue;
                    }
                };
                wanted = hit.at + 1;
                self.look_back(bytes, lines);
                self.note(bytes, self.scanned, finder, visitor);
            }
            let step = self.scanned / STEP;
            self.hand_over(bytes, visitor, V::line);
            self.noted = (self.scanned, self.count);
            if self.scanned / STEP > step {
                passed(&bytes[..self.scanned]);
            }
        }
    }

    /// Goes some lines back.
    fn look_back(&mut self, bytes: &[u8], lines: usize) {
        let mut start = lookback(bytes, self.handed, self.scanned, lines);
        if !is_plain(&bytes[start..self.scanned]) {
            // The log has just changed its form: what is before may be a record of several lines.
            start = lookback(bytes, self.handed, self.scanned, LOOKBACK);
        }
        self.count -= memchr_iter(b'\n', &bytes[start..self.scanned]).count() as u64;
        self.scanned = start;
    }

    /// Hands over the line that begins a boot.
    fn begin_boot<V: Visitor>(&mut self, bytes: &[u8], finder: &Finder, visitor: &mut V) {
        self.note_rest(bytes, self.scanned, finder, visitor);
        let line = &bytes[self.scanned..line_end(bytes, self.scanned)];
        let line = &line[..line.len().min(MAX_LINE)];
        // How far the boot before came matters only where the same line comes once more: a log may print its banner twice.
        let before = &bytes[..self.scanned];
        let passed = visitor.repeats_boot(line)
            && self.noted.0 < before.len()
            && finder.has_milestone(before, self.noted.0);
        visitor.boot(self.count + 1, line, passed);
        self.hand_over(bytes, visitor, |_, _, _| {});
        self.noted = (self.scanned, self.count);
    }

    /// The same as [`LineReader::note`], where no report follows.
    fn note_rest<V: Visitor>(&mut self, bytes: &[u8], to: usize, finder: &Finder, visitor: &mut V) {
        if visitor.wants_deferred_lines() {
            self.note(bytes, to, finder, visitor);
        }
    }

    /// Hands over what the lines up to `to` say of the boot.
    fn note<V: Visitor>(&mut self, bytes: &[u8], to: usize, finder: &Finder, visitor: &mut V) {
        let (mut from, mut count) = self.noted;
        let region = bytes.get(..to).unwrap_or_default();
        if from >= region.len() {
            return;
        }
        finder.notes.search(region, from, |hits| {
            while let Some(hit) = hits.next_from(from) {
                let start = line_start(region, from, hit.at);
                let end = line_end(region, hit.at);
                count += feeds_in(hits, region, from..hit.at) + 1;
                visitor.aside(count, &region[start..end.min(start + MAX_LINE)]);
                from = (end + 1).min(to);
            }
            count += feeds_in(hits, region, from..to);
        });
        self.noted = (to, count);
    }

    fn skip_to(&mut self, bytes: &[u8], end: usize) {
        let feeds = memchr_iter(b'\n', &bytes[self.scanned..end]).count();
        self.pass(bytes, end, feeds as u64);
    }

    /// Skips what has so many line feeds.
    fn pass(&mut self, bytes: &[u8], end: usize, feeds: u64) {
        let skipped = &bytes[self.scanned..end];
        // The last line may have no line feed, and counts all the same.
        let is_half = end == bytes.len() && skipped.last().is_some_and(|byte| *byte != b'\n');
        self.count += feeds + u64::from(is_half);
        self.scanned = end;
    }

    fn hand_over<V>(&mut self, bytes: &[u8], visitor: &mut V, take: fn(&mut V, u64, &[u8])) {
        let rest = &bytes[self.scanned..];
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        self.count += 1;
        take(visitor, self.count, &rest[..length.min(MAX_LINE)]);
        self.scanned = (self.scanned + length + 1).min(bytes.len());
        self.handed = self.scanned;
    }
}

/// Line feeds from the beginning of a stretch up to its end, which is where the next hit or nothing was found.
fn feeds_in(hits: &Hits<'_>, bytes: &[u8], stretch: Range<usize>) -> u64 {
    let count = |step: &[u8]| memchr_iter(b'\n', step).count() as u64;
    let all = || in_steps(&bytes[stretch.clone()]).map(count).sum();
    hits.feeds_from(stretch.start).unwrap_or_else(all)
}

/// Offset of the line that `at` is in; no line begins before `from`.
fn line_start(bytes: &[u8], from: usize, at: usize) -> usize {
    memrchr(b'\n', &bytes[from..at]).map_or(from, |feed| from + feed + 1)
}

/// Offset of the line feed after `at`, or of the end.
fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length)
}

/// True where the line of a hit, which ends at `end`, has a literal that begins a report.
fn begins_report(hits: &mut Hits<'_>, first: Hit, end: usize) -> bool {
    // The first hit of a line may be of a boot, and one after it of a report, which matters more.
    let mut hit = first;
    while !hit.first {
        match hits.next_from(hit.at + 1) {
            Some(next) if next.at < end => hit = next,
            _ => return false,
        }
    }
    true
}

/// True where every line begins as those of a console do.
fn is_plain(lines: &[u8]) -> bool {
    let mut begins = std::iter::once(0).chain(memchr_iter(b'\n', lines).map(|at| at + 1));
    begins.all(|begin| lines.get(begin).is_none_or(|first| *first == b'['))
}

/// Start of the line so many lines before `line`, but not before `first`.
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

    /// Hands over lines with `hit` and the two after each of them.
    #[derive(Default)]
    struct Reader {
        seen: Vec<(u64, Vec<u8>)>,
        boots: Vec<(u64, Vec<u8>)>,
        passed: Vec<bool>,
        deferred: Vec<(u64, Vec<u8>)>,
        waiting: usize,
        wants_deferred_lines: bool,
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
        fn role(&self, line: &[u8]) -> Role {
            match line {
                [b'n', b'o', b' ', ..] => Role::Nothing,
                [b'x', ..] => Role::Beginning,
                _ => Role::Part,
            }
        }
        fn boot(&mut self, number: u64, line: &[u8], passed: bool) {
            self.passed.push(passed);
            self.boots.push((number, line.to_vec()));
        }
        fn aside(&mut self, number: u64, line: &[u8]) {
            self.deferred.push((number, line.to_vec()));
        }
        fn repeats_boot(&self, line: &[u8]) -> bool {
            self.boots.last().is_some_and(|(_, last)| last == line)
        }
        fn wants_deferred_lines(&self) -> bool {
            self.wants_deferred_lines
        }
    }

    fn finder() -> Finder {
        Finder::new(["hit"], ["boot"], ["passed"], ["note"]).expect("few literals")
    }

    /// Lines, boots, deferred and the number of all lines.
    type Passed = [Vec<(u64, Vec<u8>)>; 3];

    fn everything() -> Reader {
        Reader {
            wants_deferred_lines: true,
            ..Reader::default()
        }
    }

    fn at_once(bytes: &[u8]) -> (Passed, u64) {
        let mut reader = everything();
        let count = LineReader::read_all(bytes, &finder(), &mut reader);
        ([reader.seen, reader.boots, reader.deferred], count)
    }

    fn in_chunks(bytes: &[u8], size: usize) -> (Passed, u64) {
        let mut reader = everything();
        let mut lines = LineReader::default();
        let finder = finder();
        for chunk in bytes.chunks(size) {
            lines.push(chunk, &finder, &mut reader);
        }
        let count = lines.finish(&finder, &mut reader);
        ([reader.seen, reader.boots, reader.deferred], count)
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
        let ([seen, ..], count) = at_once(log.as_bytes());
        assert_eq!(count, 200);
        assert_eq!(
            seen.first().map(|(n, l)| (*n, l.as_slice())),
            Some((102, &b"102"[..]))
        );
        assert!(seen.contains(&(150, b"hit".to_vec())));
        assert_eq!(seen.last().map(|(n, _)| *n), Some(152));
    }

    fn read(log: &str, wants_deferred_lines: bool) -> Reader {
        let mut reader = Reader {
            wants_deferred_lines,
            ..Reader::default()
        };
        LineReader::read_all(log.as_bytes(), &finder(), &mut reader);
        reader
    }

    fn numbers(lines: &[(u64, Vec<u8>)]) -> Vec<u64> {
        lines.iter().map(|(number, _)| *number).collect()
    }

    #[test]
    fn a_note_comes_alone_and_a_report_on_its_line_is_not_missed() {
        let reader = read("a\nb note\nc\nd\n", true);
        assert!(reader.seen.is_empty());
        assert_eq!(reader.deferred, [(2, b"b note".to_vec())]);
        let reader = read("a\nnote hit\nc\nd\n", true);
        assert_eq!(numbers(&reader.seen), [1, 2, 3, 4]);
    }

    #[test]
    fn notes_are_told_of_the_boot_of_a_report_only() {
        let filler = "x\n".repeat(100);
        let log =
            format!("boot\nnote\nboot\n{filler}note\n{filler}hit\n{filler}note\nboot\nnote\n");
        let reader = read(&log, false);
        assert_eq!(numbers(&reader.boots), [1, 3, 307]);
        assert_eq!(numbers(&reader.deferred), [104]);
        assert_eq!(numbers(&read(&log, true).deferred), [2, 104, 306, 308]);
    }

    #[test]
    fn a_boot_line_that_comes_again_comes_with_what_was_passed_before() {
        let reader = read("boot\na\nboot\npassed\nboot 2\npassed\nboot 2\n", false);
        assert_eq!(reader.passed, [false, false, false, true]);
        assert!(reader.deferred.is_empty());
    }

    #[test]
    fn a_line_that_begins_nothing_is_skipped_and_still_tells_what_it_tells() {
        let reader = read("a\nno hit note\nb\n", true);
        assert!(reader.seen.is_empty());
        assert_eq!(numbers(&reader.deferred), [2]);
    }

    proptest! {
        #[test]
        fn every_line_that_is_handed_over_has_its_number(
            lines in prop::collection::vec("[a-c]{0,90}|x?hit|boot|a?note|passed|no hit", 0..150),
            wants_deferred_lines: bool,
        ) {
            let log = lines.join("\n");
            let mut reader = Reader { wants_deferred_lines, ..Reader::default() };
            let count = LineReader::read_all(log.as_bytes(), &finder(), &mut reader);
            prop_assert_eq!(count as usize, log.split_terminator('\n').count());
            for (number, line) in [reader.seen, reader.boots, reader.deferred].concat() {
                prop_assert_eq!(lines[number as usize - 1].as_bytes(), &line);
            }
        }
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
        fn chunks_make_no_difference(lines in prop::collection::vec("[a-c]{0,4}|x?hit|boot|a?note|no hit", 0..120), size in 1usize..40, end: bool) {
            let mut log = lines.join("\n");
            if end { log.push('\n'); }
            prop_assert_eq!(in_chunks(log.as_bytes(), size), at_once(log.as_bytes()));
        }
    }
}
