//! Input: bytes of a log, cut into physical lines.
//!
//! In: a mapped file or the chunks of a stream. Out: the texts in it, taken out of their
//! [`container`]s, and of each the physical lines with their numbers. Where the
//! reader of the lines waits for nothing, stretches without any literal of interest are passed
//! over at the speed of the search.

mod ahead;
pub mod container;
mod deferred_lines;
mod finder;
mod folder;
#[cfg_attr(windows, path = "unguarded.rs")]
mod guard;
pub mod inbox;
mod lines;
mod mapped;
mod pstore;
mod source;
mod waiting;

pub use deferred_lines::DeferredLines;
pub use finder::Finder;
pub use folder::{DRAFT_PREFIX, Entries, Entry, FileEntry, entries};
pub use lines::{LineReader, MAX_LINE, Role, Visitor};
pub use mapped::{Mapped, in_steps, let_go};
pub use pstore::PartHead;
pub use source::{InputError, InputSource, cut_short, read_chunks, read_chunks_or_pause};
pub use waiting::PolledFile;
