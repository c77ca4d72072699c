//! What a database of earlier reports knows of a bug.

use serde::Serialize;

/// What is known of a bug from before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Seen {
    /// Events.
    pub count: u64,
    /// Day of the first mail, `2024-04-30`.
    pub first: Option<String>,
    /// Day of the last mail.
    pub last: Option<String>,
    /// The release of the last event with a date.
    pub release: Option<String>,
    /// The first mails, up to three.
    pub links: Vec<String>,
}
