//! The second half of the way: log lines in, reports out.

use super::waiting::ReportQueue;
use super::{Analyzer, Input, Origin};
use crate::boot::Boots;
use crate::cpus::Listings;
use crate::excerpt::Keeper;
use crate::grammar::MilestoneName;
use crate::input::container::Envelope;
use crate::late_clear::{BringUp, Case, Earlier, LateClear, NoVmlinux, Vmlinux, bring_up, judge};
use crate::line::LogLine;
use crate::report::{Incidents, Report};
use crate::splat::{Assembler, Splat, is_fragment, is_headless, stacks};
use crate::symbols::{BootFacts, Match, Symbols};
use std::sync::Arc;

/// Lines after a message that a CPU lost a feature in which a late clear may explain it.
const MAX_HINT: u64 = 64;

/// What the log lines of one input made so far.
pub struct Reports<'a> {
    analyzer: &'a Analyzer,
    path: String,
    member: Option<String>,
    mail: Option<Arc<Envelope>>,
    earlier_boots: usize,
    pub boots: Boots,
    assembler: Assembler<'a>,
    pub keeper: Option<Keeper>,
    earlier: Vec<Earlier>,
    incidents: &'a mut Incidents,
    listings: Listings<'a>,
    waiting: ReportQueue,
    /// A message that only counts where no late clear explains it.
    hint: Option<Splat>,
    take: &'a mut dyn FnMut(Report),
}

impl<'a> Reports<'a> {
    pub fn new(
        analyzer: &'a Analyzer,
        origin: &Origin<'_>,
        incidents: &'a mut Incidents,
        listings: Listings<'a>,
        take: &'a mut dyn FnMut(Report),
    ) -> Reports<'a> {
        // Each input counts its own crashes: two logs may be of two machines.
        incidents.next_input();
        let mut reports = Reports {
            analyzer,
            path: origin.path.to_owned(),
            member: origin.member.map(str::to_owned),
            mail: origin.mail.cloned(),
            earlier_boots: origin.boots,
            boots: Boots::default(),
            assembler: Assembler::new(&analyzer.grammar, origin.path),
            keeper: analyzer.excerpts.then(Keeper::default),
            earlier: Vec::new(),
            incidents,
            listings,
            waiting: ReportQueue::default(),
            hint: None,
            take,
        };
        // The subject may name the kernel that the text does not.
        if let Some(subject) = origin.subject {
            let line = LogLine::parse(0, subject.as_bytes());
            reports.boots.observe(&analyzer.grammar, &line);
        }
        reports
    }

    /// The input ended: gives away what is open.
    pub fn close(&mut self) {
        for splat in self.assembler.finish(&mut self.boots) {
            self.report(splat);
        }
        self.give_hint();
        self.give_due(true);
    }

    /// What the input, which was closed, said of itself.
    pub fn finish(self, lines: u64) -> Input {
        let cpus = match self.analyzer.every_boot {
            true => self.listings.table(&self.analyzer.grammar).cloned(),
            false => None,
        };
        Input {
            gathered: self.listings.gathered().cloned(),
            cpus,
            path: self.path,
            boots: self.boots.into_all(),
            lines,
            is_kernel: false,
        }
    }

    /// The input is silent: gives away a report that was held back for what may follow it.
    pub fn pause(&mut self) {
        self.assembler.release_lines(&mut self.boots);
        for splat in self.assembler.release() {
            self.report(splat);
        }
        self.give_hint();
        self.give_due(true);
    }

    /// The same, and gives away as it is each report without a line of its own after `line`.
    pub fn pause_behind(&mut self, line: u64) {
        for splat in self.assembler.release_quiet(line, &mut self.boots) {
            self.report(splat);
        }
        self.give_due(true);
    }

    /// True where no line is waited for.
    pub fn is_idle(&self) -> bool {
        self.assembler.is_idle() && self.waiting.is_empty() && self.hint.is_none()
    }

    /// Makes a report of a splat, or keeps it back until it is known whether a late clear explains it.
    fn report(&mut self, splat: Splat) {
        match self.after(&splat) {
            Some(milestone) if self.is_news(milestone, &splat) => {
                // Only one is kept: the one before has had its chance.
                self.give_hint();
                self.hint = Some(splat);
            }
            Some(_) => {}
            None => self.make(splat),
        }
    }

    /// The milestone after which a splat is news; most are anywhere.
    fn after(&self, splat: &Splat) -> Option<MilestoneName> {
        self.analyzer.grammar.kind(&splat.kind)?.after
    }

    fn is_news(&self, milestone: MilestoneName, splat: &Splat) -> bool {
        let boot = splat.boot.and_then(|boot| self.boots.get(boot));
        let line = splat.source.first_line;
        boot.is_some_and(|boot| boot.is_news_after(milestone, line, &splat.header))
    }

    /// Nothing explained the message that was kept back.
    fn give_hint(&mut self) {
        if let Some(splat) = self.hint.take() {
            self.make(splat);
        }
    }

    fn make(&mut self, mut splat: Splat) {
        splat.source.member.clone_from(&self.member);
        splat.source.mail.clone_from(&self.mail);
        let symbols = self.symbolize(&mut splat);
        // After the symbols, which add frames; before the verdict, which is about the report's own stack.
        splat.stacks = stacks(&self.analyzer.grammar, &splat);
        // Before the hint is given away: a verdict may explain it.
        let (verdict, bring_up) = self.judge(&splat, &symbols);
        if let Some(verdict) = &verdict {
            let explains = |hint: &mut Splat| verdict.speaks_of_line(hint.source.first_line);
            self.hint.take_if(explains);
        }
        self.give_hint();
        // Frames that somebody quotes are no report by themselves.
        let unproven = is_fragment(&splat) || is_headless(&splat) && !splat.marked;
        if verdict.is_none() && unproven {
            return;
        }
        // Later reports of the boot need it, and may not prove it themselves.
        if let Some(boot) = splat.boot {
            self.boots.learn_kaslr_offset(boot, symbols.kaslr_offset);
        }
        let boot = splat.boot.and_then(|boot| self.boots.get(boot));
        let (grammar, cache) = (&self.analyzer.grammar, &self.analyzer.cache);
        let mut report = self
            .incidents
            .report(grammar, cache, splat, symbols, verdict, boot);
        report.bring_up = bring_up;
        if let Some(sources) = &self.analyzer.sources {
            report.look_up(sources);
        }
        self.remember(&report);
        self.waiting.push(report);
        self.give_due(false);
    }

    fn symbolize(&self, splat: &mut Splat) -> Symbols {
        let Some(symbolizer) = &self.analyzer.symbolizer else {
            return Symbols::default();
        };
        let boot = splat.boot.and_then(|boot| self.boots.get(boot));
        let facts = BootFacts {
            banner: boot.and_then(|boot| boot.banner.as_deref()),
            kaslr_offset: boot.and_then(|boot| boot.kaslr_offset),
            build_id: None,
        };
        symbolizer.symbolize(splat, &facts)
    }

    /// The verdict on a late clear, and whether a CPU was on its way up.
    fn judge(&self, splat: &Splat, symbols: &Symbols) -> (Option<LateClear>, Option<BringUp>) {
        let Some(boot) = splat.boot.and_then(|boot| self.boots.get(boot)) else {
            return (None, None);
        };
        let release = splat.kernel.release.as_deref().or_else(|| boot.release());
        let features = self.analyzer.grammar.features().for_release(release);
        // Values read with the debug info of another build would look like facts.
        let vmlinux: &dyn Vmlinux = match symbols.matched {
            Match::Exact | Match::ReleaseOnly => symbols,
            Match::Mismatch { .. } | Match::None => &NoVmlinux,
        };
        let case = Case {
            grammar: &self.analyzer.grammar,
            features: &features,
            splat,
            boot,
            vmlinux,
            earlier: &self.earlier,
            index: self.incidents.next_index(),
            listings: &self.listings,
        };
        let verdict = judge(&case);
        (verdict, bring_up(&case))
    }

    fn remember(&mut self, report: &Report) {
        let Some(verdict) = report.warned_clear() else {
            return;
        };
        self.earlier.push(Earlier {
            index: report.index,
            boot: report.splat.boot,
            cpu: report.splat.cpu,
            nested: verdict.caused_by.is_some(),
            last_line: report.splat.source.last_line,
        });
    }

    /// Gives away what waits for nothing more, or all.
    fn give_due(&mut self, all: bool) {
        while let Some(report) = self.waiting.pop(all) {
            self.give(report);
        }
    }

    /// Gives a report away: its boot counts within the input, no longer within the member.
    fn give(&mut self, mut report: Report) {
        // Now, and not when it was made: its evidence may be on later lines.
        if let Some(keeper) = &self.keeper {
            let source = &report.splat.source;
            let evidence = report.evidence_lines().collect();
            report.excerpt = keeper.excerpt(source.first_line, source.last_line, &evidence);
        }
        report.splat.boot = report.splat.boot.map(|boot| boot + self.earlier_boots);
        (self.take)(report);
    }

    /// Takes in a log line.
    pub fn log_line(&mut self, line: LogLine<'_>) {
        let (number, framing) = (line.number, line.framing);
        let complete = self.assembler.feed(line, &mut self.boots);
        // A line that completes a report is still of it.
        let idle = complete.is_empty() && self.assembler.is_idle();
        for splat in complete {
            self.report(splat);
        }
        let old = |hint: &Splat| number > hint.source.first_line + MAX_HINT;
        if self.hint.as_ref().is_some_and(old) {
            self.give_hint();
        }
        if let Some(line) = self.assembler.take_orphaned_panic() {
            self.waiting.stopped(line);
        }
        self.waiting.pass(number, &framing, idle);
        self.give_due(false);
    }
}
