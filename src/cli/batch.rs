//! A scan on its way to the output: what `scan` and `check` have in common.

use super::args::Options;
use super::fail_on::FailOn;
use super::hints::Hints;
use super::progress::Shown;
use super::triage::complain;
use super::{CLEAN, ERROR, FOUND, INTERRUPTED, format, output};
use jiff::civil::Date;
use ksplat::analyzer::{Analyzer, Input};
use ksplat::baseline::Baseline;
use ksplat::grammar::Level;
use ksplat::group::{Group, Groups};
use ksplat::input::container::Limits;
use ksplat::render::{self, Ending, Output, Standing};
use ksplat::report::Report;
use ksplat::scan::{Extent, ScanError, Scanner, Sink};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What was found.
pub struct Batch<'a> {
    options: &'a Options,
    analyzer: &'a Analyzer,
    /// What is known is no news.
    baseline: Option<(&'a Baseline, Date)>,
    shown: Shown,
    out: Box<dyn Write>,
    form: Box<dyn Output + 'a>,
    stop: Arc<AtomicBool>,
    groups: Groups,
    hints: Hints,
    /// The input at hand.
    members: Input,
    failed: bool,
    unreadable: u64,
    error: Option<io::Error>,
}

impl<'a> Batch<'a> {
    /// Opens the output; `text` is the command's own form.
    ///
    /// # Errors
    /// Where `-o` names a file that cannot be made.
    pub fn new(
        options: &'a Options,
        analyzer: &'a Analyzer,
        text: impl Output + 'a,
    ) -> Result<Batch<'a>, Box<dyn Error>> {
        Ok(Batch {
            options,
            analyzer,
            baseline: None,
            shown: Shown::new(options),
            out: output::open(options)?,
            form: format::output(options, analyzer.grammar(), text),
            stop: Arc::default(),
            groups: Groups::default(),
            hints: Hints::default(),
            members: Input::default(),
            failed: false,
            unreadable: 0,
            error: None,
        })
    }

    /// Holds what is found against a baseline.
    pub fn against(self, baseline: &'a Baseline, today: Date) -> Batch<'a> {
        let baseline = Some((baseline, today));
        Batch { baseline, ..self }
    }

    /// Reads everything under `paths`, up to the end or the first Ctrl-C; gives the groups.
    ///
    /// # Errors
    /// Where signals cannot be caught, and the first error of writing.
    pub fn scan(&mut self, paths: &[PathBuf]) -> io::Result<Vec<Group>> {
        for signal in [SIGINT, SIGTERM] {
            // The second one ends the program as usual.
            flag::register_conditional_default(signal, Arc::clone(&self.stop))?;
            flag::register(signal, Arc::clone(&self.stop))?;
        }
        self.shown.begin(paths);
        let (counters, stop) = (Arc::clone(&self.shown.counters), Arc::clone(&self.stop));
        let mut scanner = Scanner::new(self.analyzer)
            .limits(Limits {
                max_size: self.options.max_size,
                ..Limits::default()
            })
            .progress(&counters)
            .stop(&stop);
        if let Some(jobs) = self.options.jobs {
            scanner = scanner.threads(jobs);
        }
        scanner.scan(paths, self);
        self.error.take().map_or(Ok(()), Err)?;
        Ok(std::mem::take(&mut self.groups).into_sorted())
    }

    /// Prints what stands behind the last report, then what could not be read; gives the exit code.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(&mut self, ending: Ending<'_>) -> io::Result<u8> {
        let ending = self.form.finish(ending);
        self.write(&ending);
        while let Some(rest) = self.form.rest()? {
            self.write(&rest);
        }
        self.error.take().map_or(Ok(()), Err)?;
        let interrupted = !self.is_whole() && self.stop.load(Ordering::Relaxed);
        if interrupted {
            self.tell("interrupted: this is what was found so far");
        }
        if self.unreadable > 0 {
            let parts = render::count(self.unreadable, "part");
            self.tell(&format!("{parts} of the input could not be read"));
        }
        Ok(match (interrupted, self.unreadable, self.failed) {
            (true, _, _) => INTERRUPTED,
            (_, 1.., _) => ERROR,
            (_, _, true) => FOUND,
            _ => CLEAN,
        })
    }

    /// True where all of the input was read.
    pub fn is_whole(&self) -> bool {
        self.unreadable == 0 && !self.stop.load(Ordering::Relaxed)
    }

    fn tell(&self, what: &str) {
        self.shown.aside(|| eprintln!("ksplat: {what}"));
    }

    /// Writes at once, so that nothing is lost when the scan is killed. Where nobody reads the output any more
    /// the scan ends.
    fn write(&mut self, text: &str) {
        if self.error.is_some() || text.is_empty() {
            return;
        }
        let out = &mut self.out;
        let written = self
            .shown
            .aside(|| out.write_all(text.as_bytes()).and_then(|()| out.flush()));
        self.error = written.err();
        if self.error.is_some() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Sink for Batch<'_> {
    fn report(&mut self, report: Report) {
        // Healthy boots print them: over a tree they are noise.
        if report.level == Level::Notice {
            return;
        }
        let baseline = self.baseline;
        let baseline =
            baseline.map(|(baseline, today)| baseline.standing(&report.signature, today));
        let is_news = !baseline.is_some_and(|standing| standing.is_known());
        let reasons = &self.options.fail_on;
        let fails = is_news && reasons.iter().any(|reason| reason.names(&report));
        self.failed |= fails;
        self.groups.add(&report);
        if self.wants_members() {
            self.hints.explain(&report);
        }
        let text = self.form.report(report, Standing { fails, baseline });
        self.write(&text);
    }

    fn error(&mut self, error: ScanError) {
        self.unreadable += 1;
        self.shown.aside(|| complain(&error));
        let text = self.form.error(&error);
        self.write(&text);
    }

    fn member(&mut self, mut member: Input) {
        let hints = self.hints.of(&member);
        self.failed |= !hints.is_empty() && self.options.fail_on.contains(&FailOn::Hint);
        if self.options.verbose {
            hints.iter().for_each(|hint| self.tell(hint));
        }
        if self.form.wants_boots() {
            self.members.boots.append(&mut member.boots);
        }
    }

    fn input(&mut self, extent: Extent) {
        let text = self.form.input(Input {
            path: extent.path,
            lines: extent.lines,
            boots: std::mem::take(&mut self.members.boots),
        });
        self.write(&text);
    }

    fn wants_members(&self) -> bool {
        let Options {
            fail_on, verbose, ..
        } = self.options;
        self.form.wants_boots() || *verbose || fail_on.contains(&FailOn::Hint)
    }
}
