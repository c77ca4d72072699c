//! `ksplat scan PATH…`: trees of logs, the splats grouped by signature.

use super::args::{Format, Options};
use super::fail_on::FailOn;
use super::hints::Hints;
use super::progress::Shown;
use super::triage::{complain, grammar, symbolizer};
use super::{CLEAN, ERROR, FOUND, INTERRUPTED, Outcome, output};
use ksplat::analyzer::{Analyzer, Input};
use ksplat::group::Groups;
use ksplat::input::container::Limits;
use ksplat::render::{self, Style};
use ksplat::report::Report;
use ksplat::scan::{Extent, ScanError, Scanner, Sink};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs the command.
pub fn run(options: &Options, paths: &[PathBuf]) -> Outcome {
    let analyzer = Analyzer::new(grammar(options)?, symbolizer(options)?)?;
    let stop = stop_on_signal()?;
    let mut found = Scan::new(options, &analyzer, paths, Arc::clone(&stop))?;
    let counters = Arc::clone(&found.shown.counters);
    scanner(options, &analyzer)
        .progress(&counters)
        .stop(&stop)
        .scan(paths, &mut found);
    found.finish()
}

/// A scan with the limits and threads that were asked for.
pub fn scanner<'a>(options: &Options, analyzer: &'a Analyzer) -> Scanner<'a> {
    let scanner = Scanner::new(analyzer).limits(Limits {
        max_size: options.max_size,
        ..Limits::default()
    });
    match options.jobs {
        Some(jobs) => scanner.threads(jobs),
        None => scanner,
    }
}

/// Becomes true at the first Ctrl-C; the second one ends the program as usual.
fn stop_on_signal() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// What was found, on its way to the output.
struct Scan<'a> {
    options: &'a Options,
    analyzer: &'a Analyzer,
    shown: Shown,
    out: Box<dyn Write>,
    style: Style,
    stop: Arc<AtomicBool>,
    groups: Groups,
    totals: render::Totals,
    hints: Hints,
    /// Kept for the JSON document only.
    reports: Vec<Report>,
    inputs: Vec<Input>,
    /// The input at hand.
    members: Input,
    failed: bool,
    unreadable: u64,
    error: Option<io::Error>,
}

impl<'a> Scan<'a> {
    fn new(
        options: &'a Options,
        analyzer: &'a Analyzer,
        paths: &[PathBuf],
        stop: Arc<AtomicBool>,
    ) -> Result<Scan<'a>, Box<dyn Error>> {
        Ok(Scan {
            options,
            analyzer,
            shown: Shown::new(options, paths),
            out: output::open(options)?,
            style: output::style(options),
            stop,
            groups: Groups::default(),
            totals: render::Totals::default(),
            hints: Hints::default(),
            reports: Vec::new(),
            inputs: Vec::new(),
            members: Input::default(),
            failed: false,
            unreadable: 0,
            error: None,
        })
    }

    /// Prints what stands behind the last report; gives the exit code.
    fn finish(mut self) -> Outcome {
        let interrupted = self.stop.load(Ordering::Relaxed) && self.error.is_none();
        let groups = std::mem::take(&mut self.groups).into_sorted();
        let ending = match self.options.format {
            Format::Json => render::scan_document(
                &self.inputs,
                &self.reports,
                &groups,
                self.analyzer.grammar(),
            ),
            Format::Ndjson => String::new(),
            Format::Text => {
                render::scan_summary(&groups, &self.totals, self.options.verbose, &self.style)
            }
        };
        self.write(&ending);
        if interrupted {
            self.shown
                .aside(|| eprintln!("ksplat: interrupted; this is what was found so far"));
        }
        if self.unreadable > 0 {
            let parts = render::count(self.unreadable, "part");
            let told = format!("ksplat: {parts} of the input could not be read");
            self.shown.aside(|| eprintln!("{told}"));
        }
        match self.error {
            Some(error) => Err(error.into()),
            None if interrupted => Ok(INTERRUPTED),
            None if self.unreadable > 0 => Ok(ERROR),
            None if self.failed => Ok(FOUND),
            None => Ok(CLEAN),
        }
    }

    /// Writes at once, so that nothing is lost when the scan is killed. Nobody reads the output any more
    /// where it fails: the scan ends.
    fn write(&mut self, text: &str) {
        if self.error.is_some() || text.is_empty() {
            return;
        }
        let out = &mut self.out;
        self.shown.aside(|| {
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            self.error = written.err();
        });
        if self.error.is_some() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Sink for Scan<'_> {
    fn report(&mut self, report: Report) {
        let reasons = &self.options.fail_on;
        self.failed |= reasons.iter().any(|reason| reason.names(&report));
        self.totals.add(&report);
        self.groups.add(&report);
        if self.wants_members() {
            self.hints.explain(&report);
        }
        match self.options.format {
            Format::Json => self.reports.push(report),
            Format::Ndjson => self.write(&render::splat_line(&report, self.analyzer.grammar())),
            Format::Text if self.options.verbose => {
                self.write(&render::report_line(&report, &self.style));
            }
            Format::Text => {}
        }
    }

    fn error(&mut self, error: ScanError) {
        self.unreadable += 1;
        self.shown.aside(|| complain(&error));
    }

    fn member(&mut self, mut member: Input) {
        let hints = self.hints.of(&member);
        self.failed |= !hints.is_empty() && self.options.fail_on.contains(&FailOn::Hint);
        if self.options.verbose {
            self.shown
                .aside(|| hints.iter().for_each(|hint| eprintln!("ksplat: {hint}")));
        }
        if self.options.format == Format::Json {
            self.members.boots.append(&mut member.boots);
        }
    }

    fn input(&mut self, extent: Extent) {
        self.totals.inputs += 1;
        self.totals.lines += extent.lines;
        let boots = std::mem::take(&mut self.members.boots);
        if self.options.format == Format::Json {
            self.inputs.push(Input {
                path: extent.path,
                lines: extent.lines,
                boots,
            });
        }
    }

    fn wants_members(&self) -> bool {
        let Options {
            format, verbose, ..
        } = self.options;
        *format == Format::Json || *verbose || self.options.fail_on.contains(&FailOn::Hint)
    }
}
