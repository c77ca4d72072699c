//! `ksplat [FILE…]`: every splat of the inputs, explained.

use super::args::{Format, Options};
use super::fail_on::FailOn;
use super::{CLEAN, ERROR, FOUND, Outcome, kmsg, output};
use ksplat::analyzer::{Analyzer, Input};
use ksplat::grammar::Grammar;
use ksplat::input::{Source, read_chunks};
use ksplat::render;
use ksplat::report::{Report, Sequence};
use ksplat::symbols::{self, Symbolizer};
use std::error::Error;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// A stream that says nothing for so long is paused: what was held back is printed.
const PAUSE: Duration = Duration::from_millis(200);

/// Runs the command.
pub fn run(options: &Options, files: &[PathBuf]) -> Outcome {
    let analyzer = Analyzer::new(grammar(options)?, symbolizer(options)?)?;
    let mut triage = Triage::new(options, &analyzer)?;
    let mut unreadable = false;
    for path in inputs(files) {
        if let Err(error) = triage.read(&path) {
            unreadable = true;
            eprintln!("ksplat: {}", render::clean(&error.to_string()));
        }
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
            sequence: Sequence::default(),
            printer,
            inputs: Vec::new(),
            failed: false,
        })
    }

    fn read(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let name = path.display().to_string();
        let printer = &mut self.printer;
        let mut take = |report| printer.take(report);
        let input = match name.as_str() {
            "-" => read_stream(
                self.analyzer,
                &name,
                io::stdin(),
                &mut self.sequence,
                &mut take,
            )?,
            "/dev/kmsg" => {
                let mut stream = self.analyzer.stream(&name, &mut self.sequence, &mut take);
                kmsg::read(|record| stream.push(record))?;
                stream.finish()
            }
            _ => match Source::open(path)? {
                Source::Mapped(bytes) => {
                    self.analyzer
                        .read_all(&name, &bytes, &mut self.sequence, &mut take)
                }
                Source::Stream(file) => {
                    read_stream(self.analyzer, &name, file, &mut self.sequence, &mut take)?
                }
            },
        };
        self.inputs.push(input);
        Ok(())
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

/// Reads a stream in a thread of its own, so that a pause in it can be noticed.
fn read_stream(
    analyzer: &Analyzer,
    name: &str,
    stream: impl Read + Send + 'static,
    sequence: &mut Sequence,
    take: &mut dyn FnMut(Report),
) -> Result<Input, Box<dyn Error>> {
    let (chunks, received) = mpsc::sync_channel::<Vec<u8>>(4);
    let reader = std::thread::spawn(move || {
        let mut open = true;
        read_chunks(stream, |chunk| {
            open = open && chunks.send(chunk.to_vec()).is_ok()
        })
    });
    let mut reading = analyzer.stream(name, sequence, take);
    loop {
        match received.recv_timeout(PAUSE) {
            Ok(chunk) => reading.push(&chunk),
            Err(RecvTimeoutError::Timeout) => reading.pause(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let input = reading.finish();
    match reader.join() {
        Ok(Ok(())) => Ok(input),
        Ok(Err(e)) => Err(format!("{name}: {e}; what came before it was read").into()),
        Err(_) => Err(format!("{name}: the reader failed; what came before it was read").into()),
    }
}
