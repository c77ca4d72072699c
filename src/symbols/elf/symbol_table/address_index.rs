//! Symbols by where they begin. In: the symbols of a file. Out: those that begin near an address.
//!
//! A splat asks for what is at, below and after some fifty addresses, one after another. A pass over a kernel's 200,000
//! symbols for each question took a third of the whole run, and so did sorting them once. Two passes that put each into
//! the block of addresses it begins in take a tenth of that, and a block holds some fifty.

/// 16 KiB.
const BLOCK_BITS: u32 = 14;
/// What begins 256 MiB higher shares the block: whoever looks compares whole addresses. A kernel has 64 MiB.
const BLOCKS: usize = 1 << 14;

/// The numbers of the symbols of a file, by the block of addresses that each begins in.
#[derive(Default)]
pub(in crate::symbols::elf) struct AddressIndex {
    /// Where in `numbers` each block ends.
    ends: Vec<u32>,
    /// In the order of the file within a block.
    numbers: Vec<u32>,
}

impl AddressIndex {
    /// `count` and `fill` hand over the same symbols: where each begins, and its number.
    pub(super) fn new(
        count: impl FnOnce(&mut BlockCounts),
        fill: impl FnOnce(&mut AddressIndex),
    ) -> AddressIndex {
        let mut counts = BlockCounts(vec![0; BLOCKS]);
        count(&mut counts);
        let BlockCounts(mut ends) = counts;
        let mut sum = 0;
        for end in &mut ends {
            // First where the block begins: filling it moves that to its end.
            (sum, *end) = (sum + *end, sum);
        }
        let numbers = vec![0; sum as usize];
        let mut index = AddressIndex { ends, numbers };
        fill(&mut index);
        index
    }

    /// A file that changes while it is read may have more symbols the second time: they are left out.
    #[inline]
    pub(super) fn add(&mut self, address: u64, number: u32) {
        let end = &mut self.ends[place(address)];
        if let Some(free) = self.numbers.get_mut(*end as usize) {
            *free = number;
            *end += 1;
        }
    }

    /// The symbols that begin in the block of an address, and then those in the blocks above it, block by block.
    pub(super) fn upwards(&self, address: u64) -> impl Iterator<Item = (u64, &[u32])> {
        let blocks = (block(address)..).take(BLOCKS);
        blocks.map(|block| (block, self.block(block)))
    }

    /// The same, with the blocks below it.
    pub(super) fn downwards(&self, address: u64) -> impl Iterator<Item = (u64, &[u32])> {
        let blocks = (0..=block(address)).rev().take(BLOCKS);
        blocks.map(|block| (block, self.block(block)))
    }

    /// All symbols.
    pub(super) fn all(&self) -> &[u32] {
        &self.numbers
    }

    fn block(&self, block: u64) -> &[u32] {
        let place = (block % BLOCKS as u64) as usize;
        let begin = place.checked_sub(1).and_then(|last| self.ends.get(last));
        let begin = begin.copied().unwrap_or(0) as usize;
        let end = self.ends.get(place).copied().unwrap_or(0) as usize;
        self.numbers.get(begin..end).unwrap_or_default()
    }
}

/// How many symbols begin in each block.
pub(super) struct BlockCounts(Vec<u32>);

impl BlockCounts {
    #[inline]
    pub(super) fn add(&mut self, address: u64) {
        self.0[place(address)] += 1;
    }
}

/// The block of an address.
pub(super) fn block(address: u64) -> u64 {
    address >> BLOCK_BITS
}

fn place(address: u64) -> usize {
    (block(address) % BLOCKS as u64) as usize
}
