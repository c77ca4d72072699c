//! Which compilation unit an address belongs to. In: `.debug_aranges`, or the units' root entries
//! where it has no answer (clang writes aranges for assembler files only). Out: unit offsets in
//! `.debug_info`.

use std::collections::HashSet;
use std::sync::OnceLock;

use gimli::{DebugAranges, DebugInfoOffset, LittleEndian};
use rayon::prelude::*;

use super::dwarf::{Dwarf, Slice};
use super::image::Image;

/// `begin..end` belongs to the unit at an offset of `.debug_info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct UnitRange {
    begin: u64,
    end: u64,
    unit: usize,
}

/// Address ranges of all units; what is not in the aranges is found on demand only.
pub(super) struct UnitIndex {
    aranges: Ranges,
    /// Units that `.debug_aranges` names.
    listed: Vec<usize>,
    roots: OnceLock<Ranges>,
    /// Where each unit begins, in order.
    starts: OnceLock<Vec<usize>>,
}

struct Ranges(Vec<UnitRange>);

impl Ranges {
    fn new(mut ranges: Vec<UnitRange>) -> Ranges {
        ranges.sort_unstable();
        Ranges(ranges)
    }

    /// Ranges of different units hardly ever overlap: the last one that begins at or before the
    /// address, or one a little in front of it, decides.
    fn find(&self, address: u64) -> Option<usize> {
        const OVERLAPS: usize = 16;
        let behind = self.0.partition_point(|range| range.begin <= address);
        let before = self.0.get(..behind)?.iter().rev().take(OVERLAPS);
        let mut before = before.filter(|range| address < range.end);
        before.next().map(|range| range.unit)
    }
}

impl Image {
    /// Offset in `.debug_info` of the unit that holds a link address.
    pub(super) fn unit_at(&self, address: u64) -> Option<usize> {
        let index = self.unit_index();
        let listed = index.aranges.find(address);
        listed.or_else(|| {
            let roots = index.roots.get_or_init(|| read_roots(self, &index.listed));
            roots.find(address)
        })
    }

    /// Offset of the unit that holds an entry at an offset of `.debug_info`: the target of a
    /// reference between units, as LTO and dwz make them.
    pub(super) fn unit_of_entry(&self, entry: usize) -> Option<usize> {
        let starts = self.unit_index().starts.get_or_init(|| read_starts(self));
        let behind = starts.partition_point(|&start| start <= entry);
        starts.get(behind.checked_sub(1)?).copied()
    }

    fn unit_index(&self) -> &UnitIndex {
        self.units
            .get_or_init(|| read_aranges(self.section(".debug_aranges")))
    }
}

fn read_aranges(section: &[u8]) -> UnitIndex {
    let aranges = DebugAranges::new(section, LittleEndian);
    let mut ranges = Vec::new();
    let mut listed = Vec::new();
    let mut headers = aranges.headers();
    while let Ok(Some(header)) = headers.next() {
        let DebugInfoOffset(unit) = header.debug_info_offset();
        listed.push(unit);
        let mut entries = header.entries();
        while let Ok(Some(entry)) = entries.next() {
            if entry.length() > 0 {
                let gimli::Range { begin, end } = entry.range();
                ranges.push(UnitRange { begin, end, unit });
            }
        }
    }
    UnitIndex {
        aranges: Ranges::new(ranges),
        listed,
        roots: OnceLock::new(),
        starts: OnceLock::new(),
    }
}

fn read_starts(image: &Image) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut units = image.dwarf().debug_info.units();
    while let Ok(Some(header)) = units.next() {
        starts.extend(header.debug_info_offset().map(|offset| offset.0));
    }
    starts
}

/// Reads the root entry of every unit without aranges, on all cores.
fn read_roots(image: &Image, listed: &[usize]) -> Ranges {
    let listed: HashSet<usize> = listed.iter().copied().collect();
    let dwarf = image.dwarf();
    let mut headers = Vec::new();
    let mut units = dwarf.units();
    while let Ok(Some(header)) = units.next() {
        if let Some(DebugInfoOffset(offset)) = header.debug_info_offset()
            && !listed.contains(&offset)
        {
            headers.push((offset, header));
        }
    }
    let ranges = headers
        .into_par_iter()
        .flat_map_iter(|(offset, header)| root_ranges(&dwarf, offset, header))
        .collect();
    Ranges::new(ranges)
}

fn root_ranges(
    dwarf: &Dwarf<'_>,
    unit: usize,
    header: gimli::UnitHeader<Slice<'_>>,
) -> Vec<UnitRange> {
    let mut found = Vec::new();
    let Ok(parsed) = dwarf.unit(header) else {
        return found;
    };
    let Ok(mut ranges) = dwarf.unit_ranges(&parsed) else {
        return found;
    };
    // A range list is read once per unit, so the units together cannot make more ranges than the
    // section holds unless they share lists; no honest unit has this many.
    const RANGES_PER_UNIT: usize = 1 << 16;
    while found.len() < RANGES_PER_UNIT
        && let Ok(Some(gimli::Range { begin, end })) = ranges.next()
    {
        if begin < end {
            found.push(UnitRange { begin, end, unit });
        }
    }
    found
}
