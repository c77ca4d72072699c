//! The colour and the name of a verdict.

use crate::grammar::{Grammar, Level, PathName};
use crate::group::Group;
use crate::report::Report;

/// What a badge says, and the class that gives it its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// A late clear on the AP path.
    Ap,
    /// One on the BSP path.
    Bsp,
    /// One on neither.
    Other,
    /// One whose path the evidence does not decide.
    Unknown,
    /// A splat that is no late clear.
    Splat,
    /// What healthy boots print as well.
    Notice,
}

/// In the order of the filter.
pub const TONES: [Tone; 6] = [
    Tone::Ap,
    Tone::Bsp,
    Tone::Other,
    Tone::Unknown,
    Tone::Splat,
    Tone::Notice,
];

impl Tone {
    /// Of a report.
    pub fn of(report: &Report) -> Tone {
        Tone::new(report.path(), report.level)
    }

    /// Of the reports of one bug.
    pub fn of_group(group: &Group, grammar: &Grammar) -> Tone {
        let kind = grammar.kind(&group.kind);
        Tone::new(group.path(), kind.map_or(Level::Report, |kind| kind.level))
    }

    /// Of a late clear's path.
    pub fn of_path(path: PathName) -> Tone {
        Tone::new(Some(path), Level::Report)
    }

    fn new(path: Option<PathName>, level: Level) -> Tone {
        match path {
            Some(PathName::Ap) => Tone::Ap,
            Some(PathName::Bsp) => Tone::Bsp,
            Some(PathName::Other) => Tone::Other,
            Some(PathName::Unknown) => Tone::Unknown,
            None if level == Level::Notice => Tone::Notice,
            None => Tone::Splat,
        }
    }

    /// Name of the class.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Ap => "ap",
            Tone::Bsp => "bsp",
            Tone::Other => "other",
            Tone::Unknown => "unknown",
            Tone::Splat => "splat",
            Tone::Notice => "notice",
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Tone::Ap => "AP path",
            Tone::Bsp => "BSP path",
            Tone::Other => "other path",
            Tone::Unknown => "path unknown",
            Tone::Splat => "other splats",
            Tone::Notice => "notice",
        }
    }
}
