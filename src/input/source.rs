//! Sources: where the bytes come from.

use super::FileEntry;
use super::mapped::Mapped;
use super::waiting::PolledFile;
use crate::os;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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
const SMALL: usize = 1 << 20;

/// An opened input.
#[derive(Debug)]
pub enum InputSource<'b> {
    /// A small file, read.
    Read(&'b [u8]),
    /// A regular file, mapped.
    Mapped(Mapped),
    /// A pipe, a device, or a file that cannot be mapped.
    Stream(PolledFile),
}

impl InputSource<'_> {
    /// Opens a file; `-` is standard input. Reads a small one into `buffer`, which grows as needed. A stream ends when `stop` becomes true.
    ///
    /// # Errors
    /// What the operating system says, with the path.
    pub fn open<'b>(
        entry: &FileEntry,
        buffer: &'b mut Vec<u8>,
        stop: Option<&Arc<AtomicBool>>,
    ) -> Result<InputSource<'b>, InputError> {
        let opened = match entry.is_standard_input() {
            true => os::standard_input().map(Opened::Stream),
            false => entry.open().and_then(|file| match entry.is_listed() {
                true => listed(file, buffer),
                false => named(file, buffer),
            }),
        };
        let opened = opened.map(|opened| match opened {
            Opened::Read(length) => InputSource::Read(&buffer[..length]),
            Opened::Large(file) => match Mapped::new(&file) {
                Ok(map) => InputSource::Mapped(map),
                // Some file systems cannot map; reading works on all.
                Err(_) => InputSource::Stream(PolledFile::new(file, stop.cloned())),
            },
            Opened::Stream(file) => InputSource::Stream(PolledFile::new(file, stop.cloned())),
        });
        opened.map_err(|reason| InputError::of(&entry.path, reason))
    }
}

/// The error of a file that was cut short while it was read.
pub fn cut_short(path: &Path) -> InputError {
    let reason = "was cut short while it was read; what came before was read";
    InputError::of(path, io::Error::other(reason))
}

impl InputError {
    /// Of a file.
    pub fn of(path: &Path, reason: io::Error) -> InputError {
        InputError {
            path: path.display().to_string(),
            reason,
        }
    }
}

/// What a file is like.
enum Opened {
    /// Small: so many bytes of it are in the buffer.
    Read(usize),
    Large(File),
    Stream(File),
}

/// A file that its folder lists as a regular one: to ask its size costs more than to see its end.
fn listed(mut file: File, buffer: &mut Vec<u8>) -> io::Result<Opened> {
    let length = read_small(&mut file, SMALL + 1, buffer)?;
    if length > SMALL {
        // It is mapped after all, from its beginning.
        file.rewind()?;
        return Ok(Opened::Large(file));
    }
    Ok(Opened::Read(length))
}

/// What the user named.
fn named(mut file: File, buffer: &mut Vec<u8>) -> io::Result<Opened> {
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    match usize::try_from(metadata.len()) {
        _ if !metadata.is_file() => Ok(Opened::Stream(file)),
        // Files of /proc say 0, and have a text.
        Ok(0) => Ok(Opened::Stream(file)),
        Ok(size) if size <= SMALL => Ok(Opened::Read(read_small(&mut file, size, buffer)?)),
        _ => Ok(Opened::Large(file)),
    }
}

/// Reads the first bytes of a file into the buffer, at most so many; gives their number.
fn read_small(file: &mut File, most: usize, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut length = 0;
    loop {
        if buffer.len() <= length {
            buffer.resize((length + CHUNK).min(most), 0);
        }
        let end = buffer.len().min(most);
        match file.read(&mut buffer[length..end]) {
            Ok(0) => return Ok(length),
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        // Without this a full buffer would make an empty read, which looks like the end.
        if length == most {
            return Ok(length);
        }
    }
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
