//! public-inbox: mailing lists as bare git repositories (`lore.kernel.org/LIST/0`).
//!
//! In: a repository. Out: its mails, oldest first, each with its name in git (`COMMIT:PATH`, what `git show`
//! takes). In version 2 a commit holds one mail as `m`, or as `d` where it takes one away; in version 1
//! the tree holds all mails as `xx/yyyy…` (public-inbox-v1-format(5), public-inbox-v2-format(5)). Both are
//! read by one rule: the mails of a commit are the files that none of its parents has.

#[cfg(feature = "git")]
mod repository;
#[cfg(not(feature = "git"))]
#[path = "inbox/without_git.rs"]
mod repository;

pub use repository::{CommitId, Inbox};

use std::path::Path;

/// What a bare git repository holds; one that is damaged holds most of it.
const PARTS: [&str; 5] = ["HEAD", "objects", "refs", "config", "packed-refs"];

/// So many of these make a folder a repository.
const ENOUGH_PARTS: usize = 3;

/// A mailing list that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; what could be read was read; fetch the repository again")]
pub struct InboxError {
    /// The repository, as the user named it.
    pub path: String,
    /// As gix says it.
    pub reason: String,
}

impl InboxError {
    /// Of a repository that held mails when it was opened before.
    pub fn gone(path: &Path) -> InboxError {
        InboxError {
            path: path.display().to_string(),
            reason: "its mails are gone".to_owned(),
        }
    }

    /// Of commits whose errors were not reported one by one.
    pub fn more(path: &str, commits: usize) -> InboxError {
        InboxError {
            path: path.to_owned(),
            reason: format!("{commits} more commits cannot be read"),
        }
    }
}

/// A mail.
pub struct InboxMail<'a> {
    /// `COMMIT:PATH`.
    pub name: &'a str,
    /// The whole mail, with its header.
    pub bytes: &'a [u8],
}

/// True for a bare git repository, also for one that lacks a part: it cannot be read, which must be reported.
pub fn is(folder: &Path) -> bool {
    let has = |name: &&&str| folder.join(name).exists();
    // `objects` or `HEAD` must be there: a folder of logs may have names like `config` and `refs`.
    PARTS.iter().filter(has).count() >= ENOUGH_PARTS && (has(&&"objects") || has(&&"HEAD"))
}
