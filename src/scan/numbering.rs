//! Numbers of reports: each job counts from 0, the output counts on.

use super::Extent;
use super::order::End;
use crate::report::{Incidents, Report};

/// What came before.
#[derive(Debug, Default)]
pub struct Numbering {
    /// Reports of the jobs before this one.
    before: Incidents,
    /// Those of this job so far.
    own: Incidents,
    /// What was read of the input by the jobs before this one.
    input: Extent,
}

impl Numbering {
    /// Numbers the next report.
    pub fn report(&mut self, mut report: Report) -> Report {
        report.splat.boot = report.splat.boot.map(|boot| boot + self.input.boots);
        // Before the shift, since it counts the numbers within the job.
        self.own.cover(&report);
        self.before.shift(&mut report);
        report
    }

    /// A job ended; gives the whole input where that ended with it.
    pub fn end(&mut self, end: End) -> Option<Extent> {
        self.before.skip(&std::mem::take(&mut self.own));
        self.input.lines += end.extent.lines;
        self.input.boots += end.extent.boots;
        self.input.path = end.extent.path;
        end.is_last.then(|| std::mem::take(&mut self.input))
    }
}
