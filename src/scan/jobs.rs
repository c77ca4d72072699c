//! Jobs: what one worker reads in one go.
//!
//! In: paths. Out: an input each, or a part of one that several workers share.

use super::ScanError;
use crate::analyzer::Analyzer;
use crate::input::inbox::{CommitId, Inbox, InboxError};
use crate::input::{Entries, Entry, FileEntry, entries};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Commits of a public-inbox that one worker reads.
const COMMITS: usize = 512;

/// Something to read.
pub enum Job {
    /// A whole input.
    Entry(Entry),
    /// Some mails of a public-inbox.
    Mails(Mails),
    /// Nothing: it cannot be read.
    Broken(ScanError),
}

/// Some mails of a public-inbox.
pub struct Mails {
    /// The repository.
    pub path: Arc<Path>,
    /// All its commits, oldest first.
    commits: Arc<[CommitId]>,
    /// The first one of the job.
    from: usize,
}

impl Mails {
    /// The commits of the job.
    pub fn commits(&self) -> &[CommitId] {
        let end = self.from.saturating_add(COMMITS).min(self.commits.len());
        &self.commits[self.from..end]
    }

    /// What names the last commit of the job.
    pub fn key(&self) -> Option<String> {
        self.commits().last().map(key)
    }

    /// True where no job follows for the same repository.
    pub fn is_last(&self) -> bool {
        self.commits.len() - self.from <= COMMITS
    }

    fn next(&self) -> Option<Mails> {
        (!self.is_last()).then(|| Mails {
            path: Arc::clone(&self.path),
            commits: Arc::clone(&self.commits),
            from: self.from + COMMITS,
        })
    }
}

/// The jobs of a scan, made as they are asked for.
pub struct Jobs<'a> {
    analyzer: &'a Analyzer,
    known: Option<&'a HashSet<String>>,
    own: Option<&'a Path>,
    /// Paths that were not begun, last one first.
    paths: Vec<PathBuf>,
    open: Option<Entries>,
    /// The next job of the public-inbox at hand.
    mails: Option<Mails>,
    /// Links that were passed over in the paths that are done.
    links: u64,
}

impl<'a> Jobs<'a> {
    /// For everything under these paths.
    pub fn new(
        paths: &[PathBuf],
        analyzer: &'a Analyzer,
        known: Option<&'a HashSet<String>>,
        own: Option<&'a Path>,
    ) -> Jobs<'a> {
        Jobs {
            analyzer,
            known,
            own,
            paths: paths.iter().rev().cloned().collect(),
            open: None,
            mails: None,
            links: 0,
        }
    }

    /// Links that were passed over.
    pub fn links(&self) -> u64 {
        self.links + self.open.as_ref().map_or(0, Entries::links)
    }

    fn entry(&mut self) -> Option<Job> {
        loop {
            match self.open.as_mut().and_then(Iterator::next) {
                Some(Ok(Entry::Inbox(path))) => {
                    if let Some(job) = self.inbox(path) {
                        return Some(job);
                    }
                }
                Some(Ok(Entry::File(file))) if self.own.is_some_and(|own| is_of(&file, own)) => {}
                Some(Ok(entry)) => return Some(Job::Entry(entry)),
                Some(Err(error)) => return Some(Job::Broken(error.into())),
                None => {
                    let next = entries(&self.paths.pop()?);
                    let done = self.open.replace(next);
                    self.links += done.map_or(0, |done| done.links());
                }
            }
        }
    }

    /// The first job of a repository; `None` where it holds no mails: then its files come next.
    fn inbox(&mut self, path: PathBuf) -> Option<Job> {
        let known = self.known;
        let is_new = |commits: Option<Vec<_>>| commits.map(|commits| behind(commits, known));
        match commits(&path, self.analyzer).map(is_new) {
            // An earlier run has read all of it.
            Ok(Some(commits)) if commits.is_empty() => None,
            Ok(Some(commits)) => Some(Job::Mails(Mails {
                path: path.into(),
                commits: commits.into(),
                from: 0,
            })),
            Ok(None) => {
                let entered = self.open.as_mut()?.enter(path);
                entered.err().map(|error| Job::Broken(error.into()))
            }
            Err(error) => Some(Job::Broken(error.into())),
        }
    }
}

impl Iterator for Jobs<'_> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        let job = match self.mails.take() {
            Some(mails) => Job::Mails(mails),
            None => self.entry()?,
        };
        if let Job::Mails(mails) = &job {
            self.mails = mails.next();
        }
        Some(job)
    }
}

/// What SQLite appends to the name of a database for the files that it keeps beside it.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// True for the file of a database, or one beside it.
fn is_of(file: &FileEntry, database: &Path) -> bool {
    let ending = || {
        let name = file.path.file_name()?.as_encoded_bytes();
        name.strip_prefix(database.file_name()?.as_encoded_bytes())
    };
    // The name first: to ask for the folder of each file takes as long as to open it.
    let is_named = ending().is_some_and(|rest| BESIDE.iter().any(|end| end.as_bytes() == rest));
    is_named && folder(&file.path).is_some_and(|of_file| folder(database) == Some(of_file))
}

/// The folder of a file, whatever way leads to it.
fn folder(file: &Path) -> Option<PathBuf> {
    let parent = file.parent()?;
    let parent = match parent.as_os_str().is_empty() {
        true => Path::new("."),
        false => parent,
    };
    parent.canonicalize().ok()
}

/// The key of a commit up to which the mails of a repository were read.
fn key(commit: &CommitId) -> String {
    format!("git:{commit}")
}

/// The commits after the last one that is known.
fn behind(mut commits: Vec<CommitId>, known: Option<&HashSet<String>>) -> Vec<CommitId> {
    let is_known = |commit: &CommitId| known.is_some_and(|known| known.contains(&key(commit)));
    let first_new = commits
        .iter()
        .rposition(is_known)
        .map_or(0, |last| last + 1);
    commits.split_off(first_new)
}

fn commits(path: &Path, analyzer: &Analyzer) -> Result<Option<Vec<CommitId>>, InboxError> {
    let inbox = Inbox::open(path)?;
    let is_over = || analyzer.is_stopped();
    inbox.map(|inbox| inbox.commits(is_over)).transpose()
}
