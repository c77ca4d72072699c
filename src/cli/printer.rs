//! Prints reports as they come, and keeps count of what `--fail-on` names.

use super::args::Options;
use super::expect::{is_finding, lacking, tell_lacking};
use super::fail_on::FailOn;
use super::hints::{Hints, said};
use super::memory::Past;
use super::output::Out;
use super::{format, output};
use crate::analyzer::{Analyzer, Input};
use crate::render::{self, Manner, Output, RunStatus, RunSummary, Text};
use crate::report::Report;
use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

/// The output of a run.
pub struct Printer<'a> {
    options: &'a Options,
    out: Out,
    form: Box<dyn Output + 'a>,
    hints: Hints,
    past: Past,
    failed: bool,
    /// When the last report came, while it may wait for the rest of its incident.
    last_report: Option<Instant>,
}

/// So long a report waits for the rest of its incident on a stream.
const PATIENCE: Duration = Duration::from_secs(1);

impl<'a> Printer<'a> {
    /// Opens the output.
    ///
    /// # Errors
    /// Where `-o` names a file that cannot be made.
    pub fn new(
        options: &'a Options,
        analyzer: &'a Analyzer,
    ) -> Result<Printer<'a>, Box<dyn Error>> {
        let grammar = analyzer.grammar();
        let manner = Manner {
            quiet: options.quiet,
            whole: options.verbose,
        };
        let text = Text::new(output::style(options), manner);
        Ok(Printer {
            options,
            out: output::open_paged(options)?,
            form: format::output(options, grammar, text),
            hints: Hints::default(),
            past: Past::open(options)?,
            failed: false,
            last_report: None,
        })
    }

    /// True where something was found that `--fail-on` names.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Takes in a report.
    pub fn report(&mut self, mut report: Report) {
        self.past.tell(&mut report);
        let fails = self.options.fail_on.iter().any(|r| r.names(&report));
        self.failed |= fails;
        if self.options.verbose {
            tell_symbols(&report);
        }
        // Before the form takes the report.
        self.hints.explain(&report);
        let standing = RunStatus {
            fails,
            baseline: None,
        };
        let text = self.form.report(report, standing);
        self.write(&text);
        self.last_report = Some(Instant::now());
    }

    /// Writes what waits for the rest of its incident, where nothing came for it for a while: whoever
    /// watches a stream must see it.
    pub fn between_chunks(&mut self) {
        let waited = |since: &mut Instant| since.elapsed() >= PATIENCE;
        if self.last_report.take_if(waited).is_some() {
            let text = self.form.waiting();
            self.write(&text);
        }
        self.out.go_on();
    }

    /// Something could not be read.
    pub fn error(&mut self, error: &dyn Error) {
        let text = self.form.error(error);
        self.write(&text);
    }

    /// An input was read to its end: what it says of features that no late clear explains is a hint.
    pub fn input(&mut self, input: Input) {
        let hints = self.hints.of(&input);
        let fails = self.options.fail_on.contains(&FailOn::HINT);
        self.failed |= !hints.is_empty() && fails;
        for hint in said(&hints, self.options.verbose, fails) {
            output::tell(&hint.text);
        }
        for lacking in lacking(&input, &self.options.expect, true) {
            self.failed |= is_finding(self.options);
            tell_lacking(self.options, &lacking);
            let text = self.form.lacking(&lacking);
            self.write(&text);
        }
        let text = self.form.input(input);
        self.write(&text);
    }

    /// What comes after the last report.
    ///
    /// # Errors
    /// The first error of writing.
    pub fn finish(mut self) -> io::Result<()> {
        let ending = self.form.finish(RunSummary::Triage);
        self.write(&ending);
        while let Some(rest) = self.form.rest()? {
            self.write(&rest);
        }
        self.out.finish()
    }

    /// True where nothing more that is read could change anything: the output cannot be written, or nobody
    /// reads it any more and the exit code is known.
    pub fn is_over(&self) -> bool {
        self.out.has_failed() || self.out.is_gone() && self.failed
    }

    fn write(&mut self, text: &str) {
        self.out.print(text);
    }
}

/// How the files with debug info were held against the splat.
fn tell_symbols(report: &Report) {
    let source = &report.splat.source;
    let place = format!("{}:{}", source.path, source.first_line);
    let tell = |file: &str, item: &String| {
        let line = format!("{place}: {file}: {item}");
        output::tell(&render::clean(&line));
    };
    for item in &report.symbols.evidence {
        tell("vmlinux", item);
    }
    for module in &report.symbols.modules {
        for item in &module.evidence {
            tell(&module.file, item);
        }
    }
}
