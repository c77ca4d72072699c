//! Which reports are of one crash, and the number of each.
//!
//! In: splats with their verdicts, in the order of the input. Out: [`Report`]s with index and incident.

use super::{Platform, Report, ReportCache, Rules};
use crate::boot::Boot;
use crate::excerpt::Excerpt;
use crate::grammar::{Follows, Grammar, Level};
use crate::late_clear::LateClear;
use crate::line::Caller;
use crate::splat::{Lines, Splat};
use crate::symbols::Symbols;
use std::collections::VecDeque;
use std::sync::Arc;

/// The numbers of the reports of one output, and the last reports, whose consequences may still come.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    next: usize,
    incidents: usize,
    /// Notices are counted apart: they are no splats.
    notices: usize,
    /// The last reports of the input, the latest last.
    last: VecDeque<LastReport>,
}

/// Reports whose consequences may still come: as many as CPUs usually crash at once.
const MAX_LAST: usize = 8;

#[derive(Debug, Clone)]
struct LastReport {
    incident: usize,
    /// Line at which the incident's first report begins.
    begin: u64,
    caller: Option<Caller>,
    boot: Option<usize>,
    last_line: u64,
    time_us: Option<u64>,
    /// Kind of the incident's first report.
    cause: String,
    /// Who asked for the last late clear, and on which CPU.
    asked: Option<(Option<u32>, String)>,
    /// Header of its last report.
    header: String,
}

/// Lines between two late clears that one function asked for on one CPU: they have one cause.
const MAX_ASKED_GAP: u64 = 100;

/// Time after which the lines that follow a report are no consequence, in microseconds. A slow console needs it for
/// the dumps of all CPUs.
const MAX_LATE_US: u64 = 60_000_000;

impl Incidents {
    /// Index that the next report will have.
    pub fn next_index(&self) -> usize {
        self.next
    }

    /// Numbers a report of another output anew, to come after those of this one.
    pub fn shift(&self, report: &mut Report) {
        // Notices belong to no incident: their own number is all that they have.
        if report.level == Level::Notice {
            report.index += self.notices;
            report.incident = report.index;
            return;
        }
        report.index += self.next;
        report.incident += self.incidents;
        if let Some(verdict) = &mut report.late_clear {
            verdict.caused_by = verdict.caused_by.map(|index| index + self.next);
        }
    }

    /// Counts a report of another output, with all before it there.
    pub fn cover(&mut self, report: &Report) {
        if report.level == Level::Notice {
            self.notices = self.notices.max(report.index + 1);
        } else {
            self.next = self.next.max(report.index + 1);
            self.incidents = self.incidents.max(report.incident + 1);
        }
    }

    /// Counts on after all reports of another output.
    pub fn skip(&mut self, other: &Incidents) {
        self.next += other.next;
        self.notices += other.notices;
        self.incidents += other.incidents;
    }

    /// A new input begins: no report of it belongs to an incident of another.
    pub fn next_input(&mut self) {
        self.last.clear();
    }

    /// Makes the next report.
    pub fn report(
        &mut self,
        grammar: &Arc<Grammar>,
        cache: &ReportCache,
        mut splat: Splat,
        symbols: Symbols,
        late_clear: Option<LateClear>,
        boot: Option<&Boot>,
    ) -> Report {
        let warned = late_clear.as_ref().filter(|verdict| !verdict.in_passing);
        // Found by its trace or a mail, it may have been read as another kind.
        if let Some(site) = grammar.sites.first().filter(|_| warned.is_some()) {
            splat.kind.clone_from(&site.kind);
        }
        let has_trace = !splat.frames.is_empty();
        let level = grammar
            .kind(&splat.kind)
            .map_or(Level::Report, |kind| kind.level_of(has_trace));
        let (incident, incident_line) = match level {
            Level::Report => self.incident(grammar, &splat, warned),
            Level::Notice => (self.notices, None),
        };
        let count = match level {
            Level::Report => &mut self.next,
            Level::Notice => &mut self.notices,
        };
        let index = *count;
        *count += 1;
        let platform = Platform::of(&splat, boot);
        // A report of one line names no kernel; that of its boot it is.
        splat.kernel.release.clone_from(&platform.release);
        let findings = cache.findings(grammar, &mut splat, &symbols, warned);
        // The text of thousands of lines is not needed any more; an excerpt keeps what is shown.
        splat.lines = Lines::default();
        let name = findings.name;
        let is_consequence = name.consequence && incident_line.is_some();
        // After an oops, panic() prints no stack (kernel/panic.c, TAINT_DIE): nothing is missing.
        splat.truncated &= !is_consequence || has_trace;
        Report {
            index,
            level,
            signature: findings.signature,
            former_signatures: findings.former_signatures,
            incident,
            incident_line,
            panic_line: splat.panic_line,
            culprit: findings.culprit,
            guilty_file: findings.guilty_file,
            routing: None,
            source_code: None,
            msr: findings.msr,
            memory: findings.memory,
            summary: findings.summary,
            tainting_modules: findings.tainting_modules,
            platform,
            excerpt: Excerpt::default(),
            seen: None,
            rules: Rules(Arc::clone(grammar)),
            title: name.title,
            syzbot: name.syzbot,
            alt_titles: name.alt_titles,
            corrupted: name.corrupted && !is_consequence,
            splat,
            symbols,
            late_clear,
            bring_up: None,
        }
    }

    /// The number of the crash; and where the report belongs to one that came before, as a nested repeat or as what that
    /// one brought about (a panic, a stall), the line at which that begins.
    fn incident(
        &mut self,
        grammar: &Grammar,
        splat: &Splat,
        late_clear: Option<&LateClear>,
    ) -> (usize, Option<u64>) {
        let nested = late_clear.is_some_and(|verdict| verdict.caused_by.is_some());
        let asked = late_clear.and_then(|verdict| Some((verdict.cpu, verdict.requester.clone()?)));
        let follows = grammar
            .kind(&splat.kind)
            .and_then(|kind| kind.follows.as_ref());
        let causes = |last: &&LastReport| {
            nested
                || last.asked_as(asked.as_ref(), splat)
                || follows.is_some_and(|follows| last.brings_about(follows, splat))
        };
        // The same caller first: two CPUs that crash at once have two incidents.
        let by_same = |last: &&LastReport| splat.caller.is_some() && last.caller == splat.caller;
        let before = self
            .last
            .iter()
            .rev()
            .find(|last| by_same(last) && causes(last));
        // Without callers the last report is the nearest cause.
        let before = before.or_else(|| self.last.back().filter(causes));
        let joined = before.map(|last| (last.incident, last.begin));
        let cause = before.map(|last| last.cause.clone());
        let begin = joined.map(|(_, begin)| begin);
        let incident = joined.map(|(incident, _)| incident);
        let incident = incident.unwrap_or_else(|| self.next_incident());
        if self.last.len() >= MAX_LAST {
            self.last.pop_front();
        }
        self.last.push_back(LastReport {
            incident,
            begin: begin.unwrap_or(splat.source.first_line),
            caller: splat.caller,
            boot: splat.boot,
            last_line: splat.source.last_line,
            time_us: splat.time_us,
            cause: cause.unwrap_or_else(|| splat.kind.clone()),
            asked,
            header: splat.header.clone(),
        });
        (incident, begin)
    }

    fn next_incident(&mut self) -> usize {
        self.incidents += 1;
        self.incidents - 1
    }
}

impl LastReport {
    /// True where `splat` is near enough to be its consequence, and of a kind that it can have.
    fn brings_about(&self, follows: &Follows, splat: &Splat) -> bool {
        let able = follows.can_be_after(&self.cause) && follows.agrees(&self.header, &splat.header);
        // Time is counted from the start of a boot, and says nothing across two.
        let same_boot = self.boot == splat.boot;
        let stamps = splat.time_us.zip(self.time_us).filter(|_| same_boot);
        let passed = stamps.map(|(now, then)| now.saturating_sub(then));
        let within = follows.seconds.saturating_mul(1_000_000);
        let soon = follows.seconds > 0 && passed.is_some_and(|passed| passed <= within);
        // People cut out what is between: the next lines may be of another day.
        let late = passed.is_some_and(|passed| passed > within.max(MAX_LATE_US));
        able && (soon || !late && self.is_within(follows.lines, splat))
    }

    /// True where the same function asked for the last late clear on the same CPU: one register or one
    /// microcode takes several features.
    fn asked_as(&self, asked: Option<&(Option<u32>, String)>, splat: &Splat) -> bool {
        asked.is_some() && asked == self.asked.as_ref() && self.is_within(MAX_ASKED_GAP, splat)
    }

    fn is_within(&self, lines: u64, splat: &Splat) -> bool {
        let gap = splat.source.first_line.saturating_sub(self.last_line);
        self.boot == splat.boot && gap <= lines
    }
}
