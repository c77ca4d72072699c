//! Puts splats together from log lines.
//!
//! In: log lines in the order of the input. Out: splats, each as soon as it is complete. printk
//! callers (`[T1]`, `[C0]`) are lanes: what two CPUs print at once comes out as two splats.

mod early;
mod headers;
mod inner;
mod orphans;
mod own;
mod preamble;
mod repeats;

use super::builder::{Closing, SplatBuilder};
use super::demux::{CutHere, Lane, Lanes};
use super::types::Splat;
use super::{FRAGMENT, HEADLESS, base_name};
use crate::boot::Boots;
use crate::grammar::{CUT_HERE, Grammar};
use crate::input::Role;
use crate::line::LogLine;
use crate::line::kind::{Header, header, may_begin_header};
use crate::line::rejoin::{Read, Rejoin, may_be_continued};
use headers::is_tail;
use own::Own;
use repeats::Repeats;

/// A splat without any further line of its own for so long is over, whatever its lane.
const MAX_SILENCE: u64 = 1000;

/// The state between lines.
#[derive(Debug)]
pub struct Assembler<'g> {
    grammar: &'g Grammar,
    path: String,
    lanes: Lanes,
    rejoin: Rejoin<'g>,
    /// The lane that waits for the backtraces of other CPUs.
    backtraces: Option<usize>,
    complete: Vec<Splat>,
    /// The last line of a panic of which nothing else was seen.
    orphaned_panic: Option<u64>,
    repeats: Repeats,
    own: Own,
    /// Where the last splat begins that was given away: what is given away later begins after it.
    given: u64,
    /// First lines of the open reports that were given away as they are.
    early: Vec<u64>,
}

impl<'g> Assembler<'g> {
    /// For one input; `path` goes into every splat's `source`.
    pub fn new(grammar: &'g Grammar, path: &str) -> Assembler<'g> {
        Assembler {
            grammar,
            path: path.to_owned(),
            lanes: Lanes::default(),
            rejoin: Rejoin::new(grammar),
            backtraces: None,
            complete: Vec::new(),
            orphaned_panic: None,
            repeats: Repeats::default(),
            own: Own::default(),
            given: 0,
            early: Vec::new(),
        }
    }

    /// What a whole line of the kernel's with a literal of a report is, read alone.
    pub fn role(grammar: &Grammar, line: &LogLine<'_>) -> Role {
        let text = line.text.as_ref();
        let header = header(grammar, text, true);
        // Asked first: notices of one line are most of what is found, and little is looked back at
        // for them.
        if header.as_ref().is_some_and(Header::is_all) {
            return Role::Whole;
        }
        let is_whole = header.map(|header| header.is_whole());
        let may_be_part = || {
            may_begin_header(grammar, text)
                || crate::line::decode::holds_message(text)
                || grammar.is_mark(text)
                || may_be_continued(grammar, line)
        };
        match is_whole {
            Some(true) => Role::Beginning,
            _ if text.contains(CUT_HERE) => Role::Beginning,
            Some(false) => Role::Part,
            None if may_be_part() => Role::Part,
            None => Role::Nothing,
        }
    }

    /// True where no line is waited for: lines that match no literal of the grammar may be skipped.
    pub fn is_idle(&self) -> bool {
        self.rejoin.is_idle()
            && self.complete.is_empty()
            && self.lanes.all().iter().all(Lane::is_idle)
            && self.lanes.all().iter().all(Lane::has_no_orphans)
    }

    /// Splats in the order in which they began: one that is complete waits for an earlier one that
    /// is still open.
    fn in_order(&mut self) -> Vec<Splat> {
        if self.complete.is_empty() {
            return Vec::new();
        }
        let begun = self.lanes.all().iter().filter_map(Lane::begun_at);
        let first_open = begun.min().unwrap_or(u64::MAX);
        // They became complete in the order of their ends.
        self.complete.sort_by_key(|splat| splat.source.first_line);
        let ready = |splat: &Splat| splat.source.first_line < first_open;
        let count = self
            .complete
            .iter()
            .take_while(|splat| ready(splat))
            .count();
        let ready = self.complete.drain(..count).collect();
        self.give(ready)
    }

    fn give(&mut self, mut splats: Vec<Splat>) -> Vec<Splat> {
        splats.retain(|splat| !self.repeats.has(splat));
        splats.iter().for_each(|splat| self.repeats.given(splat));
        let splats = self.without_early(splats);
        let last = splats.last().map_or(0, |splat| splat.source.first_line);
        self.given = self.given.max(last);
        splats
    }

    /// The line which says that the machine stopped, where that is no part of a report.
    pub fn take_orphaned_panic(&mut self) -> Option<u64> {
        self.orphaned_panic.take()
    }

    /// Nothing comes for now: gives away what only waited for its turn.
    pub fn release(&mut self) -> Vec<Splat> {
        let complete = std::mem::take(&mut self.complete);
        self.give(complete)
    }

    /// Takes in a line; gives the splats that it completed.
    pub fn feed(&mut self, line: LogLine<'_>, boots: &mut Boots) -> Vec<Splat> {
        let number = line.number;
        let (held, line) = self.rejoin.line(line);
        if let Some(held) = held {
            self.take(held, boots);
        }
        if let Some(line) = line {
            let in_report = self.is_in_report();
            if let Some(line) = self.rejoin.hold(line, in_report) {
                self.take(line, boots);
            }
        }
        self.close_silent(number);
        self.give_up_silent_headless(number, boots);
        self.in_order()
    }

    /// True where a report is being printed.
    fn is_in_report(&self) -> bool {
        let is_in = |lane: &Lane| lane.open.is_some() || lane.cut_here.is_some();
        self.lanes.all().iter().any(is_in)
    }

    /// Takes in what is held for its second half: nothing comes for now.
    pub fn release_lines(&mut self, boots: &mut Boots) {
        if let Some(held) = self.rejoin.release(u64::MAX) {
            self.take(held, boots);
        }
    }

    /// The end of the input: closes what is open.
    pub fn finish(&mut self, boots: &mut Boots) -> Vec<Splat> {
        self.release_lines(boots);
        for index in 0..self.lanes.all().len() {
            self.release_half_header(index, boots);
            let lane = &mut self.lanes[index];
            lane.strands.finish(lane.open.as_ref());
            self.mark_mixed(index);
            self.give_up_headless(index, boots);
            self.close(index, Closing::Cut);
            let lane = &mut self.lanes[index];
            lane.cut_here = None;
            let aside = lane.strands.give_up(|_| true);
            self.close_all(aside);
        }
        self.in_order()
    }

    fn take(&mut self, line: LogLine<'_>, boots: &mut Boots) {
        boots.observe(self.grammar, &line);
        self.repeats.line(&line);
        if self.own.has(&line) {
            return self.drop_headline(line.number);
        }
        let (index, given_up) = self.lanes.of(&line);
        if let Some(mut lane) = given_up {
            let aside = lane.strands.give_up(|_| true);
            self.close_all(lane.open.into_iter().chain(aside));
        }
        let grammar = self.grammar;
        let lane = &mut self.lanes[index];
        lane.cut_here
            .take_if(|cut_here| cut_here.is_over_before(&line));
        let ends = |header: &Header<'_>| {
            let is_tail = |open: &SplatBuilder| is_tail(grammar, open, header);
            lane.open.as_ref().is_some_and(is_tail)
        };
        // What would be a notice by itself is the text of a WARN() after "cut here", or the last line of the open report.
        let is_text = |header: &Header<'_>| lane.cut_here.is_some() || ends(header);
        let (waited, read) = lane.half_header.line(grammar, line, is_text);
        if let Some(waited) = waited {
            self.take_read(index, waited, boots);
        }
        if let Some(read) = read {
            self.take_read(index, read, boots);
        }
    }

    fn take_read(&mut self, index: usize, read: Read<'_, '_>, boots: &mut Boots) {
        match read.header {
            Some(header) => self.take_header(index, *header, read.inlined_at, &read.line, boots),
            None => self.take_body(index, &read.line, boots),
        }
    }

    /// Takes in a line that waited for the second half of a header: none comes.
    fn release_half_header(&mut self, index: usize, boots: &mut Boots) {
        if let Some(waited) = self.lanes[index].half_header.release(self.grammar) {
            self.take_read(index, waited, boots);
        }
    }

    /// The headline of ksplat's own text looks as a header does.
    fn drop_headline(&mut self, line: u64) {
        let own = &self.own;
        let is_headline = |open: &mut SplatBuilder| {
            !open.is_framed() && own.is_headline(open.first_line(), open.last_line(), line)
        };
        for index in 0..self.lanes.all().len() {
            self.lanes[index].open.take_if(is_headline);
            let is_half = |number| own.is_headline(number, number, line);
            self.lanes[index].half_header.forget_if(is_half);
        }
    }

    fn close_all(&mut self, reports: impl IntoIterator<Item = SplatBuilder>) {
        let closed = reports
            .into_iter()
            .map(|report| report.close(Closing::Silence));
        self.complete.extend(closed);
    }

    fn close(&mut self, index: usize, closing: Closing) {
        let lane = &mut self.lanes[index];
        lane.orphans.frames.clear();
        lane.orphans.headless = None;
        if let Some(open) = lane.open.take() {
            lane.orphans.given_up_at = Some(open.last_line());
            self.complete.push(open.close(closing));
        }
    }

    /// Closes the reports of a lane whose rest is lost. What comes next may be of a report of its own.
    fn give_up(&mut self, index: usize, is_lost: impl Fn(&SplatBuilder) -> bool) {
        let lane = &mut self.lanes[index];
        let open = lane.open.take_if(|open| is_lost(open));
        let lost = lane.strands.give_up(|report| is_lost(report));
        self.close_all(open.into_iter().chain(lost));
    }

    /// Closes splats whose caller has fallen silent, and frees their lanes.
    fn close_silent(&mut self, now: u64) {
        for index in 0..self.lanes.all().len() {
            let silent = |open: &SplatBuilder| now.saturating_sub(open.last_line()) > MAX_SILENCE;
            if self.lanes[index].open.as_ref().is_some_and(silent) {
                self.close(index, Closing::Silence);
            }
            let aside = self.lanes[index].strands.give_up(|report| silent(report));
            self.close_all(aside);
            let forgotten =
                |cut_here: &mut CutHere| now.saturating_sub(cut_here.line) > MAX_SILENCE;
            self.lanes[index].cut_here.take_if(forgotten);
        }
    }
}

/// True for a splat that is only quoted frames without a header.
pub fn is_fragment(splat: &Splat) -> bool {
    splat.kind == FRAGMENT
}

/// True for a splat whose head is missing.
pub fn is_headless(splat: &Splat) -> bool {
    splat.kind == HEADLESS
}

/// True where a printed symbol is one of `functions`, clone suffixes aside.
pub fn names(functions: &[String], symbol: &str) -> bool {
    let base = base_name(symbol);
    functions.iter().any(|function| function == base)
}

#[cfg(test)]
mod tests;
