//! What was worked out for a text before: logs are full of the same ones.
//!
//! In: a text, and how to work out an answer. Out: the answer, worked out or remembered.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Texts remembered at once; all are forgotten when one more comes.
const MAX_TEXTS: usize = 1024;

/// A longer text, in bytes, is not remembered.
const MAX_TEXT: usize = 1024;

/// Answers by text.
#[derive(Debug)]
pub struct Memo<V> {
    known: RwLock<HashMap<Box<str>, V>>,
}

impl<V> Default for Memo<V> {
    fn default() -> Memo<V> {
        let known = RwLock::default();
        Memo { known }
    }
}

impl<V: Clone> Memo<V> {
    /// The answer for a text, worked out where it is not known.
    pub fn get(&self, text: &str, work_out: impl FnOnce() -> V) -> V {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known.get(text) {
            return answer.clone();
        }
        // No lock is held while the answer is worked out: two threads may do the same work, but none waits for it.
        drop(known);
        let answer = work_out();
        if text.len() <= MAX_TEXT {
            let known = self.known.write();
            let mut known = known.unwrap_or_else(PoisonError::into_inner);
            // Which texts are asked for again is not known, and to count uses would cost more than
            // to start anew.
            if known.len() >= MAX_TEXTS {
                known.clear();
            }
            known.insert(text.into(), answer.clone());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, MAX_TEXTS, Memo};

    #[test]
    fn a_known_text_is_not_worked_out_again_and_memory_is_bounded() {
        let memo = Memo::default();
        assert_eq!(memo.get("a", || 1), 1);
        assert_eq!(memo.get("a", || 2), 1);
        let long = "x".repeat(MAX_TEXT + 1);
        assert_eq!(memo.get(&long, || 1), 1);
        assert_eq!(memo.get(&long, || 2), 2);
        for number in 0..MAX_TEXTS {
            memo.get(&format!("text {number}"), || 0);
        }
        assert_eq!(memo.get("a", || 3), 3);
    }
}
