//! Prints reports as they come, and keeps count of what `--fail-on` names.

use super::args::{Format, Options};
use super::fail_on::FailOn;
use super::output;
use ksplat::analyzer::{Analyzer, Input};
use ksplat::boot::Note;
use ksplat::grammar::Level;
use ksplat::render::{self, Found, Style};
use ksplat::report::Report;
use std::collections::HashSet;
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
    /// One entry an input; the last is that of the one at hand.
    found: Vec<Found>,
    /// Titles of the notices that the input at hand has had a line for.
    told: HashSet<String>,
    /// The last thing printed was the line of a notice.
    after_notice: bool,
    /// Lines of the input at hand that a late clear is explained by.
    explained: HashSet<u64>,
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
            found: vec![Found::default()],
            told: HashSet::new(),
            after_notice: false,
            explained: HashSet::new(),
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
        self.count(&report);
        if self.options.verbose {
            tell_symbols(&report);
        }
        if let Some(verdict) = &report.late_clear {
            self.explained
                .extend(verdict.evidence.iter().filter_map(|item| item.line));
        }
        match self.options.format {
            Format::Text => self.text(&report),
            Format::Ndjson => self.write(&render::splat_line(&report, self.analyzer.grammar())),
            Format::Json => self.reports.push(report),
        }
    }

    fn count(&mut self, report: &Report) {
        if let Some(found) = self.found.last_mut() {
            found.splats += usize::from(report.level == Level::Report);
            found.notices += usize::from(report.level == Level::Notice);
            found.late_clears += usize::from(report.late_clear.is_some());
        }
    }

    /// A block for a report; a line for a notice that the input has not had before.
    fn text(&mut self, report: &Report) {
        if report.level == Level::Report {
            let gap = if self.after_notice { "\n" } else { "" };
            let block = render::report(report, self.analyzer.grammar(), &self.style);
            self.write(&format!("{gap}{block}"));
            self.after_notice = false;
        } else if !self.options.quiet && self.told.insert(report.title.clone()) {
            self.write(&render::notice(report, &self.style));
            self.after_notice = true;
        }
    }

    /// An input was read to its end: what it says of features that no late clear explains is a hint.
    pub fn input(&mut self, input: &Input) {
        let unexplained =
            |note: &&Note| note.word.is_some() && !self.explained.contains(&note.line);
        let hints: Vec<_> = input
            .boots
            .iter()
            .flat_map(|boot| &boot.notes)
            .filter(unexplained)
            .collect();
        self.failed |= !hints.is_empty() && self.options.fail_on.contains(&FailOn::Hint);
        if self.options.verbose {
            for hint in hints {
                let place = format!("{}:{}", input.path, hint.line);
                eprintln!(
                    "ksplat: {}: hint: {}",
                    render::clean(&place),
                    render::clean(&hint.text)
                );
            }
        }
        self.explained.clear();
        self.told.clear();
        self.found.push(Found::default());
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
            Format::Text if self.found.iter().all(|found| found.splats == 0) => {
                render::nothing_found(inputs, &self.found)
            }
            Format::Text => render::summary(inputs, &self.found),
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
