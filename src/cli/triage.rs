//! `ksplat [FILE…]`: every splat of the inputs, explained.

use super::args::{Format, Options};
use super::fail_on::FailOn;
use super::reading::Reading;
use super::{CLEAN, ERROR, FOUND, Outcome, output, stream};
use ksplat::analyzer::{Analyzer, Input};
use ksplat::grammar::Grammar;
use ksplat::input::container::{Content, Limits, Unpacker};
use ksplat::input::{Entry, Source, entries};
use ksplat::render;
use ksplat::report::{Report, Sequence};
use ksplat::symbols::{self, Symbolizer};
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

/// Runs the command.
pub fn run(options: &Options, files: &[PathBuf]) -> Outcome {
    let analyzer = Analyzer::new(grammar(options)?, symbolizer(options)?)?;
    let mut triage = Triage::new(options, &analyzer)?;
    let mut unreadable = false;
    for entry in inputs(files).iter().flat_map(|path| entries(path)) {
        let read = entry
            .map_err(Into::into)
            .and_then(|entry| triage.read(&entry));
        unreadable |= !read.unwrap_or_else(|error| {
            complain(&*error);
            false
        });
        triage.written()?;
    }
    triage.finish()?;
    Ok(match (unreadable, triage.failed) {
        (true, _) => ERROR,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    })
}

/// The rules: compiled in, or with the user's laid over them.
pub fn grammar(options: &Options) -> Result<Grammar, Box<dyn Error>> {
    match &options.grammar {
        Some(dir) => Ok(Grammar::with_overrides(dir)?),
        None => Ok(Grammar::builtin()),
    }
}

/// One line on stderr.
pub fn complain(error: &dyn Error) {
    eprintln!("ksplat: {}", render::clean(&error.to_string()));
}

/// Debug info, where any is named.
pub fn symbolizer(options: &Options) -> Result<Option<Symbolizer>, Box<dyn Error>> {
    if options.vmlinux.is_empty() && options.debug_dir.is_empty() {
        return Ok(None);
    }
    let symbols = symbols::Options {
        vmlinux: options.vmlinux.clone(),
        debug_dirs: options.debug_dir.clone(),
        max_size: options.max_size,
    };
    Ok(Some(Symbolizer::new(symbols)?))
}

/// Where nothing is named: standard input, or the running kernel's log on a terminal.
fn inputs(files: &[PathBuf]) -> Vec<PathBuf> {
    match files {
        [] if io::stdin().is_terminal() => vec![PathBuf::from("/dev/kmsg")],
        [] => vec![PathBuf::from("-")],
        files => files.to_vec(),
    }
}

/// A run in the making.
struct Triage<'a> {
    options: &'a Options,
    analyzer: &'a Analyzer,
    unpacker: Unpacker,
    sequence: Sequence,
    printer: Printer<'a>,
    inputs: Vec<Input>,
    failed: bool,
}

impl<'a> Triage<'a> {
    fn new(options: &'a Options, analyzer: &'a Analyzer) -> Result<Triage<'a>, Box<dyn Error>> {
        let printer = Printer {
            out: output::open(options)?,
            format: options.format,
            style: output::style(options),
            analyzer,
            fail_on: &options.fail_on,
            reports: Vec::new(),
            splats: 0,
            late_clears: 0,
            failed: false,
            error: None,
        };
        Ok(Triage {
            options,
            analyzer,
            unpacker: Unpacker::new(Limits {
                max_size: options.max_size,
                ..Limits::default()
            }),
            sequence: Sequence::default(),
            printer,
            inputs: Vec::new(),
            failed: false,
        })
    }

    /// Reads an input, member by member. False where a part of it could not be read.
    fn read(&mut self, entry: &Entry) -> Result<bool, Box<dyn Error>> {
        let path = match entry {
            Entry::File(path) | Entry::Dump { folder: path, .. } => path,
        };
        let name = path.display().to_string();
        let printer = &mut self.printer;
        let mut take = |report| printer.take(report);
        let mut reading = Reading {
            analyzer: self.analyzer,
            input: Input {
                path: name.clone(),
                ..Input::default()
            },
            sequence: &mut self.sequence,
            take: &mut take,
            whole: true,
        };
        match (entry, name.as_str()) {
            (Entry::Dump { text, .. }, _) => {
                self.unpacker
                    .unpack(&name, Content::Whole(text), &mut reading);
            }
            (_, "-") => self
                .unpacker
                .unpack(&name, stream::waiting(io::stdin())?, &mut reading),
            (_, "/dev/kmsg") => reading.kmsg()?,
            _ => match Source::open(path)? {
                Source::Mapped(bytes) => {
                    self.unpacker
                        .unpack(&name, Content::Whole(&bytes), &mut reading);
                }
                Source::Stream(file) => {
                    self.unpacker
                        .unpack(&name, stream::waiting(file)?, &mut reading);
                }
            },
        }
        let Reading { input, whole, .. } = reading;
        self.inputs.push(input);
        Ok(whole)
    }

    /// An error of writing ends the run.
    fn written(&mut self) -> io::Result<()> {
        self.failed = self.printer.failed;
        self.printer.error.take().map_or(Ok(()), Err)
    }

    fn finish(&mut self) -> io::Result<()> {
        let printer = &mut self.printer;
        match self.options.format {
            Format::Json => printer
                .out
                .write_all(render::document(&self.inputs, &printer.reports).as_bytes())?,
            Format::Text if self.options.quiet => {}
            Format::Text if printer.splats == 0 => printer
                .out
                .write_all(render::nothing_found(&self.inputs).as_bytes())?,
            Format::Text => {
                let summary = render::summary(&self.inputs, printer.splats, printer.late_clears);
                printer.out.write_all(summary.as_bytes())?;
            }
            Format::Ndjson => {}
        }
        printer.out.flush()
    }
}

/// Prints reports as they come.
struct Printer<'a> {
    out: Box<dyn Write>,
    format: Format,
    style: render::Style,
    analyzer: &'a Analyzer,
    fail_on: &'a [FailOn],
    /// Kept for the JSON document only.
    reports: Vec<Report>,
    splats: usize,
    late_clears: usize,
    failed: bool,
    error: Option<io::Error>,
}

impl Printer<'_> {
    fn take(&mut self, report: Report) {
        self.failed |= self.fail_on.iter().any(|reason| reason.names(&report));
        self.splats += 1;
        self.late_clears += usize::from(report.late_clear.is_some());
        let text = match self.format {
            Format::Text => render::report(&report, self.analyzer.grammar(), &self.style),
            Format::Ndjson => render::splat_line(&report),
            Format::Json => return self.reports.push(report),
        };
        if self.error.is_none() {
            self.error = self
                .out
                .write_all(text.as_bytes())
                .and_then(|()| self.out.flush())
                .err();
        }
    }
}
