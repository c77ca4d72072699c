//! `ksplat annotate [FILE]`: the log itself, with symbolized frames.

use super::args::Options;
use super::{CLEAN, Outcome};
use std::path::Path;

/// Runs the command.
pub fn run(_options: &Options, _file: Option<&Path>) -> Outcome {
    Ok(CLEAN)
}
