//! What stands outside of any report and may be of one: frames that people quote, and the lines of a
//! report whose head is missing.

use super::{Assembler, MAX_SILENCE};
use crate::boot::Boots;
use crate::grammar::END_TRACE;
use crate::line::LogLine;
use crate::splat::Frame;
use crate::splat::body::Body;
use crate::splat::building::{Building, Closing};

/// Frames remembered outside a splat.
const MAX_LOOSE_FRAMES: usize = 64;

/// Lines after which frames outside a splat belong to something else.
const MAX_LOOSE_GAP: u64 = 100;

/// Lines of others that may stand between two lines of a report whose head is missing.
const MAX_HEADLESS_GAP: u64 = 16;

impl Assembler<'_> {
    /// The end marker: of the open report, or of one whose head is missing.
    pub(super) fn end(&mut self, index: usize, line: &LogLine<'_>, boots: &mut Boots) {
        let lane = &mut self.lanes[index];
        let headless = lane.headless.take();
        let given_up_at = lane.given_up_at.take();
        if let Some(mut building) = lane.open.take() {
            building.take(line, Body::Known);
            building.note_panic(self.grammar, line);
            lane.strands.ended(&building);
            self.complete.push(building.close(Closing::EndMarker));
            return;
        }
        if self.grammar.is_panic(&line.text) {
            self.orphaned_panic = Some(line.number);
        }
        let is_known = given_up_at.is_some_and(|at| line.number.saturating_sub(at) <= MAX_SILENCE);
        let is_one = |report: &Building| report.shows_a_report() && line.text.contains(END_TRACE);
        let is_late = |report: &Building| is_known || report.first_line() <= self.given;
        let headless = headless.filter(|report| is_one(report) && !is_late(report));
        if let Some(mut report) = headless {
            report.take(line, Body::Known);
            let boot = boots.claim(report.first_line());
            self.complete
                .push(report.of_boot(boot).close(Closing::EndMarker));
        }
    }

    /// Keeps a line outside of any report that looks like one of a report's.
    pub(super) fn take_headless(&mut self, index: usize, line: &LogLine<'_>, body: &Body) {
        let lane = &mut self.lanes[index];
        let is_over = |report: &mut Building| line.number - report.last_line() > MAX_HEADLESS_GAP;
        lane.headless.take_if(is_over);
        let begins = matches!(
            body,
            Body::Cpu(_)
                | Body::Rip(false, Some(_))
                | Body::Code(_)
                | Body::Registers(_)
                | Body::TraceStart
        );
        if lane.headless.is_none() && begins {
            lane.headless = Some(Building::without_head(line, &self.path));
        }
        lane.headless
            .take_if(|report| !report.take(line, body.clone()));
    }

    /// A frame outside any splat: people quote pieces of a trace. One that decides the path of a
    /// late clear makes the frames around it worth a splat.
    pub(super) fn take_loose(
        &mut self,
        index: usize,
        frame: Frame,
        line: &LogLine<'_>,
        boots: &mut Boots,
    ) {
        let anchor = frame.reliable && self.is_anchor(frame.base_name());
        let loose = &mut self.lanes[index].loose;
        let gap = loose
            .last()
            .map_or(0, |last| line.number.saturating_sub(last.log_line));
        if gap > MAX_LOOSE_GAP || loose.len() >= MAX_LOOSE_FRAMES {
            loose.clear();
        }
        loose.push(frame);
        if anchor {
            let mut frames = std::mem::take(loose);
            frames.retain(|frame| frame.log_line > self.given);
            self.lanes[index].headless = None;
            self.lanes[index].open = Some(Building::from_frames(
                frames,
                line,
                boots.claim(line.number),
                &self.path,
            ));
        }
    }

    fn is_anchor(&self, function: &str) -> bool {
        let anchors = self.grammar.paths.iter().filter(|rule| rule.anchor);
        anchors
            .flat_map(|rule| &rule.frames)
            .any(|name| name == function)
    }
}
