//! Prints reports as they come, and keeps count of what `--fail-on` names.

use super::args::{Format, Options};
use super::fail_on::FailOn;
use super::hints::Hints;
use super::output;
use ksplat::analyzer::{Analyzer, Input};
use ksplat::render::{self, Style};
use ksplat::report::Report;
use std::error::Error;
use std::io::{self, Write};

/// The output of a run.
pub struct Printer<'a> {
    options: &'a Options,
    analyzer: &'a Analyzer,
    out: Box<dyn Write>,
    style: Style,
    /// Kept for the JSON document only.
    reports: Vec<Report>,
    splats: usize,
    late_clears: usize,
    hints: Hints,
    failed: bool,
    error: Option<io::Error>,
}

impl<'a> Printer<'a> {
    /// Opens the output.
    ///
    /// # Errors
    /// Where `-o` names a file that cannot be made.
    pub fn new(
        options: &'a Options,
        analyzer: &'a Analyzer,
    ) -> Result<Printer<'a>, Box<dyn Error>> {
        Ok(Printer {
            options,
            analyzer,
            out: output::open(options)?,
            style: output::style(options),
            reports: Vec::new(),
            splats: 0,
            late_clears: 0,
            hints: Hints::default(),
            failed: false,
            error: None,
        })
    }

    /// True where something was found that `--fail-on` names.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Takes in a report.
    pub fn report(&mut self, report: Report) {
        self.failed |= self
            .options
            .fail_on
            .iter()
            .any(|reason| reason.names(&report));
        self.splats += 1;
        if self.options.verbose {
            tell_symbols(&report);
        }
        if report.late_clear.is_some() {
            self.late_clears += 1;
        }
        self.hints.explain(&report);
        match self.options.format {
            Format::Text => self.write(&render::report(
                &report,
                self.analyzer.grammar(),
                &self.style,
            )),
            Format::Ndjson => self.write(&render::splat_line(&report, self.analyzer.grammar())),
            Format::Json => self.reports.push(report),
        }
    }

    /// An input was read to its end: what it says of features that no late clear explains is a hint.
    pub fn input(&mut self, input: &Input) {
        let hints = self.hints.of(input);
        self.failed |= !hints.is_empty() && self.options.fail_on.contains(&FailOn::Hint);
        if self.options.verbose {
            hints.iter().for_each(|hint| eprintln!("ksplat: {hint}"));
        }
    }

    /// What stands behind the last report.
    ///
    /// # Errors
    /// The first error of writing.
    pub fn finish(&mut self, inputs: &[Input]) -> io::Result<()> {
        let ending = match self.options.format {
            Format::Json => render::document(inputs, &self.reports, self.analyzer.grammar()),
            Format::Ndjson => String::new(),
            Format::Text if self.options.quiet => String::new(),
            Format::Text if self.splats == 0 => render::nothing_found(inputs),
            Format::Text => render::summary(inputs, self.splats, self.late_clears),
        };
        self.write(&ending);
        self.written()
    }

    /// Tells an error of writing.
    ///
    /// # Errors
    /// The first one.
    pub fn written(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// Writes at once: whoever reads the output may be waiting for it.
    fn write(&mut self, text: &str) {
        if self.error.is_none() {
            let written = self
                .out
                .write_all(text.as_bytes())
                .and_then(|()| self.out.flush());
            self.error = written.err();
        }
    }
}

/// How the vmlinux was held against the splat.
fn tell_symbols(report: &Report) {
    let source = &report.splat.source;
    let place = format!("{}:{}", source.path, source.first_line);
    for item in &report.symbols.evidence {
        eprintln!(
            "ksplat: {}: vmlinux: {}",
            render::clean(&place),
            render::clean(item)
        );
    }
}
