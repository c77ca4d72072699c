//! What the addr2line crate may be given. In: a unit. Out: whether it is one that a compiler made.
//!
//! The crate recurses into inlined functions, keeps all ranges of a function, all rows of a line table, and a
//! path for each file. Of a crafted file each of these may be without end.

use gimli::UnitRef;

use super::reader::{DebugEntry, Dwarf, Slice, Unit, bytes};

/// Entries within each other; kernels reach some 50.
const MAX_DEPTH: isize = 256;
/// Address ranges of all entries of a unit; kernels have some 10,000.
const MAX_RANGES: usize = 1 << 18;
/// Bytes of a line table, each of which may make a row of 24 bytes; kernels have some 200,000.
const MAX_LINES: usize = 1 << 23;
/// Bytes of all paths of a unit's files.
const MAX_PATHS: usize = 1 << 26;

/// Whether a unit is within the limits.
pub(super) fn holds<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> gimli::Result<bool> {
    Ok(lines_hold(dwarf, unit)? && entries_hold(dwarf, unit)?)
}

fn lines_hold<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> gimli::Result<bool> {
    let Some(program) = &unit.line_program else {
        return Ok(true);
    };
    let header = program.header();
    if bytes(&header.raw_program_buf()).len() > MAX_LINES {
        return Ok(false);
    }
    let length = |value| Ok::<_, gimli::Error>(bytes(&dwarf.attr_string(unit, value)?).len());
    let mut longest_folder = 0;
    for folder in header.include_directories() {
        longest_folder = longest_folder.max(length(folder.clone())?);
    }
    let compiled_in = unit.comp_dir.as_ref().map_or(0, |dir| bytes(dir).len());
    let mut left = MAX_PATHS;
    for file in header.file_names() {
        // Which folder a file is in is not looked up: the longest one gives a bound without reading
        // more.
        let path = length(file.path_name())? + longest_folder + compiled_in;
        match left.checked_sub(path) {
            Some(rest) => left = rest,
            None => return Ok(false),
        }
    }
    Ok(true)
}

fn entries_hold<'a>(dwarf: &Dwarf<'a>, unit: &Unit<'a>) -> gimli::Result<bool> {
    let mut entries = unit.entries_raw(None)?;
    let mut entry = DebugEntry::null();
    let mut ranges = MAX_RANGES;
    while !entries.is_empty() {
        if entries.next_depth() > MAX_DEPTH {
            return Ok(false);
        }
        // The end of a list of children.
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        let attributes = abbreviation.attributes();
        let has_ranges = attributes.iter().any(|a| a.name() == gimli::DW_AT_ranges);
        let is_code = matches!(
            abbreviation.tag(),
            gimli::DW_TAG_subprogram
                | gimli::DW_TAG_inlined_subroutine
                | gimli::DW_TAG_compile_unit
        );
        // Other entries have ranges as well (lexical blocks), but the crate reads only those of
        // functions and units.
        if !has_ranges || !is_code {
            entries.skip_attributes(attributes)?;
            continue;
        }
        entries.read_attributes(attributes, &mut entry.attrs)?;
        if !count_ranges(UnitRef::new(dwarf, unit), &entry, &mut ranges)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes an entry's ranges off what is left; false where there is not enough.
fn count_ranges<'a>(
    unit: UnitRef<'_, Slice<'a>>,
    entry: &DebugEntry<'a>,
    left: &mut usize,
) -> gimli::Result<bool> {
    let Some(list) = entry.attr_value(gimli::DW_AT_ranges) else {
        return Ok(true);
    };
    let Some(mut ranges) = unit.attr_ranges(list)? else {
        return Ok(true);
    };
    while ranges.next()?.is_some() {
        match left.checked_sub(1) {
            Some(rest) => *left = rest,
            None => return Ok(false),
        }
    }
    Ok(true)
}
