//! Which lines hold the numbers of the memory, when the kernel is out of it.

use super::Pattern;
use serde::Deserialize;

/// A number of the machine's memory, or of one task's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryRule {
    /// Which number it is.
    pub name: MemoryName,
    /// What it counts, and which kernel code prints it.
    pub why: String,
    /// The line. Named groups: the number as `pages` or `kb`, and `more`, which is added to it; `pid` and `comm` of a
    /// task.
    pub pattern: Pattern,
}

/// Which number a rule reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryName {
    /// The size of a page.
    Page,
    /// All memory.
    Ram,
    /// That of programs.
    Anonymous,
    /// The cache of files.
    Files,
    /// The kernel's own small objects.
    Slab,
    /// What is left.
    Free,
    /// All swap.
    Swap,
    /// What is left of it.
    FreeSwap,
    /// What a control group uses.
    GroupUsage,
    /// What it may use.
    GroupLimit,
    /// What one task has in memory.
    Task,
}
