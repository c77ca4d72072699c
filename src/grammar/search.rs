//! The search for literals in bytes: what it does not find is no report.
//!
//! In: literals, bytes. Out: the first place of any. Vector code finds some dozens of literals at
//! once at several bytes a clock cycle, an automaton takes a byte or less; so there is one vector
//! searcher for every few dozens, and they take turns on windows that stay in the cache.

use aho_corasick::{AhoCorasick, BuildError, Span, packed};

/// Literals of one vector searcher; with more its filter lets too much through.
const PART: usize = 40;

/// Bytes that the searchers take turns on: half of a small second-level cache.
const WINDOW: usize = 128 * 1024;

/// Finds the first of many literals.
#[derive(Debug)]
pub struct Search {
    machine: Machine,
    longest: usize,
}

#[derive(Debug)]
enum Machine {
    Vector(Vec<packed::Searcher>),
    /// For CPUs without the vector instructions.
    Automaton(AhoCorasick),
}

impl Search {
    /// For these literals.
    ///
    /// # Errors
    /// Where the automaton for them would outgrow its limits.
    pub fn new<'l>(literals: impl IntoIterator<Item = &'l str>) -> Result<Search, BuildError> {
        let mut literals: Vec<&str> = literals.into_iter().collect();
        literals.sort_unstable();
        let longest = literals.iter().map(|literal| literal.len()).max();
        let machine = match vector(&literals) {
            Some(parts) => Machine::Vector(parts),
            None => Machine::Automaton(AhoCorasick::new(&literals)?),
        };
        Ok(Search {
            machine,
            longest: longest.unwrap_or(0),
        })
    }

    /// Where the first literal begins.
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        match &self.machine {
            Machine::Vector(parts) => self.find_in_windows(parts, haystack),
            Machine::Automaton(automaton) => automaton.find(haystack).map(|hit| hit.start()),
        }
    }

    fn find_in_windows(&self, parts: &[packed::Searcher], haystack: &[u8]) -> Option<usize> {
        (0..haystack.len()).step_by(WINDOW).find_map(|start| {
            // A literal may stand across the end of a window.
            let end = (start + WINDOW + self.longest).min(haystack.len());
            let window = Span { start, end };
            let hits = parts
                .iter()
                .filter_map(|part| part.find_in(haystack, window));
            hits.map(|hit| hit.start()).min()
        })
    }
}

/// `None` where the CPU has no such instructions.
fn vector(literals: &[&str]) -> Option<Vec<packed::Searcher>> {
    let parts = literals.chunks(PART);
    parts
        .map(|part| packed::Searcher::new(part.iter().map(|l| l.as_bytes())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_literal_across_the_end_of_a_window_is_found() {
        let search = Search::new(["needle", "pin"]).expect("a search");
        for start in WINDOW - 6..=WINDOW {
            let mut bytes = vec![b'x'; 2 * WINDOW];
            bytes[start..start + 6].copy_from_slice(b"needle");
            assert_eq!(search.find(&bytes), Some(start));
        }
    }

    proptest! {
        #[test]
        fn vectors_find_what_an_automaton_finds(
            literals in prop::collection::vec("[ab]{1,4}", 1..90),
            text in "[abc]{0,300}",
        ) {
            let search = Search::new(literals.iter().map(String::as_str)).expect("a search");
            let naive = (0..text.len()).find(|at| literals.iter().any(|l| text[*at..].starts_with(l.as_str())));
            prop_assert_eq!(search.find(text.as_bytes()), naive);
        }
    }
}
