//! Lines of a report that say which task, CPU or kernel it is about.

use super::Pattern;
use serde::Deserialize;

/// A line that names task, CPU or kernel: the groups `cpu`, `pid`, `comm`, `release`, `build`, `taint`, `id` (the
/// build-id) and `hardware`, each of which it may lack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhoLine {
    /// Short name.
    pub name: String,
    /// Which kernel code prints it.
    pub why: String,
    /// The line, without blanks around it.
    pub pattern: Pattern,
    /// True for the `CPU:` line itself, which only a report has.
    #[serde(default)]
    pub head: bool,
    /// True where it comes before the header of the report.
    #[serde(default)]
    pub ahead: bool,
}
