//! Reports that are given away before they are complete: on a stream that is being watched, what hangs a machine is
//! the last thing that comes for long.

use super::{Assembler, HEADLESS};
use crate::boot::Boots;
use crate::splat::builder::{Closing, SplatBuilder};
use crate::splat::{FRAGMENT, Splat};

/// Reports remembered whose further lines are no second report.
const MAX_EARLY: usize = 256;

impl Assembler<'_> {
    /// Gives away what is complete, and as it is each report without a line of its own after `line`. Such a report
    /// stays open: what still comes for it is no second report.
    pub fn release_quiet(&mut self, line: u64, boots: &mut Boots) -> Vec<Splat> {
        let mut early = Vec::new();
        if let Some(held) = self.rejoin.release(line) {
            // Its second half has not come, and nobody knows whether it will.
            self.take(held, boots);
        }
        for index in 0..self.lanes.all().len() {
            let half = self.lanes[index].half_header.first_line();
            if half.is_some_and(|half| half <= line) {
                self.release_half_header(index, boots);
            }
            let lane = &self.lanes[index];
            let open = lane.open.iter().chain(lane.strands.aside());
            let quiet = open.filter(|open| open.last_line() <= line && self.may_come_early(open));
            let quiet: Vec<_> = quiet.cloned().collect();
            self.early
                .extend(quiet.iter().map(SplatBuilder::first_line));
            early.extend(quiet.into_iter().map(|open| open.close(Closing::Silence)));
        }
        let mut given = self.release();
        given.append(&mut early);
        given.sort_by_key(|splat| splat.source.first_line);
        given
    }

    /// True for a report that was not given away. What has no header may be none: that waits for its end.
    fn may_come_early(&self, open: &SplatBuilder) -> bool {
        let is_told = self.early.contains(&open.first_line());
        let has_header = ![FRAGMENT, HEADLESS].contains(&open.kind());
        has_header && !is_told && self.early.len() < MAX_EARLY
    }

    /// Takes away what was given away before it was complete.
    pub(super) fn without_early(&mut self, mut splats: Vec<Splat>) -> Vec<Splat> {
        splats.retain(|splat| {
            let line = splat.source.first_line;
            let told = self.early.iter().position(|early| *early == line);
            told.map(|told| self.early.swap_remove(told)).is_none()
        });
        splats
    }
}
