//! The lines between a header and the end of its report.

use super::headers::MAX_AHEAD;
use super::{Assembler, orphans};
use crate::boot::Boots;
use crate::grammar::Dump;
use crate::line::kind::{CpuLine, LineKind, line_kind, who};
use crate::line::{Caller, LogLine};
use crate::splat::builder::{Closing, SplatBuilder};

/// Begins the backtraces of other CPUs (lib/nmi_backtrace.c).
const BACKTRACES: &str = "Sending NMI from CPU";

impl Assembler<'_> {
    /// Finds the report that a line is of, which becomes the open one. False where nothing is learnt from the line.
    fn turn(&mut self, index: usize, line: &LogLine<'_>, kind: &LineKind) -> bool {
        let lane = &mut self.lanes[index];
        if lane.strands.is_stray(lane.open.as_ref(), line.number, kind) {
            return false;
        }
        lane.strands.turn(&mut lane.open, kind);
        self.mark_mixed(index);
        true
    }

    /// Marks the reports of a lane that have lines of one another. None of them was given away: a complete
    /// one waits while that is in doubt.
    pub(super) fn mark_mixed(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        for first_line in lane.strands.take_mixed() {
            lane.open
                .iter_mut()
                .filter(|open| open.first_line() == first_line)
                .for_each(SplatBuilder::interleave);
            lane.strands.mark(first_line);
            let complete = self.complete.iter_mut();
            complete
                .filter(|splat| splat.source.first_line == first_line)
                .for_each(|splat| splat.interleaved = true);
        }
    }

    pub(super) fn take_body(&mut self, own: usize, line: &LogLine<'_>, boots: &mut Boots) {
        let index = self.receiver(own, line);
        let intrudes = line.framing.caller.is_none() && self.grammar.is_intruder(&line.text);
        // Its words are among those of the report from here on, and no caller says which are whose.
        if let Some(open) = self.lanes[index].open.as_mut().filter(|_| intrudes) {
            open.end_text();
        }
        if line.text.starts_with(BACKTRACES) && self.lanes[index].open.is_some() {
            self.backtraces = Some(index);
        }
        let kind = line_kind(self.grammar, &line.text, line.number);
        self.give_up_cut(index, line, &kind);
        if !self.turn(index, line, &kind) {
            return;
        }
        self.note_preamble(index, line);
        self.begin_stack(index, line);
        self.expect_no_trace(index, line);
        match self.learn_who(index, line, kind) {
            LineKind::CutHere => {
                let waits = |open: &SplatBuilder| open.waits_for_trace();
                // A report that still waits for its trace may print the mark within itself.
                if !self.lanes[index].open.as_ref().is_some_and(waits) {
                    self.set_aside(index, line);
                }
                self.lanes[index].cut_here = Some(self.cut_here(index, line));
            }
            LineKind::End => self.end(index, line, boots),
            kind => self.take_inner(index, line, kind, boots),
        }
    }

    /// The frames after the name of another stack (`Allocated by task 7:`) are of the report that named it.
    fn begin_stack(&mut self, index: usize, line: &LogLine<'_>) {
        let lane = &mut self.lanes[index];
        // Where only one report is being printed, all frames are its own.
        if lane.strands.is_empty() || self.grammar.stack_at(line.text.trim()).is_none() {
            return;
        }
        if let Some(open) = &mut lane.open {
            open.begin_stack();
        }
    }

    /// Gives up the reports that a line shows to be cut off: what comes now would be taken for the rest of them.
    fn give_up_cut(&mut self, index: usize, line: &LogLine<'_>, kind: &LineKind) {
        let lane = &self.lanes[index];
        // Nearly always nothing is being printed, and no line needs to be searched for marks.
        if lane.open.is_none() && lane.strands.is_empty() && lane.cut_here.is_none() {
            return;
        }
        let dump = match lane.is_shared() {
            true => self.grammar.dump_at(&line.text),
            false => None,
        };
        // What is no line of a report says nothing of its end.
        if *kind != LineKind::Foreign || dump.is_some() {
            self.give_up(index, |report| report.is_over_before(line));
        }
        match dump {
            Some(Dump::Asked) => {
                // Whatever was being printed, nobody asks within it.
                self.give_up(index, |_| true);
                self.lanes[index].cut_here = None;
            }
            Some(Dump::Begun) => self.give_up(index, SplatBuilder::is_cut_by_dump),
            None => {}
        }
    }

    /// What else names the report's task, CPU or kernel is a line of the report. Ahead of a header it is
    /// remembered for that.
    fn learn_who(&mut self, index: usize, line: &LogLine<'_>, kind: LineKind) -> LineKind {
        // i386 before 3.8 names the CPU after its instruction pointer.
        if !matches!(
            kind,
            LineKind::Foreign | LineKind::Known(_) | LineKind::Rip(..)
        ) {
            return kind;
        }
        let lane = &mut self.lanes[index];
        let said = who(self.grammar, &line.text, lane.open.is_none());
        match (said, &mut lane.open) {
            (Some(said), Some(open)) => {
                open.add_who(said);
                if self.grammar.dump_at(&line.text).is_some() {
                    open.expect_trace();
                }
            }
            (Some(said), None) => {
                let near = |(at, _): &(u64, CpuLine)| line.number - at <= MAX_AHEAD;
                let before = lane.ahead.take().filter(near).map(|(_, known)| known);
                let known = before.unwrap_or_default().with(said);
                lane.ahead = Some((line.number, known));
                return kind;
            }
            (None, _) => return kind,
        }
        match kind {
            LineKind::Rip(..) => kind,
            LineKind::Known(detail) => LineKind::Known(detail),
            _ => LineKind::Who,
        }
    }

    /// A line may say that the open report has no call trace.
    fn expect_no_trace(&mut self, index: usize, line: &LogLine<'_>) {
        let Some(open) = &mut self.lanes[index].open else {
            return;
        };
        let kind = self.grammar.kind(open.kind());
        let mut says_so = kind.iter().flat_map(|kind| &kind.without_trace);
        if says_so.any(|pattern| pattern.is_match(&line.text)) {
            open.expect_no_trace();
        }
    }

    /// The lane that a line goes to: a CPU that answers another one's NMI prints for that one.
    fn receiver(&self, own: usize, line: &LogLine<'_>) -> usize {
        let answers = matches!(line.framing.caller, Some(Caller::Cpu(_)));
        match self.backtraces {
            // Only where the CPU prints nothing of its own.
            Some(asking)
                if answers && self.lanes[own].is_idle() && self.lanes[asking].open.is_some() =>
            {
                asking
            }
            _ => own,
        }
    }

    fn take_inner(&mut self, index: usize, line: &LogLine<'_>, kind: LineKind, boots: &mut Boots) {
        let lane = &mut self.lanes[index];
        // What else a line of another report may be is no text of the next one's WARN().
        let alone = lane.open.is_none() && lane.strands.is_empty();
        let may_be_text = alone && !orphans::is_state(&kind) || kind == LineKind::Foreign;
        // The text between "cut here" and the header is the message of the WARN().
        if may_be_text {
            let cut_here = lane.cut_here.take();
            lane.cut_here = cut_here.and_then(|cut_here| cut_here.with(line));
        }
        if let Some(open) = &mut lane.open {
            if !open.take(line, kind) {
                self.close(index, Closing::Silence);
            }
            return;
        }
        let given_up = lane.strands.pass_over(line);
        if !self.open_without_head(index, line, &kind, boots)
            // After "cut here" a header comes; these lines are its text.
            && self.lanes[index].cut_here.is_none()
        {
            self.take_headless(index, line, &kind, boots);
            if let LineKind::Frame(frame) = kind {
                self.take_frame(index, *frame, line, boots);
            }
        }
        self.close_all(given_up);
    }
}
