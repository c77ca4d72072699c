//! What there is of a public-inbox in a build without gix: an error that says so.

use super::{InboxError, InboxMail};
use std::convert::Infallible;
use std::path::Path;

/// The name of a commit: none can be had.
pub type CommitId = Infallible;

/// A repository of mails: none can be opened.
pub struct Inbox(Infallible);

impl Inbox {
    /// Opens nothing.
    ///
    /// # Errors
    /// Always.
    pub fn open(path: &Path) -> Result<Option<Inbox>, InboxError> {
        Err(InboxError {
            path: path.display().to_string(),
            reason: "is a git repository, which needs a build with the feature `git`".to_owned(),
        })
    }

    /// The commits of no repository.
    ///
    /// # Errors
    /// None: there is no such value.
    pub fn commits(&self, _: impl Fn() -> bool) -> Result<Vec<CommitId>, InboxError> {
        match self.0 {}
    }

    /// The mails of no commit.
    ///
    /// # Errors
    /// None: there is no such value.
    pub fn mails(&self, _: CommitId, _: impl FnMut(InboxMail<'_>)) -> Result<(), InboxError> {
        match self.0 {}
    }
}
