//! Finds the next line that matters.
//!
//! In: bytes of a log. Out: places of literals. Some literals begin reports, so that the lines around
//! them matter; others only tell something of the boot on their own line. Small inputs are searched by
//! an automaton that is built fast, large ones by vector instructions (Teddy, a few dozen literals at a
//! time).

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes from which on building the faster search pays.
const LARGE: usize = 1 << 20;

/// Literals that one vector search can take.
const PACKED: usize = 64;

/// A literal at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Offset of its first byte.
    pub at: usize,
    /// True where a report may begin.
    pub report: bool,
}

/// The literals, ready to be searched for.
#[derive(Debug)]
pub struct Finder {
    literals: Vec<String>,
    /// The first so many literals begin reports.
    reports: usize,
    small: AhoCorasick,
    large: OnceLock<Vec<Packed>>,
    searched: AtomicUsize,
}

/// Some of the literals; their numbers begin at `first`.
#[derive(Debug)]
struct Packed {
    searcher: Searcher,
    first: usize,
}

impl Finder {
    /// Looks for literals that begin reports, and for literals that matter on their own line.
    ///
    /// # Errors
    /// Where there are more literals than any automaton takes.
    pub fn new<'l>(
        reports: impl IntoIterator<Item = &'l str>,
        notes: impl IntoIterator<Item = &'l str>,
    ) -> Result<Finder, BuildError> {
        let mut literals = shortest(reports.into_iter().collect());
        let begin_reports = literals.len();
        let is_new = |note: &&str| !literals.iter().any(|literal| note.contains(literal));
        let notes = shortest(notes.into_iter().filter(is_new).collect());
        literals.extend(notes);
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        Ok(Finder {
            small: AhoCorasick::builder().kind(kind).build(&literals)?,
            literals: literals.into_iter().map(str::to_owned).collect(),
            reports: begin_reports,
            large: OnceLock::new(),
            searched: AtomicUsize::new(0),
        })
    }

    /// Begins to search `bytes`.
    pub fn hits<'f>(&'f self, bytes: &'f [u8]) -> Hits<'f> {
        let before = self.searched.fetch_add(bytes.len(), Ordering::Relaxed);
        let large = before.saturating_add(bytes.len()) >= LARGE;
        let packed = if large {
            self.large.get_or_init(|| self.packed())
        } else {
            &[][..]
        };
        Hits {
            finder: self,
            bytes,
            packed,
            next: vec![Next::Unknown; packed.len().max(1)],
        }
    }

    /// Empty where this machine has no vector instructions for it.
    fn packed(&self) -> Vec<Packed> {
        let parts = self
            .literals
            .chunks(PACKED)
            .enumerate()
            .map(|(number, part)| {
                let searcher = packed::Config::new().builder().extend(part).build()?;
                Some(Packed {
                    searcher,
                    first: number * PACKED,
                })
            });
        parts.collect::<Option<_>>().unwrap_or_default()
    }
}

/// Without those that contain another one: whoever finds that finds them.
fn shortest(mut literals: Vec<&str>) -> Vec<&str> {
    literals.sort_unstable();
    literals.dedup();
    let all = literals.clone();
    literals.retain(|long| {
        !all.iter()
            .any(|short| short != long && long.contains(short))
    });
    literals
}

/// A search in progress.
pub struct Hits<'f> {
    finder: &'f Finder,
    bytes: &'f [u8],
    packed: &'f [Packed],
    /// What each part of the search found last.
    next: Vec<Next>,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Unknown,
    Found { at: usize, literal: usize },
    Nothing,
}

impl Hits<'_> {
    /// The first hit at or behind `from`. Calls must not go back.
    pub fn next_from(&mut self, from: usize) -> Option<Hit> {
        for part in 0..self.next.len() {
            let is_behind = match self.next[part] {
                Next::Unknown => true,
                Next::Found { at, .. } => at < from,
                Next::Nothing => false,
            };
            if is_behind {
                self.next[part] = self.search(part, from);
            }
        }
        let found = self.next.iter().filter_map(|next| match *next {
            Next::Found { at, literal } => Some((at, literal)),
            _ => None,
        });
        let (at, literal) = found.min()?;
        Some(Hit {
            at,
            report: literal < self.finder.reports,
        })
    }

    fn search(&self, part: usize, from: usize) -> Next {
        let Some(rest) = self.bytes.get(from..) else {
            return Next::Nothing;
        };
        let found = match self.packed.get(part) {
            Some(packed) => {
                let found = packed.searcher.find(rest);
                found.map(|hit| (hit.start(), packed.first + hit.pattern().as_usize()))
            }
            None => {
                let found = self.finder.small.find(rest);
                found.map(|hit| (hit.start(), hit.pattern().as_usize()))
            }
        };
        found.map_or(Next::Nothing, |(at, literal)| Next::Found {
            at: from + at,
            literal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(finder: &Finder, bytes: &[u8]) -> Vec<(usize, bool)> {
        let mut hits = finder.hits(bytes);
        let mut from = 0;
        std::iter::from_fn(|| {
            let hit = hits.next_from(from)?;
            from = hit.at + 1;
            Some((hit.at, hit.report))
        })
        .collect()
    }

    #[test]
    fn small_and_large_inputs_give_the_same() {
        let reports: Vec<String> = (0..100).map(|n| format!("report {n};")).collect();
        let finder = Finder::new(
            reports.iter().map(String::as_str),
            ["note ", "a report 7; note"],
        )
        .expect("built");
        let log = b"x\nreport 7; \nnote 3\nreport 99;\n".repeat(3);
        let small = all(&finder, &log);
        assert_eq!(small.len(), 9);
        assert_eq!(small[..3], [(2, true), (13, false), (20, true)]);
        let mut large = log.clone();
        large.resize(2 * LARGE, b'.');
        assert_eq!(all(&finder, &large), small);
    }

    #[test]
    fn a_literal_inside_another_stands_for_both() {
        let finder = Finder::new(["BUG:", "kernel BUG: at"], ["BUG: x"]).expect("built");
        assert_eq!(finder.literals, ["BUG:"]);
    }
}
