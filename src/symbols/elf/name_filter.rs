//! Sorts out nearly all symbols of a kernel before anything else is looked at.
//!
//! In: the keys that are wanted, such as offsets of names or blocks of addresses. Out: whether a key may be one of them.

/// A set of hashes that fits the first-level cache: sorts out nearly every symbol in a nanosecond.
pub(super) struct NameFilter(Box<[u64; 1024]>);

impl NameFilter {
    pub(super) fn new(keys: impl Iterator<Item = u64>) -> NameFilter {
        let mut bits = Box::new([0; 1024]);
        for key in keys {
            let hash = NameFilter::hash(key);
            bits[hash >> 6] |= 1 << (hash & 63);
        }
        NameFilter(bits)
    }

    /// 16 bits of Fibonacci hashing.
    fn hash(key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize
    }

    pub(super) fn may_contain(&self, key: u64) -> bool {
        let hash = NameFilter::hash(key);
        self.0[hash >> 6] >> (hash & 63) & 1 != 0
    }
}
