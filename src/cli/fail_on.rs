//! What makes the exit code 1.

use crate::grammar::{Grammar, Level, PathName};
use crate::report::Report;
use crate::splat::HEADLESS;
use clap::ValueEnum;
use std::convert::Infallible;
use std::str::FromStr;

/// A reason to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailOn {
    /// One that has a name of its own.
    NamedKind(NamedKind),
    /// A splat or a notice of this kind.
    Kind(String),
}

/// A reason that is no kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NamedKind {
    /// Nothing.
    Never,
    /// Any splat but a notice, which healthy boots print as well.
    Any,
    /// Any late clear.
    LateClear,
    /// A late clear on the AP path.
    Ap,
    /// A late clear on the BSP path.
    Bsp,
    /// A message that a CPU feature was taken away, where no splat explains it (a quiet console).
    Hint,
}

impl FailOn {
    /// The reason that needs the messages of CPUs.
    pub const HINT: FailOn = FailOn::NamedKind(NamedKind::Hint);

    /// The usual reason.
    pub const ANY: FailOn = FailOn::NamedKind(NamedKind::Any);

    /// The kind that it names.
    pub fn kind(&self) -> Option<&str> {
        match self {
            FailOn::Kind(kind) => Some(kind),
            FailOn::NamedKind(_) => None,
        }
    }

    /// True where the report is one of those that the reason names.
    pub fn names(&self, report: &Report) -> bool {
        let path = report.late_clear.as_ref().map(|verdict| verdict.path);
        match self {
            FailOn::Kind(kind) => report.splat.kind == *kind,
            // A hint is no report; it is counted where an input ends.
            FailOn::NamedKind(NamedKind::Never | NamedKind::Hint) => false,
            FailOn::NamedKind(NamedKind::Any) => report.level == Level::Report,
            FailOn::NamedKind(NamedKind::LateClear) => path.is_some(),
            FailOn::NamedKind(NamedKind::Ap) => path == Some(PathName::Ap),
            FailOn::NamedKind(NamedKind::Bsp) => path == Some(PathName::Bsp),
        }
    }
}

impl FromStr for FailOn {
    type Err = Infallible;

    /// Which kinds there are is known when the grammar is read: [`require_kinds`].
    fn from_str(text: &str) -> Result<FailOn, Infallible> {
        let named = NamedKind::from_str(text, false).map(FailOn::NamedKind);
        Ok(named.unwrap_or_else(|_| FailOn::Kind(text.to_owned())))
    }
}

/// Says where a kind is asked for that the grammar does not know.
///
/// # Errors
/// The first one, with what it may have been meant to be.
pub fn require_kinds<'k>(
    grammar: &Grammar,
    option: &str,
    kinds: impl IntoIterator<Item = &'k str>,
) -> Result<(), String> {
    for kind in kinds {
        // What the reports without a header are called is in no grammar.
        let is_known = kind == HEADLESS || grammar.kind(kind).is_some();
        if !is_known {
            let near = nearest(kind, grammar.kind_names().chain([HEADLESS]));
            let mend = near.map_or("ksplat explain lists them".to_owned(), |near| {
                format!("did you mean {near}?")
            });
            return Err(format!("{option} {kind}: no kind of splat; {mend}"));
        }
    }
    Ok(())
}

/// The name that somebody who wrote `typed` may have meant.
pub fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// What clap itself takes for a slip of the finger.
    const ALIKE: f64 = 0.7;
    let rated = names.map(|name| (strsim::jaro(typed, name), name));
    let best = rated.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(alike, _)| *alike > ALIKE)
        .map(|(_, name)| name)
}
