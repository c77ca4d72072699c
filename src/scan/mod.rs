//! Scans: trees of any size on all cores, one result whatever the number of threads.
//!
//! In: paths. Out: reports, errors and inputs, handed to a [`Sink`] in the order of the inputs' names. Workers
//! take inputs one after the other and read each as if it were alone; what they find waits in the
//! `order` until everything before it was handed over, then it is numbered. What may wait is
//! bounded, so that a tree of any size takes the same memory.

mod checkpoints;
mod jobs;
mod numbering;
mod order;
mod reading;
mod window;
mod worker;

pub use reading::Reading;

use crate::analyzer::{Analyzer, Input};
use crate::fixes::Fix;
use crate::input::InputError;
use crate::input::container::{Limits, UnpackError};
use crate::input::inbox::InboxError;
use crate::parallel;
use crate::report::Report;
use checkpoints::Checkpoints;
use jobs::Jobs;
use numbering::Numbering;
use order::{JobResult, NextJob, Order};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use worker::Worker;

/// How long workers may take to end when the scan is stopped.
const PATIENCE: Duration = Duration::from_millis(600);

/// Something that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A file or folder.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A part of a file.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// A public-inbox repository.
    #[error(transparent)]
    Inbox(#[from] InboxError),
}

/// An input that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extent {
    /// As the user named it, or that and the way from there.
    pub path: String,
    /// Physical lines of all its texts.
    pub lines: u64,
    /// Boots in it.
    pub boots: usize,
}

/// Who takes what is found.
pub trait Sink {
    /// Takes in a report.
    fn report(&mut self, report: Report);
    /// Called between the chunks of a stream, and while it is silent.
    fn between_chunks(&mut self) {}
    /// Something could not be read; the scan goes on.
    fn error(&mut self, error: ScanError);
    /// Takes in what a text said of itself, after its reports: only where [`Sink::wants_members`].
    fn member(&mut self, member: Input) {
        let _ = member;
    }
    /// An input ended.
    fn input(&mut self, extent: Extent) {
        let _ = extent;
    }
    /// All that comes before was read, up to what this key names: a file by its bytes, a public-inbox by a commit.
    fn checkpoint(&mut self, key: Option<&str>) {
        let _ = key;
    }
    /// Takes in a commit that a mail is about: only where [`Scanner::fixes`] wants it.
    fn fix(&mut self, fix: Fix) {
        let _ = fix;
    }
    /// True where members are to be handed over; asked once.
    fn wants_members(&self) -> bool {
        false
    }
}

/// How far a scan has come, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Inputs read.
    pub files: AtomicU64,
    /// Bytes of them, as they lie on the disk.
    pub bytes: AtomicU64,
    /// Reports found.
    pub splats: AtomicU64,
    /// Links that were not followed; known at the end.
    pub links: AtomicU64,
}

impl Progress {
    fn input(&self, bytes: u64) {
        self.files.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn splat(&self) {
        self.splats.fetch_add(1, Ordering::Relaxed);
    }
}

/// A scan, ready to run.
pub struct Scanner<'a> {
    analyzer: &'a Analyzer,
    limits: Limits,
    threads: usize,
    progress: Option<&'a Progress>,
    /// Keys of what was read by earlier runs; `None` where nobody remembers.
    known: Option<&'a HashSet<String>>,
    own: Option<&'a Path>,
    fixes: bool,
}

impl<'a> Scanner<'a> {
    /// With the usual limits, on all cores.
    pub fn new(analyzer: &'a Analyzer) -> Scanner<'a> {
        Scanner {
            analyzer,
            limits: Limits::default(),
            threads: parallel::cores(),
            progress: None,
            known: None,
            own: None,
            fixes: false,
        }
    }

    /// Limits on what one input may unpack to.
    pub fn limits(self, limits: Limits) -> Scanner<'a> {
        Scanner { limits, ..self }
    }

    /// Threads that read, no more than [`parallel::bounded`]; the result does not depend on it.
    pub fn threads(self, threads: usize) -> Scanner<'a> {
        let threads = parallel::bounded(threads);
        Scanner { threads, ..self }
    }

    /// Passes over what earlier runs have read, and gives keys to [`Sink::checkpoint`].
    pub fn known(self, known: &'a HashSet<String>) -> Scanner<'a> {
        let known = Some(known);
        Scanner { known, ..self }
    }

    /// Passes over the database that the run writes to, and the files that SQLite keeps beside it.
    pub fn except(self, own: &'a Path) -> Scanner<'a> {
        let own = Some(own);
        Scanner { own, ..self }
    }

    /// Hands over commits that mails are about, where they are `wanted`.
    pub fn fixes(self, wanted: bool) -> Scanner<'a> {
        Scanner {
            fixes: wanted,
            ..self
        }
    }

    /// Where to count what was read.
    pub fn progress(self, progress: &'a Progress) -> Scanner<'a> {
        let progress = Some(progress);
        Scanner { progress, ..self }
    }

    /// Reads everything under `paths`. Files that come under a folder are named by the folder's name, as
    /// given, and the way from there.
    ///
    /// When the analyzer is stopped, the scan hands over what was found and ends.
    pub fn scan(&self, paths: &[PathBuf], sink: &mut dyn Sink) {
        let jobs = Mutex::new(Jobs::new(paths, self.analyzer, self.known, self.own));
        let order = Order::default();
        let members = sink.wants_members();
        let work = || Worker::new(self, &order, members).run(&jobs);
        let started = thread::scope(|scope| {
            let start = |_: &usize| {
                // Before it starts, or the order could be taken for finished.
                order.hire();
                let started = thread::Builder::new().spawn_scoped(scope, work);
                if started.is_err() {
                    order.leave();
                }
                started.is_ok()
            };
            let started = (0..self.threads).take_while(start).count();
            self.hand_over(&order, sink);
            started
        });
        // A limit on processes may allow no thread at all.
        if started == 0 {
            self.alone(&jobs, members, sink);
        }
        if let Some(progress) = self.progress {
            let jobs = jobs.into_inner().unwrap_or_else(PoisonError::into_inner);
            progress.links.store(jobs.links(), Ordering::Relaxed);
        }
    }

    /// Hands over what the workers find, until all of them have left.
    fn hand_over(&self, order: &Order, sink: &mut dyn Sink) {
        let mut numbering = Numbering::default();
        let mut checkpoints = Checkpoints::default();
        let mut stopped: Option<Instant> = None;
        loop {
            match order.next() {
                NextJob::JobResult(found) => give(found, &mut numbering, &mut checkpoints, sink),
                NextJob::Nothing if self.analyzer.is_stopped() => {
                    // What is open now is printed as well, where its reader comes to an end soon.
                    if stopped.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                        checkpoints.stop();
                        return give(order.abandon(), &mut numbering, &mut checkpoints, sink);
                    }
                }
                NextJob::Nothing => {}
                NextJob::End => return,
            }
        }
    }

    /// Reads all jobs in this thread: no other one can be started.
    fn alone(&self, jobs: &Mutex<Jobs<'_>>, members: bool, sink: &mut dyn Sink) {
        let order = Order::of_one();
        let mut numbering = Numbering::default();
        let mut checkpoints = Checkpoints::default();
        order.hire();
        let mut worker = Worker::new(self, &order, members);
        while worker.run_one(jobs) {
            if let NextJob::JobResult(found) = order.next() {
                give(found, &mut numbering, &mut checkpoints, sink);
            }
        }
    }
}

fn give(
    found: Vec<JobResult>,
    numbering: &mut Numbering,
    checkpoints: &mut Checkpoints,
    sink: &mut dyn Sink,
) {
    for found in found {
        match found {
            JobResult::Report(report) => sink.report(numbering.report(*report)),
            JobResult::Error(error) => sink.error(*error),
            JobResult::Fix(fix) => sink.fix(*fix),
            JobResult::Member(member) => sink.member(*member),
            JobResult::End(end) => {
                sink.checkpoint(checkpoints.key(&end));
                if let Some(extent) = numbering.end(*end) {
                    sink.input(extent);
                }
            }
        }
    }
}
