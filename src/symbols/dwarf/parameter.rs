//! Values of parameters out of the printed registers. In: the link address of RIP, a function that
//! covers it (itself or inlined there) and a parameter's name. Out: its value, or why it is not known.

use std::fmt;
use std::ops::ControlFlow;

use gimli::{AttributeValue, UnitOffset};

use super::Debug;
use super::entries::{Reference, covers, name_of, origins, walk};
use super::evaluate::{MachineState, evaluate};
use super::functions::functions_at;
use super::reader::{DebugEntry, Dwarf, Slice, Unit, bytes};

/// Location list entries looked at; a parameter has some ten.
const MAX_LOCATIONS: usize = 1 << 16;
/// Hops from a `typedef` or `const` to the type with a size.
const MAX_TYPES: usize = 16;

/// What is known of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterValue {
    /// The value, cut to the parameter's own size.
    Known {
        /// Zero-extended.
        value: u64,
        /// Where it was found, in words.
        how: String,
    },
    /// Not known.
    Unknown {
        /// The reason, in words.
        why: String,
    },
}

impl ParameterValue {
    /// The value, if it is known.
    pub fn value(&self) -> Option<u64> {
        match self {
            ParameterValue::Known { value, .. } => Some(*value),
            ParameterValue::Unknown { .. } => None,
        }
    }

    pub(in crate::symbols) fn unknown(why: impl fmt::Display) -> ParameterValue {
        ParameterValue::Unknown {
            why: why.to_string(),
        }
    }
}

impl<'a> Debug<'a> {
    /// The value of `function`'s parameter or variable `name` at `machine.pc`.
    pub(in crate::symbols) fn parameter(
        &self,
        machine: &MachineState<'_>,
        function: &str,
        name: &str,
    ) -> ParameterValue {
        let result =
            ParameterSearch::new(self, machine).and_then(|search| search.value(function, name));
        match result {
            Ok((value, how)) => ParameterValue::Known { value, how },
            Err(why) => ParameterValue::unknown(why),
        }
    }
}

/// The unit that RIP is in, and the state of the CPU there.
pub(super) struct ParameterSearch<'r, 'a> {
    pub(super) debug: &'r Debug<'a>,
    pub(super) dwarf: &'r Dwarf<'a>,
    pub(super) unit: Unit<'a>,
    pub(super) machine: &'r MachineState<'r>,
}

/// A scope open during the walk: the function, or one inlined into it.
struct ParameterScope {
    depth: isize,
    wanted: bool,
}

impl<'r, 'a> ParameterSearch<'r, 'a> {
    pub(super) fn new(
        debug: &'r Debug<'a>,
        machine: &'r MachineState<'r>,
    ) -> Result<ParameterSearch<'r, 'a>, String> {
        let dwarf = debug.dwarf_with_locations();
        let offset = debug.unit_at(machine.pc).ok_or("no debug info at RIP")?;
        let unit = debug.unit(offset).map_err(broken)?;
        Ok(ParameterSearch {
            debug,
            dwarf,
            unit,
            machine,
        })
    }

    fn value(&self, function: &str, name: &str) -> Result<(u64, String), String> {
        let variables = self.variables(function, name)?;
        let mut why = format!("RIP is not in {function}, or it has no {name}");
        // All of them cover RIP, and the innermost is the code that ran. Where its value is lost
        // the outer copy may still have it.
        for variable in variables.iter().rev() {
            match self.read(function, variable) {
                Ok(found) => return Ok(found),
                Err(reason) => why = reason,
            }
        }
        Err(why)
    }

    /// The entries of that name that belong to the function, innermost inlined copy last.
    fn variables(&self, function: &str, name: &str) -> Result<Vec<DebugEntry<'a>>, String> {
        let mut found = Vec::new();
        let roots = functions_at(self.dwarf, &self.unit, &[self.machine.pc]).map_err(broken)?;
        for root in roots.into_iter().flatten() {
            let mut scopes: Vec<ParameterScope> = Vec::new();
            walk(&self.unit, root, |depth, entry| {
                while scopes.last().is_some_and(|scope| scope.depth >= depth) {
                    scopes.pop();
                }
                match entry.tag {
                    gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine => {
                        let wanted = self.covers_pc(entry) && self.is_named(entry, function);
                        scopes.push(ParameterScope { depth, wanted });
                    }
                    gimli::DW_TAG_formal_parameter | gimli::DW_TAG_variable
                        if scopes.last().is_some_and(|scope| scope.wanted)
                            && self.is_named(entry, name) =>
                    {
                        found.push(entry.clone());
                    }
                    _ => {}
                }
                ControlFlow::Continue(())
            })
            .map_err(broken)?;
        }
        Ok(found)
    }

    pub(super) fn covers_pc(&self, entry: &DebugEntry<'a>) -> bool {
        covers(self.dwarf, &self.unit, entry, self.machine.pc).unwrap_or(false)
    }

    fn is_named(&self, entry: &DebugEntry<'a>, name: &str) -> bool {
        let found = name_of(self.debug, self.dwarf, &self.unit, entry);
        found.is_some_and(|found| bytes(&found) == name.as_bytes())
    }

    pub(super) fn read(
        &self,
        function: &str,
        variable: &DebugEntry<'a>,
    ) -> Result<(u64, String), String> {
        let (value, how) = self.raw_value(function, variable)?;
        // Of a type that is not known the register is taken whole.
        let size = self.size(variable).unwrap_or(8);
        let mask = match size {
            0 | 8.. => u64::MAX,
            bytes => (1 << (bytes * 8)) - 1,
        };
        Ok((value & mask, how))
    }

    fn raw_value(
        &self,
        function: &str,
        variable: &DebugEntry<'a>,
    ) -> Result<(u64, String), String> {
        if let Some(value) = variable.attr_value(gimli::DW_AT_const_value) {
            let value = constant(value).ok_or("its constant is not a number")?;
            return Ok((value, "a constant in DWARF".to_owned()));
        }
        let expression = match variable.attr_value(gimli::DW_AT_location) {
            None => return Err("optimised out".to_owned()),
            Some(AttributeValue::Exprloc(expression)) => expression,
            Some(list) => self.listed(list)?,
        };
        evaluate(
            self.debug,
            self.dwarf,
            &self.unit,
            expression,
            function,
            self.machine,
        )
    }

    fn listed(
        &self,
        list: AttributeValue<Slice<'a>>,
    ) -> Result<gimli::Expression<Slice<'a>>, String> {
        let locations = self
            .dwarf
            .attr_locations(&self.unit, list)
            .map_err(broken)?;
        let mut locations = locations.ok_or("its location has an unknown form")?;
        for _ in 0..MAX_LOCATIONS {
            match locations.next().map_err(broken)? {
                Some(location)
                    if (location.range.begin..location.range.end).contains(&self.machine.pc) =>
                {
                    return Ok(location.data);
                }
                Some(_) => {}
                None => break,
            }
        }
        Err("optimised out at RIP".to_owned())
    }

    /// Bytes of the variable's type.
    fn size(&self, variable: &DebugEntry<'a>) -> Option<u64> {
        let typed = |entry: &DebugEntry<'a>| entry.attr_value(gimli::DW_AT_type);
        let mut next = self.type_attribute(variable)?;
        for _ in 0..MAX_TYPES {
            let Some(Reference::Here(offset)) = Reference::of(next) else {
                return None;
            };
            let entry = self.entry(offset)?;
            if let Some(size) = entry.attr_value(gimli::DW_AT_byte_size) {
                return size.udata_value();
            }
            if entry.tag == gimli::DW_TAG_pointer_type {
                return Some(8);
            }
            next = typed(&entry)?;
        }
        None
    }

    /// The type of a variable; an inlined copy's parameter has it at its origin.
    pub(super) fn type_attribute(
        &self,
        variable: &DebugEntry<'a>,
    ) -> Option<AttributeValue<Slice<'a>>> {
        let typed = |entry: &DebugEntry<'a>| entry.attr_value(gimli::DW_AT_type);
        typed(variable).or_else(|| {
            let origins = origins(self.debug, self.dwarf, &self.unit, variable);
            origins.iter().find_map(typed)
        })
    }

    fn entry(&self, offset: UnitOffset) -> Option<DebugEntry<'a>> {
        self.unit.entry(offset).ok()
    }
}

fn constant(value: AttributeValue<Slice<'_>>) -> Option<u64> {
    value
        .udata_value()
        .or_else(|| value.sdata_value().map(|value| value as u64))
}

fn broken(error: gimli::Error) -> String {
    format!("broken debug info: {error}")
}
