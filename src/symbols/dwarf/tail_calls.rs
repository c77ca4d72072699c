//! Tail calls of a function. In: a link address in it. Out: the functions that it jumps to at its end.

use std::ops::ControlFlow;

use super::Debug;
use super::entries::{name_of, walk};
use super::functions::functions_at;
use super::reader::{DebugEntry, text};

/// Tail calls looked at in one function; a crafted one may have any number.
const MAX_TAIL_CALLS: usize = 4096;

/// A jump to another function, which takes over the frame of the one that jumps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::symbols) struct TailCall<F = u64> {
    /// The function jumped to: its link address, or in DWARF its name.
    pub(in crate::symbols) callee: F,
    /// Link address after the jump.
    pub(in crate::symbols) after: u64,
}

impl Debug<'_> {
    /// The direct tail calls of the function at a link address.
    pub(in crate::symbols) fn tail_calls(&self, function: u64) -> Vec<TailCall<String>> {
        self.read_tail_calls(function).unwrap_or_default()
    }

    fn read_tail_calls(&self, function: u64) -> Option<Vec<TailCall<String>>> {
        let dwarf = self.dwarf();
        let unit = self.unit(self.unit_at(function)?).ok()?;
        let root = functions_at(dwarf, &unit, &[function]).ok()?.pop()??;
        let mut found = Vec::new();
        walk(&unit, root, |_, entry| {
            if is_tail_call(entry)
                && let Some(name) = name_of(self, dwarf, &unit, entry)
                && let Some(callee) = text(&name)
                && let Some(Ok(Some(after))) =
                    return_address(entry).map(|address| dwarf.attr_address(&unit, address))
            {
                found.push(TailCall { callee, after });
            }
            match found.len() < MAX_TAIL_CALLS {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        })
        .ok()?;
        Some(found)
    }
}

/// A call site with the flag that DWARF 5 and, before it, GNU's form has.
fn is_tail_call(entry: &DebugEntry<'_>) -> bool {
    let flag = match entry.tag {
        gimli::DW_TAG_call_site => gimli::DW_AT_call_tail_call,
        gimli::DW_TAG_GNU_call_site => gimli::DW_AT_GNU_tail_call,
        _ => return false,
    };
    matches!(
        entry.attr_value(flag),
        Some(gimli::AttributeValue::Flag(true))
    )
}

fn return_address<'a>(
    entry: &DebugEntry<'a>,
) -> Option<gimli::AttributeValue<super::reader::Slice<'a>>> {
    entry
        .attr_value(gimli::DW_AT_call_return_pc)
        .or_else(|| entry.attr_value(gimli::DW_AT_low_pc))
}
