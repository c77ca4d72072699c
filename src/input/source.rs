//! Sources: where the bytes come from.

use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes asked of a stream at once.
const CHUNK: usize = 256 * 1024;

/// An input that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}; name a readable log, or - for standard input")]
pub struct InputError {
    /// As the user named it.
    pub path: String,
    /// From the operating system.
    pub reason: io::Error,
}

/// Files up to so many bytes are read rather than mapped: a copy costs less than the page faults and
/// the changes of the address space, which threads take turns at.
const SMALL: u64 = 1 << 20;

/// An opened input.
#[derive(Debug)]
pub enum Source<'b> {
    /// A small file, read.
    Read(&'b [u8]),
    /// A regular file, mapped.
    Mapped(Mmap),
    /// A pipe, a device, or a file that cannot be mapped.
    Stream(File),
}

impl Source<'_> {
    /// Opens a file. Reads a small one into `buffer`, which grows as needed.
    ///
    /// # Errors
    /// What the operating system says, with the path.
    pub fn open<'b>(path: &Path, buffer: &'b mut Vec<u8>) -> Result<Source<'b>, InputError> {
        let fail = |reason| InputError {
            path: path.display().to_string(),
            reason,
        };
        let mut file = File::open(path).map_err(fail)?;
        let metadata = file.metadata().map_err(fail)?;
        if metadata.is_dir() {
            return Err(fail(io::ErrorKind::IsADirectory.into()));
        }
        if !metadata.is_file() || metadata.len() == 0 {
            return Ok(Source::Stream(file));
        }
        if metadata.len() <= SMALL {
            let size = metadata.len() as usize;
            let read = read_small(&mut file, size, buffer);
            return Ok(Source::Read(read.map_err(fail)?));
        }
        // SAFETY: the map is read only. A file that another process shortens meanwhile makes the
        // kernel kill this process (SIGBUS), as it would any mapping reader; nothing is written
        // and no other invariant depends on the bytes staying the same.
        match unsafe { Mmap::map(&file) } {
            Ok(map) => Ok(Source::Mapped(map)),
            Err(_) => Ok(Source::Stream(file)),
        }
    }
}

/// Reads the first `size` bytes of a file; what is appended to it meanwhile is left.
fn read_small<'b>(file: &mut File, size: usize, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
    if buffer.len() < size {
        buffer.resize(size, 0);
    }
    let mut length = 0;
    while length < size {
        match file.read(&mut buffer[length..size]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(&buffer[..length])
}

/// Hands the bytes of a stream to `take` as they come.
///
/// # Errors
/// What the operating system says.
pub fn read_chunks(stream: impl Read, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    read_chunks_or_pause(stream, |chunk| {
        if let Some(chunk) = chunk {
            take(chunk);
        }
    })
}

/// The same, with `None` whenever the stream says that nothing has come yet (`WouldBlock`).
///
/// # Errors
/// What the operating system says.
pub fn read_chunks_or_pause(
    mut stream: impl Read,
    mut take: impl FnMut(Option<&[u8]>),
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => take(Some(&chunk[..length])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => take(None),
            Err(error) => return Err(error),
        }
    }
}
