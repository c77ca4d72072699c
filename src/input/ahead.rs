//! Bytes that another thread reads ahead.
//!
//! In: chunks, or an error, through a channel. Out: a reader.

use std::io::{self, Read};
use std::sync::mpsc::Receiver;

/// Chunks that may wait.
pub const AHEAD: usize = 8;

/// Bytes of a chunk.
pub const CHUNK: usize = 128 * 1024;

/// A reader of chunks.
#[derive(Debug)]
pub struct ReadAhead {
    received: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    given: usize,
}

impl ReadAhead {
    /// For chunks that come from here.
    pub fn new(received: Receiver<io::Result<Vec<u8>>>) -> ReadAhead {
        ReadAhead {
            received,
            chunk: Vec::new(),
            given: 0,
        }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.chunk.len() {
            self.chunk = match self.received.recv() {
                Ok(chunk) => chunk?,
                Err(_) => return Ok(0),
            };
            self.given = 0;
        }
        let length = (&self.chunk[self.given..]).read(buffer)?;
        self.given += length;
        Ok(length)
    }
}
