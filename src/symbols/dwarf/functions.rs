//! Functions of a unit. In: addresses. Out: the entry of the function that covers each.

use gimli::{AttributeValue, UnitOffset};

use super::entries::covers;
use super::reader::{DebugEntry, Dwarf, Unit};

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
    // Only then, since it reads all entries of the unit.
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
    let mut entry = DebugEntry::null();
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
