//! `ksplat scan PATH…`: trees of logs, the splats grouped by signature.

use super::Outcome;
use super::args::{Format, Options};
use super::batch::Batch;
use super::triage::analyzer;
use ksplat::render;
use std::path::PathBuf;

/// Runs the command.
pub fn run(options: &Options, paths: &[PathBuf]) -> Outcome {
    let analyzer = analyzer(options)?;
    let mut batch = Batch::new(options, &analyzer)?;
    let groups = batch.scan(paths)?;
    let Batch {
        inputs, reports, ..
    } = &batch;
    let ending = match options.format {
        Format::Json => render::scan_document(inputs, reports, &groups, analyzer.grammar()),
        Format::Ndjson => String::new(),
        Format::Text => render::scan_summary(&groups, &batch.totals, options.verbose, &batch.style),
    };
    Ok(batch.finish(&ending)?)
}
