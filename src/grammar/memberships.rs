//! Which sets a function is in, remembered: traces are full of the same functions.

use super::FrameSet;
use super::memo::Memo;
use std::sync::Arc;

/// What was looked up before.
#[derive(Debug, Default)]
pub struct Memberships {
    known: Memo<Arc<Membership>>,
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
        self.of(sets, function).of[index]
    }

    /// True where `function` is in a set of machinery.
    pub fn is_machinery(&self, sets: &[FrameSet], function: &str) -> bool {
        self.of(sets, function).machinery
    }

    fn of(&self, sets: &[FrameSet], function: &str) -> Arc<Membership> {
        let look_up = || Arc::new(Membership::of(sets, function));
        self.known.get(function, look_up)
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
