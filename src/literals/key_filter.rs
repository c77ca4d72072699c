//! Sorts out nearly all of many things before anything else is looked at.
//!
//! In: the keys that are wanted, such as the beginnings of literals or the offsets of names. Out: whether a key may be one of
//! them.

/// A set of hashes that fits the first-level cache: sorts out nearly every key in a nanosecond.
#[derive(Debug)]
pub struct KeyFilter(Box<[u64; 1024]>);

impl KeyFilter {
    /// Of the keys that are wanted.
    pub fn new(keys: impl Iterator<Item = u64>) -> KeyFilter {
        let mut bits = Box::new([0; 1024]);
        for key in keys {
            let hash = KeyFilter::hash(key);
            bits[hash >> 6] |= 1 << (hash & 63);
        }
        KeyFilter(bits)
    }

    /// 16 bits of Fibonacci hashing.
    fn hash(key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
    }

    /// False where the key is none of those.
    pub fn may_contain(&self, key: u64) -> bool {
        let hash = KeyFilter::hash(key);
        self.0[hash >> 6] >> (hash & 63) & 1 != 0
    }
}
