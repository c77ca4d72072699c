//! The `.symtab`. In: names or addresses. Out: the symbols, with their distance to the next one.
//!
//! A kernel has 200,000 symbols, a splat names twenty. Reading the name of each symbol costs a cache
//! miss per symbol; so the wanted names are found in the string table first, in one pass, and the
//! symbols are compared by their name's offset only.

use std::collections::HashMap;

use object::elf::{self, Sym32, Sym64};
use object::pod::{self, Pod};
use object::read::elf::Sym;
use object::{BigEndian, Endian, Endianness, LittleEndian};
use wide::u8x16;

mod address_index;
mod by_address;

pub(super) use address_index::AddressIndex;

use super::file::{ElfFile, ElfSection};
use super::symbols::Symbol;
use crate::literals::KeyFilter;

/// A symbol with its numbers in the machine's own order: files of 32 and 64 bits and of both byte orders are
/// searched by one code.
#[derive(Debug, Clone, Copy)]
pub(super) struct SymbolEntry {
    name: u32,
    /// Index of its section; that of an absolute symbol is [`ABSOLUTE`].
    section: u32,
    kind: elf::SymbolType,
    bind: elf::SymbolBind,
    /// As in the file: in a module counted from the section's start.
    value: u64,
    size: u64,
}

const UNDEFINED: u32 = 0;
const ABSOLUTE: u32 = elf::SHN_ABS.0 as u32;
/// The first section number that means something else. No kernel has so many sections.
const RESERVED: u32 = elf::SHN_LORESERVE as u32;

/// The symbols of a file as they are in it. Each is decoded when it is looked at: a table of decoded ones has 6 MB,
/// which cost more than all searches in it.
pub(super) struct View<'a> {
    elf: &'a ElfFile,
    symbols: &'a [u8],
    strings: &'a [u8],
    is_arm: bool,
}

impl ElfFile {
    /// The symbol of a number in a section of symbols.
    pub(super) fn symbol_entry(&self, section: usize, number: usize) -> Option<SymbolEntry> {
        View::of_section(self, self.sections.get(section)?)?.entry(number)
    }

    /// Link address of a symbol; `None` for one of another file.
    pub(super) fn entry_address(&self, entry: &SymbolEntry) -> Option<u64> {
        match entry.section {
            UNDEFINED => None,
            ABSOLUTE => Some(entry.value),
            index if self.layout.relocatable => {
                let section = self.sections.get(index as usize)?;
                Some(section.address.wrapping_add(entry.value))
            }
            _ => Some(entry.value),
        }
    }
}

impl<'a> View<'a> {
    pub(super) fn of(elf: &'a ElfFile) -> Option<View<'a>> {
        let section = elf.sections.iter().find(|s| s.kind == elf::SHT_SYMTAB)?;
        View::of_section(elf, section)
    }

    fn of_section(elf: &'a ElfFile, section: &'a ElfSection) -> Option<View<'a>> {
        let strings = elf.file_bytes(elf.sections.get(section.link)?);
        Some(View {
            elf,
            symbols: elf.file_bytes(section),
            strings,
            is_arm: elf.layout.machine.name() == Some("arm"),
        })
    }

    /// Hands over all symbols with their numbers. The loop is made once for each form of the file, so that a search
    /// reads no more than the fields that it looks at: one that asks for the form at each symbol takes several times
    /// as long, and all of a kernel's 200,000 are read for a splat.
    fn for_each(&self, take: impl FnMut(u32, SymbolEntry)) {
        match (self.elf.layout.is_64, self.elf.layout.endian) {
            (true, Endianness::Little) => self.for_each_as::<Sym64<_>, _>(LittleEndian, take),
            (true, Endianness::Big) => self.for_each_as::<Sym64<_>, _>(BigEndian, take),
            (false, Endianness::Little) => self.for_each_as::<Sym32<_>, _>(LittleEndian, take),
            (false, Endianness::Big) => self.for_each_as::<Sym32<_>, _>(BigEndian, take),
        }
    }

    fn for_each_as<S: Sym<Endian = E> + Pod, E: Endian>(
        &self,
        endian: E,
        mut take: impl FnMut(u32, SymbolEntry),
    ) {
        let whole = self.symbols.len() / size_of::<S>();
        let symbols = pod::slice_from_bytes::<S>(self.symbols, whole);
        let symbols = symbols.map_or(&[][..], |(symbols, _)| symbols);
        for (number, symbol) in (0..).zip(symbols) {
            take(number, self.decoded(symbol, endian));
        }
    }

    fn entry(&self, number: usize) -> Option<SymbolEntry> {
        match self.elf.layout.is_64 {
            true => self.entry_as::<Sym64<Endianness>>(number),
            false => self.entry_as::<Sym32<Endianness>>(number),
        }
    }

    fn entry_as<S: Sym<Endian = Endianness> + Pod>(&self, number: usize) -> Option<SymbolEntry> {
        let from = number.checked_mul(size_of::<S>())?;
        let (symbol, _) = pod::from_bytes::<S>(self.symbols.get(from..)?).ok()?;
        Some(self.decoded(symbol, self.elf.layout.endian))
    }

    #[inline]
    fn decoded<S: Sym>(&self, symbol: &S, endian: S::Endian) -> SymbolEntry {
        let value: u64 = symbol.st_value(endian).into();
        let kind = symbol.st_type();
        SymbolEntry {
            name: symbol.st_name(endian),
            section: match u32::from(symbol.st_shndx(endian).0) {
                ABSOLUTE => ABSOLUTE,
                index if index < RESERVED => index,
                _ => UNDEFINED,
            },
            kind,
            bind: symbol.st_bind(),
            // The lowest bit of a function of ARM says that it is of Thumb instructions; kallsyms has none.
            value: match self.is_arm && kind == elf::STT_FUNC {
                true => value & !1,
                false => value,
            },
            size: symbol.st_size(endian).into(),
        }
    }

    fn name(&self, symbol: &SymbolEntry) -> &'a [u8] {
        let tail = self.strings.get(symbol.name as usize..);
        let tail = tail.unwrap_or_default();
        let end = memchr::memchr(0, tail).unwrap_or(tail.len());
        tail.get(..end).unwrap_or_default()
    }

    fn address(&self, symbol: &SymbolEntry) -> u64 {
        self.elf.entry_address(symbol).unwrap_or(symbol.value)
    }

    fn section(&self, symbol: &SymbolEntry) -> Option<&'a ElfSection> {
        self.elf.sections.get(symbol.section as usize)
    }

    fn is_code(&self, symbol: &SymbolEntry) -> bool {
        self.section(symbol).is_some_and(ElfSection::is_code)
    }

    /// End of the section that a module's symbol is in.
    fn section_end(&self, symbol: &SymbolEntry) -> Option<u64> {
        let section = self.section(symbol)?;
        section.address.checked_add(section.size)
    }

    /// The symbols whose `st_name` is one of `offsets`, with the value that belongs to the offset.
    pub(super) fn with_names(&self, offsets: &[(u32, usize)]) -> Vec<(usize, SymbolEntry)> {
        if offsets.is_empty() {
            return Vec::new();
        }
        let filter = KeyFilter::new(offsets.iter().map(|&(offset, _)| u64::from(offset)));
        let mut found = Vec::new();
        self.for_each(|_, symbol| {
            let offset = symbol.name;
            if !filter.may_contain(u64::from(offset)) {
                return;
            }
            if let Ok(at) = offsets.binary_search_by_key(&offset, |&(offset, _)| offset)
                && symbol.section != UNDEFINED
            {
                found.push((offsets[at].1, symbol));
            }
        });
        found
    }

    /// A symbol of the table; `next`: where the one after it begins.
    fn symbol(&self, entry: &SymbolEntry, next: Option<u64>) -> Symbol {
        let address = self.address(entry);
        Symbol {
            name: String::from_utf8_lossy(self.name(entry)).into_owned(),
            address,
            st_size: entry.size,
            extent: next.map(|next| next.wrapping_sub(address)),
            is_code: self.is_code(entry),
        }
    }

    /// A symbol with the size that kallsyms would print for it.
    pub(super) fn build(&self, entry: &SymbolEntry) -> Symbol {
        let next = match self.is_code(entry) {
            true => self.next_after(self.address(entry)),
            false => None,
        };
        // In a module the loader decides what follows the last symbol of a section.
        let next = next.filter(|&next| {
            let end = self.section_end(entry);
            !self.elf.is_relocatable() || end.is_some_and(|end| next < end)
        });
        self.symbol(entry, next)
    }

    /// Where the string table holds one of the names: as a whole string or as the tail of a longer
    /// one (linkers merge tails). Sorted by offset.
    ///
    /// Walks the ends of all strings and looks closer at those that end like a name: several times as
    /// fast as the best search for many strings, and as fast for a hundred names as for one.
    pub(super) fn whole_names(&self, names: &[&str]) -> Vec<(u32, usize)> {
        let mut by_ending: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut offsets = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match name.as_bytes().last_chunk() {
                Some(ending) => by_ending
                    .entry(u32::from_le_bytes(*ending))
                    .or_default()
                    .push(index),
                // Too short to have an ending of four bytes.
                None => offsets.extend(self.strings_that_end(name, index)),
            }
        }
        let filter = KeyFilter::new(by_ending.keys().map(|&ending| u64::from(ending)));
        for_each_zero(self.strings, |end| {
            let Some(ending) = self.strings[..end].last_chunk() else {
                return;
            };
            let ending = u32::from_le_bytes(*ending);
            if !filter.may_contain(u64::from(ending)) {
                return;
            }
            for &name in by_ending.get(&ending).into_iter().flatten() {
                if self.strings[..end].ends_with(names[name].as_bytes())
                    && let Ok(offset) = u32::try_from(end - names[name].len())
                {
                    offsets.push((offset, name));
                }
            }
        });
        offsets.sort_unstable();
        offsets
    }

    /// Where it holds one of the names with a suffix: `foo.llvm.123` for `foo`, as kernels from 5.14
    /// on print a clone that ThinLTO made (kernel/kallsyms.c, `cleanup_symbol_name()`).
    pub(super) fn names_with_suffix(&self, names: &[&str]) -> Vec<(u32, usize)> {
        let mut offsets = Vec::new();
        for (index, name) in names.iter().enumerate() {
            offsets.extend(self.strings_with(name, b".", index));
        }
        offsets.sort_unstable();
        offsets
    }

    /// Where strings end with a name that is too short for the filter of endings.
    fn strings_that_end(&self, name: &str, index: usize) -> Vec<(u32, usize)> {
        let pattern = [name.as_bytes(), b"\0"].concat();
        let hits = memchr::memmem::find_iter(self.strings, &pattern);
        hits.filter_map(|hit| Some((u32::try_from(hit).ok()?, index)))
            .collect()
    }

    /// Where strings begin with `name` and what follows it, each with `index`.
    fn strings_with(&self, name: &str, then: &[u8], index: usize) -> Vec<(u32, usize)> {
        // With the zero in front, so that `foo` is not found in `do_foo`.
        let pattern = [b"\0", name.as_bytes(), then].concat();
        let hits = memchr::memmem::find_iter(self.strings, &pattern);
        hits.filter_map(|hit| Some((u32::try_from(hit + 1).ok()?, index)))
            .collect()
    }
}

/// Calls the closure where the strings of a table end. They are short: a search for one zero byte at a time would
/// spend its time on beginning.
fn for_each_zero(strings: &[u8], mut take: impl FnMut(usize)) {
    let (blocks, rest) = strings.as_chunks::<64>();
    for (number, block) in blocks.iter().enumerate() {
        let mut mask = zero_mask(block);
        while mask != 0 {
            take(number * 64 + mask.trailing_zeros() as usize);
            mask &= mask - 1;
        }
    }
    let begin = strings.len() - rest.len();
    for (at, _) in rest.iter().enumerate().filter(|(_, byte)| **byte == 0) {
        take(begin + at);
    }
}

/// A bit for each zero byte.
fn zero_mask(block: &[u8; 64]) -> u64 {
    let (quarters, _) = block.as_chunks::<16>();
    let masks = quarters.iter().map(|quarter| {
        let zero = u8x16::new(*quarter).cmp_eq(u8x16::ZERO);
        u64::from(zero.move_mask() as u16)
    });
    masks.rev().fold(0, |all, mask| all << 16 | mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_found_in_blocks_and_behind_them() {
        let mut strings = vec![b'x'; 200];
        let places = [0, 1, 15, 16, 63, 64, 127, 130, 191, 192, 199];
        for place in places {
            strings[place] = 0;
        }
        let mut found = Vec::new();
        for_each_zero(&strings, |at| found.push(at));
        assert_eq!(found, places);
    }
}
