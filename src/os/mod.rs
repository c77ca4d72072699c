//! What operating systems do in ways of their own.
//!
//! In: files and paths. Out: the same for all others. Unix knows FIFOs, links that are put in the place of a file, and owners;
//! Windows has none of them, or guards against them itself.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;
