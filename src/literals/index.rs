//! Which of many literals a line holds.
//!
//! In: literals, and a text of some hundred bytes. Out: the numbers of those in it. Every other place of the text is looked up by
//! its three bytes. To build an automaton of the aho-corasick crate for a thousand literals takes longer than to read a usual
//! log, and it is slower for each byte as well; the vector search of this module wants texts that are longer than a line.

use super::key_filter::KeyFilter;
use std::ops::ControlFlow::{self, Break, Continue};

/// Bytes that a literal is looked up by.
const KEY: usize = 3;

/// One place of so many is looked at: a literal is entered with the key of its beginning and of each place up to the next.
const STEP: usize = 2;

/// Literals, ready to be looked for in lines.
#[derive(Debug)]
pub struct LiteralIndex {
    literals: Vec<String>,
    filter: KeyFilter,
    /// In the order of the keys.
    keys: Vec<LiteralKey>,
    /// Those that are too short to have all keys.
    short: Vec<usize>,
}

/// Three bytes of a literal.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LiteralKey {
    key: u32,
    /// Where in the literal they are.
    offset: usize,
    literal: usize,
}

impl LiteralIndex {
    /// Of literals that are numbered as they come.
    pub fn new(literals: Vec<String>) -> LiteralIndex {
        let mut keys = Vec::with_capacity(literals.len() * STEP);
        let mut short = Vec::new();
        for (literal, text) in literals.iter().enumerate() {
            let windows = text.as_bytes().windows(KEY).enumerate().take(STEP);
            if windows.len() < STEP {
                short.push(literal);
                continue;
            }
            keys.extend(windows.map(|(offset, window)| LiteralKey {
                key: key(window),
                offset,
                literal,
            }));
        }
        keys.sort_unstable();
        LiteralIndex {
            filter: KeyFilter::new(keys.iter().map(|key| u64::from(key.key))),
            literals,
            keys,
            short,
        }
    }

    /// True where any literal is in the text.
    pub fn is_any_in(&self, text: &str) -> bool {
        self.for_each_hit(text, |_| Break(())).is_break()
    }

    /// The numbers of the literals in the text, ascending, each once.
    pub fn all_in(&self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let _all = self.for_each_hit(text, |literal| {
            found.push(literal);
            Continue(())
        });
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Hands over the literals in a text, some of them several times, until `take` breaks.
    fn for_each_hit(
        &self,
        text: &str,
        mut take: impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let bytes = text.as_bytes();
        // The last place is looked at by itself, so that the others read a whole word.
        let places = bytes.windows(KEY + 1).step_by(STEP).enumerate();
        for (number, window) in places {
            let key = key(window);
            if self.filter.may_contain(u64::from(key)) {
                self.literals_at(bytes, number * STEP, key, &mut take)?;
            }
        }
        let last = bytes.len().wrapping_sub(KEY);
        if last.is_multiple_of(STEP)
            && let Some(window) = bytes.get(last..)
        {
            self.literals_at(bytes, last, key(window), &mut take)?;
        }
        let mut short = self.short.iter();
        short.try_for_each(|&literal| match text.contains(&self.literals[literal]) {
            true => take(literal),
            false => Continue(()),
        })
    }

    /// The literals that have this key and are where it is in the text.
    fn literals_at(
        &self,
        text: &[u8],
        at: usize,
        key: u32,
        take: &mut impl FnMut(usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let first = self.keys.partition_point(|other| other.key < key);
        let same = self.keys[first..].iter();
        for entry in same.take_while(|other| other.key == key) {
            let literal = self.literals[entry.literal].as_bytes();
            let begin = at.checked_sub(entry.offset);
            let rest = begin.and_then(|begin| text.get(begin..));
            if rest.is_some_and(|rest| rest.starts_with(literal)) {
                take(entry.literal)?;
            }
        }
        Continue(())
    }
}

/// The first bytes of a window as a number.
#[inline]
fn key(window: &[u8]) -> u32 {
    match *window {
        // One load, not three.
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]) & 0xff_ffff,
        [a, b, c, ..] => u32::from_le_bytes([a, b, c, 0]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::LiteralIndex;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_same_literals_are_found_as_one_by_one(
            literals in prop::collection::vec("[ab]{1,6}", 0..20),
            text in "[abc]{0,30}",
        ) {
            let expected: Vec<usize> = (0..literals.len())
                .filter(|&number| text.contains(&literals[number]))
                .collect();
            let index = LiteralIndex::new(literals);
            prop_assert_eq!(index.is_any_in(&text), !expected.is_empty());
            prop_assert_eq!(index.all_in(&text), expected);
        }
    }
}
