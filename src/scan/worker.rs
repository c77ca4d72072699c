//! A worker of a scan: takes jobs, reads them, and hands what it finds to the order.

use super::jobs::{Job, Jobs, Mails};
use super::order::{End, JobResult, Order};
use super::{Extent, Progress, Reading, ScanError, Scanner, Sink};
use crate::analyzer::Input;
use crate::fixes::Fix;
use crate::input::container::{Content, Unpacker};
use crate::input::inbox::{Inbox, InboxError};
use crate::input::{Entry, FileEntry, InputError, InputSource, cut_short};
use crate::report::{Incidents, Report};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::AtomicBool;
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
    pub fn run(mut self, jobs: &Mutex<Jobs<'_>>) {
        while self.run_one(jobs) {}
    }

    /// Reads the next job; false where none is left.
    pub fn run_one(&mut self, jobs: &Mutex<Jobs<'_>>) -> bool {
        let next = self.next(jobs);
        next.map(|(number, job)| self.read(number, job)).is_some()
    }

    /// The next job and its number: both under one lock, so that the numbers are in the order of the jobs.
    fn next(&self, jobs: &Mutex<Jobs<'_>>) -> Option<(u64, Job)> {
        let mut jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if self.scanner.analyzer.is_stopped() {
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
            is_inbox: matches!(job, Job::Mails(_)),
            members: self.members,
            kept: Vec::new(),
            gap: false,
        };
        let end = match job {
            Job::Broken(error) => {
                outlet.error(error);
                None
            }
            Job::Entry(entry) => self.entry(&entry, &mut outlet),
            Job::Mails(mails) => Some(self.mails(&mails, &mut outlet)),
        };
        // What was stopped, or could not be read, is read again by the next run.
        let is_whole = !outlet.gap && !self.scanner.analyzer.is_stopped();
        let end = end.map(|end| End {
            key: end.key.filter(|_| is_whole),
            ..end
        });
        let end = end.map(|end| JobResult::End(Box::new(end)));
        outlet.kept.extend(end);
        order.push(number, &mut outlet.kept, true);
    }

    /// Reads an input; `None` where there is none: it cannot be opened.
    fn entry(&mut self, entry: &Entry, outlet: &mut Outlet<'_>) -> Option<End> {
        let name = entry.path().display().to_string();
        let mut incidents = Incidents::default();
        let analyzer = self.scanner.analyzer;
        let reading = Reading::new(analyzer, &name, &mut incidents, outlet).on_all_threads();
        let mut reading = reading.with_fixes(self.scanner.fixes);
        let stop = analyzer.stop_flag();
        let known = self.scanner.known;
        let mut unpack = |content: Content<'_>| self.unpacker.unpack(&name, content, &mut reading);
        let read = match entry {
            Entry::Dump { text, .. } => {
                let size = JobSize::of(&name, text, known);
                if !size.is_known {
                    unpack(Content::Whole(text));
                }
                Ok(size)
            }
            Entry::File(entry) => file(entry, &mut self.buffer, stop, known, unpack),
            Entry::Inbox(path) => {
                let entry = FileEntry::named(path.clone());
                file(&entry, &mut self.buffer, stop, known, unpack)
            }
        };
        reading.flush();
        if let Some(progress) = self.scanner.progress {
            progress.input(read.as_ref().map_or(0, |size| size.bytes));
        }
        match read {
            Ok(size) => {
                if size.is_cut {
                    reading.fail(cut_short(entry.path()).into());
                }
                Some(end(&reading, &name, true, size.key))
            }
            Err(error) => {
                reading.fail(error.into());
                None
            }
        }
    }

    /// Reads mails of a public-inbox. A commit that cannot be read is reported, the others are read.
    fn mails(&mut self, mails: &Mails, outlet: &mut Outlet<'_>) -> End {
        let name = mails.path.display().to_string();
        let mut incidents = Incidents::default();
        let reading = Reading::new(self.scanner.analyzer, &name, &mut incidents, outlet);
        let mut reading = reading.with_fixes(self.scanner.fixes);
        let known = self.inbox.take();
        let known = known.filter(|(path, _)| Arc::ptr_eq(path, &mails.path));
        // Kept open from job to job: to open a repository takes longer than to read a mail.
        let opened = match known {
            Some((_, inbox)) => Ok(Some(inbox)),
            None => Inbox::open(&mails.path),
        };
        match opened {
            Ok(Some(inbox)) => {
                reading.mails(&inbox, mails.commits(), &self.unpacker);
                self.inbox = Some((Arc::clone(&mails.path), inbox));
            }
            Ok(None) => reading.fail(InboxError::gone(&mails.path).into()),
            Err(error) => reading.fail(error.into()),
        }
        if let (Some(progress), true) = (self.scanner.progress, mails.is_last()) {
            progress.input(0);
        }
        let key = self.scanner.known.and_then(|_| mails.key());
        end(&reading, &name, mails.is_last(), key)
    }
}

fn end(reading: &Reading<'_>, path: &str, is_last: bool, key: Option<String>) -> End {
    End {
        extent: Extent {
            path: path.to_owned(),
            lines: reading.lines,
            boots: reading.boots,
        },
        is_last,
        key,
    }
}

/// What was read of a file.
struct JobSize {
    /// 0 for a stream.
    bytes: u64,
    /// Somebody cut it short meanwhile.
    is_cut: bool,
    /// What names its bytes, where a run remembers.
    key: Option<String>,
    /// An earlier run has read it.
    is_known: bool,
}

impl JobSize {
    /// A file at another path is another input, as it is for one run over both, and for two databases that are merged.
    fn of(path: &str, bytes: &[u8], known: Option<&HashSet<String>>) -> JobSize {
        let digest = known.map(|_| key(bytes));
        let own = digest.as_ref().map(|digest| format!("{digest} {path}"));
        // Version 1 of the tables had no path.
        let is_in = |known: &HashSet<String>| {
            let keys = [&own, &digest].into_iter().flatten();
            keys.into_iter().any(|key| known.contains(key))
        };
        JobSize {
            bytes: bytes.len() as u64,
            is_cut: false,
            is_known: known.is_some_and(is_in),
            key: own,
        }
    }
}

/// The name of a file's bytes.
fn key(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", digits.collect::<String>())
}

/// Reads a file, where no earlier run has.
fn file(
    entry: &FileEntry,
    buffer: &mut Vec<u8>,
    stop: Option<&Arc<AtomicBool>>,
    known: Option<&HashSet<String>>,
    mut unpack: impl FnMut(Content<'_>),
) -> Result<JobSize, InputError> {
    let name = entry.path.display().to_string();
    let stream = match InputSource::open(entry, buffer, stop)? {
        InputSource::Read(bytes) => {
            let size = JobSize::of(&name, bytes, known);
            if !size.is_known {
                unpack(Content::Whole(bytes));
            }
            return Ok(size);
        }
        InputSource::Mapped(bytes) => {
            let size = JobSize::of(&name, &bytes, known);
            if !size.is_known {
                unpack(Content::Whole(&bytes));
            }
            return Ok(JobSize {
                is_cut: bytes.is_cut(),
                ..size
            });
        }
        InputSource::Stream(stream) => stream,
    };
    let content = Content::stream(stream).map_err(|reason| InputError::of(&entry.path, reason))?;
    unpack(content);
    Ok(JobSize::of("", &[], None))
}

/// Where the findings of one job go.
struct Outlet<'o> {
    order: &'o Order,
    progress: Option<&'o Progress>,
    job: u64,
    /// It is a part of a public-inbox.
    is_inbox: bool,
    members: bool,
    kept: Vec<JobResult>,
    /// A part was not read that another run may read.
    gap: bool,
}

impl Outlet<'_> {
    /// A mail of an archive with a damaged attachment never changes, and must not keep the others from being
    /// remembered; a commit that cannot be read, or a file, may come whole next time, or with another `--max-size`.
    fn leaves_gap(&self, error: &ScanError) -> bool {
        !self.is_inbox || matches!(error, ScanError::Inbox(_))
    }

    fn keep(&mut self, found: JobResult) {
        self.kept.push(found);
        if self.kept.len() >= KEEP {
            // Not one by one: the lock is shared by all workers.
            self.order.push(self.job, &mut self.kept, false);
        }
    }
}

impl Sink for Outlet<'_> {
    fn report(&mut self, report: Report) {
        if let Some(progress) = self.progress {
            progress.splat();
        }
        self.keep(JobResult::Report(Box::new(report)));
    }

    fn error(&mut self, error: ScanError) {
        self.gap |= self.leaves_gap(&error);
        self.keep(JobResult::Error(Box::new(error)));
    }

    fn fix(&mut self, fix: Fix) {
        self.keep(JobResult::Fix(Box::new(fix)));
    }

    fn member(&mut self, member: Input) {
        if self.members {
            self.keep(JobResult::Member(Box::new(member)));
        }
    }
}
