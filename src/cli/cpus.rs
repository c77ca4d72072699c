//! `ksplat cpus PATH…`: what the inputs say of single CPUs, compared.

use super::args::Options;
use super::batch::tell_empty;
use super::fail_on::FailOn;
use super::format::Format;
use super::signals::Stop;
use super::triage::{complain, grammar};
use super::{CLEAN, ERROR, FOUND, INTERRUPTED, Outcome, output};
use crate::cpus::ListingReader;
use crate::input::container::{Content, Limits, Member, MemberText, UnpackError, Unpacker, Visit};
use crate::input::inbox::Inbox;
use crate::input::{Entry, InputError, InputSource, cut_short, entries, read_chunks};
use crate::render::CpuComparison;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Forms that the comparison comes in.
const FORMATS: [Format; 3] = [Format::Text, Format::Json, Format::Html];

/// Runs the command. The code is 1 where CPUs differ.
pub fn run(options: &Options, paths: &[PathBuf]) -> Outcome {
    if !FORMATS.contains(&options.format()) {
        return Err("cpus: the comparison is text, json or html; give another --format".into());
    }
    let stop = Stop::on_signals()?;
    let grammar = grammar(options)?;
    let mut out = output::open_paged(options)?;
    let mut gather = Gather {
        reader: ListingReader::new(&grammar)?,
        unpacker: Unpacker::new(Limits {
            max_size: options.max_size,
            ..Limits::default()
        }),
        stop: &stop,
        path: String::new(),
        unreadable: false,
    };
    for path in paths {
        gather.read_all(options, path);
    }
    let unreadable = gather.unreadable;
    let table = gather.reader.finish();
    if table.lost() > 0 {
        output::tell("more values than a machine can have; those above the limit are left out");
    }
    let comparison = CpuComparison::new(table);
    let names: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    out.print(&match options.format() {
        Format::Json => comparison.json(&names),
        Format::Html => comparison.html(),
        _ => comparison.text(&output::style(options)),
    });
    out.finish()?;
    // The other reasons of --fail-on are about reports, and there are none here.
    let fails = comparison.has_differences() && options.fail_on.contains(&FailOn::ANY);
    Ok(match (stop.is_signalled(), unreadable, fails) {
        (true, _, _) => INTERRUPTED,
        (_, true, _) => ERROR,
        (_, _, true) => FOUND,
        _ => CLEAN,
    })
}

/// Reads all inputs into one table: they are of one machine.
struct Gather<'a> {
    reader: ListingReader<'a>,
    unpacker: Unpacker,
    stop: &'a Stop,
    /// The input at hand.
    path: String,
    unreadable: bool,
}

impl Gather<'_> {
    fn read_all(&mut self, options: &Options, path: &Path) {
        let mut inside = entries(path);
        let mut found = false;
        for entry in inside.by_ref() {
            if self.stop.is_asked_for() {
                return;
            }
            found = true;
            let read = entry
                .map_err(Into::into)
                .and_then(|entry| self.read(&entry));
            if let Err(error) = read {
                self.fail(&*error);
            }
        }
        if !found {
            tell_empty(options, path);
        }
    }

    fn read(&mut self, entry: &Entry) -> Result<(), Box<dyn Error>> {
        let name = entry.path().display().to_string();
        self.path.clone_from(&name);
        let unpacker = self.unpacker.clone();
        let mut buffer = Vec::new();
        match entry {
            Entry::Dump { text, .. } => unpacker.unpack(&name, Content::Whole(text), self),
            Entry::Inbox(path) => self.inbox(path, &unpacker)?,
            Entry::File(file) => {
                match InputSource::open(file, &mut buffer, Some(self.stop.flag()))? {
                    InputSource::Read(bytes) => unpacker.unpack(&name, Content::Whole(bytes), self),
                    InputSource::Mapped(bytes) => {
                        unpacker.unpack(&name, Content::Whole(&bytes), self);
                        if bytes.is_cut() {
                            self.fail(&cut_short(entry.path()));
                        }
                    }
                    InputSource::Stream(stream) => {
                        let content = Content::stream(stream);
                        let content =
                            content.map_err(|error| InputError::of(entry.path(), error))?;
                        unpacker.unpack(&name, content, self);
                    }
                }
            }
        }
        Ok(())
    }

    fn inbox(&mut self, path: &Path, unpacker: &Unpacker) -> Result<(), Box<dyn Error>> {
        let Some(inbox) = Inbox::open(path)? else {
            return Ok(());
        };
        let name = path.display().to_string();
        for commit in inbox.commits(|| self.stop.is_asked_for())? {
            let read = inbox.mails(commit, |mail| {
                let content = Content::Whole(mail.bytes);
                unpacker.unpack_member(&name, Some(mail.name), content, self);
            });
            // One damaged mail is no reason to lose all others.
            if let Err(error) = read {
                self.fail(&error);
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: &dyn Error) {
        self.unreadable = true;
        complain(error);
    }
}

impl Visit for Gather<'_> {
    fn member(&mut self, member: Member<'_>) {
        let path = match member.name {
            Some(name) => format!("{} ({name})", self.path),
            None => self.path.clone(),
        };
        match member.text {
            MemberText::Whole(bytes) => self.reader.text(&path, bytes),
            MemberText::Stream(stream) => {
                self.reader.begin(&path);
                // Its errors are reported by the code that takes the input apart.
                let _ = read_chunks(stream, |chunk| self.reader.push(chunk));
                self.reader.end();
            }
        }
    }

    fn error(&mut self, error: UnpackError) {
        self.fail(&error);
    }

    fn is_over(&self) -> bool {
        self.stop.is_asked_for()
    }
}
