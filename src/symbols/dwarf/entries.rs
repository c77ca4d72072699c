//! Entries of a unit. In: an entry. Out: the code it covers, what is below it, and what it refers to.

use std::ops::{ControlFlow, Range};
use std::sync::{Arc, PoisonError};

use gimli::{
    AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugInfoOffset, EndianSlice, UnitOffset,
};

use super::Debug;
use super::reader::{DebugEntry, Dwarf, Slice, Unit, endian};
use super::units::starts_of_units;
use crate::symbols::elf::ElfFile;

/// Ranges looked at per entry. Many entries of a crafted file may share one huge list.
const MAX_RANGES: usize = 1 << 16;

/// Calls `each` with the address ranges of an entry until it returns false.
///
/// Not gimli's `die_ranges()`, which overflows on a crafted size.
pub(super) fn for_each_range<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: &DebugEntry<'a>,
    mut each: impl FnMut(Range<u64>) -> bool,
) -> gimli::Result<()> {
    if let Some(list) = entry.attr_value(gimli::DW_AT_ranges)
        && let Some(mut ranges) = dwarf.attr_ranges(unit, list)?
    {
        for _ in 0..MAX_RANGES {
            match ranges.next()? {
                Some(range) if !each(range.begin..range.end) => break,
                Some(_) => {}
                None => break,
            }
        }
        return Ok(());
    }
    let (Some(low), Some(high)) = (
        entry.attr_value(gimli::DW_AT_low_pc),
        entry.attr_value(gimli::DW_AT_high_pc),
    ) else {
        return Ok(());
    };
    let Some(low) = dwarf.attr_address(unit, low)? else {
        return Ok(());
    };
    // A size since DWARF 4, an address before.
    let high = match high.udata_value() {
        Some(size) => low.checked_add(size),
        None => dwarf.attr_address(unit, high)?,
    };
    if let Some(high) = high {
        each(low..high);
    }
    Ok(())
}

/// Whether an entry's code covers an address.
pub(super) fn covers<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: &DebugEntry<'a>,
    address: u64,
) -> gimli::Result<bool> {
    let mut covers = false;
    for_each_range(dwarf, unit, entry, |range| {
        covers = range.contains(&address);
        !covers
    })?;
    Ok(covers)
}

/// Calls `each` with an entry and all entries below it, with their depths, until it breaks.
pub(super) fn walk<'a>(
    unit: &Unit<'a>,
    root: UnitOffset,
    mut each: impl FnMut(isize, &DebugEntry<'a>) -> ControlFlow<()>,
) -> gimli::Result<()> {
    let mut entries = unit.entries_raw(Some(root))?;
    let top = entries.next_depth();
    let mut entry = DebugEntry::null();
    while !entries.is_empty() {
        let depth = entries.next_depth();
        if entries.read_entry(&mut entry)? && each(depth, &entry).is_break() {
            break;
        }
        if entries.next_depth() <= top {
            break;
        }
    }
    Ok(())
}

/// Hops from an entry to the one that has the name.
const MAX_HOPS: usize = 16;

/// The entry that an entry refers to: the inlined function, the declaration, the function called.
pub(super) fn origin(entry: &DebugEntry<'_>) -> Option<Reference> {
    const ORIGINS: [gimli::DwAt; 3] = [
        gimli::DW_AT_abstract_origin,
        gimli::DW_AT_specification,
        gimli::DW_AT_call_origin,
    ];
    let attribute = ORIGINS.iter().find_map(|&name| entry.attr_value(name))?;
    Reference::of(attribute)
}

/// Where a reference attribute leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    /// To an entry of the same unit.
    Here(UnitOffset),
    /// To an entry of any unit (LTO, dwz).
    Anywhere(DebugInfoOffset),
    /// To an entry of the supplementary file (dwz).
    Supplementary(DebugInfoOffset),
}

impl Reference {
    pub(super) fn of(attribute: AttributeValue<Slice<'_>>) -> Option<Reference> {
        match attribute {
            AttributeValue::UnitRef(offset) => Some(Reference::Here(offset)),
            AttributeValue::DebugInfoRef(offset) => Some(Reference::Anywhere(offset)),
            AttributeValue::DebugInfoRefSup(offset) => Some(Reference::Supplementary(offset)),
            _ => None,
        }
    }
}

/// An entry's origins one after the other, through other units too.
pub(super) fn origins<'a>(
    debug: &Debug<'a>,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: &DebugEntry<'a>,
) -> Vec<DebugEntry<'a>> {
    let mut found: Vec<DebugEntry<'a>> = Vec::new();
    let mut place = (unit.header.clone(), Arc::clone(&unit.abbreviations));
    // The entries of a crafted file may refer to each other in a circle.
    while found.len() < MAX_HOPS {
        let offset = match origin(found.last().unwrap_or(entry)) {
            Some(Reference::Here(offset)) => offset,
            Some(Reference::Anywhere(target)) => {
                let Some((header, offset)) = unit_of(debug, dwarf, target) else {
                    break;
                };
                let Some(abbreviations) = debug.abbreviations(&header, debug.elf, false) else {
                    break;
                };
                place = (header, abbreviations);
                offset
            }
            // Only the name is looked for there.
            Some(Reference::Supplementary(_)) | None => break,
        };
        let (header, abbreviations) = &place;
        match header.entry(abbreviations, offset) {
            Ok(next) => found.push(next),
            Err(_) => break,
        }
    }
    found
}

/// Tables of abbreviations that are kept; a function's entries refer to a few units.
const MAX_TABLES: usize = 1024;

/// Bytes of such a table: units of a kernel have some thousand.
const MAX_TABLE: usize = 256 << 10;

impl Debug<'_> {
    /// The abbreviations of a unit that another one refers to. Each table is read once: of a crafted file every hop of
    /// every entry could lead to the largest one.
    fn abbreviations(
        &self,
        header: &gimli::UnitHeader<Slice<'_>>,
        elf: &ElfFile,
        supplementary: bool,
    ) -> Option<Arc<gimli::Abbreviations>> {
        let offset = header.debug_abbrev_offset().0;
        let key = (supplementary, offset);
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = tables.get(&key) {
            return table.clone();
        }
        // To drop all is simpler than to find the least used one, and a real file never gets here.
        if tables.len() >= MAX_TABLES {
            tables.clear();
        }
        let bytes = elf.section(".debug_abbrev");
        let bytes = bytes.get(offset..).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(MAX_TABLE)];
        let section = DebugAbbrev::from(EndianSlice::new(bytes, endian(elf)));
        let table = section
            .abbreviations(DebugAbbrevOffset(0))
            .ok()
            .map(Arc::new);
        tables.insert(key, table.clone());
        table
    }
}

/// The unit that an entry is in, and the entry's offset there.
fn unit_of<'a>(
    debug: &Debug<'a>,
    dwarf: &Dwarf<'a>,
    entry: DebugInfoOffset,
) -> Option<(gimli::UnitHeader<Slice<'a>>, UnitOffset)> {
    let start = debug.unit_of_entry(entry.0)?;
    let header = dwarf.unit_header(DebugInfoOffset(start)).ok()?;
    Some((header, UnitOffset(entry.0.checked_sub(start)?)))
}

/// `DW_AT_name` of an entry or of what it refers to.
pub(super) fn name_of<'a>(
    debug: &Debug<'a>,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    entry: &DebugEntry<'a>,
) -> Option<Slice<'a>> {
    let name = |entry: &DebugEntry<'a>| {
        let name = entry.attr_value(gimli::DW_AT_name)?;
        dwarf.attr_string(unit, name).ok()
    };
    name(entry).or_else(|| {
        let origins = origins(debug, dwarf, unit, entry);
        let last = origins.last().unwrap_or(entry);
        let supplementary = || debug.supplementary_name(dwarf.sup()?, last);
        origins.iter().find_map(name).or_else(supplementary)
    })
}

impl<'a> Debug<'a> {
    /// `DW_AT_name` of the entry of the supplementary file that an entry refers to.
    fn supplementary_name(&self, dwarf: &Dwarf<'a>, entry: &DebugEntry<'a>) -> Option<Slice<'a>> {
        let Some(Reference::Supplementary(target)) = origin(entry) else {
            return None;
        };
        let starts = self
            .supplementary_starts
            .get_or_init(|| starts_of_units(dwarf));
        let at = starts.partition_point(|&start| start <= target.0);
        let start = *starts.get(at.checked_sub(1)?)?;
        let header = dwarf.unit_header(DebugInfoOffset(start)).ok()?;
        let abbreviations = self.abbreviations(&header, self.files.supplementary()?, true)?;
        let offset = UnitOffset(target.0.checked_sub(start)?);
        let entry = header.entry(&abbreviations, offset).ok()?;
        match entry.attr_value(gimli::DW_AT_name)? {
            AttributeValue::String(name) => Some(name),
            AttributeValue::DebugStrRef(offset) => dwarf.debug_str.get_str(offset).ok(),
            _ => None,
        }
    }
}
