//! `ksplat [FILE…]`: every splat of the inputs, explained.

use super::args::{Args, Options};
use super::batch::{tell_empty, tell_links};
use super::beside::{Neighbours, Scope};
use super::fail_on::{FailOn, nearest, require_kinds};
use super::printer::Printer;
use super::signals::Stop;
use super::{CLEAN, ERROR, FOUND, INTERRUPTED, Outcome, kmsg, output};
use crate::analyzer::{Analyzer, Input, grammar_of};
use crate::grammar::Grammar;
use crate::input::container::{Content, Limits, Unpacker};
use crate::input::{Entry, InputError, InputSource, cut_short, entries};
use crate::render;
use crate::report::{Incidents, Report};
use crate::routing::Sources;
use crate::scan::{Reading, ScanError, Sink};
use crate::symbols::{self, Symbolizer};
use clap::{Command, CommandFactory};
use std::error::Error;
use std::io::{self, IsTerminal};
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::sync::Arc;

/// Runs the command.
pub fn run(options: &Options, files: &[PathBuf]) -> Outcome {
    // A command that is mistyped would be looked for as a file, and the message would not help.
    if let Some(command) = mistyped(files) {
        let typed = files[0].display();
        let says = match files[0].as_os_str() == command.as_str() {
            true => format!("a command, whose options come after it: ksplat {command} …"),
            false => format!("no such file and no command; did you mean ksplat {command}?"),
        };
        return Err(format!("{typed}: {says}").into());
    }
    let stop = Stop::on_signals()?;
    let beside = Scope::Run(files.to_vec());
    let analyzer = analyzer(options, &stop, beside)?.look_for_kernel();
    // Not freed: the process ends after it, and to unmap a vmlinux takes as long as to symbolize a splat.
    let analyzer = ManuallyDrop::new(analyzer);
    let mut triage = Triage::new(options, &analyzer, &stop)?;
    let mut unreadable = false;
    let mut links = 0;
    for path in inputs(files) {
        let mut inside = entries(&path);
        let mut found = false;
        for entry in inside.by_ref().take_while(|_| !stop.is_asked_for()) {
            found = true;
            let read = entry
                .map_err(Into::into)
                .and_then(|entry| triage.read(&entry));
            unreadable |= !read.unwrap_or_else(|error| {
                complain(&*error);
                triage.printer.error(&*error);
                false
            });
        }
        links += inside.links();
        if !found && !stop.is_asked_for() {
            tell_empty(options, &path);
        }
    }
    let failed = triage.printer.failed();
    triage.printer.finish()?;
    if stop.is_signalled() {
        output::tell("interrupted: this is what was found so far");
    }
    if !options.quiet {
        output::tell_missing(&analyzer.missing_symbols(options.verbose));
    }
    tell_links(options, links);
    Ok(match (stop.is_signalled(), unreadable, failed) {
        (true, _, _) => INTERRUPTED,
        (_, true, _) => ERROR,
        (_, false, true) => FOUND,
        (_, false, false) => CLEAN,
    })
}

/// The pipeline, as the options ask for it: it looks at all boots closely only where their milestones
/// or hints are wanted.
pub fn analyzer(options: &Options, stop: &Stop, beside: Scope) -> Result<Analyzer, Box<dyn Error>> {
    // First: a vmlinux is made ready while the grammar is read.
    let symbolizer = symbolizer(options)?;
    let grammar = grammar(options)?;
    require_kinds(
        &grammar,
        "--fail-on",
        options.fail_on.iter().filter_map(FailOn::kind),
    )?;
    let sources = Sources::open(
        options.maintainers.as_deref(),
        options.kernel_tree.as_deref(),
    )?;
    let neighbours = Neighbours::new(Arc::clone(&grammar), beside);
    let mut analyzer = Analyzer::new(grammar, Some(symbolizer))?
        .with_listings(neighbours)
        .with_sources(sources)
        .stop(Arc::clone(stop.flag()))
        .expect(options.expect.clone());
    let hints = options.verbose || options.fail_on.contains(&FailOn::HINT);
    // What only those need takes several times as long to read.
    if !hints && !options.format().tells_milestones() {
        analyzer = analyzer.reports_only();
    }
    if options.format().quotes_log() {
        analyzer = analyzer.with_excerpts();
    }
    Ok(analyzer)
}

/// The rules: compiled in, or with the user's laid over them.
pub fn grammar(options: &Options) -> Result<Arc<Grammar>, Box<dyn Error>> {
    match &options.grammar {
        Some(dir) => Ok(grammar_of(dir)?),
        None => Ok(Arc::new(Grammar::builtin())),
    }
}

/// Debug info: what is named, and what the machine has.
pub fn symbolizer(options: &Options) -> Result<Symbolizer, Box<dyn Error>> {
    let search = match options.no_debug_info {
        true => symbols::Search::default(),
        false => symbols::Search::of_this_machine(),
    };
    let symbols = symbols::SymbolOptions {
        vmlinux: options.vmlinux.clone(),
        debug_dirs: options.debug_dir.clone(),
        search,
        release: options.release.clone(),
        max_size: options.max_size,
    };
    Ok(Symbolizer::new(symbols)?)
}

/// One line on stderr.
pub fn complain(error: &dyn Error) {
    output::tell(&render::clean(&error.to_string()));
}

/// The command that was meant by the first of what is taken for files.
fn mistyped(files: &[PathBuf]) -> Option<String> {
    let first = files.first().filter(|path| !path.exists())?;
    let commands = Args::command();
    let names = commands.get_subcommands().map(Command::get_name);
    nearest(first.to_str()?, names).map(str::to_owned)
}

/// Where nothing is named: standard input, or the running kernel's log on a terminal.
fn inputs(files: &[PathBuf]) -> Vec<PathBuf> {
    match files {
        // A program that waits for input on a terminal looks as if it hung.
        [] if io::stdin().is_terminal() => vec![PathBuf::from("/dev/kmsg")],
        [] => vec![PathBuf::from("-")],
        files => files.to_vec(),
    }
}

/// A run in the making.
struct Triage<'a> {
    analyzer: &'a Analyzer,
    stop: &'a Stop,
    unpacker: Unpacker,
    incidents: Incidents,
    printer: Printer<'a>,
    /// For files that are read, not mapped.
    buffer: Vec<u8>,
}

impl<'a> Triage<'a> {
    fn new(
        options: &'a Options,
        analyzer: &'a Analyzer,
        stop: &'a Stop,
    ) -> Result<Triage<'a>, Box<dyn Error>> {
        let printer = Printer::new(options, analyzer)?;
        Ok(Triage {
            analyzer,
            stop,
            unpacker: Unpacker::new(Limits {
                max_size: options.max_size,
                ..Limits::default()
            }),
            incidents: Incidents::default(),
            printer,
            buffer: Vec::new(),
        })
    }

    /// Reads an input, member by member. False where a part of it could not be read.
    fn read(&mut self, entry: &Entry) -> Result<bool, Box<dyn Error>> {
        let name = entry.path().display().to_string();
        let mut reader = TriageReader {
            printer: &mut self.printer,
            stop: self.stop,
            input: Input {
                path: name.clone(),
                ..Input::default()
            },
            whole: true,
        };
        let mut reading = Reading::new(self.analyzer, &name, &mut self.incidents, &mut reader);
        let flag = self.stop.flag();
        let mut is_cut = false;
        let mut unpack = |content: Content<'_>| self.unpacker.unpack(&name, content, &mut reading);
        match (entry, name.as_str()) {
            (Entry::Dump { text, .. }, _) => unpack(Content::Whole(text)),
            (Entry::Inbox(path), _) => reading.inbox(path, &self.unpacker)?,
            (_, "/dev/kmsg") => reading.stream(name.as_str().into(), |take| {
                kmsg::read(|record| take(Some(record)))
            })?,
            (Entry::File(file), _) => {
                match InputSource::open(file, &mut self.buffer, Some(flag))? {
                    InputSource::Read(bytes) => unpack(Content::Whole(bytes)),
                    InputSource::Mapped(bytes) => {
                        unpack(Content::Whole(&bytes));
                        is_cut = bytes.is_cut();
                    }
                    InputSource::Stream(stream) => {
                        let content = Content::stream(stream);
                        unpack(content.map_err(|error| InputError::of(entry.path(), error))?);
                    }
                }
            }
        }
        if is_cut {
            reading.fail(cut_short(entry.path()).into());
        }
        let TriageReader { input, whole, .. } = reader;
        self.printer.input(input);
        Ok(whole)
    }
}

/// Where the findings of one input go.
struct TriageReader<'r, 'p> {
    printer: &'r mut Printer<'p>,
    stop: &'r Stop,
    input: Input,
    /// False where a part could not be read.
    whole: bool,
}

impl Sink for TriageReader<'_, '_> {
    fn report(&mut self, report: Report) {
        self.printer.report(report);
        // As with `ksplat … | head`: to read on would change nothing.
        if self.printer.is_over() {
            self.stop.now();
        }
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
        self.input.is_kernel |= member.is_kernel;
        self.input.boots.extend(member.boots);
        if let Some(gathered) = member.gathered {
            self.input.gathered.get_or_insert_default().absorb(gathered);
        }
        if let Some(cpus) = member.cpus {
            self.input.cpus.get_or_insert_default().absorb(cpus);
        }
        self.input.lines += member.lines;
    }
}
