//! Kinds of kernel reports.

use super::Pattern;
use serde::Deserialize;

/// How a kind is titled.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Title(pub String);

/// A kind of report: how it starts, what it is called, how it ends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Short name, the `kind` of a splat in the JSON.
    pub name: String,
    /// What it is and which kernel code prints it.
    pub about: String,
    /// Fixed strings, one of which every header contains. They drive the search.
    pub literals: Vec<String>,
    /// Forms of the header. Named groups: `cpu`, `pid`, `comm`, `file`, `line`, `condition`, and
    /// `code`, a code reference (`FUNC+0x1/0x2`).
    pub headers: Vec<Pattern>,
    /// Title, as syzbot would give it. `{function}` is the function that the report is about,
    /// other braces are groups of the header.
    pub title: Title,
    /// True where the kernel closes the report with `---[ end trace`.
    #[serde(default)]
    pub end_marker: bool,
    /// True where the report is the consequence of one printed right before it.
    #[serde(default)]
    pub follows: bool,
}

impl Kind {
    /// Every pattern of the kind.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.headers.iter()
    }
}
