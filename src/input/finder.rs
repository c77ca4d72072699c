//! Finds the next line that matters.
//!
//! In: bytes of a log. Out: places of literals. Some literals begin reports, so that the lines around
//! them matter; others only tell something of the boot on their own line. Vector instructions (Teddy) find some dozens of
//! literals at once, an automaton stands in where a CPU has none.

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, BuildError};

/// Literals that one vector search takes; with more its filter lets too much through.
const PART: usize = 40;

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
    parts: Vec<Part>,
    /// The first so many literals begin reports.
    reports: usize,
}

/// A search for some of the literals, whose numbers begin at `first`.
#[derive(Debug)]
struct Part {
    machine: Machine,
    first: usize,
}

#[derive(Debug)]
enum Machine {
    Vector(Searcher),
    /// For CPUs without the vector instructions.
    Automaton(AhoCorasick),
}

impl Machine {
    fn find(&self, bytes: &[u8]) -> Option<(usize, usize)> {
        let hit = match self {
            Machine::Vector(searcher) => searcher.find(bytes),
            Machine::Automaton(automaton) => automaton.find(bytes),
        };
        hit.map(|hit| (hit.start(), hit.pattern().as_usize()))
    }
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
        let reports = literals.len();
        let is_new = |note: &&str| !literals.iter().any(|literal| note.contains(literal));
        let notes = shortest(notes.into_iter().filter(is_new).collect());
        literals.extend(notes);
        Ok(Finder {
            parts: parts(&literals)?,
            reports,
        })
    }

    /// Begins to search `bytes`.
    pub fn hits<'f>(&'f self, bytes: &'f [u8]) -> Hits<'f> {
        Hits {
            finder: self,
            bytes,
            next: vec![Next::Unknown; self.parts.len()],
        }
    }
}

fn parts(literals: &[&str]) -> Result<Vec<Part>, BuildError> {
    let part = |(number, part): (usize, &[&str])| {
        let vector = packed::Config::new().builder().extend(part).build();
        let machine = match vector {
            Some(searcher) => Machine::Vector(searcher),
            None => Machine::Automaton(AhoCorasick::new(part)?),
        };
        Ok(Part {
            machine,
            first: number * PART,
        })
    };
    literals.chunks(PART).enumerate().map(part).collect()
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
        let part = &self.finder.parts[part];
        let found = self
            .bytes
            .get(from..)
            .and_then(|rest| part.machine.find(rest));
        match found {
            Some((at, literal)) => Next::Found {
                at: from + at,
                literal: part.first + literal,
            },
            None => Next::Nothing,
        }
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
    fn hits_come_in_order_whatever_part_finds_them() {
        let reports: Vec<String> = (0..100).map(|n| format!("report {n};")).collect();
        let notes = ["note ", "a report 7; note"];
        let finder = Finder::new(reports.iter().map(String::as_str), notes).expect("built");
        assert_eq!(finder.parts.len(), 3);
        let found = all(&finder, b"x\nreport 7; \nnote 3\nreport 99;\n");
        assert_eq!(found, [(2, true), (13, false), (20, true)]);
    }

    #[test]
    fn a_literal_inside_another_stands_for_both() {
        let finder = Finder::new(["BUG:", "kernel BUG: at"], ["BUG: x"]).expect("built");
        assert_eq!(
            all(&finder, b"kernel BUG: at, BUG: x"),
            [(7, true), (16, true)]
        );
    }
}
