//! Variables at RIP. In: the printed registers. Out: the parameters and variables of the function at RIP, and of those
//! inlined there, with what is left of their values.

use std::ops::ControlFlow;

use super::Debug;
use super::entries::{name_of, walk};
use super::evaluate::MachineState;
use super::functions::functions_at;
use super::parameter::ParameterSearch;
use super::reader::{DebugEntry, text};
use serde::Serialize;

/// Variables of one report; functions have some ten.
const MAX_VARIABLES: usize = 128;

/// A parameter or variable that is alive at RIP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Variable {
    /// The function that it belongs to, which is at RIP or inlined there.
    pub function: String,
    /// Its name in the source.
    pub name: String,
    /// Its type as C writes it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The value as C writes it; `None` where it is lost.
    pub value: Option<String>,
    /// How it was found, or why it is lost, in words.
    pub how: String,
}

/// A function open during the walk.
struct VariableScope {
    depth: isize,
    /// Its name, where it covers RIP.
    function: Option<String>,
}

impl Debug<'_> {
    /// The variables that are alive at `machine.pc`, those of the innermost inlined function first.
    pub(in crate::symbols) fn variables(&self, machine: &MachineState<'_>) -> Vec<Variable> {
        ParameterSearch::new(self, machine)
            .ok()
            .and_then(|search| search.all())
            .unwrap_or_default()
    }
}

impl<'a> ParameterSearch<'_, 'a> {
    fn all(&self) -> Option<Vec<Variable>> {
        let roots = functions_at(self.dwarf, &self.unit, &[self.machine.pc]).ok()?;
        let mut scopes: Vec<VariableScope> = Vec::new();
        let mut found: Vec<Variable> = Vec::new();
        walk(
            &self.unit,
            roots.into_iter().flatten().next()?,
            |depth, entry| {
                while scopes.last().is_some_and(|scope| scope.depth >= depth) {
                    scopes.pop();
                }
                match entry.tag {
                    gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine => {
                        // In a function that is inlined elsewhere nothing is alive, whatever its
                        // own inlines say they cover.
                        let covers = scopes.iter().all(|scope| scope.function.is_some());
                        let function = (covers && self.covers_pc(entry)).then(|| self.name(entry));
                        scopes.push(VariableScope {
                            depth,
                            function: function.flatten(),
                        });
                    }
                    gimli::DW_TAG_formal_parameter | gimli::DW_TAG_variable => {
                        let function = scopes.last().and_then(|scope| scope.function.as_deref());
                        let variable = function.and_then(|function| self.variable(function, entry));
                        found.extend(variable);
                    }
                    // A block that RIP is not in: what it declares is not alive.
                    gimli::DW_TAG_lexical_block if !self.covers_pc(entry) => {
                        scopes.push(VariableScope {
                            depth,
                            function: None,
                        })
                    }
                    gimli::DW_TAG_lexical_block => {
                        let function = scopes.last().and_then(|scope| scope.function.clone());
                        scopes.push(VariableScope { depth, function });
                    }
                    _ => {}
                }
                match found.len() < MAX_VARIABLES {
                    true => ControlFlow::Continue(()),
                    false => ControlFlow::Break(()),
                }
            },
        )
        .ok()?;
        Some(innermost_first(found))
    }

    fn variable(&self, function: &str, entry: &DebugEntry<'a>) -> Option<Variable> {
        let name = self.name(entry)?;
        // What macros declare is not in the source that people read.
        if entry.tag == gimli::DW_TAG_variable && name.starts_with("__") {
            return None;
        }
        let kind = self.type_of(entry)?;
        let (value, how) = match self.read(function, entry) {
            Ok((value, how)) => (Some(kind.written(value)), how),
            Err(why) => (None, why),
        };
        Some(Variable {
            function: function.to_owned(),
            name,
            type_name: kind.name,
            value,
            how,
        })
    }

    fn name(&self, entry: &DebugEntry<'a>) -> Option<String> {
        text(&name_of(self.debug, self.dwarf, &self.unit, entry)?)
    }
}

/// The walk meets the function first and what is inlined into it later. A name may be declared again in a block within:
/// the inner one is meant, unless its value is lost.
fn innermost_first(found: Vec<Variable>) -> Vec<Variable> {
    let mut functions: Vec<String> = Vec::new();
    let mut kept: Vec<Variable> = Vec::new();
    for variable in found {
        if !functions.contains(&variable.function) {
            functions.push(variable.function.clone());
        }
        let same = |other: &&mut Variable| {
            other.function == variable.function && other.name == variable.name
        };
        match kept.iter_mut().find(same) {
            Some(outer) if variable.value.is_some() => *outer = variable,
            Some(_) => {}
            None => kept.push(variable),
        }
    }
    kept.sort_by_key(|variable| {
        let at = functions.iter().position(|name| *name == variable.function);
        std::cmp::Reverse(at)
    });
    kept
}
