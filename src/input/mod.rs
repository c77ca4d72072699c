//! Input: bytes of a log, cut into physical lines.
//!
//! In: a mapped file or the chunks of a stream. Out: physical lines with their numbers. Where the
//! reader of the lines waits for nothing, stretches without any literal of interest are passed
//! over at the speed of the search.

mod lines;
mod source;

pub use lines::{LineReader, Visitor};
pub use source::{InputError, Source, read_chunks};
