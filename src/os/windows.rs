//! Windows: a file that is open is neither cut short nor taken away, and nobody puts a link in its place.

use std::ffi::OsStr;
use std::fs::File;
#[cfg(feature = "cli")]
use std::fs::{Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::windows::fs::FileExt;
use std::os::windows::io::AsHandle;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A folder: files are found by their paths.
pub type Folder = PathBuf;

/// The folder.
pub fn folder(path: &Path) -> Option<Folder> {
    Some(path.to_owned())
}

/// Opens what the user names.
///
/// # Errors
/// What the operating system says.
pub fn open_named(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens what a folder lists as a file.
///
/// # Errors
/// What the operating system says.
pub fn open_listed(folder: &Folder, name: &OsStr) -> io::Result<File> {
    File::open(folder.join(name))
}

/// The same by its whole path.
///
/// # Errors
/// What the operating system says.
pub fn open_listed_path(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Standard input, which stays open for others.
///
/// # Errors
/// What the operating system says.
pub fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// Pipes cannot be asked: the read waits.
pub fn is_ready(_: &File, _: Duration) -> bool {
    true
}

/// Pipes cannot be asked: each answer is printed at once.
#[cfg(feature = "cli")]
pub fn is_input_at_hand() -> bool {
    false
}

/// Consoles are not asked: the text is as wide as where there is none.
#[cfg(feature = "cli")]
pub fn terminal_size() -> Option<(u16, u16)> {
    None
}

/// Fills a buffer from a place in a file.
///
/// # Errors
/// What the operating system says, or that the file is shorter.
pub fn read_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        let read = file.seek_read(buffer, offset)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        buffer = &mut buffer[read..];
        offset += read as u64;
    }
    Ok(())
}

/// Writes to a place in a file.
///
/// # Errors
/// What the operating system says.
pub fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, offset)?;
        if written == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

/// A file gets the rights of its folder.
#[cfg(feature = "cli")]
pub fn private(_: &mut OpenOptions) {}

/// A file has the rights of its folder.
///
/// # Errors
/// None.
#[cfg(feature = "cli")]
pub fn like(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
