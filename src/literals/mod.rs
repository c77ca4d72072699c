//! The search for many literals at once.
//!
//! In: literals, and bytes. Out: the place of the next one. Vector instructions find all of them at once
//! ([`teddy`]); the aho-corasick crate searches where a CPU has none, and
//! where a literal is not of `grammars/`, as in a user's grammar. In single lines they are looked up ([`LiteralIndex`]).

#[cfg(all(test, target_arch = "x86_64"))]
mod anneal;
#[cfg(target_arch = "x86_64")]
mod fingerprints;
mod index;
mod key_filter;
#[cfg(target_arch = "x86_64")]
mod teddy;

pub use index::LiteralIndex;
pub use key_filter::KeyFilter;

use aho_corasick::{AhoCorasick, BuildError};

/// Literals, ready to be searched for.
#[derive(Debug)]
pub struct LiteralSearch(Algorithm);

#[derive(Debug)]
enum Algorithm {
    #[cfg(target_arch = "x86_64")]
    Vector(Box<teddy::Teddy>),
    Automaton(Box<AhoCorasick>),
}

impl LiteralSearch {
    /// Looks for any of `literals`, none of which is a part of another one: see [`shortest`].
    ///
    /// # Errors
    /// Where there are more literals than any automaton takes.
    pub fn new(literals: &[&str]) -> Result<LiteralSearch, BuildError> {
        // The vectors first: they search several times as fast, where every literal has a
        // fingerprint.
        #[cfg(target_arch = "x86_64")]
        if let Some(teddy) = teddy::Teddy::new(literals) {
            return Ok(LiteralSearch(Algorithm::Vector(Box::new(teddy))));
        }
        let automaton = AhoCorasick::new(literals)?;
        Ok(LiteralSearch(Algorithm::Automaton(Box::new(automaton))))
    }

    /// A place of the next literal whose place is at or after `from`, and its number. The place is that of
    /// one of its bytes, the same one whenever it is found.
    pub fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        match &self.0 {
            #[cfg(target_arch = "x86_64")]
            Algorithm::Vector(teddy) => teddy.find(bytes, from),
            Algorithm::Automaton(automaton) => {
                let hit = automaton.find(bytes.get(from..)?)?;
                Some((from + hit.start(), hit.pattern().as_usize()))
            }
        }
    }

    /// The same, and the number of line feeds from `from` up to that place, or to the end.
    pub fn find_and_count(&self, bytes: &[u8], from: usize) -> (Option<(usize, usize)>, u64) {
        #[cfg(target_arch = "x86_64")]
        if let Algorithm::Vector(teddy) = &self.0 {
            return teddy.find_and_count(bytes, from);
        }
        let found = self.find(bytes, from);
        let passed = bytes.get(from..found.map_or(bytes.len(), |(at, _)| at));
        let feeds = memchr::memchr_iter(b'\n', passed.unwrap_or_default()).count();
        (found, feeds as u64)
    }
}

/// Without those that contain another one: whoever finds that finds them.
pub fn shortest(mut literals: Vec<&str>) -> Vec<&str> {
    literals.sort_unstable();
    // Those that begin with another one come right after it.
    literals.dedup_by(|long, short| long.starts_with(*short));
    let all = literals.clone();
    // None begins with another one now, so that only the last one that does not sort after a text can begin it.
    let has_beginning = |text: &str| {
        let behind = all.partition_point(|literal| *literal <= text);
        let last = all[..behind].last();
        last.is_some_and(|literal| text.starts_with(*literal))
    };
    let holds_another = |long: &str| {
        let mut inside = long.char_indices().skip(1);
        inside.any(|(at, _)| has_beginning(&long[at..]))
    };
    literals.retain(|long| !holds_another(long));
    literals
}

#[cfg(test)]
mod tests {
    use super::shortest;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn those_that_hold_another_one_are_left_out(literals in prop::collection::btree_set("[ab]{1,6}", 0..20)) {
            let all: Vec<&str> = literals.iter().map(String::as_str).collect();
            let holds = |long: &str| all.iter().any(|short| *short != long && long.contains(short));
            let expected: Vec<&str> = all.iter().copied().filter(|long| !holds(long)).collect();
            prop_assert_eq!(shortest(all.clone()), expected);
        }
    }
}
