//! Which sets a function is in, remembered: traces are full of the same functions.

use super::FrameSet;
use super::frames::fits;
use super::memo::Memo;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::{Arc, OnceLock};

/// What was looked up before.
#[derive(Debug, Default)]
pub struct Memberships {
    known: Memo<Arc<Membership>>,
    finder: OnceLock<SetFinder>,
}

/// Finds the globs that a function may fit: those of whose pieces it holds the longest. To try every glob of every
/// set took half of the time of a log full of functions that no other one has.
#[derive(Debug)]
struct SetFinder {
    /// Of each glob its longest piece; `None` where they are too many for a search.
    pieces: Option<AhoCorasick>,
    /// Of each glob its set, and its place in it.
    globs: Vec<(usize, usize)>,
}

/// The sets of one function.
#[derive(Debug)]
struct Membership {
    machinery: bool,
    /// For each set, in the order of the grammar.
    of: Box<[bool]>,
}

impl Memberships {
    /// True where `function` is in the set `set`.
    pub fn is_in(&self, sets: &[FrameSet], set: &str, function: &str) -> bool {
        // A set that a user's grammar has not is empty; names of rules were checked when it was
        // read.
        let Some(index) = sets.iter().position(|frames| frames.name == set) else {
            return false;
        };
        self.of(sets, function).of[index]
    }

    /// True where `function` is in a set of machinery.
    pub fn is_machinery(&self, sets: &[FrameSet], function: &str) -> bool {
        self.of(sets, function).machinery
    }

    fn of(&self, sets: &[FrameSet], function: &str) -> Arc<Membership> {
        let finder = || self.finder.get_or_init(|| SetFinder::of(sets));
        let look_up = || Arc::new(Membership::of(sets, finder(), function));
        self.known.get(function, look_up)
    }
}

impl SetFinder {
    fn of(sets: &[FrameSet]) -> SetFinder {
        let places = |set: usize| (0..sets[set].functions.len()).map(move |glob| (set, glob));
        let globs: Vec<_> = (0..sets.len()).flat_map(places).collect();
        let longest = |&(set, glob): &(usize, usize)| {
            let pieces = sets[set].functions[glob].split('*');
            pieces.max_by_key(|piece| piece.len()).unwrap_or_default()
        };
        let mut builder = AhoCorasick::builder();
        builder.kind(Some(AhoCorasickKind::ContiguousNFA));
        SetFinder {
            pieces: builder.build(globs.iter().map(longest)).ok(),
            globs,
        }
    }

    /// Writes down the sets that a function is in.
    fn find(&self, sets: &[FrameSet], function: &str, of: &mut [bool]) {
        // Slower, but right: a grammar may hold any number of globs.
        let Some(pieces) = &self.pieces else {
            let all = sets.iter().map(|frames| frames.has(function));
            of.iter_mut().zip(all).for_each(|(is_in, has)| *is_in = has);
            return;
        };
        for found in pieces.find_overlapping_iter(function) {
            // The longest piece alone is no match: the rest of the glob must fit as well.
            let (set, glob) = self.globs[found.pattern().as_usize()];
            of[set] = of[set] || fits(&sets[set].functions[glob], function);
        }
    }
}

impl Membership {
    fn of(sets: &[FrameSet], finder: &SetFinder, function: &str) -> Membership {
        let mut of = vec![false; sets.len()].into_boxed_slice();
        finder.find(sets, function, &mut of);
        let machinery = sets
            .iter()
            .zip(&of)
            .any(|(frames, is_in)| frames.machinery && *is_in);
        Membership { machinery, of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Grammar;
    use proptest::prelude::*;

    proptest! {
        /// Functions of pieces of the globs, and of what is between them.
        #[test]
        fn a_function_is_in_the_sets_whose_globs_it_fits(
            pieces in prop::collection::vec((0_usize..2000, 0_usize..3), 1..4),
        ) {
            let grammar = Grammar::builtin();
            let globs: Vec<_> = grammar.frames.iter().flat_map(|set| &set.functions).collect();
            let function: String = pieces.iter().map(|(glob, form)| {
                let glob = globs[glob % globs.len()];
                match form {
                    0 => glob.replace('*', ""),
                    1 => glob.replace('*', "x"),
                    _ => glob.chars().skip(1).collect(),
                }
            }).collect();
            let finder = SetFinder::of(&grammar.frames);
            let found = Membership::of(&grammar.frames, &finder, &function);
            let expected: Vec<_> = grammar.frames.iter().map(|set| set.has(&function)).collect();
            prop_assert_eq!(found.of.as_ref(), expected.as_slice());
        }
    }
}
