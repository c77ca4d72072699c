//! `ksplat [FILE…]`: every splat of the inputs, explained.

use super::args::Options;
use super::printer::Printer;
use super::reading::Reading;
use super::{CLEAN, ERROR, FOUND, Outcome, stream};
use ksplat::analyzer::{Analyzer, Input};
use ksplat::grammar::Grammar;
use ksplat::input::container::{Content, Limits, Unpacker};
use ksplat::input::{Entry, Source, entries};
use ksplat::render;
use ksplat::report::Sequence;
use ksplat::symbols::{self, Symbolizer};
use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// Runs the command.
pub fn run(options: &Options, files: &[PathBuf]) -> Outcome {
    let mut analyzer = Analyzer::new(grammar(options)?, symbolizer(options)?)?;
    if options.format.quotes_log() {
        analyzer = analyzer.with_excerpts();
    }
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
        triage.printer.written()?;
    }
    triage.printer.finish(&triage.inputs)?;
    Ok(match (unreadable, triage.printer.failed()) {
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
    inputs: Vec<Input>,
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
            inputs: Vec::new(),
        })
    }

    /// Reads an input, member by member. False where a part of it could not be read.
    fn read(&mut self, entry: &Entry) -> Result<bool, Box<dyn Error>> {
        let path = match entry {
            Entry::File(path) | Entry::Dump { folder: path, .. } => path,
        };
        let name = path.display().to_string();
        let printer = &mut self.printer;
        let mut take = |report| printer.report(report);
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
        self.printer.input(&input);
        self.inputs.push(input);
        Ok(whole)
    }
}
