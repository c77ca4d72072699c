//! Which sets a function is in, remembered: traces are full of the same functions.

use super::FrameSet;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Functions remembered; a name is no longer than a line of the log.
const MAX_FUNCTIONS: usize = 1024;

/// What was looked up before.
#[derive(Debug, Default)]
pub struct Memberships {
    known: RwLock<HashMap<String, Membership>>,
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
        let Some(index) = sets.iter().position(|frames| frames.name == set) else {
            return false;
        };
        self.look_up(sets, function, |membership| membership.of[index])
    }

    /// True where `function` is in a set of machinery.
    pub fn is_machinery(&self, sets: &[FrameSet], function: &str) -> bool {
        self.look_up(sets, function, |membership| membership.machinery)
    }

    fn look_up(
        &self,
        sets: &[FrameSet],
        function: &str,
        ask: impl Fn(&Membership) -> bool,
    ) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(membership) = known.get(function) {
            return ask(membership);
        }
        let is_full = known.len() >= MAX_FUNCTIONS;
        drop(known);
        let membership = Membership::of(sets, function);
        let answer = ask(&membership);
        if !is_full {
            let known = self.known.write();
            let mut known = known.unwrap_or_else(PoisonError::into_inner);
            known.insert(function.to_owned(), membership);
        }
        answer
    }
}

impl Membership {
    fn of(sets: &[FrameSet], function: &str) -> Membership {
        let of: Box<[bool]> = sets.iter().map(|frames| frames.has(function)).collect();
        let machinery = sets
            .iter()
            .zip(&of)
            .any(|(frames, is_in)| frames.machinery && *is_in);
        Membership { machinery, of }
    }
}
