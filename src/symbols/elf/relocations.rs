//! Relocations of a module. In: a section. Out: what is really at a place of it.
//!
//! A module is linked by the kernel when it is loaded, so its DWARF has holes where offsets of strings and
//! addresses belong. Debug info is relocated while it is read: that of amdgpu has 600 MB, of which a frame needs
//! a few kilobytes. Where several relocations make one number (RISC-V, LoongArch), and for small tables, the
//! whole section is done at once.

use object::elf::{self, Rel32, Rel64, Rela32, Rela64};
use object::{Endianness, pod};

use super::file::{ElfFile, ElfSection};
use super::machine::Fixup;
use super::symbol_table::SymbolEntry;

/// One relocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Relocation {
    /// Where in the section.
    offset: u64,
    symbol: usize,
    kind: elf::RelocationType,
    /// `None` where it is what the section holds there.
    addend: Option<i64>,
}

/// The relocations of one section.
#[derive(Clone, Copy)]
pub(in crate::symbols) struct Relocations<'a> {
    elf: &'a ElfFile,
    list: Option<&'a ElfSection>,
}

impl std::fmt::Debug for Relocations<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Relocations({:?})", self.list.map(|list| &list.name))
    }
}

impl<'a> Relocations<'a> {
    /// Those of a section that are to be applied while it is read.
    pub(in crate::symbols) fn of(elf: &'a ElfFile, target: Option<&ElfSection>) -> Relocations<'a> {
        let target = target.filter(|target| !is_applied_at_once(elf, target));
        Relocations {
            elf,
            list: target.and_then(|target| list_of(elf, target)),
        }
    }

    /// What is at `offset` of the section, where the file holds `value`.
    pub(in crate::symbols) fn value_at(&self, offset: usize, value: u64) -> u64 {
        let Some(list) = self.list else {
            return value;
        };
        let found = find(self.elf, list, offset as u64);
        let resolved = found.and_then(|relocation| {
            let target = target(self.elf, list, &relocation, value)?;
            // PC-relative ones are in the tables of patch sites, which are done as a whole.
            matches!(
                self.elf.layout.machine.fixup(relocation.kind),
                Some(Fixup::Absolute(_))
            )
            .then_some(target)
        });
        resolved.unwrap_or(value)
    }
}

impl ElfFile {
    /// Addresses in `start..end` of a module's code that its loader fills in.
    pub(in crate::symbols) fn code_holes(&self, start: u64, end: u64) -> Vec<u64> {
        // The range may begin in front of its section, or reach over the end.
        let section = self
            .section_at(start)
            .or_else(|| self.section_at(end.saturating_sub(1)));
        let Some((section, list)) = section.and_then(|s| Some((s, list_of(self, s)?))) else {
            return Vec::new();
        };
        let all = (0..count(self, list)).filter_map(|at| read(self, list, at));
        all.map(|relocation| section.address.wrapping_add(relocation.offset))
            .filter(|address| (start..end).contains(address))
            .collect()
    }
}

/// Whether a section is relocated as a whole, on first use.
pub(super) fn is_applied_at_once(elf: &ElfFile, section: &ElfSection) -> bool {
    let is_debug = section.name.starts_with(".debug_");
    // Code keeps its holes: `code_holes` takes them out of the comparison with a `Code:` line.
    let at_once = match is_debug {
        true => elf.layout.machine.has_differences(),
        false => section.is_loaded() && !section.is_code(),
    };
    elf.layout.relocatable && at_once
}

/// The section of relocations that a section has.
fn list_of<'a>(elf: &'a ElfFile, target: &ElfSection) -> Option<&'a ElfSection> {
    let index = elf
        .sections
        .iter()
        .position(|section| std::ptr::eq(section, target))?;
    let is_list =
        |s: &&ElfSection| matches!(s.kind, elf::SHT_RELA | elf::SHT_REL) && s.info == index;
    elf.sections
        .iter()
        .find(is_list)
        .filter(|_| elf.layout.relocatable)
}

fn entry_size(elf: &ElfFile, list: &ElfSection) -> usize {
    match (elf.layout.is_64, list.kind == elf::SHT_RELA) {
        (true, true) => size_of::<Rela64<Endianness>>(),
        (true, false) => size_of::<Rel64<Endianness>>(),
        (false, true) => size_of::<Rela32<Endianness>>(),
        (false, false) => size_of::<Rel32<Endianness>>(),
    }
}

fn count(elf: &ElfFile, list: &ElfSection) -> usize {
    elf.file_bytes(list).len() / entry_size(elf, list)
}

fn read(elf: &ElfFile, list: &ElfSection, at: usize) -> Option<Relocation> {
    let size = entry_size(elf, list);
    let bytes = elf.file_bytes(list).get(at.checked_mul(size)?..)?;
    let e = elf.layout.endian;
    Some(match (elf.layout.is_64, list.kind == elf::SHT_RELA) {
        (true, true) => {
            let (entry, _) = pod::from_bytes::<Rela64<Endianness>>(bytes).ok()?;
            // There the parts of r_info are in another order than anywhere else.
            let is_mips64el = elf.layout.machine.0 == elf::EM_MIPS && e == Endianness::Little;
            Relocation {
                offset: entry.r_offset.get(e),
                symbol: entry.r_sym(e, is_mips64el) as usize,
                kind: entry.r_type(e, is_mips64el),
                addend: Some(entry.r_addend.get(e)),
            }
        }
        (true, false) => {
            let (entry, _) = pod::from_bytes::<Rel64<Endianness>>(bytes).ok()?;
            Relocation {
                offset: entry.r_offset.get(e),
                symbol: entry.r_sym(e) as usize,
                kind: entry.r_type(e),
                addend: None,
            }
        }
        (false, true) => {
            let (entry, _) = pod::from_bytes::<Rela32<Endianness>>(bytes).ok()?;
            Relocation {
                offset: entry.r_offset.get(e).into(),
                symbol: entry.r_sym(e) as usize,
                kind: entry.r_type(e),
                addend: Some(entry.r_addend.get(e).into()),
            }
        }
        (false, false) => {
            let (entry, _) = pod::from_bytes::<Rel32<Endianness>>(bytes).ok()?;
            Relocation {
                offset: entry.r_offset.get(e).into(),
                symbol: entry.r_sym(e) as usize,
                kind: entry.r_type(e),
                addend: None,
            }
        }
    })
}

/// The relocation of a place. Linkers write them in the order of their places; where they did not, their order is
/// worked out once.
fn find(elf: &ElfFile, list: &ElfSection, offset: u64) -> Option<Relocation> {
    let in_order = search(count(elf, list), offset, |at| read(elf, list, at));
    in_order.or_else(|| {
        let order = list.order.get_or_init(|| sorted(elf, list));
        search(order.len(), offset, |at| {
            read(elf, list, *order.get(at)? as usize)
        })
    })
}

fn search(
    len: usize,
    offset: u64,
    read: impl Fn(usize) -> Option<Relocation>,
) -> Option<Relocation> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        let relocation = read(middle)?;
        match relocation.offset.cmp(&offset) {
            std::cmp::Ordering::Equal => return Some(relocation),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// The entries' numbers by their places; none where they are in order already.
fn sorted(elf: &ElfFile, list: &ElfSection) -> Vec<u32> {
    let offset = |at: u32| read(elf, list, at as usize).map(|relocation| relocation.offset);
    let mut order: Vec<u32> = (0..u32::try_from(count(elf, list)).unwrap_or(0)).collect();
    // Then the place has no relocation, and a second search would not find one either.
    if order.is_sorted_by_key(|&at| offset(at)) {
        return Vec::new();
    }
    order.sort_by_key(|&at| offset(at));
    order
}

/// Symbol + addend. `value`: what the section holds.
fn target(elf: &ElfFile, list: &ElfSection, relocation: &Relocation, value: u64) -> Option<u64> {
    let entry: SymbolEntry = elf.symbol_entry(list.link, relocation.symbol)?;
    let address = elf.entry_address(&entry)?;
    Some(match relocation.addend {
        Some(addend) => address.wrapping_add_signed(addend),
        None => address.wrapping_add(value),
    })
}

/// Fills in `bytes`, the content of `section`. What cannot be resolved stays as it is.
pub(super) fn apply(elf: &ElfFile, section: &ElfSection, bytes: &mut [u8]) {
    let Some(list) = list_of(elf, section) else {
        return;
    };
    for at in 0..count(elf, list) {
        // A symbol of another module, or a type that is not known: its own place stays unresolved,
        // no other.
        if let Some(relocation) = read(elf, list, at) {
            let _ = apply_one(elf, section, list, &relocation, bytes);
        }
    }
}

fn apply_one(
    elf: &ElfFile,
    section: &ElfSection,
    list: &ElfSection,
    relocation: &Relocation,
    bytes: &mut [u8],
) -> Option<()> {
    let fixup = elf.layout.machine.fixup(relocation.kind)?;
    let start = usize::try_from(relocation.offset).ok()?;
    let rest = bytes.get_mut(start..)?;
    let big = elf.layout.endian == Endianness::Big;
    let target = |value: u64| target(elf, list, relocation, value);
    match fixup {
        Fixup::Absolute(size) => {
            let hole = rest.get_mut(..size)?;
            put(hole, big, target(get(hole, big))?);
        }
        Fixup::Relative(size) => {
            let hole = rest.get_mut(..size)?;
            let place = section.address.wrapping_add(relocation.offset);
            put(hole, big, target(get(hole, big))?.wrapping_sub(place));
        }
        Fixup::Add(size) => {
            let hole = rest.get_mut(..size)?;
            put(hole, big, get(hole, big).wrapping_add(target(0)?));
        }
        Fixup::Subtract(size) => {
            let hole = rest.get_mut(..size)?;
            put(hole, big, get(hole, big).wrapping_sub(target(0)?));
        }
        Fixup::Set6 => {
            let byte = rest.first_mut()?;
            *byte = *byte & 0xc0 | target(0)? as u8 & 0x3f;
        }
        Fixup::Add6 => {
            let byte = rest.first_mut()?;
            *byte = *byte & 0xc0 | byte.wrapping_add(target(0)? as u8) & 0x3f;
        }
        Fixup::Subtract6 => {
            let byte = rest.first_mut()?;
            *byte = *byte & 0xc0 | byte.wrapping_sub(target(0)? as u8) & 0x3f;
        }
        Fixup::SetUleb => put_uleb(rest, target(0)?)?,
        Fixup::SubtractUleb => put_uleb(rest, uleb(rest)?.wrapping_sub(target(0)?))?,
    }
    Some(())
}

/// A number of up to eight bytes.
fn get(bytes: &[u8], big: bool) -> u64 {
    let add = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match big {
        true => bytes.iter().fold(0, add),
        false => bytes.iter().rev().fold(0, add),
    }
}

fn put(hole: &mut [u8], big: bool, value: u64) {
    let len = hole.len();
    for (at, byte) in hole.iter_mut().enumerate() {
        let place = if big { len - 1 - at } else { at };
        *byte = (value >> (8 * place)) as u8;
    }
}

/// A ULEB128 number of up to ten bytes.
fn uleb(bytes: &[u8]) -> Option<u64> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at).min(63);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put_uleb(bytes: &mut [u8], mut value: u64) -> Option<()> {
    // The length stays, since all offsets after it were fixed by the assembler.
    for byte in bytes.iter_mut().take(10) {
        let last = *byte & 0x80 == 0;
        *byte = *byte & 0x80 | (value & 0x7f) as u8;
        value >>= 7;
        if last {
            return Some(());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_size_and_byte_order() {
        let mut hole = [0; 4];
        put(&mut hole, true, 0x1122_3344);
        assert_eq!(hole, [0x11, 0x22, 0x33, 0x44]);
        assert_eq!(get(&hole, true), 0x1122_3344);
        assert_eq!(get(&hole, false), 0x4433_2211);
    }

    #[test]
    fn a_uleb128_number_keeps_its_length() {
        let mut bytes = [0x80, 0x80, 0x00, 0xff];
        put_uleb(&mut bytes, 300).expect("it ends");
        assert_eq!(bytes, [0xac, 0x82, 0x00, 0xff]);
        assert_eq!(uleb(&bytes), Some(300));
        assert_eq!(uleb(&[0x80; 12]), None);
    }
}
