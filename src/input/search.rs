//! The search for literals: which part of a log is worth a look.
//!
//! In: bytes. Out: the first place where one of many literals stands. Vector instructions look
//! for a few dozen literals at once at the speed of memory; more of them are searched in
//! groups, block by block, so that the second group finds the block in the cache.

use super::Hit;
use aho_corasick::packed::{Config, Searcher};
use aho_corasick::{AhoCorasick, BuildError, Span};

/// Literals searched at once: beyond that the vector search reports too many places that are none.
const GROUP: usize = 48;

/// Bytes that all groups look through before they go on.
const BLOCK: usize = 4096;

/// A search for any of many literals.
#[derive(Debug)]
pub struct Search {
    groups: Vec<Group>,
    /// In place of the groups on processors without the vector instructions.
    automaton: Option<AhoCorasick>,
    /// Literals of reports; they come first in the automaton.
    reports: usize,
    longest: usize,
}

#[derive(Debug)]
struct Group {
    searcher: Searcher,
    hit: fn(usize) -> Hit,
}

impl Search {
    /// For literals of reports, and of lines that tell something by themselves.
    ///
    /// # Errors
    /// Where the literals are too many.
    pub fn new<'a>(
        reports: impl Iterator<Item = &'a str>,
        asides: impl Iterator<Item = &'a str>,
    ) -> Result<Search, BuildError> {
        let (reports, asides) = (needles(reports), needles(asides));
        let groups = groups(&reports, Hit::Report).zip(groups(&asides, Hit::Aside));
        let all = reports.iter().chain(&asides);
        let automaton = match groups {
            Some(_) => None,
            None => Some(AhoCorasick::new(all.clone())?),
        };
        Ok(Search {
            longest: all.map(|needle| needle.len()).max().unwrap_or(0),
            automaton,
            groups: groups.map_or_else(Vec::new, |(reports, asides)| {
                reports.into_iter().chain(asides).collect()
            }),
            reports: reports.len(),
        })
    }

    /// The first literal in `haystack`.
    pub fn find(&self, haystack: &[u8]) -> Option<Hit> {
        if let Some(automaton) = &self.automaton {
            return automaton
                .find(haystack)
                .map(|hit| match hit.pattern().as_usize() {
                    report if report < self.reports => Hit::Report(hit.start()),
                    _ => Hit::Aside(hit.start()),
                });
        }
        (0..haystack.len())
            .step_by(BLOCK)
            .find_map(|start| self.find_in_block(haystack, start))
    }

    /// The first literal that begins in the block at `start`.
    fn find_in_block(&self, haystack: &[u8], start: usize) -> Option<Hit> {
        let mut end = start + BLOCK;
        let mut first = None;
        for Group { searcher, hit } in &self.groups {
            let span = Span {
                start,
                end: (end + self.longest).min(haystack.len()),
            };
            let found = searcher.find_in(haystack, span).map(|found| found.start());
            if let Some(at) = found.filter(|at| *at < end) {
                first = Some(hit(at));
                end = at;
            }
        }
        first
    }
}

/// The literals that contain no other one.
fn needles<'a>(literals: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = literals.filter(|literal| !literal.is_empty()).collect();
    all.sort_by_key(|literal| (literal.len(), *literal));
    let mut needles: Vec<&str> = Vec::new();
    for literal in all {
        if !needles.iter().any(|needle| literal.contains(needle)) {
            needles.push(literal);
        }
    }
    // Literals that begin alike share the vectors of a group.
    needles.sort_unstable();
    needles
}

/// `None` where there are no vector instructions.
fn groups(needles: &[&str], hit: fn(usize) -> Hit) -> Option<Vec<Group>> {
    let group = |group: &[&str]| {
        let mut config = Config::new();
        let searcher = config
            .heuristic_pattern_limits(false)
            .builder()
            .extend(group)
            .build()?;
        Some(Group { searcher, hit })
    };
    needles.chunks(GROUP).map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_of_many_is_found(
            reports in prop::collection::vec("[a-c]{1,6}", 1..40),
            asides in prop::collection::vec("[a-c]{1,6}", 1..40),
            haystack in "[a-d]{0,200}",
            padding in 0..3 * BLOCK,
        ) {
            let haystack = "d".repeat(padding) + &haystack;
            let first = |literals: &[String]| {
                let needles = needles(literals.iter().map(String::as_str));
                needles.iter().filter_map(|needle| haystack.find(needle)).min()
            };
            let due = match (first(&reports), first(&asides)) {
                (Some(report), Some(aside)) if aside < report => Some(Hit::Aside(aside)),
                (Some(report), _) => Some(Hit::Report(report)),
                (None, aside) => aside.map(Hit::Aside),
            };
            let search = Search::new(reports.iter().map(String::as_str), asides.iter().map(String::as_str)).expect("few literals");
            prop_assert_eq!(search.find(haystack.as_bytes()), due);
        }
    }
}
