//! Which compilation unit an address belongs to. In: `.debug_aranges`, or the units' root entries
//! where it has no answer (clang writes aranges for assembler files only). Out: unit offsets in
//! `.debug_info`.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::parallel;
use gimli::{DebugAranges, DebugInfoOffset};

use super::Debug;
use super::entries::for_each_range;
use super::reader::{DebugEntry, Dwarf, Slice};

/// Ranges of all units; a kernel has some 10,000. Units of a crafted file may share a long list.
const MAX_RANGES: usize = 1 << 20;

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

impl Debug<'_> {
    /// Offset in `.debug_info` of the unit that holds a link address.
    pub(in crate::symbols) fn unit_at(&self, address: u64) -> Option<usize> {
        let index = self.unit_index();
        index.aranges.find(address).or_else(|| {
            index
                .roots
                .get_or_init(|| read_roots(self, index))
                .find(address)
        })
    }

    /// Offset of the unit that holds an entry at an offset of `.debug_info`: the target of a
    /// reference between units, as LTO and dwz make them.
    pub(super) fn unit_of_entry(&self, entry: usize) -> Option<usize> {
        let starts = self
            .unit_index()
            .starts
            .get_or_init(|| starts_of_units(self.dwarf()));
        let behind = starts.partition_point(|&start| start <= entry);
        starts.get(behind.checked_sub(1)?).copied()
    }

    /// Works out which unit holds which address.
    pub(in crate::symbols) fn index_units(&self) {
        self.unit_index();
    }

    fn unit_index(&self) -> &UnitIndex {
        self.units
            .get_or_init(|| read_aranges(self.section(".debug_aranges")))
    }
}

fn read_aranges(section: Slice<'_>) -> UnitIndex {
    let aranges = DebugAranges::from(section);
    let mut ranges = Vec::new();
    let mut listed = Vec::new();
    let mut headers = aranges.headers();
    // Where a header is broken the next one cannot be found. Units without ranges are found by
    // their root entries.
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

/// Offsets of all units in `.debug_info`.
pub(super) fn starts_of_units(dwarf: &Dwarf<'_>) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut units = dwarf.debug_info.units();
    while let Ok(Some(header)) = units.next() {
        starts.extend(header.debug_info_offset().map(|offset| offset.0));
    }
    starts
}

/// Reads the root entry of every unit without aranges, on all cores.
fn read_roots(debug: &Debug<'_>, index: &UnitIndex) -> Ranges {
    let listed: HashSet<usize> = index.listed.iter().copied().collect();
    let starts = index.starts.get_or_init(|| starts_of_units(debug.dwarf()));
    let unlisted: Vec<usize> = starts
        .iter()
        .filter(|start| !listed.contains(start))
        .copied()
        .collect();
    // One budget for all units, since they may share one list.
    let left = AtomicUsize::new(MAX_RANGES);
    let of_unit = |start: &usize| root_ranges(debug, *start, &left).unwrap_or_default();
    Ranges::new(parallel::map(&unlisted, of_unit).concat())
}

fn root_ranges(
    debug: &Debug<'_>,
    offset: usize,
    left: &AtomicUsize,
) -> gimli::Result<Vec<UnitRange>> {
    let unit = debug.unit(offset)?;
    let mut root = DebugEntry::null();
    unit.entries_raw(None)?.read_entry(&mut root)?;
    let mut found = Vec::new();
    for_each_range(debug.dwarf(), &unit, &root, |Range { start, end }| {
        if start < end {
            found.push(UnitRange {
                begin: start,
                end,
                unit: offset,
            });
        }
        let take_one = |left: usize| left.checked_sub(1);
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_one)
            .is_ok()
    })?;
    Ok(found)
}
