//! Colours of the text output.

use anstyle::{AnsiColor, Style as Ansi};

/// Which colours to use; [`Style::plain`] has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
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
}

impl Style {
    /// No escape codes at all.
    pub fn plain() -> Style {
        Style::default()
    }

    /// Colours for a terminal.
    pub fn colored() -> Style {
        Style {
            headline: AnsiColor::Red.on_default().bold(),
            label: AnsiColor::Cyan.on_default(),
            dim: Ansi::new().dimmed(),
            function: Ansi::new().bold(),
            place: AnsiColor::Green.on_default(),
        }
    }

    /// `text` between the codes of `part`.
    pub fn paint(part: Ansi, text: impl std::fmt::Display) -> String {
        format!("{part}{text}{part:#}")
    }
}
