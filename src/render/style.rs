//! Colours and width of the text output.

use super::links::Links;
use anstyle::{AnsiColor, Style as Ansi};

/// Which colours to use; [`Style::plain`] has none.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns.
    pub width: usize,
    /// The headline of a splat.
    pub headline: Ansi,
    /// Names of the parts of a block.
    pub label: Ansi,
    /// What matters less.
    pub dim: Ansi,
    /// Functions.
    pub function: Ansi,
    /// Files and lines.
    pub place: Ansi,
    /// Links to files, where they are asked for.
    pub links: Option<&'static Links>,
}

/// Columns where the output is no terminal.
const WIDTH: usize = 88;

/// What a line is fitted to: in narrower terminals it is broken, in wider ones it is hard to read.
const WIDTHS: std::ops::RangeInclusive<usize> = 80..=200;

impl Style {
    /// No escape codes at all.
    pub fn plain() -> Style {
        Style {
            width: WIDTH,
            headline: Ansi::new(),
            label: Ansi::new(),
            dim: Ansi::new(),
            function: Ansi::new(),
            place: Ansi::new(),
            links: None,
        }
    }

    /// Fitted to a terminal of so many columns.
    pub fn fitted(self, columns: usize) -> Style {
        Style {
            width: columns.clamp(*WIDTHS.start(), *WIDTHS.end()),
            ..self
        }
    }

    /// With links to files.
    pub fn linked(self, links: Option<&'static Links>) -> Style {
        Style { links, ..self }
    }

    /// Colours for a terminal.
    pub fn colored() -> Style {
        Style {
            width: WIDTH,
            headline: AnsiColor::Red.on_default().bold(),
            label: AnsiColor::Cyan.on_default(),
            dim: Ansi::new().dimmed(),
            function: Ansi::new().bold(),
            place: AnsiColor::Green.on_default(),
            links: None,
        }
    }

    /// `text` between the codes of `part`.
    pub fn paint(part: Ansi, text: impl std::fmt::Display) -> String {
        format!("{part}{text}{part:#}")
    }
}
