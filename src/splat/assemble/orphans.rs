//! What is outside of any report and may be of one: frames that people quote, and the lines of a
//! report whose head is missing.

use super::{Assembler, MAX_SILENCE};
use crate::boot::Boots;
use crate::grammar::{Detail, END_TRACE};
use crate::line::LogLine;
use crate::line::kind::{Frame, LineKind};
use crate::splat::builder::{Closing, SplatBuilder};

/// Frames remembered outside a splat.
const MAX_LOOSE_FRAMES: usize = 64;

/// Frames in front of an end marker that show a report.
const MIN_LOOSE_FRAMES: usize = 2;

/// Lines after which frames outside a splat belong to something else.
const MAX_LOOSE_GAP: u64 = 100;

/// Lines of others between two lines of a report whose head is missing.
const MAX_HEADLESS_GAP: u64 = 16;

/// Lines between one that says that somebody asked for a dump, and the dump.
const MAX_DUMP_GAP: u64 = 8;

/// True for what a report prints of the CPU's state, in front of its frames.
pub(super) fn is_state(kind: &LineKind) -> bool {
    matches!(
        kind,
        LineKind::Cpu(_)
            | LineKind::Rip(false, Some(_))
            | LineKind::Code(_)
            | LineKind::Registers(_)
            | LineKind::TraceStart
    )
}

impl Assembler<'_> {
    /// The end marker: of the open report, or of one whose head is missing.
    pub(super) fn end(&mut self, index: usize, line: &LogLine<'_>, boots: &mut Boots) {
        let lane = &mut self.lanes[index];
        let headless = lane.orphans.headless.take();
        let given_up_at = lane.orphans.given_up_at.take();
        // The mark is of the open report, whatever else was remembered.
        if let Some(mut open) = lane.open.take() {
            open.take(line, LineKind::Known(Detail::None));
            open.note_panic(self.grammar, line);
            let kind = self.grammar.kind(open.kind());
            let repeats = kind.is_some_and(|kind| kind.repeats_registers);
            lane.strands.ended(&open, repeats);
            self.complete.push(open.close(Closing::EndMarker));
            return;
        }
        if self.grammar.is_panic(&line.text) {
            self.orphaned_panic = Some(line.number);
        }
        // The end of a report that was given up belongs to that one; a second report of it would be
        // counted twice.
        let is_known = given_up_at.is_some_and(|at| line.number.saturating_sub(at) <= MAX_SILENCE);
        let is_one =
            |report: &SplatBuilder| report.shows_a_report() && line.text.contains(END_TRACE);
        let given = self.given;
        let is_late = |report: &SplatBuilder| is_known || report.first_line() <= given;
        // This also empties the list of loose frames, which must not count for a later end marker.
        let of_frames = self.frames_before(index, line);
        let headless = headless.filter(is_one).or(of_frames);
        if let Some(mut report) = headless.filter(|report| !is_late(report)) {
            report.take(line, LineKind::Known(Detail::None));
            let boot = boots.claim(report.first_line());
            self.complete
                .push(report.of_boot(boot).close(Closing::EndMarker));
        }
    }

    /// A report of which only frames are left in front of its end marker: a photo of the last screen.
    fn frames_before(&mut self, index: usize, line: &LogLine<'_>) -> Option<SplatBuilder> {
        let mut frames = std::mem::take(&mut self.lanes[index].orphans.frames);
        let is_near = |frame: &Frame| line.number - frame.log_line <= MAX_LOOSE_GAP;
        frames.retain(is_near);
        let reliable = frames.iter().filter(|frame| frame.reliable).count();
        let is_one = reliable >= MIN_LOOSE_FRAMES && line.text.contains(END_TRACE);
        is_one.then(|| SplatBuilder::without_head(line, &self.path).with_frames(frames))
    }

    /// Begins a report at a line of its state: "cut here" was printed, and the header after it is lost.
    pub(super) fn open_without_head(
        &mut self,
        index: usize,
        line: &LogLine<'_>,
        kind: &LineKind,
        boots: &mut Boots,
    ) -> bool {
        let lane = &mut self.lanes[index];
        let begins = is_state(kind) && lane.strands.is_empty();
        let Some(cut_here) = lane.cut_here.take_if(|_| begins) else {
            return false;
        };
        let boot = boots.claim(cut_here.line);
        let mut report = SplatBuilder::without_head(line, &self.path).of_boot(boot);
        report.mark();
        report.prepend(cut_here.line, cut_here.messages);
        report.take(line, kind.clone());
        lane.open = Some(report);
        true
    }

    /// Keeps a line outside of any report that looks like one of a report's.
    pub(super) fn take_headless(
        &mut self,
        index: usize,
        line: &LogLine<'_>,
        kind: &LineKind,
        boots: &mut Boots,
    ) {
        // Lines so far apart belong to two reports, or to none.
        let is_over = |report: &SplatBuilder| {
            line.number - report.last_line() > MAX_HEADLESS_GAP
                || report.is_followed_by_another(kind)
        };
        if self.lanes[index]
            .orphans
            .headless
            .as_ref()
            .is_some_and(is_over)
        {
            self.give_up_headless(index, boots);
        }
        // Only now: it was asked for by the mark in front of it, not by that of the next dump.
        if self.grammar.dump_at(&line.text).is_some() {
            self.lanes[index].orphans.dumped_at = Some(line.number);
        }
        let lane = &mut self.lanes[index];
        if lane.orphans.headless.is_none() && is_state(kind) {
            let mut report = SplatBuilder::without_head(line, &self.path);
            if lane
                .orphans
                .spoken_at
                .is_some_and(|at| at + 1 == line.number)
            {
                report.announce();
            }
            let asked = lane.orphans.dumped_at;
            lane.orphans.is_asked = asked.is_some_and(|at| line.number - at <= MAX_DUMP_GAP);
            lane.orphans.headless = Some(report);
        }
        let ends = |report: &mut SplatBuilder| !report.take(line, kind.clone());
        if lane.orphans.headless.as_mut().is_some_and(ends) {
            self.give_up_headless(index, boots);
        }
        let lane = &mut self.lanes[index];
        if *kind == LineKind::Foreign && line.framing.present {
            lane.orphans.spoken_at = Some(line.number);
        }
    }

    /// No end marker came for what looks like a report without its head: it is one all the same where its lines
    /// show the CPU's state and then a call trace, and nobody has asked for them.
    pub(super) fn give_up_headless(&mut self, index: usize, boots: &mut Boots) {
        let orphans = &mut self.lanes[index].orphans;
        let Some(mut report) = orphans.headless.take() else {
            return;
        };
        let first_line = report.first_line();
        let follows = |at: Option<u64>, lines: u64| {
            at.is_some_and(|at| at <= first_line && first_line - at <= lines)
        };
        let known = follows(orphans.given_up_at, MAX_SILENCE) || first_line <= self.given;
        if report.proves_a_report() && !orphans.is_asked && !known {
            report.mark();
            let boot = boots.claim(first_line);
            self.complete
                .push(report.of_boot(boot).close(Closing::Silence));
        }
    }

    /// Gives up reports without their heads whose callers have fallen silent.
    pub(super) fn give_up_silent_headless(&mut self, now: u64, boots: &mut Boots) {
        for index in 0..self.lanes.all().len() {
            let headless = &self.lanes[index].orphans.headless;
            let is_over =
                |report: &SplatBuilder| now.saturating_sub(report.last_line()) > MAX_HEADLESS_GAP;
            if headless.as_ref().is_some_and(is_over) {
                self.give_up_headless(index, boots);
            }
        }
    }

    /// A frame outside any splat: people quote pieces of a trace. One that decides the path of a
    /// late clear makes the lines around it worth a splat.
    pub(super) fn take_frame(
        &mut self,
        index: usize,
        frame: Frame,
        line: &LogLine<'_>,
        boots: &mut Boots,
    ) {
        let anchor = frame.reliable && self.is_anchor(frame.base_name());
        let given = self.given;
        let lane = &mut self.lanes[index];
        let loose = &mut lane.orphans.frames;
        let gap = loose
            .last()
            .map_or(0, |last| line.number.saturating_sub(last.log_line));
        // Frames of an older quotation say nothing of this one.
        if gap > MAX_LOOSE_GAP || loose.len() >= MAX_LOOSE_FRAMES {
            loose.clear();
        }
        loose.push(frame);
        if !anchor {
            return;
        }
        let mut frames = std::mem::take(loose);
        // What was given away as a report must not be reported again.
        frames.retain(|frame| frame.log_line > given);
        let headless = lane.orphans.headless.take();
        let report = match headless.filter(|report| report.first_line() > given) {
            Some(report) => {
                let boot = boots.claim(report.first_line());
                report.of_boot(boot)
            }
            None => SplatBuilder::from_frames(frames, line, boots.claim(line.number), &self.path),
        };
        lane.open = Some(report);
    }

    fn is_anchor(&self, function: &str) -> bool {
        let anchors = self.grammar.paths.iter().filter(|rule| rule.anchor);
        anchors
            .flat_map(|rule| &rule.frames)
            .any(|name| name == function)
    }
}
