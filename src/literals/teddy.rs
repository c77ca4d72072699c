//! The vector search: dozens of literals at once, at the speed of memory.
//!
//! The way of Hyperscan's Teddy: two table look-ups give for each byte the buckets whose windows may have
//! it at a place; the same for the bytes after it, and what is left of the buckets is compared
//! whole. The aho-corasick crate has the same search for the beginnings of literals; with windows
//! found beforehand ([`super::fingerprints`]) it takes twice as many literals at more than twice the speed.

mod vectors;

use super::fingerprints::{self, Fingerprint, WIDTH};
use vectors::{Candidates, FeedCounter};

/// Bytes that one step looks at.
const STEP: usize = 64;

/// The bytes of it, and those of the windows that begin at the last ones.
type StepBytes = [u8; STEP + WIDTH - 1];

/// Hashes that are distinguished; few of them are those of windows.
const HASHES: usize = 1 << 15;

/// Literals, ready to be searched for on a CPU with AVX2.
#[derive(Debug)]
pub struct Teddy {
    /// For each place of a window and each low half of a byte the buckets that may have it there.
    low: [[u8; 16]; WIDTH],
    /// The same for the high half.
    high: [[u8; 16]; WIDTH],
    /// A bit for each hash that a window has: most places that the buckets let through end here.
    hashes: Box<[u64]>,
    /// Where each window is in `windows`; a power of two, and mostly empty.
    slots: Vec<Option<usize>>,
    windows: Vec<SharedWindow>,
}

/// A window and the literals that have it.
#[derive(Debug)]
struct SharedWindow {
    window: [u8; WIDTH],
    literals: Vec<Literal>,
}

#[derive(Debug)]
struct Literal {
    number: usize,
    text: Box<[u8]>,
    /// Offset of the window.
    offset: usize,
    /// Bytes next to the window, and their offset: they show at once that it is another word's.
    next: Option<(usize, [u8; WIDTH])>,
}

impl Literal {
    fn new(number: usize, text: &[u8], offset: usize) -> Literal {
        let before = offset.checked_sub(WIDTH);
        let next = [before, Some(offset + WIDTH)].into_iter().flatten();
        let mut next = next.filter_map(|at| Some((at, *text.get(at..)?.first_chunk()?)));
        Literal {
            number,
            text: text.into(),
            offset,
            next: next.next(),
        }
    }

    /// True where the literal's window is the one at `at`.
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let begin = at.checked_sub(self.offset);
        let text = begin.and_then(|begin| bytes.get(begin..));
        let fits = |(at, next): (usize, [u8; WIDTH])| {
            let found = text.and_then(|text| text.get(at..)?.first_chunk());
            found == Some(&next)
        };
        self.next.is_none_or(fits) && text.is_some_and(|text| text.starts_with(&self.text))
    }
}

impl Teddy {
    /// `None` where the CPU lacks the instructions, or a literal has no fingerprint.
    pub fn new(literals: &[&str]) -> Option<Teddy> {
        let texts: Vec<&[u8]> = literals.iter().map(|literal| literal.as_bytes()).collect();
        Teddy::with(&texts, &fingerprints::of_all(&texts)?)
    }

    fn with(texts: &[&[u8]], fingerprints: &[Fingerprint]) -> Option<Teddy> {
        // The table look-ups give nothing for bytes beyond ASCII.
        if !vectors::are_there() || !texts.iter().all(|text| text.is_ascii()) {
            return None;
        }
        let mut teddy = Teddy {
            low: [[0; 16]; WIDTH],
            high: [[0; 16]; WIDTH],
            hashes: vec![0; HASHES / 64].into(),
            // Four times as many slots as windows, so that an empty one ends nearly every look-up.
            slots: vec![None; (4 * texts.len()).next_power_of_two()],
            windows: Vec::new(),
        };
        for (number, &Fingerprint { offset, bucket }) in fingerprints.iter().enumerate() {
            let text = texts[number];
            let window: [u8; WIDTH] = std::array::from_fn(|place| text[offset + place]);
            teddy.admit(&window, 1 << bucket);
            let literal = Literal::new(number, text, offset);
            teddy.entry(window).literals.push(literal);
        }
        Some(teddy)
    }

    fn admit(&mut self, window: &[u8; WIDTH], bucket: u8) {
        let hash = short_hash(*window);
        self.hashes[hash / 64] |= 1 << (hash % 64);
        for (place, byte) in window.iter().enumerate() {
            self.low[place][usize::from(byte & 15)] |= bucket;
            self.high[place][usize::from(byte >> 4)] |= bucket;
        }
    }

    fn entry(&mut self, window: [u8; WIDTH]) -> &mut SharedWindow {
        let slot = self.slot(window);
        let index = *self.slots[slot].get_or_insert(self.windows.len());
        if index == self.windows.len() {
            self.windows.push(SharedWindow {
                window,
                literals: Vec::new(),
            });
        }
        &mut self.windows[index]
    }

    /// The slot of a window, or the empty one where it would be.
    fn slot(&self, window: [u8; WIDTH]) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (hash(window) >> 16) as usize & mask;
        // Ends, because three of four slots are empty.
        while self.slots[slot].is_some_and(|index| self.windows[index].window != window) {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// The first window of a literal at or after `from`, and the literal: the first one of those that
    /// have their window there.
    pub fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        self.find_by(bytes, from, &mut ())
    }

    /// The same, and the number of line feeds from `from` up to its place, or to the end.
    pub fn find_and_count(&self, bytes: &[u8], from: usize) -> (Option<(usize, usize)>, u64) {
        let mut feeds = 0;
        let found = self.find_by(bytes, from, &mut feeds);
        (found, feeds)
    }

    /// Looks step by step at the places that may be those of windows: `seen` in a whole step, `last` in the
    /// bytes after those.
    #[inline(always)]
    fn walk(
        &self,
        bytes: &[u8],
        from: usize,
        count: &mut impl FeedCounter,
        seen: impl Fn(&StepBytes) -> Candidates,
        last: impl Fn(&[u8]) -> Candidates,
    ) -> Option<(usize, usize)> {
        let mut at = from;
        let mut rest = bytes.get(from..)?;
        while let Some(step) = rest.first_chunk() {
            let seen = seen(step);
            if seen.places != 0
                && let Some(found) = self.compare_all(bytes, at, seen.places)
            {
                count.add(seen.feeds & ones(found.0 - at));
                return Some(found);
            }
            count.add(seen.feeds);
            at += STEP;
            rest = &rest[STEP..];
        }
        let seen = last(rest);
        let found = self.compare_all(bytes, at, seen.places);
        match found {
            Some((place, _)) => count.add(seen.feeds & ones(place - at)),
            None => {
                count.add(seen.feeds);
                // The few bytes after a step.
                let left = rest.iter().skip(STEP);
                left.for_each(|byte| count.add(u64::from(*byte == b'\n')));
            }
        }
        found
    }

    /// The first literal that has its window at one of the `places` after `at`, a bit each.
    #[inline(always)]
    fn compare_all(&self, bytes: &[u8], at: usize, mut places: u64) -> Option<(usize, usize)> {
        while places != 0 {
            let at = at + places.trailing_zeros() as usize;
            places &= places - 1;
            // The last bytes have no window.
            let window = *bytes.get(at..)?.first_chunk()?;
            if self.may_be_window(window) {
                let found = self.compare(bytes, at, window);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// False where no literal has this window.
    #[inline]
    fn may_be_window(&self, window: [u8; WIDTH]) -> bool {
        let hash = short_hash(window);
        self.hashes[hash / 64] >> (hash % 64) & 1 == 1
    }

    /// The literal that has its window at a place.
    // Kept out of the loop, whose few instructions are what makes the search fast.
    #[inline(never)]
    fn compare(&self, bytes: &[u8], at: usize, window: [u8; WIDTH]) -> Option<(usize, usize)> {
        let entry = &self.windows[self.slots[self.slot(window)]?];
        let literals = entry.literals.iter();
        let mut literals = literals.filter(|literal| literal.is_at(bytes, at));
        literals.next().map(|literal| (at, literal.number))
    }
}

/// So many low bits, or all.
fn ones(count: usize) -> u64 {
    1u64.checked_shl(count as u32)
        .map_or(u64::MAX, |bit| bit - 1)
}

/// Fibonacci hashing; the high bits are the good ones.
fn hash(window: [u8; WIDTH]) -> u32 {
    u32::from_le_bytes(window).wrapping_mul(0x9e37_79b9)
}

fn short_hash(window: [u8; WIDTH]) -> usize {
    let hash = u64::from(hash(window));
    ((hash * HASHES as u64) >> u32::BITS) as usize
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Teddy};
    use proptest::prelude::*;

    /// Literals that have their fingerprints somewhere; `None` where the CPU lacks the instructions.
    fn teddy(literals: &[&str]) -> Option<Teddy> {
        let texts: Vec<&[u8]> = literals.iter().map(|literal| literal.as_bytes()).collect();
        let fingerprint = |(number, text): (usize, &&[u8])| Fingerprint {
            offset: number % (text.len() - 3),
            bucket: number % 8,
        };
        let fingerprints: Vec<_> = texts.iter().enumerate().map(fingerprint).collect();
        Teddy::with(&texts, &fingerprints)
    }

    /// What a search for one literal after the other finds.
    fn plainly(literals: &[String], text: &[u8]) -> Vec<usize> {
        let holds = |literal: &&String| memchr::memmem::find(text, literal.as_bytes()).is_some();
        literals
            .iter()
            .enumerate()
            .filter(|(_, literal)| holds(literal))
            .map(|(index, _)| index)
            .collect()
    }

    fn all(teddy: &Teddy, text: &[u8]) -> Vec<usize> {
        let mut from = 0;
        let found = std::iter::from_fn(|| {
            let (at, literal) = teddy.find(text, from)?;
            assert!(at >= from);
            from = at + 1;
            Some(literal)
        });
        let mut found: Vec<_> = found.collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    proptest! {
        #[test]
        fn every_literal_is_found_and_nothing_else(
            literals in prop::collection::btree_set("[a-c:]{4,7}", 1..40),
            text in "[a-c: x\n]{0,300}|[a-c:\n]{60,70}",
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            let names: Vec<&str> = literals.iter().map(String::as_str).collect();
            let expected = plainly(&literals, text.as_bytes());
            if let Some(teddy) = teddy(&names) {
                let found = all(&teddy, text.as_bytes());
                let (first, feeds) = teddy.find_and_count(text.as_bytes(), 0);
                let passed = &text[..first.map_or(text.len(), |(at, _)| at)];
                prop_assert_eq!(first, teddy.find(text.as_bytes(), 0));
                prop_assert_eq!(feeds as usize, passed.matches('\n').count());
                // Of two with one window at one place the first is given.
                prop_assert!(found.iter().all(|literal| expected.contains(literal)));
                prop_assert_eq!(found.is_empty(), expected.is_empty());
                if literals.len() == 1 {
                    prop_assert_eq!(&found, &expected);
                }
            }
        }
    }

    #[test]
    fn a_literal_is_found_wherever_it_is() {
        if let Some(teddy) = teddy(&["BUG: ", "kernel BUG at", "Oops"]) {
            for length in 0..200 {
                let mut text = vec![b'.'; length];
                text.extend_from_slice(b"Oops");
                assert_eq!(all(&teddy, &text), [2], "{length}");
                text.extend_from_slice(&vec![b'U'; length]);
                assert_eq!(all(&teddy, &text), [2], "{length}");
                assert!(all(&teddy, &text[..length + 3]).is_empty(), "{length}");
            }
        }
    }

    #[test]
    fn a_literal_without_a_fingerprint_is_another_search_s() {
        assert!(Teddy::new(&["BUG", "Oops"]).is_none());
    }
}
