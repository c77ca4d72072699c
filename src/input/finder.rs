//! Finds the next line that matters.
//!
//! In: bytes of a log. Out: places of literals. Some literals begin reports, so that the lines around
//! them matter, or boots; others only describe the boot on their own line, and are looked
//! for only where a report makes that matter. Long inputs are searched ahead on all cores.

use super::mapped::passed;
use crate::literals::{LiteralSearch, shortest};
use crate::parallel;
use aho_corasick::BuildError;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// Bytes searched ahead at once: enough to be worth waking other threads, and a bound on the hits
/// that are kept.
const WINDOW: usize = 8 << 20;

/// Bytes that one thread takes of it.
const BLOCK: usize = 1 << 20;

/// The literals that drive the reading of a log.
#[derive(Debug)]
pub struct Finder {
    /// Literals that begin reports or boots.
    pub(super) marks: Literals,
    /// Literals of the boot's milestones.
    milestones: Literals,
    /// Literals of lines that describe the boot, milestones among them.
    pub(super) notes: Literals,
}

impl Finder {
    /// Looks for literals that begin reports, for those that begin boots, for those of milestones, and
    /// for others that matter on their own line only.
    ///
    /// # Errors
    /// Where there are more literals than any automaton takes.
    pub fn new<'l>(
        reports: impl IntoIterator<Item = &'l str>,
        boots: impl IntoIterator<Item = &'l str>,
        milestones: impl IntoIterator<Item = &'l str>,
        notes: impl IntoIterator<Item = &'l str>,
    ) -> Result<Finder, BuildError> {
        let milestones: Vec<_> = milestones.into_iter().collect();
        Ok(Finder {
            marks: Literals::new(reports, boots)?,
            milestones: Literals::new(milestones.iter().copied(), [])?,
            notes: Literals::new(milestones, notes)?,
        })
    }

    /// True where a milestone's literal begins at or after `from`.
    pub fn has_milestone(&self, bytes: &[u8], from: usize) -> bool {
        self.milestones.find(bytes, from).is_some()
    }

    /// True where a literal is of a line that describes its boot.
    pub fn tells_boot(&self, bytes: &[u8]) -> bool {
        self.notes.find(bytes, 0).is_some()
    }

    /// True for a line that has any of the literals.
    pub fn tells(&self, line: &[u8]) -> bool {
        let has = |literals: &Literals| literals.find(line, 0).is_some();
        has(&self.marks) || has(&self.notes)
    }
}

/// A literal at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Offset of one of its bytes, the same one whenever it is found; no line feed is between it
    /// and the first.
    pub at: usize,
    /// True for a literal of the first sort.
    pub first: bool,
}

/// Literals of two sorts, ready to be searched for.
#[derive(Debug)]
pub struct Literals {
    search: LiteralSearch,
    /// So many literals are of the first sort.
    first: usize,
    /// Bytes of the longest one.
    longest: usize,
}

impl Literals {
    fn new<'l>(
        first: impl IntoIterator<Item = &'l str>,
        second: impl IntoIterator<Item = &'l str>,
    ) -> Result<Literals, BuildError> {
        // A literal that holds another one is found through it.
        let mut literals = shortest(first.into_iter().collect());
        let count = literals.len();
        let is_new = |other: &&str| !literals.iter().any(|literal| other.contains(literal));
        let second = shortest(second.into_iter().filter(is_new).collect());
        literals.extend(second);
        let search = LiteralSearch::new(&literals)?;
        let lengths = literals.iter().map(|literal| literal.len());
        Ok(Literals {
            search,
            first: count,
            longest: lengths.max().unwrap_or(0),
        })
    }

    /// The first hit at or after `from`.
    fn find(&self, bytes: &[u8], from: usize) -> Option<Hit> {
        self.search
            .find(bytes, from)
            .map(|(at, literal)| self.hit(at, literal))
    }

    fn hit(&self, at: usize, literal: usize) -> Hit {
        let first = literal < self.first;
        Hit { at, first }
    }

    /// Searches `bytes` from `from` on, for as long as `take` asks for hits.
    pub fn search<R>(&self, bytes: &[u8], from: usize, take: impl FnOnce(&mut Hits<'_>) -> R) -> R {
        let one_by_one = || {
            Hits::OneByOne(OneByOne {
                literals: self,
                bytes,
                next: NextHit::Unknown,
                searched: 0,
                feeds: 0,
            })
        };
        // Not worth waking other threads.
        if bytes.len() <= from.saturating_add(WINDOW) {
            return take(&mut one_by_one());
        }
        let wanted = AtomicUsize::new(from);
        std::thread::scope(|scope| {
            let (found, received) = mpsc::sync_channel(1);
            let wanted = &wanted;
            let search = move || {
                // What the reader looked at line by line meanwhile is not searched as well.
                let is_wanted = |begin: &usize| begin + WINDOW > wanted.load(Ordering::Relaxed);
                let windows = (from..bytes.len()).step_by(WINDOW);
                let mut windows = windows.filter(is_wanted);
                // It ends where nobody asks any more.
                windows.all(|begin| found.send(self.in_window(bytes, begin)).is_ok())
            };
            if thread::Builder::new().spawn_scoped(scope, search).is_err() {
                return take(&mut one_by_one());
            }
            take(&mut Hits::Ahead(Ahead {
                received,
                wanted,
                hits: Vec::new().into_iter().peekable(),
            }))
        })
    }

    /// Every hit in a window of `bytes`; all threads search it.
    fn in_window(&self, bytes: &[u8], begin: usize) -> Vec<Hit> {
        let end = begin.saturating_add(WINDOW).min(bytes.len());
        let blocks: Vec<_> = (begin..end).step_by(BLOCK).collect();
        let in_block = |begin: &usize| self.in_block(bytes, *begin..(begin + BLOCK).min(end));
        let hits = parallel::map(&blocks, in_block);
        passed(&bytes[..end]);
        hits.concat()
    }

    /// Every hit in a block of `bytes`.
    fn in_block(&self, bytes: &[u8], block: Range<usize>) -> Vec<Hit> {
        // A literal may lie across the end of the block. It counts for the block that it begins in.
        let end = block.end.saturating_add(self.longest).min(bytes.len());
        let mut from = block.start;
        let in_order = std::iter::from_fn(|| {
            let hit = self.find(&bytes[..end], from)?;
            from = hit.at + 1;
            (hit.at < block.end).then_some(hit)
        });
        in_order.collect()
    }
}

/// A search in progress.
pub enum Hits<'f> {
    /// Each hit is searched for when it is asked for.
    OneByOne(OneByOne<'f>),
    /// All threads search ahead.
    Ahead(Ahead<'f>),
}

impl Hits<'_> {
    /// The first hit at or after `from`. Calls must not go back.
    pub fn next_from(&mut self, from: usize) -> Option<Hit> {
        match self {
            Hits::OneByOne(hits) => hits.next_from(from),
            Hits::Ahead(hits) => hits.next_from(from),
        }
    }

    /// Line feeds from `from` up to what was found last, or to the end where that was nothing; `None` where the
    /// search for it did not begin at `from`.
    pub fn feeds_from(&self, from: usize) -> Option<u64> {
        match self {
            Hits::OneByOne(hits) if hits.searched == from => Some(hits.feeds),
            _ => None,
        }
    }
}

/// A search from hit to hit.
pub struct OneByOne<'f> {
    literals: &'f Literals,
    bytes: &'f [u8],
    /// What was found last.
    next: NextHit,
    /// Where the search for it began.
    searched: usize,
    /// Line feeds that the search came past.
    feeds: u64,
}

#[derive(Debug, Clone, Copy)]
enum NextHit {
    Unknown,
    Found(Hit),
    Nothing,
}

impl OneByOne<'_> {
    fn next_from(&mut self, from: usize) -> Option<Hit> {
        let is_behind = match self.next {
            NextHit::Unknown => true,
            NextHit::Found(hit) => hit.at < from,
            NextHit::Nothing => false,
        };
        if is_behind {
            let (found, feeds) = self.literals.search.find_and_count(self.bytes, from);
            let hit = found.map(|(at, literal)| self.literals.hit(at, literal));
            self.next = hit.map_or(NextHit::Nothing, NextHit::Found);
            (self.searched, self.feeds) = (from, feeds);
        }
        match self.next {
            NextHit::Found(hit) => Some(hit),
            NextHit::Unknown | NextHit::Nothing => None,
        }
    }
}

/// A search by all threads, which goes on while the hits are looked at.
pub struct Ahead<'f> {
    /// The hits of each window.
    received: Receiver<Vec<Hit>>,
    /// Nothing in front of it is asked for any more.
    wanted: &'f AtomicUsize,
    /// What is left of those of the last one.
    hits: std::iter::Peekable<std::vec::IntoIter<Hit>>,
}

impl Ahead<'_> {
    fn next_from(&mut self, from: usize) -> Option<Hit> {
        self.wanted.store(from, Ordering::Relaxed);
        loop {
            while self.hits.next_if(|hit| hit.at < from).is_some() {}
            if let Some(hit) = self.hits.peek() {
                return Some(*hit);
            }
            self.hits = self.received.recv().ok()?.into_iter().peekable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line of each hit, counted from 0, and its sort.
    fn all(literals: &Literals, bytes: &[u8]) -> Vec<(usize, bool)> {
        let line = |hit: Hit| memchr::memchr_iter(b'\n', &bytes[..hit.at]).count();
        let hits = literals.search(bytes, 0, collect);
        hits.into_iter().map(|hit| (line(hit), hit.first)).collect()
    }

    fn collect(hits: &mut Hits<'_>) -> Vec<Hit> {
        let mut from = 0;
        let in_order = std::iter::from_fn(|| {
            let hit = hits.next_from(from)?;
            from = hit.at + 1;
            Some(hit)
        });
        in_order.collect()
    }

    #[test]
    fn hits_come_in_order() {
        let reports: Vec<String> = (0..100).map(|n| format!("report {n};")).collect();
        let boots = ["boot ", "a report 7; boot"];
        let literals = Literals::new(reports.iter().map(String::as_str), boots).expect("built");
        let found = all(&literals, b"x\nreport 7; \nboot 3\nreport 99;\n");
        assert_eq!(found, [(1, true), (2, false), (3, true)]);
    }

    #[test]
    fn a_search_ahead_finds_what_a_search_hit_by_hit_finds() {
        let literals = Literals::new(["BUG:", "WARNING:"], ["boot"]).expect("built");
        let mut bytes = vec![b'.'; 2 * WINDOW + 100];
        for at in [
            0,
            BLOCK - 2,
            BLOCK + 10,
            3 * BLOCK - 1,
            WINDOW - 3,
            WINDOW + 5,
            2 * WINDOW + 90,
        ] {
            bytes[at..at + 4].copy_from_slice(b"BUG:");
            bytes[at + 4..at + 8].copy_from_slice(b"boot");
        }
        let expected = collect(&mut Hits::OneByOne(OneByOne {
            literals: &literals,
            bytes: &bytes,
            next: NextHit::Unknown,
            searched: 0,
            feeds: 0,
        }));
        assert_eq!(expected.len(), 14);
        assert_eq!(literals.search(&bytes, 0, collect), expected);
        let first = literals.search(&bytes, 0, |hits| hits.next_from(0));
        assert_eq!(first, expected.first().copied());
    }

    #[test]
    fn a_literal_inside_another_stands_for_both() {
        let literals = Literals::new(["BUG:", "kernel BUG: at"], ["BUG: x"]).expect("built");
        assert_eq!(
            all(&literals, b"kernel BUG: at\nBUG: x"),
            [(0, true), (1, true)]
        );
    }
}
