//! One input being read: members in, reports out.

use super::window::ScanWindow;
use super::{ScanError, Sink};
use crate::analyzer::{Analyzer, Input, Origin};
use crate::fixes::{self, Fix};
use crate::input::container::{Content, Member, MemberText, UnpackError, Unpacker, Visit};
use crate::input::inbox::{CommitId, Inbox, InboxError};
use crate::input::read_chunks_or_pause;
use crate::report::Incidents;
use std::cell::RefCell;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of an input's members that one thread reads before others help.
const SMALL: usize = 4 << 20;

/// Commits of a job that are reported one by one where they cannot be read; the rest is counted.
const MAX_ERRORS: usize = 4;

/// An input and what was found in it so far.
pub struct Reading<'a> {
    analyzer: &'a Analyzer,
    /// As the user named it.
    path: &'a str,
    incidents: &'a mut Incidents,
    sink: &'a mut dyn Sink,
    /// Members that wait for others; only where all threads may read.
    window: Option<ScanWindow>,
    /// Commits that mails are about are handed over.
    wants_fixes: bool,
    /// Bytes of the members so far, as they were handed over whole.
    bytes: usize,
    /// Boots of the members so far.
    pub boots: usize,
    /// Lines of the members so far.
    pub lines: u64,
}

impl<'a> Reading<'a> {
    /// Begins to read an input.
    pub fn new(
        analyzer: &'a Analyzer,
        path: &'a str,
        incidents: &'a mut Incidents,
        sink: &'a mut dyn Sink,
    ) -> Reading<'a> {
        Reading {
            analyzer,
            path,
            incidents,
            sink,
            window: None,
            wants_fixes: false,
            bytes: 0,
            boots: 0,
            lines: 0,
        }
    }

    /// Members of a large container are read by all threads of rayon's: their reports come in the same
    /// order, but not at once. [`Reading::flush`] ends it.
    pub fn on_all_threads(self) -> Reading<'a> {
        Reading {
            window: Some(ScanWindow::default()),
            ..self
        }
    }

    /// Hands over commits that mails are about, where they are `wanted`.
    pub fn with_fixes(self, wanted: bool) -> Reading<'a> {
        Reading {
            wants_fixes: wanted,
            ..self
        }
    }

    /// Hands over the commit that a mail is about.
    fn fix(&mut self, mail: &[u8]) {
        let fix = fixes::commit_of(mail).and_then(|commit| Fix::of(&commit, self.analyzer));
        if let Some(fix) = fix {
            self.sink.fix(fix);
        }
    }

    /// Something could not be read.
    pub fn fail(&mut self, error: ScanError) {
        // What came before the error is handed over before it.
        self.flush();
        // What was not read to its end because nobody wants it is no error.
        if !self.analyzer.is_stopped() {
            self.sink.error(error);
        }
    }

    /// Reads the members that wait.
    pub fn flush(&mut self) {
        let Some(window) = self.window.as_mut().filter(|window| !window.is_empty()) else {
            return;
        };
        let window = std::mem::take(window);
        for found in window.read(self.analyzer, self.path) {
            for mut report in found.reports {
                report.splat.boot = report.splat.boot.map(|boot| boot + self.boots);
                self.incidents.shift(&mut report);
                self.sink.report(report);
            }
            self.incidents.skip(&found.incidents);
            self.add(found.input);
        }
    }

    /// Lets a member wait for others; false where it must be read now.
    fn waits(&mut self, member: &Member<'_>, bytes: &[u8]) -> bool {
        self.bytes = self.bytes.saturating_add(bytes.len());
        // A small container is read sooner by one thread than it is shared.
        let may_wait = self.bytes > SMALL && ScanWindow::takes(bytes);
        let Some(window) = self.window.as_mut().filter(|_| may_wait) else {
            return false;
        };
        window.add(member, bytes);
        if window.is_full() {
            self.flush();
        }
        true
    }

    /// Reads a text that comes in chunks. `feed` hands them over, or `None` where nothing has come yet.
    ///
    /// # Errors
    /// Those of `feed`.
    pub fn stream<E>(
        &mut self,
        origin: Origin<'_>,
        feed: impl FnOnce(&mut dyn FnMut(Option<&[u8]>)) -> Result<(), E>,
    ) -> Result<(), E> {
        let sink = RefCell::new(&mut *self.sink);
        let analyzer = self.analyzer;
        let mut take = |report| sink.borrow_mut().report(report);
        let mut stream = analyzer.stream(origin, self.incidents, &mut take);
        let fed = feed(&mut |chunk| {
            match chunk {
                Some(_) if analyzer.is_stopped() => {}
                Some(chunk) => stream.push(chunk),
                None => stream.pause(),
            }
            sink.borrow_mut().between_chunks();
        });
        let input = stream.finish();
        self.add(input);
        fed
    }

    /// Reads a public-inbox repository. A commit that cannot be read is reported, the others are read.
    ///
    /// # Errors
    /// Where the repository cannot be opened, or its history is broken.
    pub fn inbox(&mut self, path: &Path, unpacker: &Unpacker) -> Result<(), InboxError> {
        let Some(inbox) = Inbox::open(path)? else {
            return Ok(());
        };
        let commits = inbox.commits(|| self.analyzer.is_stopped())?;
        self.mails(&inbox, &commits, unpacker);
        Ok(())
    }

    /// Reads the mails of some commits.
    pub fn mails(&mut self, inbox: &Inbox, commits: &[CommitId], unpacker: &Unpacker) {
        let path = self.path;
        let mut errors = 0;
        for commit in commits {
            if self.analyzer.is_stopped() {
                return;
            }
            let read = inbox.mails(*commit, |mail| {
                let content = Content::Whole(mail.bytes);
                unpacker.unpack_member(path, Some(mail.name), content, self);
            });
            if let Err(error) = read {
                errors += 1;
                if errors <= MAX_ERRORS {
                    self.fail(error.into());
                }
            }
        }
        if errors > MAX_ERRORS {
            self.fail(InboxError::more(path, errors - MAX_ERRORS).into());
        }
    }

    fn add(&mut self, member: Input) {
        self.boots += member.boots.len();
        self.lines += member.lines;
        self.sink.member(member);
    }
}

impl Visit for Reading<'_> {
    fn member(&mut self, member: Member<'_>) {
        if self.analyzer.is_stopped() {
            return;
        }
        if let (MemberText::Whole(bytes), Some(_), true) =
            (&member.text, member.mail, self.wants_fixes)
        {
            self.fix(bytes);
        }
        if let MemberText::Whole(bytes) = &member.text
            && self.waits(&member, bytes)
        {
            return;
        }
        // Members are handed over in their order, so that those that wait come first.
        self.flush();
        let origin = Origin {
            path: self.path,
            member: member.name,
            subject: member.subject,
            mail: member.mail,
            boots: self.boots,
        };
        match member.text {
            MemberText::Whole(bytes) => {
                let sink = &mut *self.sink;
                let mut take = |report| sink.report(report);
                let analyzer = self.analyzer;
                let input = analyzer.read_all(origin, bytes, self.incidents, &mut take);
                self.add(input);
            }
            MemberText::Stream(reader) => {
                // Its errors are reported by the code that takes the input apart.
                let analyzer = self.analyzer;
                let _ = self.stream(origin, |take| {
                    read_chunks_or_pause(Stoppable { reader, analyzer }, take)
                });
            }
        }
    }

    fn error(&mut self, error: UnpackError) {
        self.fail(error.into());
    }

    fn is_over(&self) -> bool {
        self.analyzer.is_stopped()
    }
}

/// A reader that ends when the analyzer is stopped: the rest is not even unpacked.
struct Stoppable<'r> {
    reader: &'r mut dyn Read,
    analyzer: &'r Analyzer,
}

impl Read for Stoppable<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.analyzer.is_stopped() {
            true => Ok(0),
            false => self.reader.read(buffer),
        }
    }
}
