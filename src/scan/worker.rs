//! A worker of a scan: takes jobs, reads them, and hands what it finds to the order.

use super::jobs::{Job, Jobs, Mails};
use super::order::{End, Found, Order};
use super::{Extent, Progress, Reading, ScanError, Scanner, Sink};
use crate::analyzer::Input;
use crate::input::container::{Content, Unpacker};
use crate::input::inbox::Inbox;
use crate::input::{Entry, FileEntry, InputError, Source};
use crate::report::{Report, Sequence};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Findings that a worker keeps before it hands them over.
const KEEP: usize = 16;

/// A worker.
pub struct Worker<'s> {
    scanner: &'s Scanner<'s>,
    order: &'s Order,
    members: bool,
    unpacker: Unpacker,
    /// For files that are read, not mapped.
    buffer: Vec<u8>,
    /// The repository that it read last.
    inbox: Option<(Arc<Path>, Inbox)>,
}

impl Drop for Worker<'_> {
    /// Also when it panics: nobody must wait for it.
    fn drop(&mut self) {
        self.order.leave();
    }
}

impl<'s> Worker<'s> {
    /// Of a scan; `members`: those are wanted.
    pub fn new(scanner: &'s Scanner<'s>, order: &'s Order, members: bool) -> Worker<'s> {
        Worker {
            scanner,
            order,
            members,
            unpacker: Unpacker::new(scanner.limits.clone()),
            buffer: Vec::new(),
            inbox: None,
        }
    }

    /// Reads jobs until none is left.
    pub fn run(mut self, jobs: &Mutex<Jobs>) {
        while let Some((number, job)) = self.next(jobs) {
            self.read(number, job);
        }
    }

    /// The next job and its number: both under one lock, so that the numbers are in the order of the jobs.
    fn next(&self, jobs: &Mutex<Jobs>) -> Option<(u64, Job)> {
        let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if self.scanner.is_stopped() {
            return None;
        }
        let job = jobs.next()?;
        Some((self.order.begin()?, job))
    }

    fn read(&mut self, number: u64, job: Job) {
        let order = self.order;
        let mut outlet = Outlet {
            order,
            progress: self.scanner.progress,
            job: number,
            members: self.members,
            kept: Vec::new(),
        };
        let end = match job {
            Job::Broken(error) => {
                outlet.error(error);
                None
            }
            Job::Entry(entry) => self.entry(&entry, &mut outlet),
            Job::Mails(mails) => Some(self.mails(&mails, &mut outlet)),
        };
        let end = end.map(|end| Found::End(Box::new(end)));
        outlet.kept.extend(end);
        order.push(number, &mut outlet.kept, true);
    }

    /// Reads an input; `None` where there is none: it cannot be opened.
    fn entry(&mut self, entry: &Entry, outlet: &mut Outlet<'_>) -> Option<End> {
        let name = entry.path().display().to_string();
        let mut sequence = Sequence::default();
        let mut reading = Reading::new(self.scanner.analyzer, &name, &mut sequence, outlet)
            .stop(self.scanner.stop)
            .on_all_threads();
        let mut unpack = |content: Content<'_>| self.unpacker.unpack(&name, content, &mut reading);
        let read = match entry {
            Entry::Dump { text, .. } => {
                unpack(Content::Whole(text));
                Ok(text.len() as u64)
            }
            Entry::File(entry) => file(entry, &mut self.buffer, unpack),
            Entry::Inbox(path) => file(&FileEntry::named(path.clone()), &mut self.buffer, unpack),
        };
        reading.flush();
        if let Some(progress) = self.scanner.progress {
            progress.input(*read.as_ref().unwrap_or(&0));
        }
        match read {
            Ok(_) => Some(end(&reading, &name, true)),
            Err(error) => {
                reading.fail(error.into());
                None
            }
        }
    }

    /// Reads mails of a public-inbox. A commit that cannot be read is told, the others go on.
    fn mails(&mut self, mails: &Mails, outlet: &mut Outlet<'_>) -> End {
        let name = mails.path.display().to_string();
        let mut sequence = Sequence::default();
        let mut reading = Reading::new(self.scanner.analyzer, &name, &mut sequence, outlet)
            .stop(self.scanner.stop);
        let known = self.inbox.take();
        let known = known.filter(|(path, _)| Arc::ptr_eq(path, &mails.path));
        let opened = match known {
            Some((_, inbox)) => Ok(Some(inbox)),
            None => Inbox::open(&mails.path),
        };
        match opened {
            Ok(Some(inbox)) => {
                reading.mails(&inbox, mails.commits(), &self.unpacker);
                self.inbox = Some((Arc::clone(&mails.path), inbox));
            }
            // Another process took the mails away meanwhile.
            Ok(None) => {}
            Err(error) => reading.fail(error.into()),
        }
        if let (Some(progress), true) = (self.scanner.progress, mails.is_last()) {
            progress.input(0);
        }
        end(&reading, &name, mails.is_last())
    }
}

fn end(reading: &Reading<'_>, path: &str, is_last: bool) -> End {
    End {
        extent: Extent {
            path: path.to_owned(),
            lines: reading.lines,
            boots: reading.boots,
        },
        is_last,
    }
}

/// Reads a file; gives its size, or 0 where it has none.
fn file(
    entry: &FileEntry,
    buffer: &mut Vec<u8>,
    mut unpack: impl FnMut(Content<'_>),
) -> Result<u64, InputError> {
    let stream: Box<dyn Read> = match Source::open(entry, buffer)? {
        Source::Read(bytes) => {
            unpack(Content::Whole(bytes));
            return Ok(bytes.len() as u64);
        }
        Source::Mapped(bytes) => {
            unpack(Content::Whole(&bytes));
            return Ok(bytes.len() as u64);
        }
        Source::Stream(file) => Box::new(file),
    };
    let content = Content::stream(stream).map_err(|reason| InputError {
        path: entry.path.display().to_string(),
        reason,
    })?;
    unpack(content);
    Ok(0)
}

/// Where the findings of one job go.
struct Outlet<'o> {
    order: &'o Order,
    progress: Option<&'o Progress>,
    job: u64,
    members: bool,
    kept: Vec<Found>,
}

impl Outlet<'_> {
    fn keep(&mut self, found: Found) {
        self.kept.push(found);
        if self.kept.len() >= KEEP {
            self.order.push(self.job, &mut self.kept, false);
        }
    }
}

impl Sink for Outlet<'_> {
    fn report(&mut self, report: Report) {
        if let Some(progress) = self.progress {
            progress.splat();
        }
        self.keep(Found::Report(Box::new(report)));
    }

    fn error(&mut self, error: ScanError) {
        self.keep(Found::Error(Box::new(error)));
    }

    fn member(&mut self, member: Input) {
        if self.members {
            self.keep(Found::Member(Box::new(member)));
        }
    }
}
