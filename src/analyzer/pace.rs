//! When the lines of a stream came.
//!
//! In: counts of lines. Out: how many of them are a second old: a report whose last line is one of those has
//! had none for that long. A stream is only held against the clock once it has been silent: what is read from a
//! disk gives the same whatever the time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A report without a line for so long may be all that comes.
const QUIET: Duration = Duration::from_secs(1);

/// Between two marks.
const STEP: Duration = Duration::from_millis(100);

/// What is known of the past second.
#[derive(Debug, Default)]
pub struct Pace {
    marks: VecDeque<(Instant, u64)>,
    is_live: bool,
}

impl Pace {
    /// Nothing comes for now.
    pub fn pause(&mut self) {
        self.is_live = true;
    }

    /// So many lines have come by now. Gives the number of those that are old, where it has grown.
    pub fn mark(&mut self, now: Instant, lines: u64) -> Option<u64> {
        // A file that is read through a pipe is never silent, and must give the same reports each
        // time.
        if !self.is_live {
            return None;
        }
        let last = self.marks.back();
        // A mark for each chunk would be thousands a second.
        if last.is_none_or(|(then, _)| now.duration_since(*then) >= STEP) {
            self.marks.push_back((now, lines));
        }
        let mut old = None;
        while let Some((then, lines)) = self.marks.front()
            && now.duration_since(*then) >= QUIET
        {
            old = Some(*lines);
            self.marks.pop_front();
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_old_after_a_second() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut pace = Pace::default();
        assert_eq!(pace.mark(at(0), 5), None);
        assert_eq!(pace.mark(at(5000), 5), None, "nobody waits");
        pace.pause();
        assert_eq!(pace.mark(at(5000), 5), None);
        assert_eq!(pace.mark(at(5050), 6), None);
        assert_eq!(pace.mark(at(5500), 7), None);
        assert_eq!(pace.mark(at(6000), 7), Some(5));
        assert_eq!(pace.mark(at(6400), 8), None);
        assert_eq!(pace.mark(at(6500), 8), Some(7));
        assert_eq!(pace.mark(at(9000), 8), Some(8));
    }
}
