//! DWARF of an image, a unit at a time. In: an image and a unit's offset. Out: the unit with a
//! table of its functions' addresses.

use std::ops::{ControlFlow, Range};

use gimli::{
    AttributeValue, DebugInfoOffset, DwarfSections, EndianSlice, LittleEndian, SectionId,
    UnitOffset,
};

use super::image::Image;

pub(super) type Slice<'a> = EndianSlice<'a, LittleEndian>;
pub(super) type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;
pub(super) type Entry<'a> = gimli::DebuggingInformationEntry<Slice<'a>>;

/// Address ranges that the functions of one unit may have together. Range lists can be shared, so a
/// small crafted file could otherwise ask for any number.
const MAX_RANGES: usize = 1 << 20;

/// Sections that no question here needs.
const UNUSED: [SectionId; 5] = [
    SectionId::DebugAranges,
    SectionId::DebugMacinfo,
    SectionId::DebugMacro,
    SectionId::DebugNames,
    SectionId::DebugTypes,
];

const LOCATIONS: [SectionId; 2] = [SectionId::DebugLoc, SectionId::DebugLocLists];

impl Image {
    /// The DWARF sections without location lists: enough for names and positions.
    pub(super) fn dwarf(&self) -> Dwarf<'_> {
        self.load_dwarf(|id| !UNUSED.contains(&id) && !LOCATIONS.contains(&id))
    }

    /// The DWARF sections, to evaluate locations.
    pub(super) fn dwarf_with_locations(&self) -> Dwarf<'_> {
        self.load_dwarf(|id| !UNUSED.contains(&id))
    }

    fn load_dwarf(&self, wanted: impl Fn(SectionId) -> bool) -> Dwarf<'_> {
        let load = |id: SectionId| {
            let bytes = if wanted(id) {
                self.section(id.name())
            } else {
                &[]
            };
            Ok::<_, std::convert::Infallible>(bytes)
        };
        let Ok(sections) = DwarfSections::load(load);
        let mut dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, LittleEndian));
        dwarf.file_type = gimli::DwarfFileType::Main;
        dwarf
    }
}

/// A unit and where its functions are.
pub(super) struct Unit<'a> {
    pub(super) unit: gimli::Unit<Slice<'a>>,
    functions: Vec<(Range<u64>, UnitOffset)>,
}

impl<'a> Unit<'a> {
    pub(super) fn read(dwarf: &Dwarf<'a>, offset: usize) -> gimli::Result<Unit<'a>> {
        let header = dwarf.unit_header(DebugInfoOffset(offset))?;
        let unit = dwarf.unit(header)?;
        let functions = functions(dwarf, &unit)?;
        Ok(Unit { unit, functions })
    }

    /// The subprograms that cover a link address; more than one only in broken files.
    pub(super) fn functions_at(&self, address: u64) -> impl Iterator<Item = UnitOffset> + '_ {
        let covering = self
            .functions
            .iter()
            .filter(move |(range, _)| range.contains(&address));
        covering.map(|&(_, entry)| entry)
    }
}

fn functions<'a>(
    dwarf: &Dwarf<'a>,
    unit: &gimli::Unit<Slice<'a>>,
) -> gimli::Result<Vec<(Range<u64>, UnitOffset)>> {
    let mut functions = Vec::new();
    let mut entry = Entry::null();
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let offset = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        if abbreviation.tag() != gimli::DW_TAG_subprogram {
            entries.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        entries.read_attributes(abbreviation.attributes(), &mut entry.attrs)?;
        for_each_range(dwarf, unit, &entry, |range| {
            functions.push((range, offset));
            functions.len() < MAX_RANGES
        })?;
    }
    Ok(functions)
}

/// Calls `each` with the address ranges of an entry until it returns false.
pub(super) fn for_each_range<'a>(
    dwarf: &Dwarf<'a>,
    unit: &gimli::Unit<Slice<'a>>,
    entry: &Entry<'a>,
    mut each: impl FnMut(Range<u64>) -> bool,
) -> gimli::Result<()> {
    let mut ranges = dwarf.die_ranges(unit, entry)?;
    while let Some(range) = ranges.next()? {
        if range.begin < range.end && !each(range.begin..range.end) {
            break;
        }
    }
    Ok(())
}

/// Calls `each` with an entry and all entries below it, with their depths, until it breaks.
pub(super) fn walk<'a>(
    unit: &gimli::Unit<Slice<'a>>,
    root: UnitOffset,
    mut each: impl FnMut(isize, &Entry<'a>) -> ControlFlow<()>,
) -> gimli::Result<()> {
    let mut entries = unit.entries_raw(Some(root))?;
    let top = entries.next_depth();
    let mut entry = Entry::null();
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

/// The entry that an entry stands for: the inlined function, the declaration, the function called.
pub(super) fn origin(entry: &Entry<'_>) -> Option<Reference> {
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
}

impl Reference {
    pub(super) fn of(attribute: AttributeValue<Slice<'_>>) -> Option<Reference> {
        match attribute {
            AttributeValue::UnitRef(offset) => Some(Reference::Here(offset)),
            AttributeValue::DebugInfoRef(offset) => Some(Reference::Anywhere(offset)),
            _ => None,
        }
    }
}

/// An entry's origins one after the other, through other units too. `foreign` hears of each of
/// these by its offset.
pub(super) fn origins<'a>(
    image: &Image,
    dwarf: &Dwarf<'a>,
    unit: &gimli::Unit<Slice<'a>>,
    entry: &Entry<'a>,
    foreign: &mut dyn FnMut(usize),
) -> Vec<Entry<'a>> {
    let mut found: Vec<Entry<'a>> = Vec::new();
    let mut header = unit.header;
    while found.len() < MAX_HOPS {
        let offset = match origin(found.last().unwrap_or(entry)) {
            Some(Reference::Here(offset)) => offset,
            Some(Reference::Anywhere(DebugInfoOffset(target))) => {
                let Some(start) = image.unit_of_entry(target) else {
                    break;
                };
                foreign(start);
                let Ok(other) = dwarf.unit_header(DebugInfoOffset(start)) else {
                    break;
                };
                header = other;
                UnitOffset(target - start)
            }
            None => break,
        };
        let Ok(abbreviations) = dwarf.abbreviations(&header) else {
            break;
        };
        match header.entry(&abbreviations, offset) {
            Ok(next) => found.push(next),
            Err(_) => break,
        }
    }
    found
}

/// `DW_AT_name` of an entry or of what it stands for.
pub(super) fn name_of<'a>(
    image: &Image,
    dwarf: &Dwarf<'a>,
    unit: &gimli::Unit<Slice<'a>>,
    entry: &Entry<'a>,
) -> Option<Slice<'a>> {
    let name = |entry: &Entry<'a>| {
        let name = entry.attr_value(gimli::DW_AT_name)?;
        dwarf.attr_string(unit, name).ok()
    };
    name(entry).or_else(|| {
        origins(image, dwarf, unit, entry, &mut |_| ())
            .iter()
            .find_map(name)
    })
}
