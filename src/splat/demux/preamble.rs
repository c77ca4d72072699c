//! What the kernel says is wrong, in front of the header of the report or of its "cut here".

use crate::line::LogLine;

/// Lines between it and what comes next of the report: another CPU may print a line in between.
const MAX_GAP: u64 = 2;

/// Time between them: one CPU prints both in one go.
const MAX_WAIT_US: u64 = 1_000_000;

/// Its lines: the state of a page or of an address space takes some.
const MAX_LINES: usize = 12;

/// The lines of one.
#[derive(Debug)]
pub struct Preamble {
    /// The first one.
    pub first_line: u64,
    last_line: u64,
    time_us: Option<u64>,
    /// Their text.
    pub text: Vec<String>,
}

impl Preamble {
    /// Of one line.
    pub fn of(line: &LogLine<'_>) -> Preamble {
        Preamble {
            first_line: line.number,
            last_line: line.number,
            time_us: line.framing.time_us,
            text: vec![line.text.trim().to_owned()],
        }
    }

    /// With one more line, where that follows closely. What is too long is none.
    pub fn with(mut self, line: &LogLine<'_>) -> Option<Preamble> {
        if !self.is_right_before(line) {
            return None;
        }
        self.last_line = line.number;
        self.text.push(line.text.trim().to_owned());
        (self.text.len() <= MAX_LINES).then_some(self)
    }

    /// True where a line is so close that it may be of the same report.
    pub fn is_right_before(&self, line: &LogLine<'_>) -> bool {
        let is_in_time = match line.framing.time_us.zip(self.time_us) {
            Some((now, then)) => now.saturating_sub(then) <= MAX_WAIT_US,
            // A line with a stamp and one without are not of one log.
            None => line.framing.time_us.is_some() == self.time_us.is_some(),
        };
        is_in_time && line.number.saturating_sub(self.last_line) <= MAX_GAP
    }
}
