//! What is printed of single CPUs: listings of programs, and lines of their own.

use super::Pattern;
use serde::Deserialize;

/// A listing: a line that names the CPU, then lines of names and values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuListing {
    /// Whose it is, as a person knows it.
    pub name: String,
    /// In each line that may begin it.
    pub literal: String,
    /// The line that names the CPU: group `cpu`.
    pub begins: Pattern,
    /// What it calls the first CPU.
    #[serde(default)]
    pub first: u32,
    /// A line of it: groups `name` and `value`.
    pub field: Pattern,
    /// Fields that are lists of words, compared word by word.
    #[serde(default)]
    pub sets: Vec<String>,
    /// Fields that differ from CPU to CPU by their nature.
    #[serde(default)]
    pub own: Vec<String>,
}

/// A line that says something of one CPU.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuStatement {
    /// What it is about.
    pub name: String,
    /// In each such line.
    pub literal: String,
    /// Groups `cpu` and `value`; `msr` is the number (hex with 0x) or the name of a register.
    pub pattern: Pattern,
    /// The value, where the line itself is it.
    pub value: Option<String>,
    /// What it means that the line was printed; absent where only the comparison says something.
    pub says: Option<String>,
}
