//! Symbols by address, as kallsyms chooses them. In: link addresses. Out: what begins at, below and after them.

use object::elf;

use super::address_index::{AddressIndex, block};
use super::{SymbolEntry, UNDEFINED, View};
use crate::symbols::elf::file::ElfFile;
use crate::symbols::elf::symbols::Symbol;

impl ElfFile {
    /// The function that begins at a link address.
    pub(in crate::symbols) fn function_at(&self, address: u64) -> Option<Symbol> {
        let table = View::of(self)?;
        let function = table.function_entry(address)?;
        Some(table.symbol(&function, table.next_function(address)))
    }

    /// Works out where symbols begin.
    pub(in crate::symbols) fn index_addresses(&self) {
        if let Some(table) = View::of(self) {
            table.index();
        }
    }

    /// Whether a function begins at a link address.
    pub(in crate::symbols) fn is_function_start(&self, address: u64) -> bool {
        View::of(self).is_some_and(|table| table.function_entry(address).is_some())
    }

    /// Where the function after a link address begins.
    pub(in crate::symbols) fn next_function(&self, address: u64) -> Option<u64> {
        View::of(self)?.next_function(address)
    }
}

impl<'a> View<'a> {
    /// The next higher address that kallsyms has a symbol for.
    pub(super) fn next_after(&self, address: u64) -> Option<u64> {
        self.lowest_after(address, |symbol| self.in_kallsyms(symbol))
    }

    /// The last symbol that begins at or below an address.
    pub(in crate::symbols::elf) fn nearest_below(&self, address: u64) -> Option<SymbolEntry> {
        let index = self.index();
        let in_block = |(block, numbers)| self.highest(address, Some(block), numbers);
        let near = index.downwards(address).find_map(in_block);
        near.or_else(|| self.highest(address, None, index.all()))
    }

    /// The last of some symbols at or below an address; with a block, of those in it.
    fn highest(&self, address: u64, within: Option<u64>, numbers: &[u32]) -> Option<SymbolEntry> {
        let rank = |symbol: &SymbolEntry| (self.address(symbol), preference(symbol));
        let mut highest: Option<SymbolEntry> = None;
        for symbol in self.entries(numbers) {
            let start = self.address(&symbol);
            // `in_kallsyms` comes last because it reads the name: a cache miss for each symbol.
            if start <= address
                && within.is_none_or(|within| block(start) == within)
                && highest.is_none_or(|best| rank(&symbol) > rank(&best))
                && self.in_kallsyms(&symbol)
            {
                highest = Some(symbol);
            }
        }
        highest
    }

    fn next_function(&self, address: u64) -> Option<u64> {
        self.lowest_after(address, |symbol| self.is_function(symbol))
    }

    /// Several names may be of one function: the first in the file is taken.
    fn function_entry(&self, address: u64) -> Option<SymbolEntry> {
        let (_, numbers) = self.index().upwards(address).next()?;
        let is_there =
            |symbol: &SymbolEntry| self.address(symbol) == address && self.is_function(symbol);
        self.entries(numbers).find(is_there)
    }

    fn lowest_after(&self, address: u64, counts: impl Fn(&SymbolEntry) -> bool) -> Option<u64> {
        let lowest = |within: Option<u64>, numbers| {
            let mut lowest: Option<u64> = None;
            for symbol in self.entries(numbers) {
                let start = self.address(&symbol);
                if start > address
                    && within.is_none_or(|within| block(start) == within)
                    && lowest.is_none_or(|lowest| start < lowest)
                    && counts(&symbol)
                {
                    lowest = Some(start);
                }
            }
            lowest
        };
        let index = self.index();
        let mut blocks = index.upwards(address);
        let near = blocks.find_map(|(block, numbers)| lowest(Some(block), numbers));
        near.or_else(|| lowest(None, index.all()))
    }

    fn entries(&self, numbers: &[u32]) -> impl Iterator<Item = SymbolEntry> {
        let entry = |&number: &u32| self.entry(number as usize);
        numbers.iter().filter_map(entry)
    }

    fn index(&self) -> &'a AddressIndex {
        self.elf.addresses.get_or_init(|| {
            AddressIndex::new(
                |counts| self.for_each_start(|address, _| counts.add(address)),
                |index| self.for_each_start(|address, number| index.add(address, number)),
            )
        })
    }

    /// Hands over where each symbol begins, and its number.
    fn for_each_start(&self, mut take: impl FnMut(u64, u32)) {
        // Asked once, not for each of 200,000 symbols.
        let relocatable = self.elf.is_relocatable();
        self.for_each(|number, symbol| {
            if has_address(&symbol) {
                let address = match relocatable {
                    true => self.address(&symbol),
                    false => symbol.value,
                };
                take(address, number);
            }
        });
    }

    fn is_function(&self, symbol: &SymbolEntry) -> bool {
        symbol.kind == elf::STT_FUNC && self.is_code(symbol)
    }

    fn in_kallsyms(&self, symbol: &SymbolEntry) -> bool {
        has_address(symbol) && !is_ignored(self.name(symbol))
    }
}

/// Absolute symbols are numbers, as the size of a structure.
fn has_address(symbol: &SymbolEntry) -> bool {
    !matches!(symbol.section, UNDEFINED | super::ABSOLUTE)
        && !matches!(symbol.kind, elf::STT_SECTION | elf::STT_FILE)
}

/// What scripts/mksysmap and `is_ignored_symbol()` of scripts/kallsyms.c leave out.
fn is_ignored(name: &[u8]) -> bool {
    const PREFIXES: [&[u8]; 13] = [
        b".L",
        b"$",
        b"__efistub_",
        b"__crc_",
        b"__kstrtab",
        b"__kcfi_typeid_",
        b"__pi_.L",
        b"__kvm_nvhe_.L",
        b"__kvm_nvhe_$",
        b"__AArch64ADRPThunk_",
        b"__ARMV7PILongThunk_",
        b"__ThumbV7PILongThunk_",
        b"__LA25Thunk_",
    ];
    name.is_empty() || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Which of several symbols at one address to print: functions, then global ones, as
/// `compare_symbols()` of scripts/kallsyms.c puts weak and odd ones last.
fn preference(symbol: &SymbolEntry) -> (bool, bool) {
    (symbol.kind == elf::STT_FUNC, symbol.bind == elf::STB_GLOBAL)
}
