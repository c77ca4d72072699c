//! Files that a report is hardly ever about.

use super::frames::fits;
use serde::Deserialize;

/// Files and lines that are passed over where the file to blame is looked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassedOver {
    /// Short name.
    pub name: String,
    /// Why the bug is elsewhere.
    pub why: String,
    /// Files, relative to the kernel tree; a `*` matches anything.
    #[serde(default)]
    pub files: Vec<String>,
    /// What the lines start with, blanks aside, whose files say nothing.
    #[serde(default)]
    pub lines: Vec<String>,
    /// Kinds of reports of which all in front of a line with one of `until` is passed over.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// What such a line holds; the first of the list that is found anywhere.
    #[serde(default)]
    pub until: Vec<String>,
}

impl PassedOver {
    /// True for one of its files.
    pub fn has_file(&self, file: &str) -> bool {
        self.files.iter().any(|glob| fits(glob, file))
    }

    /// True for one of its lines.
    pub fn has_line(&self, line: &str) -> bool {
        let line = line.trim_start();
        self.lines.iter().any(|start| line.starts_with(start))
    }
}
