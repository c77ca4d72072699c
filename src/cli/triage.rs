//! `ksplat [FILE…]`: every splat of the inputs, explained.

use super::args::Options;
use super::fail_on::FailOn;
use super::printer::Printer;
use super::{CLEAN, ERROR, FOUND, Outcome, kmsg, stream};
use ksplat::analyzer::{Analyzer, Input};
use ksplat::grammar::Grammar;
use ksplat::input::container::{Content, Limits, Unpacker};
use ksplat::input::{Entry, Source, entries};
use ksplat::render;
use ksplat::report::{Report, Sequence};
use ksplat::scan::{Reading, ScanError, Sink};
use ksplat::symbols::{self, Symbolizer};
use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// Runs the command.
pub fn run(options: &Options, files: &[PathBuf]) -> Outcome {
    let analyzer = analyzer(options)?;
    let mut triage = Triage::new(options, &analyzer)?;
    let mut unreadable = false;
    for entry in inputs(files).iter().flat_map(|path| entries(path)) {
        let read = entry
            .map_err(Into::into)
            .and_then(|entry| triage.read(&entry));
        unreadable |= !read.unwrap_or_else(|error| {
            complain(&*error);
            triage.printer.error(&*error);
            false
        });
        triage.printer.written()?;
    }
    triage.printer.finish()?;
    Ok(match (unreadable, triage.printer.failed()) {
        (true, _) => ERROR,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    })
}

/// The pipeline, as the options ask for it: it looks at all boots closely only where their milestones
/// or hints are wanted.
pub fn analyzer(options: &Options) -> Result<Analyzer, Box<dyn Error>> {
    let mut analyzer = Analyzer::new(grammar(options)?, symbolizer(options)?)?;
    let hints = options.verbose || options.fail_on.contains(&FailOn::Hint);
    if !hints && !options.format.tells_milestones() {
        analyzer = analyzer.reports_only();
    }
    if options.format.quotes_log() {
        analyzer = analyzer.with_excerpts();
    }
    Ok(analyzer)
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

/// One line on stderr.
pub fn complain(error: &dyn Error) {
    eprintln!("ksplat: {}", render::clean(&error.to_string()));
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
    analyzer: &'a Analyzer,
    unpacker: Unpacker,
    sequence: Sequence,
    printer: Printer<'a>,
    /// For files that are read, not mapped.
    buffer: Vec<u8>,
}

impl<'a> Triage<'a> {
    fn new(options: &'a Options, analyzer: &'a Analyzer) -> Result<Triage<'a>, Box<dyn Error>> {
        let printer = Printer::new(options, analyzer)?;
        Ok(Triage {
            analyzer,
            unpacker: Unpacker::new(Limits {
                max_size: options.max_size,
                ..Limits::default()
            }),
            sequence: Sequence::default(),
            printer,
            buffer: Vec::new(),
        })
    }

    /// Reads an input, member by member. False where a part of it could not be read.
    fn read(&mut self, entry: &Entry) -> Result<bool, Box<dyn Error>> {
        let name = entry.path().display().to_string();
        let mut reader = Reader {
            printer: &mut self.printer,
            input: Input {
                path: name.clone(),
                ..Input::default()
            },
            whole: true,
        };
        let mut reading = Reading::new(self.analyzer, &name, &mut self.sequence, &mut reader);
        let mut unpack = |content: Content<'_>| self.unpacker.unpack(&name, content, &mut reading);
        match (entry, name.as_str()) {
            (Entry::Dump { text, .. }, _) => unpack(Content::Whole(text)),
            (Entry::Inbox(path), _) => reading.inbox(path, &self.unpacker)?,
            (_, "-") => unpack(stream::waiting(io::stdin())?),
            (_, "/dev/kmsg") => reading.stream(name.as_str().into(), |take| {
                kmsg::read(|record| take(Some(record)))
            })?,
            (Entry::File(file), _) => match Source::open(file, &mut self.buffer)? {
                Source::Read(bytes) => unpack(Content::Whole(bytes)),
                Source::Mapped(bytes) => unpack(Content::Whole(&bytes)),
                Source::Stream(file) => unpack(stream::waiting(file)?),
            },
        }
        let Reader { input, whole, .. } = reader;
        self.printer.input(input);
        Ok(whole)
    }
}

/// Where the findings of one input go.
struct Reader<'r, 'p> {
    printer: &'r mut Printer<'p>,
    input: Input,
    /// False where a part could not be read.
    whole: bool,
}

impl Sink for Reader<'_, '_> {
    fn report(&mut self, report: Report) {
        self.printer.report(report);
    }

    fn between_chunks(&mut self) {
        self.printer.between_chunks();
    }

    fn error(&mut self, error: ScanError) {
        self.whole = false;
        complain(&error);
        self.printer.error(&error);
    }

    fn member(&mut self, member: Input) {
        self.input.boots.extend(member.boots);
        self.input.lines += member.lines;
    }
}
