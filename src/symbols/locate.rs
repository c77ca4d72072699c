//! Source positions. In: link addresses of an image. Out: for each the function, its file and line, and
//! the functions inlined there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use addr2line::Context;
use gimli::{DebugInfo, DebugInfoOffset, LittleEndian, Section};

use super::dwarf::{Dwarf, Slice, Unit};
use super::image::Image;
use super::inspect::{foreign_units, has_sane_lines};
use super::paths::tree_path;
use super::sparse::sparse_info;
use crate::splat::Inline;

/// Positions kept per image; a batch of logs asks for the same ones over and over.
const CACHED_POSITIONS: usize = 1 << 16;

/// What DWARF says about one address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

    fn read_positions(&self, addresses: &BTreeSet<u64>) -> BTreeMap<u64, Position> {
        let dwarf = self.dwarf();
        let mut wanted = Wanted::default();
        for (unit, addresses) in by_unit(self, addresses) {
            // An unreadable unit costs its own frames, no others.
            let _ = wanted.add(self, &dwarf, unit, &addresses);
        }
        let Some(info) = sparse_info(dwarf.debug_info.reader().slice(), &wanted.spans()) else {
            return BTreeMap::new();
        };
        let mut cut = self.dwarf();
        cut.debug_info = DebugInfo::new(&info, LittleEndian);
        cut.populate_abbreviations_cache(gimli::AbbreviationsCacheStrategy::Duplicates);
        let Ok(context) = Context::from_dwarf(cut) else {
            return BTreeMap::new();
        };
        let position = |(&address, folder): (&u64, &String)| {
            let position = find_position(&context, address, folder).ok()?;
            Some((address, position))
        };
        wanted.addresses.iter().filter_map(position).collect()
    }
}

fn by_unit(image: &Image, addresses: &BTreeSet<u64>) -> BTreeMap<usize, Vec<u64>> {
    let mut units: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for &address in addresses {
        if let Some(unit) = image.unit_at(address) {
            units.entry(unit).or_default().push(address);
        }
    }
    units
}

/// What addr2line is to see.
#[derive(Default)]
struct Wanted {
    /// Ends of the units by their starts.
    units: BTreeMap<usize, usize>,
    /// The compilation folder of each address's unit.
    addresses: BTreeMap<u64, String>,
}

impl Wanted {
    fn add(
        &mut self,
        image: &Image,
        dwarf: &Dwarf<'_>,
        offset: usize,
        addresses: &[u64],
    ) -> gimli::Result<()> {
        let unit = Unit::read(dwarf, offset)?;
        if !has_sane_lines(dwarf, &unit) {
            return Ok(());
        }
        let folder = unit
            .unit
            .comp_dir
            .map(|folder| folder.to_string_lossy().into_owned());
        for &address in addresses {
            let mut foreign = Vec::new();
            let mut sane = true;
            for function in unit.functions_at(address) {
                match foreign_units(image, dwarf, &unit, function)? {
                    Some(units) => foreign.extend(units),
                    None => sane = false,
                }
            }
            if !sane {
                continue;
            }
            for start in foreign {
                self.keep(dwarf, start)?;
            }
            self.keep(dwarf, offset)?;
            self.addresses
                .insert(address, folder.clone().unwrap_or_default());
        }
        Ok(())
    }

    fn keep(&mut self, dwarf: &Dwarf<'_>, start: usize) -> gimli::Result<()> {
        let header = dwarf.unit_header(DebugInfoOffset(start))?;
        self.units
            .insert(start, start.saturating_add(header.length_including_self()));
        Ok(())
    }

    fn spans(&self) -> Vec<Range<usize>> {
        self.units.iter().map(|(&start, &end)| start..end).collect()
    }
}

fn find_position(
    context: &Context<Slice<'_>>,
    address: u64,
    folder: &str,
) -> gimli::Result<Position> {
    let mut frames = context.find_frames(address).skip_all_loads()?;
    let mut found = Vec::new();
    while let Some(frame) = frames.next()? {
        let name = frame
            .function
            .as_ref()
            .and_then(|name| name.raw_name().ok());
        let place = frame.location;
        found.push(Inline {
            function: name.map(|name| name.into_owned()),
            file: place
                .as_ref()
                .and_then(|at| at.file)
                .map(|file| tree_path(file, folder)),
            line: place.and_then(|at| at.line),
        });
    }
    let own = found.pop();
    Ok(own.map_or_else(Position::default, |own| Position {
        inlines: found,
        function: own.function,
        file: own.file,
        line: own.line,
    }))
}
