//! A header begins a report, is a part of the open one, or is a report of its own in between.

use super::Assembler;
use crate::boot::Boots;
use crate::grammar::Grammar;
use crate::line::LogLine;
use crate::line::kind::{CpuLine, Header};
use crate::splat::builder::{Closing, SplatBuilder};

/// Lines between one that names the kernel ahead of a header, and that header (crash(8) prints a dozen).
pub(super) const MAX_AHEAD: u64 = 16;

/// Lines between the state of the CPU and the header after it.
const MAX_STATE_GAP: u64 = 2;

impl Assembler<'_> {
    /// Takes in a header.
    pub(super) fn take_header(
        &mut self,
        index: usize,
        header: Header<'_>,
        inlined_at: Option<u64>,
        line: &LogLine<'_>,
        boots: &mut Boots,
    ) {
        // A machine that boots again after its own shutdown has not crashed.
        if header.kind.restart && !boots.makes_restart_a_surprise() {
            return;
        }
        let state = self.take_state_ahead(index, &header, line, boots);
        // Given up without a report: the same header comes whole now, or with what people quote of it only once.
        let begun = |open: &mut SplatBuilder| open.is_begun_by(&header.text, line);
        let is_anew = self.lanes[index].open.take_if(begun).is_some();
        self.repeats.note(&header, line, boots, is_anew);
        let completed = |open: &mut SplatBuilder| completes(open, &header, line);
        if let Some(mut open) = self.lanes[index].open.take_if(completed) {
            let is_last = header.kind.is_whole(&header.text);
            open.complete_with(header, line);
            open.note_panic(self.grammar, line);
            // Older kernels say first whom they chose, and then whom they killed.
            match is_last {
                true => self.complete.push(open.close(Closing::EndMarker)),
                false => self.lanes[index].open = Some(open),
            }
            return;
        }
        if header.kind.is_whole(&header.text) {
            let boot = boots.claim(line.number);
            let builder = SplatBuilder::from_header(header, line, boot, &self.path);
            self.complete.push(builder.close(Closing::EndMarker));
            return;
        }
        let grammar = self.grammar;
        let has = |report: &SplatBuilder| is_part(grammar, report, &header, line);
        let lane = &mut self.lanes[index];
        let takes_over = |open: &&mut SplatBuilder| takes_over(open, &header, line);
        if let Some(open) = lane.open.as_mut().filter(takes_over) {
            open.become_kind_of(header, line);
            // The mark was that of the report which goes on.
            lane.cut_here = None;
            return;
        }
        // A panic stops the other CPUs (`panic_other_cpus_shutdown()`): none of them begins anew.
        let stopped = lane.open.as_ref().is_some_and(SplatBuilder::has_panicked);
        if lane.open.as_ref().is_some_and(has)
            || !stopped && lane.strands.turn_to(&mut lane.open, has)
        {
            if let Some(open) = &mut lane.open {
                open.take_part(grammar, &header, line);
                open.note_panic(grammar, line);
            }
            lane.cut_here = None;
            self.mark_mixed(index);
        } else {
            self.open(index, header, inlined_at, line, boots);
            // Only for a header that begins a report: a part would overwrite the state of the open one.
            if let Some((open, state)) = self.lanes[index].open.as_mut().zip(state) {
                open.take_state(state);
            }
        }
    }

    fn open(
        &mut self,
        index: usize,
        header: Header<'_>,
        inlined_at: Option<u64>,
        line: &LogLine<'_>,
        boots: &mut Boots,
    ) {
        self.set_aside(index, line);
        let preamble = self.take_preamble(index, line);
        let cut_here = self.lanes[index].cut_here.take();
        let near = |(at, _): &(u64, CpuLine)| line.number - at <= MAX_AHEAD;
        let ahead = self.lanes[index].ahead.take().filter(near);
        let mut builder =
            SplatBuilder::from_header(header, line, boots.claim(line.number), &self.path);
        builder.note_panic(self.grammar, line);
        if let Some((_, said)) = ahead {
            builder.add_who(said);
        }
        if let Some(first_line) = inlined_at {
            builder.begin_at(first_line);
        }
        match (cut_here, preamble) {
            (Some(cut_here), _) => builder.prepend(cut_here.line, cut_here.messages),
            (None, Some(said)) => builder.prepend(said.first_line, said.text),
            (None, None) => {}
        }
        self.lanes[index].open = Some(builder);
    }

    /// What was printed of the CPU right in front of a header, where its kind says that it belongs to its report. Else
    /// it is of a report whose head is missing.
    fn take_state_ahead(
        &mut self,
        index: usize,
        header: &Header<'_>,
        line: &LogLine<'_>,
        boots: &mut Boots,
    ) -> Option<SplatBuilder> {
        let mut headers = header.kind.state_ahead.iter();
        let has_state = headers.any(|pattern| pattern.is_match(&header.text));
        let is_near = |state: &mut SplatBuilder| line.number - state.last_line() <= MAX_STATE_GAP;
        let headless = &mut self.lanes[index].orphans.headless;
        let state = headless.take_if(|state| has_state && is_near(state));
        self.give_up_headless(index, boots);
        state
    }

    /// Another report begins at a line: the open one is over, save where another CPU may still print it.
    pub(super) fn set_aside(&mut self, index: usize, line: &LogLine<'_>) {
        self.give_up(index, |report| report.ended_before(line));
        let lane = &mut self.lanes[index];
        // Where callers are printed each has a lane of its own: within one, a new report ends the
        // last.
        let shared = lane.is_shared();
        match lane.open.take_if(|open| shared && open.may_go_on()) {
            Some(open) => {
                let given_up = lane.strands.set_aside(open);
                self.close_all(given_up);
            }
            None => self.close(index, Closing::NextReport),
        }
    }
}

/// True where a header is a part of a report whose call trace is still to come.
fn is_part(
    grammar: &Grammar,
    report: &SplatBuilder,
    header: &Header<'_>,
    line: &LogLine<'_>,
) -> bool {
    let kind = grammar.kind(report.kind());
    let parts = kind.map_or(&[][..], |kind| kind.parts.as_slice());
    report.may_have_part(line) && parts.iter().any(|p| p.is_match(&header.text))
}

/// True where a report of that kind ends with the header's line.
pub(super) fn is_tail(grammar: &Grammar, report: &SplatBuilder, header: &Header<'_>) -> bool {
    let kind = grammar.kind(report.kind());
    kind.is_some_and(|kind| kind.tail.iter().any(|p| p.is_match(&header.text)))
}

/// True where the open report turns out to be the beginning of what this header names.
fn takes_over(open: &SplatBuilder, header: &Header<'_>, line: &LogLine<'_>) -> bool {
    let mut beginnings = header.kind.takes_over.iter();
    open.may_have_part(line) && beginnings.any(|p| p.is_match(open.header()))
}

/// True where the open report is the beginning of what the header says, which ends it or goes on with a trace.
fn completes(open: &SplatBuilder, header: &Header<'_>, line: &LogLine<'_>) -> bool {
    let kind = header.kind;
    let (mut reports, mut forms) = (kind.completes.iter(), kind.completing.iter());
    open.may_be_completed(line)
        && reports.any(|p| p.is_match(open.header()))
        && (kind.completing.is_empty() || forms.any(|p| p.is_match(&header.text)))
}
