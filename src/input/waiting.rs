//! Files that may have nothing to read for now: pipes, FIFOs, terminals.
//!
//! In: an open file. Out: a reader that says `WouldBlock` when nothing comes for a while, so that what was held
//! back can be printed, and that ends when the run does. It asks before each read: a FIFO that nobody has opened
//! for writing yet is no end, which a read of it would say.

use crate::os;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A stream that says nothing for so long is silent.
const PAUSE: Duration = Duration::from_millis(200);

/// A reader that does not wait for long.
#[derive(Debug)]
pub struct PolledFile {
    file: File,
    stop: Option<Arc<AtomicBool>>,
}

impl PolledFile {
    /// Reads a file; when `stop` becomes true, it ends.
    pub fn new(file: File, stop: Option<Arc<AtomicBool>>) -> PolledFile {
        PolledFile { file, stop }
    }

    fn is_stopped(&self) -> bool {
        let stop = self.stop.as_ref();
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Read for PolledFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Asked after the wait as well: a signal may have come meanwhile.
        match os::is_ready(&self.file, PAUSE) {
            _ if self.is_stopped() => Ok(0),
            true => self.file.read(buffer),
            false => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{PipeReader, PipeWriter, Write};
    use std::os::fd::OwnedFd;

    fn pipe() -> (File, PipeWriter) {
        let (reader, writer): (PipeReader, PipeWriter) = io::pipe().expect("a pipe");
        (File::from(OwnedFd::from(reader)), writer)
    }

    #[test]
    fn a_silent_pipe_says_so_and_its_end_is_an_end() {
        let (file, mut writer) = pipe();
        let mut waiting = PolledFile::new(file, None);
        let mut buffer = [0; 8];
        let silent = waiting.read(&mut buffer).expect_err("nothing came");
        assert_eq!(silent.kind(), ErrorKind::WouldBlock);
        writer.write_all(b"log").expect("written");
        assert_eq!(waiting.read(&mut buffer).expect("read"), 3);
        drop(writer);
        assert_eq!(waiting.read(&mut buffer).expect("read"), 0);
    }

    #[test]
    fn a_run_that_ends_does_not_wait() {
        let (file, _writer) = pipe();
        let stop = Arc::new(AtomicBool::new(true));
        let mut waiting = PolledFile::new(file, Some(stop));
        assert_eq!(waiting.read(&mut [0; 8]).expect("the end"), 0);
    }
}
