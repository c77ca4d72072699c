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
    /// Must fit a line of the report; where absent, none has to. Its named groups are facts.
    pub needs: Option<Pattern>,
    /// Lines after the header whose named groups are facts, where they are there.
    #[serde(default)]
    pub lines: Vec<Pattern>,
    /// The same for lines that are known only by the line before them.
    #[serde(default)]
    pub after: Vec<After>,
    /// Facts that are functions of another stack of the report, by the beginning of its label: the first one
    /// that is no machinery.
    #[serde(default)]
    pub stacks: BTreeMap<String, String>,
    /// What kind of trouble it is, in capitals: the first words of the output.
    pub label: String,
    /// What happened. The first sentence is taken whose facts are all known: `{function}`, `{module}`,
    /// `{owner}` (the module in words), `{whose}` (the owner, else the function), `{comm}`, `{cpu}`, `{message}`, and the groups of the
    /// patterns. Some groups are written in words: `address` without its zeros, `access` as a verb, `irq` as the
    /// sort of interrupt; with `order` comes `pages`, the pages that it asks for.
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

/// A line that is known by the one before it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The line before.
    pub line: Pattern,
    /// The line itself, with its named groups.
    pub next: Pattern,
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
        let after = self
            .after
            .iter()
            .flat_map(|after| [&after.line, &after.next]);
        let single = self.header.iter().chain(&self.needs);
        single.chain(&self.lines).chain(after)
    }
}
