//! What is printed at once, separated.
//!
//! In: log lines. Out: the lane that each belongs to: what one printk caller prints. Within a lane nobody says who
//! printed a line; there `strands` finds the report that it fits.

mod preamble;
mod strands;

use super::builder::SplatBuilder;
use crate::line::kind::{CpuLine, Frame};
use crate::line::rejoin::HalfHeader;
use crate::line::{Caller, LogLine};
pub use preamble::Preamble;
use std::ops::{Index, IndexMut};
use strands::Strands;

/// Lanes open at once; a hostile log could name four billion callers.
const MAX_LANES: usize = 64;

/// Lines between "cut here" and the header: the text of a WARN().
const MAX_MESSAGE_LINES: usize = 16;

/// Time between "cut here" and the header: the CPU prints both in one go.
const MAX_WAIT_US: u64 = 2_000_000;

/// "cut here" was seen, the header not yet.
#[derive(Debug)]
pub struct CutHere {
    /// Its line, or the first one of what was said in front of it.
    pub line: u64,
    framed: bool,
    time_us: Option<u64>,
    /// What was said in front of it, and the lines after it.
    pub messages: Vec<String>,
}

impl CutHere {
    /// Nothing after it yet.
    pub fn at(line: &LogLine<'_>) -> CutHere {
        CutHere {
            line: line.number,
            framed: line.framing.present,
            time_us: line.framing.time_us,
            messages: Vec::new(),
        }
    }

    /// With what was said in front of it.
    pub fn after(self, preamble: Preamble) -> CutHere {
        CutHere {
            line: preamble.first_line,
            messages: preamble.text,
            ..self
        }
    }

    /// True where a line comes too late to be the header after it.
    pub fn is_over_before(&self, line: &LogLine<'_>) -> bool {
        let times = line.framing.time_us.zip(self.time_us);
        times.is_some_and(|(now, then)| now.saturating_sub(then) > MAX_WAIT_US)
    }

    /// With one more line of text; `None` where it is too long to be the text of a WARN().
    pub fn with(mut self, line: &LogLine<'_>) -> Option<CutHere> {
        // What has no framing where the log has some was written by somebody else.
        if line.framing.present || !self.framed {
            self.messages.push(line.text.trim().to_owned());
        }
        (self.messages.len() <= MAX_MESSAGE_LINES).then_some(self)
    }
}

/// What is outside of any report, and may be of one whose header is missing.
#[derive(Debug, Default)]
pub struct Orphans {
    /// Frames.
    pub frames: Vec<Frame>,
    /// Lines that may be of a report whose head is missing: its end would show it.
    pub headless: Option<SplatBuilder>,
    /// The last line of the kernel's own.
    pub spoken_at: Option<u64>,
    /// The last line which says that somebody asked where CPUs or tasks are.
    pub dumped_at: Option<u64>,
    /// Somebody had asked for what `headless` holds, when it began: a later mark is of the next dump.
    pub is_asked: bool,
    /// Line at which a report was given up before its end, which may still come.
    pub given_up_at: Option<u64>,
}

/// What one caller prints.
#[derive(Debug, Default)]
pub struct Lane {
    caller: Option<Caller>,
    /// The text of a WARN(), in front of its header.
    pub cut_here: Option<CutHere>,
    /// What was said is wrong, in front of that or of a header.
    pub preamble: Option<Preamble>,
    /// The report that is being printed.
    pub open: Option<SplatBuilder>,
    /// Reports set aside for it; only where nothing says who printed a line.
    pub strands: Strands,
    /// A line that may be the first half of a header.
    pub half_header: HalfHeader,
    /// What lines ahead of a header said of its kernel, and the last of them.
    pub ahead: Option<(u64, CpuLine)>,
    /// What is outside of any report.
    pub orphans: Orphans,
}

impl Lane {
    /// First line of what is not complete yet.
    pub fn begun_at(&self) -> Option<u64> {
        let cut_here = self.cut_here.as_ref().map(|cut_here| cut_here.line);
        let half = self.half_header.first_line();
        let open = self.open.as_ref().map(SplatBuilder::first_line);
        let lines = [cut_here, half, open].into_iter().flatten();
        lines.chain(self.strands.first_lines()).min()
    }

    /// True where nothing says who printed a line.
    pub fn is_shared(&self) -> bool {
        self.caller.is_none()
    }

    /// True where nothing may turn out to be a report whose head is missing.
    pub fn has_no_orphans(&self) -> bool {
        self.orphans.headless.is_none()
    }

    /// True where no line is waited for.
    pub fn is_idle(&self) -> bool {
        self.cut_here.is_none()
            && self.open.is_none()
            && self.half_header.first_line().is_none()
            && self.strands.is_empty()
    }
}

/// Every lane of a log; the first one is that of lines without a caller.
#[derive(Debug)]
pub struct Lanes {
    all: Vec<Lane>,
    last: usize,
}

impl Default for Lanes {
    fn default() -> Lanes {
        Lanes {
            all: vec![Lane::default()],
            last: 0,
        }
    }
}

impl Lanes {
    /// In the order in which their callers came.
    pub fn all(&self) -> &[Lane] {
        &self.all
    }

    /// The lane of a line, and the lane that had to make room for it. A line without framing
    /// continues what came before it.
    pub fn of(&mut self, line: &LogLine<'_>) -> (usize, Option<Box<Lane>>) {
        // The second line of a message has no stamp and no caller.
        if !line.framing.present {
            return (self.last, None);
        }
        let caller = line.framing.caller;
        if let Some(known) = self.all.iter().position(|lane| lane.caller == caller) {
            self.last = known;
            return (known, None);
        }
        let lane = Lane {
            caller,
            ..Lane::default()
        };
        let (index, given_up) = self.add(lane);
        self.last = index;
        (index, given_up)
    }

    fn add(&mut self, lane: Lane) -> (usize, Option<Box<Lane>>) {
        if self.all.len() < MAX_LANES {
            self.all.push(lane);
            return (self.all.len() - 1, None);
        }
        // An idle lane goes without a loss; where none is idle its reports are given away as far as they came.
        let index = self.all.iter().position(Lane::is_idle).unwrap_or(0);
        let old = std::mem::replace(&mut self.all[index], lane);
        (index, Some(Box::new(old)))
    }
}

impl Index<usize> for Lanes {
    type Output = Lane;

    fn index(&self, index: usize) -> &Lane {
        &self.all[index]
    }
}

impl IndexMut<usize> for Lanes {
    fn index_mut(&mut self, index: usize) -> &mut Lane {
        &mut self.all[index]
    }
}
