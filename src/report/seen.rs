//! What a database of earlier reports knows of a bug.

use serde::Serialize;

/// What is known of a bug from before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Seen {
    /// Events; 0 where it was never seen before.
    pub count: u64,
    /// Day of the first event, `2024-04-30`: of the first mail with it.
    pub first: Option<String>,
    /// Day of the last event: of the first mail with it, not of one that quotes it later.
    pub last: Option<String>,
    /// The release of the last event with a date.
    pub release: Option<String>,
    /// The first mails, up to three.
    pub links: Vec<String>,
    /// Commits that mend it, the one with the strongest reason first.
    pub fixed_by: Vec<FixedBy>,
}

impl Seen {
    /// Takes in what is known of another signature of the bug.
    pub(crate) fn join(&mut self, other: Seen) {
        self.count += other.count;
        if other.first.is_some() && (self.first.is_none() || other.first < self.first) {
            (self.first, self.links) = (other.first, other.links);
        }
        if other.last > self.last {
            (self.last, self.release) = (other.last, other.release);
        }
        for fix in other.fixed_by {
            if !self.fixed_by.contains(&fix) {
                self.fixed_by.push(fix);
            }
        }
    }
}

/// A commit that mends a bug, as far as its message says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FixedBy {
    /// All digits of it.
    pub commit: String,
    /// Its title.
    pub title: String,
    /// The day when it was committed.
    pub date: Option<String>,
    /// The first release that holds it, where a repository with its tag was read.
    pub release: Option<String>,
    /// Why it is named: `quotes` the splat, `closes` a mail of it, names `syzbot`'s bug, `links` to a mail of it.
    pub reasons: Vec<String>,
    /// Commits that brought the fault, by its `Fixes:`.
    pub fixes: Vec<String>,
    /// What the release of the kernel at hand says: `older` than the commit, or `contains` it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub this_kernel: Option<&'static str>,
}
