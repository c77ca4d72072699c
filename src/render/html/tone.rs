//! The colour and the name of a verdict.

use crate::grammar::PathName;

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
}

/// In the order of the filter.
pub const TONES: [Tone; 5] = [Tone::Ap, Tone::Bsp, Tone::Other, Tone::Unknown, Tone::Splat];

impl Tone {
    /// Of a late clear's path; `None` for another splat.
    pub fn of(path: Option<PathName>) -> Tone {
        match path {
            Some(PathName::Ap) => Tone::Ap,
            Some(PathName::Bsp) => Tone::Bsp,
            Some(PathName::Other) => Tone::Other,
            Some(PathName::Unknown) => Tone::Unknown,
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
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Tone::Ap => "AP path",
            Tone::Bsp => "BSP path",
            Tone::Other => "other path",
            Tone::Unknown => "path unknown",
            Tone::Splat => "no late clear",
        }
    }
}
