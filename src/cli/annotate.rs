//! `ksplat annotate [FILE]`: the log itself, with symbolized frames.

use super::args::Options;
use super::triage::{grammar, symbolizer};
use super::{CLEAN, Outcome, output};
use ksplat::annotate::Annotator;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

/// A line without a line feed is taken in pieces of this many bytes.
const MAX_LINE: u64 = 1 << 20;

/// Bytes asked of the input at once.
const BUFFER: usize = 256 * 1024;

/// Runs the command.
pub fn run(options: &Options, file: Option<&Path>) -> Outcome {
    let grammar = grammar(options)?;
    let symbolizer = symbolizer(options)?;
    let mut annotator = Annotator::new(&grammar, symbolizer.as_ref());
    let mut input = open(file)?;
    let mut out = output::open(options)?;
    let mut raw = Vec::new();
    while input.by_ref().take(MAX_LINE).read_until(b'\n', &mut raw)? > 0 {
        for line in annotator.line(&raw) {
            out.write_all(&line)?;
        }
        // Nothing more is at hand: whoever reads the output may wait for what is there.
        if input.buffer().is_empty() {
            out.flush()?;
        }
        raw.clear();
    }
    for line in annotator.finish() {
        out.write_all(&line)?;
    }
    out.flush()?;
    Ok(CLEAN)
}

fn open(file: Option<&Path>) -> Result<BufReader<Box<dyn Read>>, Box<dyn Error>> {
    let stream: Box<dyn Read> = match file {
        Some(path) if path.as_os_str() != "-" => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(e) => {
                let path = path.display();
                return Err(
                    format!("{path}: {e}; name a readable log, or - for standard input").into(),
                );
            }
        },
        _ => Box::new(io::stdin()),
    };
    Ok(BufReader::with_capacity(BUFFER, stream))
}
