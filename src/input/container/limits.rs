//! Limits on what an input may unpack to, and the meter that watches them.
//!
//! Decoders of others pass errors on as they like, or lose them. So the meter keeps the first
//! cause: whoever meets an error asks it.

use super::error::Trouble;
use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far containers are followed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes that all compressed data of one input may unpack to.
    pub max_size: u64,
    /// Times its own size that compressed data may unpack to. Logs repeat themselves: it counts only
    /// beyond a sixteenth of `max_size`.
    pub max_ratio: u64,
    /// Containers within containers.
    pub max_depth: usize,
    /// Members and containers in one input.
    pub max_members: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_size: 4 << 30,
            max_ratio: 1000,
            max_depth: 8,
            max_members: 16 << 20,
        }
    }
}

/// What an input has unpacked to, and the first thing that went wrong since it was last asked.
#[derive(Debug)]
pub(super) struct Meter {
    pub limits: Limits,
    unpacked: Cell<u64>,
    spent: Cell<bool>,
    trouble: RefCell<Option<Trouble>>,
}

impl Meter {
    pub fn new(limits: Limits) -> Meter {
        Meter {
            limits,
            unpacked: Cell::new(0),
            spent: Cell::new(false),
            trouble: RefCell::new(None),
        }
    }

    /// True where nothing more may be read of the input.
    pub fn is_spent(&self) -> bool {
        self.spent.get()
    }

    /// Bytes that may still come out of decoders.
    pub fn room(&self) -> u64 {
        self.limits.max_size.saturating_sub(self.unpacked.get())
    }

    /// Ends the reading of the input: nobody wants more.
    pub fn close(&self) {
        self.spent.set(true);
    }

    /// Ends the reading of the input.
    pub fn end(&self, trouble: Trouble) {
        self.spent.set(true);
        self.keep(trouble);
    }

    /// The first cause.
    pub fn take_trouble(&self) -> Option<Trouble> {
        self.trouble.borrow_mut().take()
    }

    /// Keeps a cause where none is known.
    pub fn keep(&self, trouble: Trouble) {
        self.trouble.borrow_mut().get_or_insert(trouble);
    }

    /// Counts what a decoder gave: `own` of its bytes so far, from `packed` bytes.
    pub fn count(&self, length: u64, own: u64, packed: u64) -> io::Result<()> {
        let total = self.unpacked.get().saturating_add(length);
        self.unpacked.set(total);
        if total > self.limits.max_size {
            self.end(Trouble::Total(self.limits.max_size));
        } else if self.limits.is_bomb(own, packed) {
            self.keep(Trouble::Ratio {
                ratio: self.limits.max_ratio,
                bytes: own,
            });
        } else {
            return Ok(());
        }
        Err(io::Error::other("limit reached"))
    }

    /// Counts all that a decoder gave from `packed` bytes, where that is within the limits; false and
    /// nothing counted where it is not.
    pub fn count_whole(&self, length: u64, packed: u64) -> bool {
        let total = self.unpacked.get().saturating_add(length);
        let fits = total <= self.limits.max_size && !self.limits.is_bomb(length, packed);
        if fits {
            self.unpacked.set(total);
        }
        fits
    }
}

impl Limits {
    /// True for so many bytes out of so few that no log packs like that.
    fn is_bomb(&self, length: u64, packed: u64) -> bool {
        // Small files are let off: a log of one line over and over packs to a thousandth.
        length > self.max_size / 16 && length / self.max_ratio.max(1) > packed
    }
}

/// Packed data on its way into a decoder, counted.
pub(super) struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R> Counted<R> {
    pub fn new(inner: R, count: &Arc<AtomicU64>) -> Counted<R> {
        Counted {
            inner,
            count: Arc::clone(count),
        }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// What comes out of a decoder, held against the limits.
pub(super) struct Metered<R> {
    /// The decoder.
    pub decoder: R,
    /// Its name in messages.
    pub format: &'static str,
    /// Bytes that went into it.
    pub packed: Arc<AtomicU64>,
    /// Bytes that came out of it.
    pub unpacked: u64,
    /// The limits.
    pub meter: Rc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.is_spent() {
            return Err(io::Error::other("limit reached"));
        }
        // Kept here, because the code around a decoder may turn its error into another one.
        let length = self.decoder.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.meter.keep(Trouble::broken(self.format, error));
            }
        })?;
        self.unpacked += length as u64;
        self.meter.count(
            length as u64,
            self.unpacked,
            self.packed.load(Ordering::Relaxed),
        )?;
        Ok(length)
    }
}
