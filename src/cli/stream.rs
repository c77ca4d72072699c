//! Streams that may fall silent: a pipe from `dmesg -w`, a FIFO.
//!
//! In: a file that blocks. Out: a reader that answers `WouldBlock` when nothing comes for a while,
//! so that what was held back can be printed.

use ksplat::input::container::Content;
use ksplat::input::read_chunks;
use std::io::{self, ErrorKind, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// A stream that says nothing for so long is silent.
const PAUSE: Duration = Duration::from_millis(200);

/// Chunks read ahead.
const AHEAD: usize = 4;

/// Reads `stream` in a thread of its own.
///
/// # Errors
/// What the operating system says of the first read.
pub fn waiting(stream: impl Read + Send + 'static) -> io::Result<Content<'static>> {
    let (chunks, received) = mpsc::sync_channel(AHEAD);
    std::thread::spawn(move || {
        let mut open = true;
        let ended = read_chunks(stream, |chunk| {
            open = open && chunks.send(Ok(chunk.to_vec())).is_ok();
        });
        if let Err(error) = ended {
            // Nobody is left to tell where the other side has ended.
            let _ = chunks.send(Err(error));
        }
    });
    Content::stream(Waiting {
        received,
        chunk: Vec::new(),
        given: 0,
    })
}

struct Waiting {
    received: Receiver<io::Result<Vec<u8>>>,
    chunk: Vec<u8>,
    given: usize,
}

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.chunk.len() {
            self.chunk = match self.received.recv_timeout(PAUSE) {
                Ok(chunk) => chunk?,
                Err(RecvTimeoutError::Timeout) => return Err(ErrorKind::WouldBlock.into()),
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            };
            self.given = 0;
        }
        let length = (&self.chunk[self.given..]).read(buffer)?;
        self.given += length;
        Ok(length)
    }
}
