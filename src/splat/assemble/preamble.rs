//! Lines in front of a report which say what is wrong: "list_add corruption. …", "VERIFY3(…) failed".

use super::Assembler;
use crate::line::LogLine;
use crate::splat::demux::{CutHere, Preamble};

impl Assembler<'_> {
    /// Remembers a line that says what is wrong, for the report that may begin next.
    pub(super) fn note_preamble(&mut self, index: usize, line: &LogLine<'_>) {
        let lane = &mut self.lanes[index];
        // The message of a WARN(), or a report whose trace is still to come, has the line as its own.
        let waits = lane
            .open
            .as_ref()
            .is_some_and(|open| open.waits_for_trace());
        if waits || lane.cut_here.is_some() {
            lane.preamble = None;
            return;
        }
        let goes_on = |open: &Preamble| open.is_right_before(line);
        let is_open = lane.preamble.as_ref().is_some_and(goes_on);
        if self.grammar.is_preamble(&line.text, is_open) {
            lane.preamble = match lane.preamble.take().filter(goes_on) {
                Some(open) => open.with(line),
                None => Some(Preamble::of(line)),
            };
        }
    }

    /// What was said right in front of a line that begins a report.
    pub(super) fn take_preamble(&mut self, index: usize, line: &LogLine<'_>) -> Option<Preamble> {
        let preamble = self.lanes[index].preamble.take();
        preamble.filter(|preamble| preamble.is_right_before(line))
    }

    /// The mark, with what was said in front of it.
    pub(super) fn cut_here(&mut self, index: usize, line: &LogLine<'_>) -> CutHere {
        let cut_here = CutHere::at(line);
        match self.take_preamble(index, line) {
            Some(preamble) => cut_here.after(preamble),
            None => cut_here,
        }
    }
}
