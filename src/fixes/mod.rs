//! Fixes: commits whose messages name what they mend.
//!
//! In: messages of commits, from a repository or from a mail of a list of commits. Out: a [`Fix`] with its reasons: a
//! splat that the message quotes, a mail that it closes or links to, a bug of syzbot's. Whether it mends a bug at hand
//! is found out where the mails of that bug are known.

#[cfg(feature = "git")]
mod history;
#[cfg(not(feature = "git"))]
#[path = "without_git.rs"]
mod history;
mod mail;
mod message;

pub use history::History;
pub use mail::commit_of;

use crate::analyzer::{Analyzer, Origin};
use crate::grammar::Level;
use crate::report::Incidents;
use std::collections::BTreeSet;
use std::path::Path;

/// A commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// All digits of it.
    pub hash: String,
    /// The day when it was committed, in UTC.
    pub date: Option<String>,
    /// The first release that holds it, where tags say so: `6.12-rc3`.
    pub release: Option<String>,
    /// The first line is its title.
    pub message: String,
}

/// A repository that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct HistoryError {
    /// As the user named it.
    path: String,
    /// What is wrong, and the mend.
    reason: String,
}

impl HistoryError {
    fn new(path: &Path, reason: &str) -> HistoryError {
        HistoryError {
            path: path.display().to_string(),
            reason: reason.to_owned(),
        }
    }
}

/// Why a commit is taken for the fix of a bug; the strongest reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its message quotes a splat: the value is the signature.
    Quotes,
    /// `Closes:` with a mail: the value is the message-id.
    Closes,
    /// It names a bug of syzbot's, as `Reported-by:` or `Closes:`: the value is syzbot's hash.
    Syzbot,
    /// It names a mail otherwise, as `Link:`: the value is the message-id.
    Links,
    /// `Fixes:`, no reason by itself: the value is the commit that brought the fault.
    Fixes,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 5] = [
        Reason::Quotes,
        Reason::Closes,
        Reason::Syzbot,
        Reason::Links,
        Reason::Fixes,
    ];

    /// As the database and the JSON call it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Quotes => "quotes",
            Reason::Closes => "closes",
            Reason::Syzbot => "syzbot",
            Reason::Links => "links",
            Reason::Fixes => "fixes",
        }
    }
}

/// A commit that mends something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// All digits of the commit.
    pub hash: String,
    /// Its title.
    pub title: String,
    /// The day when it was committed, in UTC.
    pub date: Option<String>,
    /// The first release that holds it, where it is known.
    pub release: Option<String>,
    /// What it mends, and why that is said.
    pub mends: BTreeSet<(Reason, String)>,
}

impl Fix {
    /// What a commit mends; `None` where its message names nothing.
    pub fn of(commit: &Commit, analyzer: &Analyzer) -> Option<Fix> {
        let mut mends = message::named(&commit.message);
        let mut take = |report: crate::report::Report| {
            if report.level == Level::Report {
                mends.insert((Reason::Quotes, report.signature));
            }
        };
        let origin = Origin::from(commit.hash.as_str());
        let text = commit.message.as_bytes();
        analyzer.read_all(origin, text, &mut Incidents::default(), &mut take);
        // `Fixes:` names the commit that was wrong, not the bug that showed it.
        let names_a_bug = mends.iter().any(|(reason, _)| *reason != Reason::Fixes);
        names_a_bug.then(|| Fix {
            hash: commit.hash.clone(),
            title: message::title(&commit.message),
            date: commit.date.clone(),
            release: commit.release.clone(),
            mends,
        })
    }
}
