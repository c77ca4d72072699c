//! Work that all cores share.
//!
//! In: items. Out: what each of them gives, in their order. Where no thread can be started (a limit on processes), the
//! one that asks does all of it. rayon's own pool panics there, so this one is ours.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// More threads than this for each core only wait for one another.
const A_CORE: usize = 4;

/// Threads that were asked for; 0 where nobody asked.
static WANTED: AtomicUsize = AtomicUsize::new(0);

/// The threads, where any could be started.
static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();

/// How many threads to use, asked for by `-j`. Counts before the first work only.
pub fn use_threads(threads: usize) {
    WANTED.store(bounded(threads), Ordering::Relaxed);
}

/// A number of threads that makes sense: 1 up to some for each core.
pub fn bounded(threads: usize) -> usize {
    threads.clamp(1, cores() * A_CORE)
}

/// Cores of the machine, as far as they can be used.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What `work` makes of each item.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    match POOL.get_or_init(start) {
        Some(pool) => pool.install(|| items.par_iter().map(&work).collect()),
        None => items.iter().map(&work).collect(),
    }
}

/// As many threads as can be had.
fn start() -> Option<ThreadPool> {
    let mut threads = match WANTED.load(Ordering::Relaxed) {
        0 => cores(),
        wanted => wanted,
    };
    // Half as many may still be allowed: a limit on processes counts what others have started.
    while threads > 0 {
        if let Ok(pool) = ThreadPoolBuilder::new().num_threads(threads).build() {
            return Some(pool);
        }
        threads /= 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_in_order() {
        let items: Vec<u32> = (0..1000).collect();
        assert_eq!(map(&items, |item| item + 1), (1..=1000).collect::<Vec<_>>());
    }

    #[test]
    fn nobody_gets_more_threads_than_make_sense() {
        assert_eq!(bounded(0), 1);
        assert_eq!(bounded(1), 1);
        assert!(bounded(20_000) <= cores() * A_CORE);
    }
}
