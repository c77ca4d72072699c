//! What makes the exit code 1.

use clap::ValueEnum;
use ksplat::grammar::{Level, PathName};
use ksplat::report::Report;

/// A reason to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Nothing
    Never,
    /// Any splat but a notice, which healthy boots print as well
    Any,
    /// Any late clear
    LateClear,
    /// A late clear on the AP path
    Ap,
    /// A late clear on the BSP path
    Bsp,
    /// A message that a CPU feature was taken away, where no splat explains it (a quiet console)
    Hint,
}

impl FailOn {
    /// True where the report is one of those that the reason names.
    pub fn names(self, report: &Report) -> bool {
        let path = report.late_clear.as_ref().map(|verdict| verdict.path);
        match self {
            FailOn::Never | FailOn::Hint => false,
            FailOn::Any => report.level == Level::Report,
            FailOn::LateClear => path.is_some(),
            FailOn::Ap => path == Some(PathName::Ap),
            FailOn::Bsp => path == Some(PathName::Bsp),
        }
    }
}
