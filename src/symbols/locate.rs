//! Source positions. In: link addresses of an image. Out: for each the function, its file and line, and
//! the functions inlined there.
//!
//! This is what the addr2line crate does, for few addresses in many units: that crate reads all functions
//! and all lines of a unit before its first answer, which for a splat is a hundred times what is asked
//! for (tests/symbols/oracle.rs holds the answers against the crate's).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::dwarf::{Dwarf, read};
use super::functions::{Called, functions_at, inlined_at};
use super::image::Image;
use super::lines::{Files, lines_at};
use crate::splat::Inline;

/// Positions kept per image; a batch of logs asks for the same ones over and over.
const CACHED_POSITIONS: usize = 1 << 16;

/// What DWARF says about one address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Position {
    /// Functions inlined there, innermost first.
    pub inlines: Vec<Inline>,
    /// DWARF name of the function itself; `None` for assembler code.
    pub function: Option<String>,
    /// Its file, relative to the kernel tree.
    pub file: Option<String>,
    /// Its line: where it stands, or where it calls the outermost inline.
    pub line: Option<u32>,
}

impl Position {
    /// All functions at this place, innermost inline first, the function itself last.
    pub fn frames(&self) -> Vec<Inline> {
        let own = Inline {
            function: self.function.clone(),
            file: self.file.clone(),
            line: self.line,
        };
        self.inlines.iter().cloned().chain([own]).collect()
    }
}

impl Image {
    /// Positions of link addresses; empty ones where DWARF knows nothing. Many at once cost little
    /// more than one.
    pub fn positions(&self, addresses: &[u64]) -> Vec<Arc<Position>> {
        let known = |address: &u64| {
            let cache = self
                .positions
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            cache.get(address).cloned()
        };
        let missing: BTreeSet<u64> = addresses
            .iter()
            .filter(|a| known(a).is_none())
            .copied()
            .collect();
        let mut fresh = self.read_positions(&missing);
        let mut cache = self
            .positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if cache.len() > CACHED_POSITIONS {
            cache.clear();
        }
        for &address in &missing {
            let position = fresh.remove(&address).unwrap_or_default();
            cache.insert(address, Arc::new(position));
        }
        let position = |address: &u64| cache.get(address).cloned().unwrap_or_default();
        addresses.iter().map(position).collect()
    }

    /// What DWARF says about a link address: the function with its inlines, innermost first, the
    /// function itself last.
    pub fn resolve_address(&self, address: u64) -> Option<Vec<Inline>> {
        self.frames_at(address, true)
    }

    /// The same for a return address, unless `exact`: that is the address behind the call, which may
    /// already belong to the next line or even the next function.
    pub(super) fn frames_at(&self, address: u64, exact: bool) -> Option<Vec<Inline>> {
        let position = self.position_at(address, exact);
        (*position != Position::default()).then(|| position.frames())
    }

    pub(super) fn position_at(&self, address: u64, exact: bool) -> Arc<Position> {
        self.positions(&[probe(address, exact)])
            .pop()
            .unwrap_or_default()
    }

    fn read_positions(&self, addresses: &BTreeSet<u64>) -> BTreeMap<u64, Position> {
        let dwarf = self.dwarf();
        let mut units: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for &address in addresses {
            if let Some(unit) = self.unit_at(address) {
                units.entry(unit).or_default().push(address);
            }
        }
        let read = |(unit, addresses): (usize, Vec<u64>)| {
            // An unreadable unit costs its own frames, no others.
            read_unit(self, &dwarf, unit, &addresses).unwrap_or_default()
        };
        units.into_iter().flat_map(read).collect()
    }
}

/// The address to look up for an address in a call trace.
pub(super) fn probe(address: u64, exact: bool) -> u64 {
    if exact {
        address
    } else {
        address.wrapping_sub(1)
    }
}

/// Positions of sorted addresses in one unit.
fn read_unit(
    image: &Image,
    dwarf: &Dwarf<'_>,
    offset: usize,
    addresses: &[u64],
) -> gimli::Result<Vec<(u64, Position)>> {
    let unit = read(dwarf, offset)?;
    let functions = functions_at(dwarf, &unit, addresses)?;
    let lines = lines_at(&unit, addresses);
    let files = Files::new(dwarf, &unit);
    let mut positions = Vec::new();
    for ((&address, function), row) in addresses.iter().zip(functions).zip(lines) {
        let chain = match function {
            Some(function) => inlined_at(image, dwarf, &unit, function, address)?,
            None => Vec::new(),
        };
        positions.push((address, position(&files, chain, row)));
    }
    Ok(positions)
}

/// Puts together what the line table says of the innermost function and what each inlined function
/// says of the place that it is called from.
fn position(files: &Files<'_, '_>, chain: Vec<Called>, row: Option<(u64, u32)>) -> Position {
    let mut place = row.map(|(file, line)| (files.path(file), Some(line).filter(|&line| line > 0)));
    let mut frames = Vec::new();
    for called in chain.into_iter().rev() {
        let (file, line) = place.take().unwrap_or_default();
        frames.push(Inline {
            function: called.name,
            file,
            line,
        });
        place = called
            .from
            .map(|(file, line)| (files.path(file), Some(line)));
    }
    match frames.pop() {
        Some(own) => Position {
            inlines: frames,
            function: own.function,
            file: own.file,
            line: own.line,
        },
        None => {
            let (file, line) = place.unwrap_or_default();
            Position {
                file,
                line,
                ..Position::default()
            }
        }
    }
}
