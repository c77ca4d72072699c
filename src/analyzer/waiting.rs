//! Reports that are complete but not given away yet: a later line may say more of them.
//!
//! In: reports in the order of the log. Out: the same, each once nothing more can come. Two things may come: a
//! nested repeat, which proves that a late clear is one of all CPUs, and the panic that the report brought about.

use crate::grammar::Level;
use crate::late_clear::Target;
use crate::line::Framing;
use crate::report::Report;
use std::collections::VecDeque;

/// Reports that wait at once; more than a crash has.
const MAX_WAITING: usize = 64;

/// Notices between a late clear and its nested repeat.
const MAX_NOTICES: usize = 16;

/// Lines without framing that may be between a late clear and its nested repeat.
const MAX_NOISE: u64 = 16;

/// Lines between a report and its panic, where nothing gives the time. x86 prints the registers once more.
const MAX_LINES: u64 = 32;

/// Lines between the two where the log has stamps: a slow panic prints the state of all tasks first.
const MAX_STAMPED_LINES: u64 = 4096;

/// Time between the two.
const MAX_DELAY_US: u64 = 5_000_000;

/// A report, and what it waits for.
struct QueuedReport {
    report: Report,
    /// Waits for a nested repeat.
    target: bool,
    /// Waits for a panic.
    panic: bool,
}

/// The queue.
#[derive(Default)]
pub struct ReportQueue {
    entries: VecDeque<QueuedReport>,
    notices: usize,
}

impl ReportQueue {
    /// True where no line is waited for.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes in the next report.
    pub fn push(&mut self, report: Report) {
        match report.level {
            Level::Report => self.learn(&report),
            Level::Notice => self.notices += 1,
        }
        // The repeat comes right after the clear: so many notices show that none came.
        if self.notices > MAX_NOTICES {
            self.end_targets();
        }
        let is_report = report.level == Level::Report;
        self.entries.push_back(QueuedReport {
            target: waits_for_target(&report),
            panic: is_report && report.panic_line.is_none(),
            report,
        });
    }

    /// What a report says of those before it.
    fn learn(&mut self, report: &Report) {
        self.notices = 0;
        let first_line = report.splat.source.first_line;
        let caused_by = report.late_clear.as_ref().and_then(|v| v.caused_by);
        for entry in &mut self.entries {
            let is_cause = entry.target && caused_by == Some(entry.report.index);
            if let (true, Some(verdict)) = (is_cause, &mut entry.report.late_clear) {
                verdict.learn_target(Target::All, first_line);
            }
        }
        // Only the very next report can be the repeat.
        self.end_targets();
        if let Some(line) = report.panic_line {
            self.panicked(report.incident, line);
        }
    }

    /// The machine stopped, as that line says, which is of no report: that of the last incident.
    pub fn stopped(&mut self, line: u64) {
        // Notices stop no machine.
        let mut reports = self.entries.iter().map(|entry| &entry.report).rev();
        let last = reports.find(|report| report.level == Level::Report);
        if let Some(incident) = last.map(|report| report.incident) {
            self.panicked(incident, line);
        }
    }

    fn end_targets(&mut self) {
        self.entries
            .iter_mut()
            .for_each(|entry| entry.target = false);
    }

    fn panicked(&mut self, incident: usize, line: u64) {
        let of_it = |entry: &&mut QueuedReport| entry.panic && entry.report.incident == incident;
        for entry in self.entries.iter_mut().filter(of_it) {
            entry.report.panic_line = Some(line);
            entry.panic = false;
        }
    }

    /// A line passes. `idle` is true where no report is open.
    pub fn pass(&mut self, number: u64, framing: &Framing, idle: bool) {
        for entry in &mut self.entries {
            let splat = &entry.report.splat;
            let gap = number.saturating_sub(splat.source.last_line);
            entry.target &= !idle || !framing.present && gap <= MAX_NOISE;
            let times = framing.time_us.zip(splat.time_us);
            // A clock that went back is that of another boot.
            let passed = times.and_then(|(now, then)| now.checked_sub(then));
            let soon = passed.is_some_and(|passed| passed <= MAX_DELAY_US);
            entry.panic &= !idle || gap <= MAX_LINES || soon && gap <= MAX_STAMPED_LINES;
        }
    }

    /// The next report that waits for nothing, with `all` the next one.
    pub fn pop(&mut self, all: bool) -> Option<Report> {
        let is_full = self.entries.len() > MAX_WAITING;
        // In their order: one that waits holds back those after it, which is why their number is
        // bounded.
        let is_due = |entry: &QueuedReport| all || is_full || !entry.target && !entry.panic;
        let due = self.entries.front().is_some_and(is_due);
        due.then(|| self.entries.pop_front())?
            .map(|entry| entry.report)
    }
}

/// A late clear whose target only the next splat can show.
fn waits_for_target(report: &Report) -> bool {
    let verdict = report.warned_clear();
    verdict.is_some_and(|verdict| verdict.target.is_none() && verdict.caused_by.is_none())
}
