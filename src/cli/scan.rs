//! `ksplat scan PATH…`: trees of logs, the splats grouped by signature.

use super::args::Options;
use super::batch::Batch;
use super::signals::Stop;
use super::triage::analyzer;
use super::{Outcome, output};
use ksplat::render::{Ending, ScanText};
use std::path::PathBuf;

/// Runs the command.
pub fn run(options: &Options, paths: &[PathBuf]) -> Outcome {
    let stop = Stop::on_signals()?;
    let analyzer = analyzer(options, &stop)?;
    let text = ScanText::new(output::style(options), options.verbose);
    let mut batch = Batch::new(options, &analyzer, stop, text)?;
    let groups = batch.scan(paths);
    Ok(batch.finish(Ending::Scan(&groups))?)
}
