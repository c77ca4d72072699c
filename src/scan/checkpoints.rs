//! Up to where an input was read without a gap: only that may be remembered.
//!
//! In: the ends of jobs, in their order. Out: their keys, but none after a job that was not read whole: the key of a
//! public-inbox says that all commits before it were read.

use super::order::End;

/// What came before.
#[derive(Debug, Default)]
pub struct Checkpoints {
    /// A job of the input at hand was not read whole.
    gap: bool,
    /// Jobs were left in the middle, and nobody knows which.
    is_stopped: bool,
}

impl Checkpoints {
    /// The key that may be remembered at the end of a job.
    pub fn key<'e>(&mut self, end: &'e End) -> Option<&'e str> {
        self.gap |= end.key.is_none();
        let key = end.key.as_deref().filter(|_| !self.gap && !self.is_stopped);
        // The next input begins without a gap.
        self.gap &= !end.is_last;
        key
    }

    /// Nothing more is to be remembered.
    pub fn stop(&mut self) {
        self.is_stopped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::Extent;

    fn end(key: Option<&str>, is_last: bool) -> End {
        End {
            extent: Extent::default(),
            is_last,
            key: key.map(str::to_owned),
        }
    }

    #[test]
    fn behind_a_gap_nothing_of_the_input_is_remembered() {
        let mut checkpoints = Checkpoints::default();
        let rows = [
            (end(Some("a"), false), Some("a")),
            (end(None, false), None),
            (end(Some("c"), false), None),
            (end(Some("d"), true), None),
            // Another input.
            (end(Some("e"), true), Some("e")),
        ];
        for (end, key) in &rows {
            assert_eq!(checkpoints.key(end), *key);
        }
    }

    #[test]
    fn of_jobs_that_were_left_nothing_is_remembered() {
        let mut checkpoints = Checkpoints::default();
        checkpoints.stop();
        assert_eq!(checkpoints.key(&end(Some("a"), true)), None);
    }
}
