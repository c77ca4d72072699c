//! Numbers of reports: each job counts from 0, the output counts on.

use super::Extent;
use super::order::End;
use crate::report::Report;

/// What came before.
#[derive(Debug, Default)]
pub struct Numbering {
    /// Reports of the jobs before this one.
    reports: usize,
    /// Crashes of the jobs before this one.
    incidents: usize,
    /// Reports of this job so far.
    own_reports: usize,
    /// Crashes of this job so far.
    own_incidents: usize,
    /// What was read of the input by the jobs before this one.
    input: Extent,
}

impl Numbering {
    /// Numbers the next report.
    pub fn report(&mut self, mut report: Report) -> Report {
        self.own_reports = self.own_reports.max(report.index + 1);
        self.own_incidents = self.own_incidents.max(report.incident + 1);
        report.index += self.reports;
        report.incident += self.incidents;
        if let Some(verdict) = &mut report.late_clear {
            verdict.caused_by = verdict.caused_by.map(|index| index + self.reports);
        }
        report.splat.boot = report.splat.boot.map(|boot| boot + self.input.boots);
        report
    }

    /// A job ended; gives the whole input where that ended with it.
    pub fn end(&mut self, end: End) -> Option<Extent> {
        self.reports += std::mem::take(&mut self.own_reports);
        self.incidents += std::mem::take(&mut self.own_incidents);
        self.input.lines += end.extent.lines;
        self.input.boots += end.extent.boots;
        self.input.path = end.extent.path;
        end.is_last.then(|| std::mem::take(&mut self.input))
    }
}
