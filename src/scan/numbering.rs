//! Numbers of reports: each job counts from 0, the output counts on.

use super::Extent;
use super::order::End;
use crate::grammar::Level;
use crate::report::Report;

/// What came before.
#[derive(Debug, Default)]
pub struct Numbering {
    /// Splats of the jobs before this one.
    reports: usize,
    /// Notices of the jobs before this one.
    notices: usize,
    /// Crashes of the jobs before this one.
    incidents: usize,
    /// Splats of this job so far.
    own_reports: usize,
    /// Notices of this job so far.
    own_notices: usize,
    /// Crashes of this job so far.
    own_incidents: usize,
    /// What was read of the input by the jobs before this one.
    input: Extent,
}

impl Numbering {
    /// Numbers the next report.
    pub fn report(&mut self, mut report: Report) -> Report {
        report.splat.boot = report.splat.boot.map(|boot| boot + self.input.boots);
        if report.level == Level::Notice {
            self.own_notices = self.own_notices.max(report.index + 1);
            report.index += self.notices;
            report.incident = report.index;
            return report;
        }
        self.own_reports = self.own_reports.max(report.index + 1);
        self.own_incidents = self.own_incidents.max(report.incident + 1);
        report.index += self.reports;
        report.incident += self.incidents;
        if let Some(verdict) = &mut report.late_clear {
            verdict.caused_by = verdict.caused_by.map(|index| index + self.reports);
        }
        report
    }

    /// A job ended; gives the whole input where that ended with it.
    pub fn end(&mut self, end: End) -> Option<Extent> {
        self.reports += std::mem::take(&mut self.own_reports);
        self.notices += std::mem::take(&mut self.own_notices);
        self.incidents += std::mem::take(&mut self.own_incidents);
        self.input.lines += end.extent.lines;
        self.input.boots += end.extent.boots;
        self.input.path = end.extent.path;
        end.is_last.then(|| std::mem::take(&mut self.input))
    }
}
