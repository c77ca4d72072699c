//! Call sites. In: a return address. Out: the function called there, and the arguments that DWARF knows
//! the values of.

use std::ops::ControlFlow;

use gimli::{AttributeValue, Expression, Location, Register};

use super::Debug;
use super::entries::{name_of, walk};
use super::functions::functions_at;
use super::reader::{DebugEntry, Dwarf, Slice, Unit, text};

/// Operations of an argument's expression.
const MAX_OPERATIONS: u32 = 1000;

/// A `DW_TAG_call_site` entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallSite {
    /// DWARF name of the function called; `None` for a call through a pointer.
    pub callee: Option<String>,
    /// Arguments that are constants, by their register.
    arguments: Vec<(Register, u64)>,
}

impl<'a> Debug<'a> {
    /// The call that returns to a link address, as DWARF describes it.
    pub fn call_site(&self, return_address: u64) -> Option<CallSite> {
        let dwarf = self.dwarf();
        // The call may be the last thing in its function.
        let inside = return_address.checked_sub(1)?;
        let unit = self.unit(self.unit_at(inside)?).ok()?;
        let root = functions_at(dwarf, &unit, &[inside]).ok()?.pop()??;
        let mut reader = SiteReader {
            debug: self,
            dwarf,
            unit: &unit,
            return_address,
            found: None,
        };
        walk(&unit, root, |depth, entry| reader.read(depth, entry)).ok()?;
        reader.found.map(|(_, site)| site)
    }
}

struct SiteReader<'r, 'a> {
    debug: &'r Debug<'a>,
    dwarf: &'r Dwarf<'a>,
    unit: &'r Unit<'a>,
    return_address: u64,
    found: Option<(isize, CallSite)>,
}

impl<'a> SiteReader<'_, 'a> {
    fn read(&mut self, depth: isize, entry: &DebugEntry<'a>) -> ControlFlow<()> {
        // The arguments are the entries below the call: what is no deeper belongs to something
        // else.
        if let Some((site_depth, site)) = &mut self.found {
            if depth <= *site_depth {
                return ControlFlow::Break(());
            }
            site.arguments.extend(argument_of(self.unit, entry));
        } else if self.is_the_call(entry) {
            let name = name_of(self.debug, self.dwarf, self.unit, entry);
            let callee = name.as_ref().and_then(text);
            let arguments = Vec::new();
            self.found = Some((depth, CallSite { callee, arguments }));
        }
        ControlFlow::Continue(())
    }

    /// DWARF 5 gives the return address as such, GNU's DWARF 4 form as `DW_AT_low_pc`.
    fn is_the_call(&self, entry: &DebugEntry<'a>) -> bool {
        let attribute = match entry.tag {
            gimli::DW_TAG_call_site => gimli::DW_AT_call_return_pc,
            gimli::DW_TAG_GNU_call_site => gimli::DW_AT_low_pc,
            _ => return false,
        };
        let address = entry.attr_value(attribute);
        let address = address.and_then(|a| self.dwarf.attr_address(self.unit, a).ok().flatten());
        address == Some(self.return_address)
    }
}

/// A parameter of a call site whose value is a constant.
fn argument_of(unit: &gimli::Unit<Slice<'_>>, entry: &DebugEntry<'_>) -> Option<(Register, u64)> {
    const VALUES: [gimli::DwAt; 2] = [gimli::DW_AT_call_value, gimli::DW_AT_GNU_call_site_value];
    let Some(AttributeValue::Exprloc(location)) = entry.attr_value(gimli::DW_AT_location) else {
        return None;
    };
    let Ok(Some(gimli::Operation::Register { register })) =
        location.operations(unit.encoding()).next()
    else {
        return None;
    };
    let value = VALUES.iter().find_map(|&name| entry.attr_value(name))?;
    let AttributeValue::Exprloc(value) = value else {
        return None;
    };
    Some((register, constant(unit, value)?))
}

/// The expression's value where it needs nothing from the caller's registers and memory: what these
/// held at the call is gone by the time of the splat.
fn constant(unit: &gimli::Unit<Slice<'_>>, expression: Expression<Slice<'_>>) -> Option<u64> {
    let mut evaluation = expression.evaluation(unit.encoding());
    evaluation.set_max_iterations(MAX_OPERATIONS);
    let gimli::EvaluationResult::Complete = evaluation.evaluate().ok()? else {
        return None;
    };
    match evaluation.result().as_slice() {
        [piece] => match &piece.location {
            Location::Value { value } => value.to_u64(u64::MAX).ok(),
            // A call value is an expression, not a location: what is left on the stack is the value.
            Location::Address { address } => Some(*address),
            _ => None,
        },
        _ => None,
    }
}

/// The value that `function` got in a register, by the call that returns to `return_address`.
pub(super) fn argument(
    debug: &Debug<'_>,
    return_address: Option<u64>,
    function: &str,
    register: Register,
) -> Result<u64, String> {
    let return_address =
        return_address.ok_or("only its value at entry is known to DWARF, and the caller is not")?;
    let site = debug.call_site(return_address);
    let site =
        site.ok_or("only its value at entry is known to DWARF, and the call has no entry there")?;
    // A tail call lies between: the registers that the caller filled may have changed on the way.
    if site.callee.as_deref() != Some(function) {
        return Err(format!(
            "the caller in the trace did not call {function} itself"
        ));
    }
    let argument = site
        .arguments
        .iter()
        .find(|(number, _)| *number == register);
    argument
        .map(|&(_, value)| value)
        .ok_or("the caller took its argument from a register that has changed since".to_owned())
}
