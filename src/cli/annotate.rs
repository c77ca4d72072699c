//! `ksplat annotate [FILE]`: the log itself, with symbolized frames.

use super::args::Options;
use super::signals::Stop;
use super::triage::{grammar, symbolizer};
use super::{CLEAN, ERROR, INTERRUPTED, Outcome, output};
use crate::annotate::Annotator;
use crate::input::{FileEntry, InputError, PolledFile};
use crate::os;
use std::error::Error;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// A line without a line feed is taken in pieces of this many bytes.
const MAX_LINE: u64 = 1 << 20;

/// Bytes asked of the input at once.
const BUFFER: usize = 256 * 1024;

/// Runs the command.
pub fn run(options: &Options, file: Option<&Path>, code: bool) -> Outcome {
    let grammar = grammar(options)?;
    let symbolizer = symbolizer(options)?;
    let mut annotator = Annotator::new(&grammar, Some(&symbolizer)).with_code(code);
    let stop = Stop::on_signals()?;
    let mut input = open(file, &stop)?;
    let mut out = output::open(options)?;
    let mut raw = Vec::new();
    let name = file.unwrap_or(Path::new("-"));
    let failed = |error| InputError::of(name, error);
    while read_line(&mut input, &mut raw).map_err(failed)? {
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
    out.finish()?;
    output::tell_missing(&symbolizer.missing(options.verbose));
    let missing = symbolizer.missing(false);
    // Debug info was asked for and none was used: the log alone is no answer.
    let in_vain = !missing.is_empty() && !annotator.has_symbolized();
    Ok(match (stop.is_signalled(), in_vain) {
        (true, _) => INTERRUPTED,
        (false, true) => ERROR,
        (false, false) => CLEAN,
    })
}

/// Reads up to the end of a line, however long that takes; false at the end of the input.
fn read_line(input: &mut impl BufRead, raw: &mut Vec<u8>) -> io::Result<bool> {
    loop {
        let room = MAX_LINE.saturating_sub(raw.len() as u64);
        match input.by_ref().take(room).read_until(b'\n', raw) {
            Ok(_) => return Ok(!raw.is_empty()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn open(file: Option<&Path>, stop: &Stop) -> Result<BufReader<PolledFile>, Box<dyn Error>> {
    let file = match file {
        Some(path) if path.as_os_str() != "-" => {
            let entry = FileEntry::named(path.to_owned());
            let opened = entry
                .open()
                .and_then(|file| match file.metadata()?.is_dir() {
                    true => Err(ErrorKind::IsADirectory.into()),
                    false => Ok(file),
                });
            opened.map_err(|error| InputError::of(path, error))?
        }
        _ => os::standard_input()?,
    };
    let waiting = PolledFile::new(file, Some(Arc::clone(stop.flag())));
    Ok(BufReader::with_capacity(BUFFER, waiting))
}
