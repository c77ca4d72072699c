//! Functions of a unit. In: addresses. Out: the function that covers each, and the functions inlined into
//! it there.

use std::ops::ControlFlow;

use gimli::{AttributeValue, UnitOffset};

use super::dwarf::{Dwarf, Entry, Unit, covers, name_of, text, walk};
use super::image::Image;

/// Inlined functions within each other; kernels reach about 20.
const MAX_NESTING: usize = 256;

/// The subprogram that covers each of the addresses.
///
/// Steps from one top-level entry to the next by `DW_AT_sibling`, which C units need no more for. What is
/// not found so (functions in namespaces, as Rust has them) is looked for among all entries.
pub(super) fn functions_at<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    addresses: &[u64],
) -> gimli::Result<Vec<Option<UnitOffset>>> {
    let mut found = vec![None; addresses.len()];
    search(dwarf, unit, addresses, true, &mut found)?;
    if found.contains(&None) {
        search(dwarf, unit, addresses, false, &mut found)?;
    }
    Ok(found)
}

fn search<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    addresses: &[u64],
    top_level_only: bool,
    found: &mut [Option<UnitOffset>],
) -> gimli::Result<()> {
    let mut entries = unit.entries_raw(None)?;
    let mut entry = Entry::null();
    // The unit's own entry.
    entries.read_entry(&mut entry)?;
    while !entries.is_empty() {
        let offset = entries.next_offset();
        let Some(abbreviation) = entries.read_abbreviation()? else {
            continue;
        };
        let is_function = abbreviation.tag() == gimli::DW_TAG_subprogram;
        let skips = top_level_only && abbreviation.has_children();
        if !is_function && !skips {
            entries.skip_attributes(abbreviation.attributes())?;
            continue;
        }
        entries.read_attributes(abbreviation.attributes(), &mut entry.attrs)?;
        if is_function {
            for (&address, found) in addresses.iter().zip(found.iter_mut()) {
                if found.is_none() && covers(dwarf, unit, &entry, address)? {
                    *found = Some(offset);
                }
            }
            if !found.contains(&None) {
                return Ok(());
            }
        }
        // Only ever forward, so that a crafted sibling cannot make a loop.
        if skips
            && let Some(AttributeValue::UnitRef(sibling)) = entry.attr_value(gimli::DW_AT_sibling)
            && sibling.0 > entries.next_offset().0
        {
            entries = unit.entries_raw(Some(sibling))?;
        }
    }
    Ok(())
}

/// A function at a place, and where it is called from if it is inlined there.
pub(super) struct Called {
    pub(super) name: Option<String>,
    /// File (an index of the line table) and line.
    pub(super) from: Option<(u64, u32)>,
}

/// The function and what is inlined into it at an address, outermost first.
pub(super) fn inlined_at<'a>(
    image: &Image,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
    address: u64,
) -> gimli::Result<Vec<Called>> {
    let mut chain = Vec::new();
    let mut innermost = isize::MIN;
    walk(unit, function, |depth, entry| {
        let is_inlined = entry.tag == gimli::DW_TAG_inlined_subroutine;
        let belongs = chain.is_empty()
            || is_inlined
                && depth > innermost
                && covers(dwarf, unit, entry, address).unwrap_or(false);
        if belongs {
            innermost = depth;
            let name = name_of(image, dwarf, unit, entry);
            chain.push(Called {
                name: name.and_then(text),
                from: call_place(entry),
            });
        }
        match chain.len() > MAX_NESTING {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    Ok(chain)
}

fn call_place(entry: &Entry<'_>) -> Option<(u64, u32)> {
    let file = match entry.attr_value(gimli::DW_AT_call_file)? {
        AttributeValue::FileIndex(index) => index,
        other => other.udata_value()?,
    };
    let line = entry.attr_value(gimli::DW_AT_call_line)?.udata_value()?;
    Some((file, u32::try_from(line).ok()?))
}
