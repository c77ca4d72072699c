//! Forms of the output: each name and who writes it.

use super::args::Options;
use clap::ValueEnum;
use ksplat::grammar::Grammar;
use ksplat::render::{Github, Html, Json, Junit, Mail, Ndjson, Output, Sarif};

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Blocks for people
    Text,
    /// One JSON document
    Json,
    /// One JSON object a splat, as soon as it is complete
    Ndjson,
    /// JUnit XML: a test suite an input, a failure a splat
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A report mail, or an mbox of several
    Mail,
    /// A page that needs nothing but itself
    Html,
}

impl Format {
    /// True where the milestones of every boot are shown.
    pub fn tells_milestones(self) -> bool {
        matches!(self, Format::Json | Format::Html)
    }

    /// True where the lines of the log are shown.
    pub fn quotes_log(self) -> bool {
        matches!(self, Format::Mail | Format::Html)
    }
}

/// Who writes the form that `--format` names; `text` is that of the command.
pub fn output<'a>(
    options: &Options,
    grammar: &'a Grammar,
    text: impl Output + 'a,
) -> Box<dyn Output + 'a> {
    match options.format {
        Format::Text => Box::new(text),
        Format::Json => Box::new(Json::new(grammar)),
        Format::Ndjson => Box::new(Ndjson(grammar)),
        Format::Junit => Box::new(Junit::new(grammar)),
        Format::Sarif => Box::new(Sarif::new(grammar)),
        Format::Github => Box::new(Github),
        Format::Mail => Box::new(Mail::new(grammar)),
        Format::Html => Box::new(Html::new(grammar)),
    }
}
