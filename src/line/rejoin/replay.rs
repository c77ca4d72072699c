//! Messages that printk prints once more.
//!
//! printk begins a message anew when another CPU has taken the console over from the one that was printing it
//! (kernel/printk/printk.c, 6.9 and later).

use crate::line::LogLine;

/// printk's note in front of the message.
const NOTE: &str = "** replaying previous printk message **";

/// What the last message was, and whether it comes once more.
#[derive(Debug, Default)]
pub(super) struct Replay {
    last: String,
    /// The note was the last line.
    announced: bool,
}

impl Replay {
    /// True for what printk prints once more, and for its note. A message that is `held` for its second half was cut
    /// off by the note: what comes is the whole.
    pub fn is_one(&mut self, line: &LogLine<'_>, held: bool) -> bool {
        let text = line.text.trim_end();
        if text.ends_with(NOTE) {
            // A message in front of the note is half of what follows.
            self.announced = text == NOTE;
            return true;
        }
        let replayed = self.announced && !held && self.last == text;
        self.announced &= !replayed;
        text.clone_into(&mut self.last);
        replayed
    }

    /// True where this line is the whole of which `held` is the beginning. Asked once a line.
    pub fn is_whole_of(&mut self, held: Option<&LogLine<'_>>, line: &LogLine<'_>) -> bool {
        let announced = std::mem::take(&mut self.announced);
        let begins = |held: &LogLine<'_>| line.text.starts_with(held.text.trim_end());
        announced && held.is_some_and(begins)
    }
}
