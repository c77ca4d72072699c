//! A scan on its way to the output: what `scan` and `check` have in common.

use super::args::{Options, ScanOptions};
use super::expect::{is_finding, lacking, tell_lacking};
use super::fail_on::FailOn;
use super::hints::{Hints, said};
use super::memory::{Memory, Past};
use super::output::Out;
use super::progress::Shown;
use super::signals::Stop;
use super::triage::complain;
use super::{CLEAN, ERROR, FOUND, INTERRUPTED, format, output};
use crate::analyzer::{Analyzer, Input};
use crate::baseline::Baseline;
use crate::fixes::{Fix, History};
use crate::grammar::Level;
use crate::group::{Group, Groups};
use crate::input::container::Limits;
use crate::render::{self, Output, RunStatus, RunSummary};
use crate::report::Report;
use crate::scan::{Extent, ScanError, Scanner, Sink};
use jiff::civil::Date;
use regex::Regex;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Signatures that a check keeps apart: all of those that are new may have to go into the baseline.
const MAX_SIGNATURES: usize = 1 << 20;

/// Which splats a scan is about.
#[derive(Debug, Default)]
pub struct Filter<'a> {
    /// Any kind where it is empty.
    kinds: &'a [String],
    grep: Option<&'a Regex>,
}

impl<'a> Filter<'a> {
    /// As the command line asks for it.
    pub fn of(scan: &'a ScanOptions) -> Filter<'a> {
        Filter {
            kinds: &scan.kind,
            grep: scan.grep.as_ref(),
        }
    }

    fn takes(&self, report: &Report) -> bool {
        let is_kind = self.kinds.is_empty() || self.kinds.contains(&report.splat.kind);
        let matches =
            |regex: &Regex| regex.is_match(&report.title) || regex.is_match(&report.signature);
        is_kind && self.grep.is_none_or(matches)
    }
}

/// What was found.
pub struct Batch<'a> {
    options: &'a Options,
    analyzer: &'a Analyzer,
    /// What is known is no news.
    baseline: Option<(&'a Baseline, Date)>,
    filter: Filter<'a>,
    shown: Shown,
    /// Where a scan remembers what it found.
    memory: Option<Memory>,
    past: Past,
    /// Commits that mend something are written as well.
    tells_fixes: bool,
    out: Out,
    form: Box<dyn Output + 'a>,
    stop: Stop,
    groups: Groups,
    hints: Hints,
    /// The input at hand.
    members: Input,
    failed: bool,
    /// A boot did not come as far as it should.
    lacks: bool,
    /// A line of a kernel's was seen.
    is_kernel: bool,
    unreadable: u64,
    /// Splats of signatures beyond those that are kept apart.
    ungrouped: u64,
}

impl<'a> Batch<'a> {
    /// Opens the output; `text` is the command's own form.
    ///
    /// # Errors
    /// Where `-o` names a file that cannot be made.
    pub fn new(
        options: &'a Options,
        analyzer: &'a Analyzer,
        stop: Stop,
        text: impl Output + 'a,
    ) -> Result<Batch<'a>, Box<dyn Error>> {
        Ok(Batch {
            options,
            analyzer,
            baseline: None,
            filter: Filter::default(),
            shown: Shown::new(options),
            memory: None,
            past: Past::none(),
            tells_fixes: false,
            out: output::open_paged(options)?,
            form: format::output(options, analyzer.grammar(), text),
            stop,
            groups: Groups::default(),
            hints: Hints::default(),
            members: Input::default(),
            failed: false,
            lacks: false,
            is_kernel: false,
            unreadable: 0,
            ungrouped: 0,
        })
    }

    /// Passes over all but some splats.
    pub fn only(self, filter: Filter<'a>) -> Batch<'a> {
        Batch { filter, ..self }
    }

    /// Adds what is found to a database, and passes over what that has read.
    pub fn remember(self, memory: Option<Memory>) -> Batch<'a> {
        Batch { memory, ..self }
    }

    /// Writes commits that mend something, where the form of the output has a place for them.
    pub fn with_fixes(self) -> Batch<'a> {
        let tells_fixes = self.form.wants_fixes();
        Batch {
            tells_fixes,
            ..self
        }
    }

    /// True where somebody has a use for commits.
    pub fn wants_fixes(&self) -> bool {
        self.tells_fixes || self.memory.is_some()
    }

    /// Takes in the commits of a repository that no earlier run has read. Gives how many, and how many mend something.
    ///
    /// # Errors
    /// Where it cannot be read, or the fixes cannot be written.
    pub fn read_history(&mut self, path: &Path) -> Result<(u64, u64), Box<dyn Error>> {
        let history = History::open(path)?;
        let known = self.memory.as_mut().map(Memory::take_known);
        let known = known.unwrap_or_default();
        let (mut commits, mut fixes) = (0, 0);
        let analyzer = self.analyzer;
        let read = history.read(
            &known,
            || analyzer.is_stopped(),
            |commit| {
                commits += 1;
                if let Some(fix) = Fix::of(&commit, analyzer) {
                    fixes += 1;
                    self.fix(fix);
                }
            },
        );
        let keys = read?;
        if let Some(memory) = &mut self.memory {
            let is_whole = !analyzer.is_stopped();
            memory.end_history(known, if is_whole { &keys } else { &[] })?;
        }
        Ok((commits, fixes))
    }

    /// Says of each splat what a database knows.
    pub fn recall(self, past: Past) -> Batch<'a> {
        Batch { past, ..self }
    }

    /// Holds what is found against a baseline.
    pub fn against(self, baseline: &'a Baseline, today: Date) -> Batch<'a> {
        let baseline = Some((baseline, today));
        let groups = Groups::up_to(MAX_SIGNATURES);
        Batch {
            baseline,
            groups,
            ..self
        }
    }

    /// Reads everything under `paths`, up to the end or the first Ctrl-C; gives the groups.
    pub fn scan(&mut self, paths: &[PathBuf]) -> Vec<Group> {
        self.shown.begin(paths);
        let counters = Arc::clone(&self.shown.counters);
        let mut scanner = Scanner::new(self.analyzer)
            .limits(Limits {
                max_size: self.options.max_size,
                ..Limits::default()
            })
            .progress(&counters);
        let known = self.memory.as_ref().map(|memory| memory.known().clone());
        scanner = scanner.fixes(self.wants_fixes());
        if let Some(known) = &known {
            scanner = scanner.known(known);
        }
        if let Some(jobs) = self.options.jobs {
            scanner = scanner.threads(jobs);
        }
        if let Some(database) = &self.options.db {
            scanner = scanner.except(database);
        }
        scanner.scan(paths, self);
        self.tell_empty(paths);
        self.ungrouped = self.groups.ungrouped();
        std::mem::take(&mut self.groups).into_sorted()
    }

    /// Says of each group what the database knows of it, and whether it did before.
    pub fn tell_seen(&self, groups: &mut [Group]) {
        if let Some(memory) = &self.memory {
            memory.tell(groups);
        }
    }

    /// Says where nothing at all was found to read.
    fn tell_empty(&self, paths: &[PathBuf]) {
        let read = self.shown.counters.files.load(Ordering::Relaxed);
        // A database may know all of them.
        if read == 0 && self.memory.is_none() && self.is_whole() {
            let told = || paths.iter().for_each(|path| tell_empty(self.options, path));
            self.shown.aside(told);
        }
    }

    /// Prints what comes after the last report, then what could not be read; gives the exit code.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(mut self, ending: RunSummary<'_>) -> io::Result<u8> {
        let ending = self.form.finish(ending);
        self.write(&ending);
        while let Some(rest) = self.form.rest()? {
            self.write(&rest);
        }
        // A signal, and not that nobody reads the output: that is no news.
        let interrupted = self.stop.is_signalled();
        if interrupted {
            self.tell("interrupted: this is what was found so far");
        }
        if self.unreadable > 0 {
            let parts = render::count(self.unreadable, "part");
            self.tell(&format!("{parts} of the input could not be read"));
        }
        if self.ungrouped > 0 {
            let splats = render::count(self.ungrouped, "splat");
            self.tell(&format!(
                "{splats} of further signatures are in no group; read fewer inputs at once"
            ));
        }
        if !self.options.quiet {
            let missing = self.analyzer.missing_symbols(self.options.verbose);
            self.shown.aside(|| output::tell_missing(&missing));
        }
        tell_links(
            self.options,
            self.shown.counters.links.load(Ordering::Relaxed),
        );
        self.out.finish()?;
        // A check must know of each signature.
        // A scan may leave some uncounted; a check would call a new one known.
        let lost = self.baseline.map_or(0, |_| self.ungrouped);
        let unwritten = self.memory.is_some_and(Memory::end);
        let lost = lost + u64::from(unwritten);
        // The worst first: what was not read may hold what was looked for.
        Ok(match (interrupted, self.unreadable + lost, self.failed) {
            (true, _, _) => INTERRUPTED,
            (_, 1.., _) => ERROR,
            (_, _, true) => FOUND,
            _ => CLEAN,
        })
    }

    /// Where no input holds a line of a kernel's nothing can be said of one: an error.
    pub fn require_kernel(&mut self, paths: &[PathBuf]) {
        // Of a part nobody can say that the rest has none.
        if self.is_kernel || !self.is_whole() {
            return;
        }
        let names: Vec<_> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let (holds, names) = match names.as_slice() {
            [_] => ("holds", names.join("")),
            _ => ("hold", names.join(", ")),
        };
        let error = format!("{names}: {holds} no line of a kernel: is the console there?");
        let error: Box<dyn Error> = error.into();
        self.shown.aside(|| complain(&*error));
        let text = self.form.error(&*error);
        self.write(&text);
        self.unreadable += 1;
    }

    /// True where a boot did not come as far as it should.
    pub fn has_lacking(&self) -> bool {
        self.lacks
    }

    /// True where all of the input was read.
    pub fn is_whole(&self) -> bool {
        self.unreadable == 0 && self.ungrouped == 0 && !self.stop.is_asked_for()
    }

    fn tell(&self, what: &str) {
        self.shown.aside(|| output::tell(what));
    }

    /// Writes at once, so that nothing is lost when the scan is killed. Where it cannot be written the scan
    /// ends. Where nobody reads the output any more it goes on for its exit code, as far as that takes; a
    /// baseline that is to be changed, or a database, takes all of it.
    fn write(&mut self, text: &str) {
        write(&mut self.out, &self.shown, text);
        let is_kept = self.baseline.is_some() || self.memory.is_some();
        let is_known = self.out.is_gone() && self.failed && !is_kept;
        if is_known || self.out.has_failed() {
            self.stop.now();
        }
    }
}

fn write(out: &mut Out, shown: &Shown, text: &str) {
    shown.aside(|| out.print(text));
}

/// Says that a folder holds nothing to read: whoever named it expected some.
pub fn tell_empty(options: &Options, folder: &Path) {
    if !options.quiet {
        let folder = folder.display().to_string();
        output::tell(&render::clean(&format!("{folder}: holds no file")));
    }
}

/// Says how many links were not followed.
pub fn tell_links(options: &Options, links: u64) {
    if links > 0 && !options.quiet {
        let links = render::count(links, "link");
        output::tell(&format!(
            "{links} in folders not followed; name what they lead to, to read it"
        ));
    }
}

impl Sink for Batch<'_> {
    fn report(&mut self, mut report: Report) {
        // Healthy boots print them: over a tree they are noise.
        if report.level == Level::Notice {
            // A kind that was named fails the run also where it is a notice.
            let mut reasons = self.options.fail_on.iter();
            self.failed |= reasons.any(|reason| reason.names(&report));
            return;
        }
        let is_stopped = self.stop.is_asked_for();
        let memory = self.memory.as_mut();
        // Before the filter: the database keeps all of what was read, and its input is not read again.
        let event = memory.and_then(|memory| memory.add(&report, is_stopped));
        self.past.tell(&mut report);
        if !self.filter.takes(&report) {
            return;
        }
        let baseline = self.baseline;
        let baseline = baseline.map(|(baseline, today)| baseline.standing(&report, today));
        let is_news = !baseline.is_some_and(|standing| standing.is_known());
        let reasons = &self.options.fail_on;
        let fails = is_news && reasons.iter().any(|reason| reason.names(&report));
        self.failed |= fails;
        self.groups.add(&report);
        if let Some(memory) = &mut self.memory {
            memory.count(&report, event);
        }
        if self.wants_members() {
            self.hints.explain(&report);
        }
        let text = self.form.report(report, RunStatus { fails, baseline });
        self.write(&text);
    }

    fn error(&mut self, error: ScanError) {
        self.unreadable += 1;
        self.shown.aside(|| complain(&error));
        let text = self.form.error(&error);
        self.write(&text);
    }

    fn fix(&mut self, fix: Fix) {
        if self.tells_fixes {
            let text = self.form.fix(&fix);
            self.write(&text);
        }
        if let Some(memory) = &mut self.memory {
            memory.add_fix(fix);
        }
    }

    fn checkpoint(&mut self, key: Option<&str>) {
        let is_stopped = self.stop.is_asked_for();
        match (&mut self.memory, key) {
            (None, _) => {}
            // It may end in half a report.
            (Some(memory), None) if is_stopped => memory.forget(),
            (Some(memory), key) => memory.end_input(key),
        }
    }

    fn member(&mut self, mut member: Input) {
        let hints = self.hints.of(&member);
        let fails = self.options.fail_on.contains(&FailOn::HINT);
        self.failed |= !hints.is_empty() && fails;
        for hint in said(&hints, self.options.verbose, fails) {
            self.tell(&hint.text);
        }
        self.is_kernel |= member.is_kernel;
        for lacking in lacking(&member, &self.options.expect, false) {
            self.lacks |= is_finding(self.options);
            let told = || tell_lacking(self.options, &lacking);
            self.shown.aside(told);
            let text = self.form.lacking(&lacking);
            write(&mut self.out, &self.shown, &text);
        }
        self.failed |= self.lacks;
        if self.form.wants_boots() {
            self.members.boots.append(&mut member.boots);
            if let Some(cpus) = member.cpus.take() {
                self.members.cpus.get_or_insert_default().absorb(cpus);
            }
            if let Some(gathered) = member.gathered {
                self.members
                    .gathered
                    .get_or_insert_default()
                    .absorb(gathered);
            }
        }
    }

    fn input(&mut self, extent: Extent) {
        let text = self.form.input(Input {
            gathered: self.members.gathered.take(),
            path: extent.path,
            lines: extent.lines,
            boots: std::mem::take(&mut self.members.boots),
            is_kernel: self.is_kernel,
            cpus: self.members.cpus.take(),
        });
        self.write(&text);
    }

    fn wants_members(&self) -> bool {
        let Options {
            fail_on,
            verbose,
            expect,
            ..
        } = self.options;
        let is_asked = *verbose || fail_on.contains(&FailOn::HINT) || !expect.is_empty();
        is_asked || self.form.wants_boots() || self.baseline.is_some()
    }
}
