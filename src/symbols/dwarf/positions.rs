//! Source positions. In: link addresses. Out: for each the function, its file and line, and the functions
//! inlined there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::Debug;
use crate::input;
use crate::parallel;
use crate::splat::Inline;

/// Positions kept per image; a batch of logs asks for the same ones over and over.
const CACHED_POSITIONS: usize = 1 << 16;

/// Units that it is worth to read on several cores: a unit takes about a millisecond.
const MANY_UNITS: usize = 4;

/// Units that are read before their pages are given back.
const UNITS_AT_ONCE: usize = 256;

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
    /// Its line: of the code itself, or of the call of the outermost inline.
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

impl Debug<'_> {
    /// Positions of link addresses; empty ones where DWARF knows nothing. Many at once cost little
    /// more than one.
    pub(in crate::symbols) fn positions(&self, addresses: &[u64]) -> Vec<Arc<Position>> {
        let mut found = self.known(addresses);
        let missing = addresses
            .iter()
            .filter(|address| !found.contains_key(address));
        let fresh = self.read_positions(missing.copied().collect());
        let mut cache = self
            .positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // To drop all is enough: what a log asks for again is read again, a unit at a time.
        if cache.len() + fresh.len() > CACHED_POSITIONS {
            cache.clear();
        }
        for (address, position) in fresh {
            let position = Arc::new(position);
            if cache.len() < CACHED_POSITIONS {
                cache.insert(address, Arc::clone(&position));
            }
            found.insert(address, position);
        }
        let position = |address: &u64| found.get(address).cloned().unwrap_or_default();
        addresses.iter().map(position).collect()
    }

    fn known(&self, addresses: &[u64]) -> BTreeMap<u64, Arc<Position>> {
        let cache = self
            .positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = |address: &u64| Some((*address, cache.get(address)?.clone()));
        addresses.iter().filter_map(known).collect()
    }

    /// Reads each unit once, many of them on all cores.
    fn read_positions(&self, addresses: BTreeSet<u64>) -> Vec<(u64, Position)> {
        let mut units: BTreeMap<Option<usize>, Vec<u64>> = BTreeMap::new();
        for address in addresses {
            units
                .entry(self.unit_at(address))
                .or_default()
                .push(address);
        }
        let read = |(unit, addresses): &(Option<usize>, Vec<u64>)| {
            // An unreadable unit costs its own frames, no others.
            let found = unit.and_then(|unit| self.positions_in(unit, addresses));
            let found = found.unwrap_or_else(|| vec![Position::default(); addresses.len()]);
            addresses.iter().copied().zip(found).collect::<Vec<_>>()
        };
        let units: Vec<_> = units.into_iter().collect();
        if units.len() < MANY_UNITS {
            return units.iter().flat_map(read).collect();
        }
        let mut positions = Vec::new();
        for units in units.chunks(UNITS_AT_ONCE) {
            positions.extend(parallel::map(units, read).into_iter().flatten());
            // The few units of a splat stay: the next splat asks for the same.
            if units.len() == UNITS_AT_ONCE {
                self.let_go();
            }
        }
        positions
    }

    /// A whole kernel's debug info has hundreds of megabytes: after a part of it was read it need not stay in memory.
    fn let_go(&self) {
        for name in [
            ".debug_info",
            ".debug_line",
            ".debug_str",
            ".debug_rnglists",
        ] {
            if let Some(section) = self.elf.find(name) {
                input::let_go(self.elf.file_bytes(section));
            }
        }
    }
}

/// The address to look up for an address in a call trace. `distance`: that of the machine's calls.
pub(in crate::symbols) fn probe(address: u64, exact: bool, distance: u64) -> u64 {
    if exact {
        address
    } else {
        address.wrapping_sub(distance)
    }
}
