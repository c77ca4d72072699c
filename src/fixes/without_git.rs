//! What there is of a history in a build without gix: an error that says so.

use super::{Commit, HistoryError};
use std::collections::HashSet;
use std::convert::Infallible;
use std::path::Path;

/// A repository: none can be opened.
pub struct History(Infallible);

impl History {
    /// Opens nothing.
    ///
    /// # Errors
    /// Always.
    pub fn open(path: &Path) -> Result<History, HistoryError> {
        let reason = "is a git repository, which needs a build with the feature `git`";
        Err(HistoryError::new(path, reason))
    }

    /// The commits of no repository.
    ///
    /// # Errors
    /// None: there is no such value.
    pub fn read(
        &self,
        _: &HashSet<String>,
        _: impl Fn() -> bool,
        _: impl FnMut(Commit),
    ) -> Result<Vec<String>, HistoryError> {
        match self.0 {}
    }
}
