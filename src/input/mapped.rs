//! Mapped files. What was read of a large one is given back, so that it does not stay resident.
//!
//! In: a file. Out: its bytes. Whoever goes through them in order says so ([`passed`], [`Passing`]); the kernel
//! keeps what is given back in its cache, and reading it again is no error.

use super::guard::Guard;
use memmap2::Mmap;
use std::fs::File;
use std::io::{self, Read};
use std::ops::{Deref, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Smaller files stay as they are.
const LARGE: usize = 64 << 20;

/// Bytes after the place that was reached that stay: lines are read not far after the search.
const KEEP: usize = 32 << 20;

/// Bytes that are given back at once; a multiple of every page size.
pub const STEP: usize = 16 << 20;

/// A mapped file.
#[derive(Debug)]
pub struct Mapped {
    /// Goes before the map does.
    guard: Guard,
    map: Mmap,
}

/// The large ones.
static LARGE_ONES: Mutex<Vec<Large>> = Mutex::new(Vec::new());

/// Where a large one is in memory.
#[derive(Debug)]
struct Large {
    addresses: Range<usize>,
    /// Up to here it was given back.
    given_back: usize,
}

impl Mapped {
    /// Maps a file.
    ///
    /// # Errors
    /// What the operating system says; some files cannot be mapped, and no more than some thousand at once.
    pub fn new(file: &File) -> io::Result<Mapped> {
        // SAFETY: the map is read only, and nothing but what is read depends on its bytes staying the same. Where
        // another process shortens the file meanwhile, the guard puts zeros there.
        let map = unsafe { Mmap::map(file)? };
        let start = map.as_ptr() as usize;
        let guard = Guard::of(start..start + map.len())?;
        if map.len() >= LARGE {
            large_ones().push(Large {
                addresses: start..start + map.len(),
                given_back: start,
            });
        }
        Ok(Mapped { guard, map })
    }

    /// True where the file was cut short since, and zeros were read instead.
    pub fn is_cut(&self) -> bool {
        self.guard.is_cut()
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        let start = self.map.as_ptr() as usize;
        large_ones().retain(|large| large.addresses.start != start);
    }
}

fn large_ones() -> MutexGuard<'static, Vec<Large>> {
    LARGE_ONES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything up to the end of `bytes` was read. Does nothing for bytes of no large file.
pub fn passed(bytes: &[u8]) {
    let (start, end) = (bytes.as_ptr() as usize, bytes.as_ptr_range().end as usize);
    let mut large_ones = large_ones();
    let mut holders = large_ones.iter_mut();
    let Some(large) = holders.find(|large| large.addresses.contains(&start)) else {
        return;
    };
    let begin = large.addresses.start;
    let to = begin + end.saturating_sub(begin + KEEP) / STEP * STEP;
    if to > large.given_back {
        // SAFETY: these are whole pages of a file that is mapped for reading only, and stays so while it is in the
        // list, which is locked: whoever reads them again gets the same bytes from the file.
        unsafe { give_back(large.given_back..to) };
    }
    // A reader may go through the file once more: what it reads again is given back again.
    large.given_back = to;
}

/// The bytes were read for now, in whatever order: their pages need not stay. Does nothing for bytes of no large file.
pub fn let_go(bytes: &[u8]) {
    let addresses = bytes.as_ptr() as usize..bytes.as_ptr_range().end as usize;
    let large_ones = large_ones();
    let is_in = |large: &Large| large.addresses.contains(&addresses.start);
    if large_ones.iter().any(is_in) {
        // A multiple of every machine's pages.
        const PAGES: usize = 1 << 16;
        let pages = addresses.start.next_multiple_of(PAGES)..addresses.end / PAGES * PAGES;
        if !pages.is_empty() {
            // SAFETY: as in `passed`.
            unsafe { give_back(pages) };
        }
    }
}

/// # Safety
/// The addresses must be whole pages of a file that is mapped for reading only.
unsafe fn give_back(addresses: Range<usize>) {
    #[cfg(target_os = "linux")]
    {
        use rustix::mm::{Advice, madvise};
        // Where the kernel refuses, the pages stay.
        let _ = unsafe {
            madvise(
                addresses.start as *mut _,
                addresses.len(),
                Advice::LinuxDontNeed,
            )
        };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = addresses;
}

/// The bytes in pieces, each of which is passed when the next one is asked for.
pub fn in_steps(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = (0..bytes.len()).step_by(STEP);
    begins.map(move |begin| {
        passed(&bytes[..begin]);
        &bytes[begin..bytes.len().min(begin + STEP)]
    })
}

/// Reads bytes in order, and says so.
#[derive(Debug)]
pub struct Passing<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Up to here it was said.
    said: usize,
}

impl<'a> Passing<'a> {
    /// From the beginning of `bytes` on.
    pub fn new(bytes: &'a [u8]) -> Passing<'a> {
        Passing {
            bytes,
            at: 0,
            said: 0,
        }
    }
}

impl Read for Passing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (&self.bytes[self.at..]).read(buffer)?;
        self.at += length;
        if self.at - self.said >= STEP {
            passed(&self.bytes[..self.at]);
            self.said = self.at;
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{Mapped, Passing, large_ones, passed};
    use std::io::{Read, Write};

    /// Larger than what stays.
    const SIZE: usize = 100 << 20;

    fn given_back(map: &Mapped) -> usize {
        let start = map.as_ptr() as usize;
        let all = large_ones();
        let large = all.iter().find(|large| large.addresses.start == start);
        large.map_or(0, |large| large.given_back - start)
    }

    #[test]
    fn a_file_that_is_cut_short_reads_as_zeros_and_says_so() {
        let mut file = tempfile::tempfile().expect("a file");
        let page = 1 << 16;
        file.write_all(&vec![b'x'; 4 * page]).expect("written");
        let map = Mapped::new(&file).expect("mapped");
        assert!(map[..page].iter().all(|byte| *byte == b'x'));
        file.set_len(page as u64).expect("cut");
        assert!(map[page..].iter().all(|byte| *byte == 0));
        assert!(map[..page].iter().all(|byte| *byte == b'x'));
        assert!(map.is_cut());
        let other = tempfile::tempfile().expect("a file");
        other.set_len(page as u64).expect("long enough");
        assert!(!Mapped::new(&other).expect("mapped").is_cut());
    }

    #[test]
    fn what_was_passed_is_given_back_and_can_be_read_again() {
        let mut file = tempfile::tempfile().expect("a file");
        let block: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
        for _ in 0..SIZE >> 20 {
            file.write_all(&block).expect("written");
        }
        let map = Mapped::new(&file).expect("mapped");
        passed(&map[..40 << 20]);
        assert_eq!(given_back(&map), 0);
        let mut read = Vec::new();
        Passing::new(&map).read_to_end(&mut read).expect("read");
        assert_eq!(given_back(&map), 64 << 20);
        assert!(read == *map);
        passed(&read);
        let start = map.as_ptr() as usize;
        drop(map);
        assert!(
            !large_ones()
                .iter()
                .any(|large| large.addresses.start == start)
        );
    }
}
