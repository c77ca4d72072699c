//! How much of a log one report may hold, and how many lines of others may be between its own.

use super::{SplatBuilder, TraceState};
use crate::line::LogLine;
use crate::splat::FRAGMENT;

/// Frames that one splat may hold; real ones stay far below.
pub(super) const MAX_FRAMES: usize = 1024;
/// Registers that one splat may hold.
pub(super) const MAX_REGISTERS: usize = 128;

// A report of all tasks has thousands of lines, of which titles and stacks need the first.
const MAX_LINES: usize = 2000;
const MAX_TEXT: usize = 256 * 1024;

/// Lines that are no part of a splat but may be among its own: messages of other CPUs where the log has
/// no caller tags.
const MAX_FOREIGN: u32 = 16;

/// The same in a report that has no end marker: another of its call traces may be to come.
const MAX_FOREIGN_BETWEEN_TRACES: u32 = 48;

/// The same before the first frame of a report that must have a call trace.
const MAX_FOREIGN_BEFORE_TRACE: u32 = 100;

/// The same for lines that the log's framing or quoting sets apart: prose of a mail between two
/// pieces of a quoted splat.
const MAX_PROSE: u32 = 300;

/// Lines of others between a header and another one that is a part of its report: arm64
/// prints a dozen lines about the fault between the two (arch/arm64/mm/fault.c).
const MAX_FOREIGN_BEFORE_PART: u32 = 32;

/// Time between the two: the CPU prints both in one go, on a slow console perhaps.
const MAX_PART_DELAY_US: u64 = 10_000_000;

/// Time from the first line of a report to the one that completes it: the table of tasks has thousands of rows, and a
/// serial line prints a hundred of them a second.
const MAX_COMPLETE_US: u64 = 60_000_000;

/// Time between two lines of a report. A CPU that is asked for its backtrace has 10 seconds for it (lib/nmi_backtrace.c).
const MAX_PAUSE_US: u64 = 20_000_000;

/// The same where another report begins in between: two CPUs that print at once interrupt each other for milliseconds.
const MAX_INTERRUPTION_US: u64 = 2_000_000;

/// Time between a header that was interrupted and its repetition.
const MAX_REPEAT_DELAY_US: u64 = 1_000_000;

/// Lines of others since the last one of the report.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Strangers {
    /// With the framing and the quoting of the report's own.
    foreign: u32,
    /// Others.
    prose: u32,
}

/// The text that a report keeps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct KeptText {
    bytes: usize,
    /// Another report's stack began: what follows says nothing certain of this one.
    closed: bool,
}

impl KeptText {
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// True where one more line may be kept, beside so many.
    pub fn takes(&mut self, lines: usize, text: &str) -> bool {
        if self.closed {
            return false;
        }
        // Counted also for lines that are not kept, so that all later ones are refused.
        self.bytes += text.len();
        lines < MAX_LINES && self.bytes <= MAX_TEXT
    }
}

/// How the report's lines look in the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineLayout {
    /// The header has framing.
    pub framed: bool,
    /// Its lines have stamps.
    pub stamped: bool,
    /// A line after the header has shown that: only the header may have got a stamp, or lost it, where two lines ran
    /// together.
    is_settled: bool,
    /// Depth of mail quoting.
    pub quote: usize,
}

impl LineLayout {
    pub fn of(header: &LogLine<'_>) -> LineLayout {
        LineLayout {
            framed: header.framing.present,
            stamped: header.framing.time_us.is_some(),
            is_settled: false,
            quote: header.quote,
        }
    }

    /// Takes in a line that surely is the report's.
    pub fn settle(&mut self, line: &LogLine<'_>) {
        if !self.is_settled {
            self.is_settled = true;
            self.stamped = line.framing.time_us.is_some();
        }
    }
}

impl SplatBuilder {
    /// Counts a line that is no part of it. False where that is one too many.
    pub fn tolerate(&mut self, line: &LogLine<'_>) -> bool {
        let is_alike =
            line.framing.present == self.layout.framed && line.quote == self.layout.quote;
        match is_alike {
            true => self.strangers.foreign += 1,
            false => self.strangers.prose += 1,
        }
        let foreign_limit = match self.splat.frames.is_empty() {
            _ if self.splat.kind == FRAGMENT => MAX_PROSE,
            true if self.expects.trace => MAX_FOREIGN_BEFORE_TRACE,
            false if !self.expects.end_marker => MAX_FOREIGN_BETWEEN_TRACES,
            _ => MAX_FOREIGN,
        };
        self.strangers.foreign <= foreign_limit && self.strangers.prose <= MAX_PROSE
    }

    /// True where this is only the beginning of `header`: printk was interrupted in it and prints
    /// it once more.
    pub fn is_begun_by(&self, header: &str, line: &LogLine<'_>) -> bool {
        let splat = &self.splat;
        let alone = splat.lines.len() <= 1 && splat.frames.is_empty();
        let soon = self.is_within(MAX_REPEAT_DELAY_US, line);
        if alone && soon && header.starts_with(&splat.header) {
            return true;
        }
        // People quote the header in front of the whole log.
        let is_bare =
            splat.frames.is_empty() && splat.rip.is_none() && splat.kernel.release.is_none();
        is_bare && self.waits_for_trace() && splat.header == header && self.is_quote_of(line)
    }

    /// True where its header may be a quote of this line: both have one time, or the quote has no framing.
    fn is_quote_of(&self, line: &LogLine<'_>) -> bool {
        let splat = &self.splat;
        let clock = line.framing.clock;
        let clock = clock.as_ref().map(|clock| clock.as_str());
        match (splat.time_us, line.framing.time_us) {
            (Some(then), now) => then > 0 && now == Some(then),
            (None, None) if self.layout.framed => {
                clock.is_some() && clock == splat.clock.as_deref()
            }
            (None, _) => !self.layout.framed && line.framing.present,
        }
    }

    /// True where another header may be a part of this report: nothing of a call trace was printed yet,
    /// and little of anything else.
    pub fn may_have_part(&self, line: &LogLine<'_>) -> bool {
        let Strangers { foreign, prose } = self.strangers;
        let near = foreign <= MAX_FOREIGN_BEFORE_PART && prose <= MAX_PROSE;
        self.trace == TraceState::Awaited && near && self.is_within(MAX_PART_DELAY_US, line)
    }

    /// True where a header may be the last line of this report: it was printed in one go, and nothing else came between.
    pub fn may_be_completed(&self, line: &LogLine<'_>) -> bool {
        self.strangers.prose <= MAX_FOREIGN && self.is_within(MAX_COMPLETE_US, line)
    }

    /// True where the line comes too late to be one of the report: the rest of that is lost.
    pub fn is_over_before(&self, line: &LogLine<'_>) -> bool {
        self.pause(line).is_some_and(|pause| pause > MAX_PAUSE_US)
    }

    /// True where the report was silent for so long before another one begins at the line that it will not go on.
    pub fn ended_before(&self, line: &LogLine<'_>) -> bool {
        self.pause(line)
            .is_some_and(|pause| pause > MAX_INTERRUPTION_US)
    }

    /// Microseconds since its last line; `None` where the stamps do not say.
    fn pause(&self, line: &LogLine<'_>) -> Option<u64> {
        // A secondary CPU prints zeros until its clock is set.
        let then = self.last_time_us.filter(|then| *then > 0)?;
        Some(line.framing.time_us?.saturating_sub(then))
    }

    /// True where the line was printed so soon after the header, or no stamp says when.
    fn is_within(&self, limit_us: u64, line: &LogLine<'_>) -> bool {
        // Without stamps nothing speaks against it.
        let times = line.framing.time_us.zip(self.splat.time_us);
        times.is_none_or(|(now, then)| now.saturating_sub(then) <= limit_us)
    }
}
