//! Linux, macOS and their kin.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

#[cfg(feature = "cli")]
mod written;
#[cfg(feature = "cli")]
pub use written::{like, private};

/// An open folder.
pub type Folder = OwnedFd;

/// Opens a folder; `None` where that cannot be done, as where too many files are open.
pub fn folder(path: &Path) -> Option<Folder> {
    File::open(path).ok().map(OwnedFd::from)
}

/// Opens what the user names. A FIFO that nobody writes to is opened all the same, and no read of a device waits.
///
/// # Errors
/// What the operating system says.
pub fn open_named(path: &Path) -> io::Result<File> {
    // NOCTTY: a serial line that is read must not become the terminal of the program.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// Opens what a folder lists as a file: it is no link and no FIFO, also where somebody has put one there since.
///
/// # Errors
/// What the operating system says.
pub fn open_listed(folder: &Folder, name: &OsStr) -> io::Result<File> {
    Ok(rustix::fs::openat(folder, name, listed_flags(), Mode::empty())?.into())
}

/// The same by its whole path.
///
/// # Errors
/// What the operating system says.
pub fn open_listed_path(path: &Path) -> io::Result<File> {
    Ok(rustix::fs::open(path, listed_flags(), Mode::empty())?.into())
}

fn listed_flags() -> OFlags {
    OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY
}

/// Standard input, which stays open for others.
///
/// # Errors
/// What the operating system says.
pub fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// False where nothing comes from a file for so long. Where it cannot be asked for, the read will say what is wrong.
pub fn is_ready(file: &File, patience: Duration) -> bool {
    let patience = Timespec {
        tv_sec: patience.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    };
    let mut files = [PollFd::new(file, PollFlags::IN)];
    !matches!(
        poll(&mut files, Some(&patience)),
        // A signal says nothing of the file; whoever waits looks whether it should stop.
        Ok(0) | Err(rustix::io::Errno::INTR)
    )
}

/// Whether a read of standard input goes on at once; true at its end as well.
#[cfg(feature = "cli")]
pub fn is_input_at_hand() -> bool {
    let input = io::stdin();
    let mut polled = [PollFd::new(&input, PollFlags::IN)];
    poll(&mut polled, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Rows and columns of the terminal that the output goes to; 0 where it does not say.
#[cfg(feature = "cli")]
pub fn terminal_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some((size.ws_row, size.ws_col))
}

/// Fills a buffer from a place in a file.
///
/// # Errors
/// What the operating system says, or that the file is shorter.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    file.read_exact_at(buffer, offset)
}

/// Writes to a place in a file.
///
/// # Errors
/// What the operating system says.
pub fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}
