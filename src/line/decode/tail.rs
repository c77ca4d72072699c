//! The last step: what belongs together comes together, what was printed twice comes once.
//!
//! In: log lines. Out: the same without printk's replays, and with lines that a mailer broke or
//! printk printed in pieces put together.

use super::Take;
use crate::line::LogLine;
use crate::line::rewrap;

/// printk begins a message anew when another CPU has taken the console over from the one that was
/// printing it (kernel/printk/printk.c, 6.9 and later).
const REPLAY: &str = "** replaying previous printk message **";

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// A line whose rest may be on the next one.
    held: Option<LogLine<'static>>,
    /// The last message.
    last: String,
    replays: bool,
}

impl Tail {
    /// Takes in a line.
    pub fn line(&mut self, line: LogLine<'_>, take: &mut Take<'_>) {
        if self.is_replayed(&line) {
            return;
        }
        let replays = std::mem::take(&mut self.replays);
        let begun_anew =
            |held: &LogLine<'_>| replays && line.text.starts_with(held.text.trim_end());
        let line = match self.held.take() {
            Some(held) if begun_anew(&held) => line,
            Some(held) => match rewrap::continued(&held, &line) {
                Some(whole) => whole,
                None => {
                    take(held);
                    line
                }
            },
            None => line,
        };
        if rewrap::may_be_continued(&line) {
            self.held = Some(line.into_owned());
        } else {
            take(line);
        }
    }

    /// True for what printk prints once more, and for its note.
    fn is_replayed(&mut self, line: &LogLine<'_>) -> bool {
        let text = line.text.trim_end();
        if text.ends_with(REPLAY) {
            // A message that is in front of the note is half of what follows.
            self.replays = text == REPLAY;
            return true;
        }
        let replayed = self.replays && self.held.is_none() && self.last == text;
        self.replays &= !replayed;
        text.clone_into(&mut self.last);
        replayed
    }

    /// Gives away what is held back.
    pub fn release(&mut self, take: &mut Take<'_>) {
        if let Some(held) = self.held.take() {
            take(held);
        }
    }

    /// True where nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.held.is_none()
    }
}
