//! The first half of the way: physical lines in, log lines out.

use super::expected::Expected;
use super::kernel::KernelSigns;
use super::reports::Reports;
use super::{Analyzer, Input, Origin};
use crate::cpus::Listings;
use crate::input::{DeferredLines, Role, Visitor};
use crate::line::decode::{self, Decoder};
use crate::line::{LogLine, Margin};
use crate::report::{Incidents, Report};

/// The state of one input.
pub struct Pipeline<'a> {
    pub analyzer: &'a Analyzer,
    decoder: Decoder,
    margin: Margin<'a>,
    deferred: DeferredLines,
    kernel: KernelSigns,
    expected: Expected,
    reports: Reports<'a>,
}

impl Visitor for Pipeline<'_> {
    fn line(&mut self, number: u64, raw: &[u8]) {
        if let Some(keeper) = &mut self.reports.keeper {
            keeper.line(number, raw, self.analyzer.finder.tells(raw));
        }
        // In the order of the log: what was put aside is from before this line.
        self.observe_deferred();
        let expects = self.expects();
        if expects {
            self.expected.line(number, raw);
        }
        let (margin, reports) = (&mut self.margin, &mut self.reports);
        self.decoder.line(number, raw, &mut |line| {
            margin.line(line, &mut |line| reports.log_line(line))
        });
        if expects {
            self.expected.look(&mut reports.boots);
        }
    }

    fn boot(&mut self, number: u64, raw: &[u8], passed: bool) {
        self.keep(number, raw);
        // They describe the boot before, which has no report.
        self.deferred.clear();
        if passed {
            self.reports.boots.set_begun();
        }
        match self.reports.boots.has_banner_of(raw) {
            true => self.reports.boots.repeat(number),
            false => self.observe(number, raw),
        }
    }

    fn aside(&mut self, number: u64, raw: &[u8]) {
        self.keep(number, raw);
        self.deferred.keep(number, raw);
        if self.analyzer.every_boot || self.deferred.is_full() {
            self.observe_deferred();
        } else if !self.reports.boots.has_begun() && self.analyzer.finder.has_milestone(raw, 0) {
            self.reports.boots.set_begun();
        }
    }

    fn repeats_boot(&self, line: &[u8]) -> bool {
        self.reports.boots.has_banner_of(line)
    }

    fn wants_deferred_lines(&self) -> bool {
        self.analyzer.every_boot
    }

    fn is_over(&self) -> bool {
        self.analyzer.is_stopped()
    }

    fn role(&self, raw: &[u8]) -> Role {
        // By the bytes after the stamp: nearly all candidates are lines that were seen before.
        if let Some(role) = self.analyzer.roles.of_line(raw) {
            return role;
        }
        // Anything else than a stamp of the kernel's may be a record, a quote, half a line.
        let line = decode::plain(0, raw).unwrap_or_else(|| LogLine::parse(0, raw));
        let is_plain = raw.starts_with(b"[") && line.framing.time_us.is_some();
        match is_plain {
            true => self.analyzer.role(&line),
            false => Role::Part,
        }
    }

    fn may_skip(&self) -> bool {
        // A half record, an open report or a wanted last line: each needs the very next line.
        self.decoder.is_idle() && self.margin.is_idle() && self.reports.is_idle() && !self.expects()
    }
}

impl<'a> Pipeline<'a> {
    pub fn new(
        analyzer: &'a Analyzer,
        origin: &Origin<'_>,
        incidents: &'a mut Incidents,
        listings: Listings<'a>,
        take: &'a mut dyn FnMut(Report),
    ) -> Pipeline<'a> {
        Pipeline {
            analyzer,
            decoder: Decoder::default(),
            margin: Margin::new(&analyzer.grammar),
            deferred: DeferredLines::default(),
            kernel: KernelSigns::default(),
            expected: Expected::default(),
            reports: Reports::new(analyzer, origin, incidents, listings, take),
        }
    }

    /// The input ended, and had so many physical lines.
    pub fn finish(mut self, lines: u64) -> Input {
        // In the order of the stages, so that nothing is held back in front of one that was closed.
        self.release_lines();
        self.reports.close();
        // A boot is proof enough, where nobody looked for marks.
        let is_kernel = self.kernel.is_seen() || !self.reports.boots.all().is_empty();
        if self.expects() {
            let wanted = &self.analyzer.expects;
            self.expected
                .finish(&mut self.reports.boots, is_kernel, wanted);
        }
        Input {
            is_kernel,
            ..self.reports.finish(lines)
        }
    }

    /// Takes in a whole text, or its next chunk, before it is cut into lines.
    pub fn look(&mut self, bytes: &[u8]) {
        if self.analyzer.looks_for_kernel {
            self.kernel.look(bytes, &self.analyzer.finder);
        }
    }

    fn expects(&self) -> bool {
        !self.analyzer.expects.is_empty()
    }

    /// The input is silent: gives away what was held back for what may follow it.
    pub fn pause(&mut self) {
        self.release_lines();
        self.reports.pause();
    }

    /// The same, and gives away as it is each report without a line of its own after line `line`.
    pub fn pause_behind(&mut self, line: u64) {
        self.reports.pause_behind(line);
    }

    /// Takes in what is held back.
    fn release_lines(&mut self) {
        let (margin, reports) = (&mut self.margin, &mut self.reports);
        let mut take = |line: LogLine<'_>| reports.log_line(line);
        self.decoder
            .release(&mut |line| margin.line(line, &mut take));
        self.margin.release(&mut take);
    }

    /// Keeps a line that describes the boot, where a report may quote it.
    fn keep(&mut self, number: u64, raw: &[u8]) {
        if let Some(keeper) = &mut self.reports.keeper {
            keeper.line(number, raw, true);
        }
    }

    /// Takes in a line that only describes its boot.
    fn observe(&mut self, number: u64, raw: &[u8]) {
        let (grammar, boots) = (&self.analyzer.grammar, &mut self.reports.boots);
        self.decoder.line(number, raw, &mut |line| {
            self.margin
                .line(line, &mut |line| boots.observe(grammar, &line));
        });
    }

    /// A report comes: what was said of its boot matters.
    fn observe_deferred(&mut self) {
        if self.deferred.is_empty() {
            return;
        }
        // Taken out, because to observe them needs all of `self`; their memory is used again.
        let deferred = std::mem::take(&mut self.deferred);
        for (number, raw) in deferred.lines() {
            self.observe(number, raw);
        }
        self.deferred = deferred.cleared();
    }
}
