//! Lines that were broken come together again: by a mailer, by a terminal, by printk that was interrupted.
//!
//! In: log lines. Out: the same without printk's replays, with broken ones whole. All waiting for a second half is
//! here: [`Rejoin`] waits for that of any line, [`HalfHeader`] for that of a header, among the lines of one caller.

mod half_header;
mod halves;
mod narrow;
mod replay;
mod terminal;

pub use half_header::{HalfHeader, Read};
pub use halves::{has_open_parenthesis, may_be_continued};

use super::LogLine;
use super::kind::header;
use crate::grammar::Grammar;
use halves::{continued, joined, may_be_broken};
use replay::Replay;

/// A line whose rest may be on the next one.
#[derive(Debug)]
struct HeldLine {
    line: LogLine<'static>,
    /// It is a line of those that are broken anywhere.
    is_long: bool,
    /// A report is being printed, or it has an open parenthesis: any line may be broken.
    in_report: bool,
}

/// The state between lines.
#[derive(Debug)]
pub struct Rejoin<'g> {
    grammar: &'g Grammar,
    held: Option<HeldLine>,
    replay: Replay,
}

impl<'g> Rejoin<'g> {
    /// Nothing is held yet.
    pub fn new(grammar: &'g Grammar) -> Rejoin<'g> {
        Rejoin {
            grammar,
            held: None,
            replay: Replay::default(),
        }
    }

    /// True where no line is held.
    pub fn is_idle(&self) -> bool {
        self.held.is_none()
    }

    /// Takes in a line. Gives the one that was held, where the new one is not its second half, and the new one, where
    /// that is to be taken after it: [`Rejoin::hold`] must be asked first.
    pub fn line<'l>(
        &mut self,
        line: LogLine<'l>,
    ) -> (Option<LogLine<'static>>, Option<LogLine<'l>>) {
        // printk prints its note without a stamp, so that it looks like the second half of the held line: it goes
        // first.
        if self.replay.is_one(&line, self.held.is_some()) {
            return (None, None);
        }
        let held = self.held.take();
        if self
            .replay
            .is_whole_of(held.as_ref().map(|held| &held.line), &line)
        {
            return (None, Some(line));
        }
        let Some(held) = held else {
            return (None, Some(line));
        };
        match self.whole(&held, &line) {
            Some(whole) => (None, Some(whole)),
            None => (Some(held.line), Some(line)),
        }
    }

    fn whole(&self, held: &HeldLine, line: &LogLine<'_>) -> Option<LogLine<'static>> {
        let continued = || continued(self.grammar, &held.line, line);
        let joined = || joined(self.grammar, &held.line, line).filter(|_| !self.is_header(line));
        let whole = held.is_long.then(continued).flatten();
        whole.or_else(|| held.in_report.then(joined).flatten())
    }

    /// True for what begins a report by itself: as the second half of another line it would be lost.
    fn is_header(&self, line: &LogLine<'_>) -> bool {
        let header = header(self.grammar, &line.text, line.framing.present);
        header.is_some_and(|header| header.is_whole())
    }

    /// Holds a line whose rest may be on the next one; gives back any other. `in_report`: a report is being printed.
    pub fn hold<'l>(&mut self, line: LogLine<'l>, in_report: bool) -> Option<LogLine<'l>> {
        let is_long = may_be_continued(self.grammar, &line);
        // A mark that is broken is found as a long line, by how the mark ends.
        let is_mark = line.text.trim_start().starts_with("---[");
        let may_be_broken = in_report && may_be_broken(&line) || has_open_parenthesis(&line.text);
        let in_report = may_be_broken && !is_mark;
        if !is_long && !in_report {
            return Some(line);
        }
        self.held = Some(HeldLine {
            line: line.into_owned(),
            is_long,
            in_report,
        });
        None
    }

    /// Gives away the line that is held, where it is not later than line `number`.
    pub fn release(&mut self, number: u64) -> Option<LogLine<'static>> {
        let held = self.held.take_if(|held| held.line.number <= number);
        held.map(|held| held.line)
    }
}

#[cfg(test)]
mod tests;
