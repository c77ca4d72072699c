//! What a report says in words for a person who does not know the kernel's terms.

use super::Pattern;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The words for one form of report; the first rule that fits is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummaryRule {
    /// Kinds that it is about.
    pub kinds: Vec<String>,
    /// Must fit the header; where absent, any header does. Its named groups are facts.
    pub header: Option<Pattern>,
    /// Lines after the header whose named groups are facts, where they are there.
    #[serde(default)]
    pub lines: Vec<Pattern>,
    /// Facts that are functions of another stack of the report, by the beginning of its label: the first one
    /// that is no machinery.
    #[serde(default)]
    pub stacks: BTreeMap<String, String>,
    /// What kind of trouble it is, in capitals: the first words of the output.
    pub label: String,
    /// What happened. The first sentence is taken whose facts are all known: `{function}`, `{module}`,
    /// `{whose}` (the module, else the function), `{comm}`, `{cpu}`, `{message}`, and the groups of the
    /// patterns. A group `address` is written without its zeros, a group `access` as a verb.
    pub says: Vec<String>,
    /// True where the kernel ends the task that ran into it.
    #[serde(default)]
    pub kills: bool,
    /// What to do first where the machine did not stop.
    pub alive: Option<String>,
    /// What to do, a line each.
    #[serde(default)]
    pub next: Vec<String>,
}

/// What a taint letter means (Documentation/admin-guide/tainted-kernels.rst).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// As `print_tainted()` prints it.
    pub letter: String,
    /// In a few words.
    pub means: String,
}

impl SummaryRule {
    /// Every pattern of the rule.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.header.iter().chain(&self.lines)
    }
}
