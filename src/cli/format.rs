//! Forms of the output: each name and who writes it.

use super::args::Options;
use super::output;
use clap::ValueEnum;
use ksplat::grammar::Grammar;
use ksplat::render::{Json, Ndjson, Output, Text};

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Blocks for people
    Text,
    /// One JSON document
    Json,
    /// One JSON object a splat, as soon as it is complete
    Ndjson,
}

/// Who writes the form that `--format` names.
pub fn output<'a>(options: &Options, grammar: &'a Grammar) -> Box<dyn Output + 'a> {
    match options.format {
        Format::Text => Box::new(Text::new(grammar, output::style(options), options.quiet)),
        Format::Json => Box::new(Json::new(grammar)),
        Format::Ndjson => Box::new(Ndjson(grammar)),
    }
}
