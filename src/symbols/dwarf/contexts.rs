//! The addr2line crate in front of a kernel. In: addresses of one unit. Out: their positions.
//!
//! The crate's `Context` reads the head of each unit of a file before its first answer: a kernel has thousands,
//! and a splat needs a dozen. So it gets a view of the file in which `.debug_info` is one unit, and its own
//! caches (functions, lines) live as long as that view is kept. References from one unit to another (LTO, dwz)
//! lead out of such a view: a file that has them is given to the crate as a whole.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use addr2line::{Context, LookupContinuation, LookupResult};
use gimli::{DebugInfo, DebugInfoOffset, Reader};

use super::Debug;
use super::limits;
use super::positions::Position;
use super::reader::{Dwarf, Slice, Unit, bytes, text};
use crate::splat::{Inline, tree_path};
use crate::symbols::demangled;

/// Memory, in bytes as [`weight`] guesses it, of the units that are kept parsed.
const KEPT: usize = 32 << 20;

/// Units that were read. A unit that addr2line cannot be given is kept as `None`.
#[derive(Default)]
pub(super) struct Contexts<'a> {
    of_units: Mutex<KeptContext<'a>>,
    whole: OnceLock<Option<Arc<Parsed<'a>>>>,
}

#[derive(Default)]
struct KeptContext<'a> {
    units: HashMap<usize, Option<Arc<Parsed<'a>>>>,
    order: VecDeque<(usize, usize)>,
    weight: usize,
}

/// A unit, or all of them.
pub(super) struct Parsed<'a> {
    context: Mutex<Context<Slice<'a>>>,
    /// The folder that it was compiled in.
    folder: String,
}

impl<'a> KeptContext<'a> {
    fn add(&mut self, unit: usize, weight: usize, parsed: Option<Arc<Parsed<'a>>>) {
        // The oldest goes, not the least used: positions are kept as well, so a unit is seldom
        // asked for twice.
        while self.weight.saturating_add(weight) > KEPT
            && let Some((oldest, freed)) = self.order.pop_front()
        {
            self.units.remove(&oldest);
            self.weight = self.weight.saturating_sub(freed);
        }
        if self.units.insert(unit, parsed).is_none() {
            self.order.push_back((unit, weight));
            self.weight = self.weight.saturating_add(weight);
        }
    }
}

impl<'a> Debug<'a> {
    /// Positions of addresses in the unit at an offset of `.debug_info`; `None` where it cannot be read.
    pub(super) fn positions_in(&self, unit: usize, addresses: &[u64]) -> Option<Vec<Position>> {
        let parsed = self.parsed(unit)?;
        // The names are in units of another file, whose heads would be read for each unit of this one.
        if self.dwarf().sup().is_some() {
            return self.positions_in_whole(addresses, &parsed.folder);
        }
        let context = parsed
            .context
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let position = |address: &u64| self.position(&context, *address, &parsed.folder);
        match addresses.iter().map(position).collect() {
            Ok(positions) => Some(positions),
            // A reference that leads out of the unit.
            Err(_) => self.positions_in_whole(addresses, &parsed.folder),
        }
    }

    fn positions_in_whole(&self, addresses: &[u64], folder: &str) -> Option<Vec<Position>> {
        let whole = self.contexts.whole.get_or_init(|| {
            // The crate will read any of the units, so all have to be within the limits.
            let dwarf = self.dwarf();
            let mut units = dwarf.units();
            while let Some(header) = units.next().ok()? {
                let unit = dwarf.unit(header).ok()?;
                if !limits::holds(dwarf, &unit).ok()? {
                    return None;
                }
            }
            let context = Context::from_arc_dwarf(Arc::clone(dwarf)).ok()?;
            Some(Arc::new(Parsed {
                context: Mutex::new(context),
                folder: String::new(),
            }))
        });
        let whole = whole.as_ref()?;
        let context = whole.context.lock().unwrap_or_else(PoisonError::into_inner);
        let position = |address: &u64| {
            self.position(&context, *address, folder)
                .unwrap_or_default()
        };
        Some(addresses.iter().map(position).collect())
    }

    fn parsed(&self, offset: usize) -> Option<Arc<Parsed<'a>>> {
        let kept = || self.contexts.of_units.lock();
        if let Some(parsed) = kept()
            .unwrap_or_else(PoisonError::into_inner)
            .units
            .get(&offset)
        {
            return parsed.clone();
        }
        // Without the lock: other threads read other units meanwhile. Two that parse the same one
        // give the same.
        let unit = self.unit(offset).ok();
        let parsed = unit
            .as_ref()
            .and_then(|unit| self.parse(offset, unit).ok().flatten())
            .map(Arc::new);
        let weight = unit.as_ref().map_or(0, weight);
        kept()
            .unwrap_or_else(PoisonError::into_inner)
            .add(offset, weight, parsed.clone());
        parsed
    }

    fn parse(&self, offset: usize, unit: &Unit<'a>) -> gimli::Result<Option<Parsed<'a>>> {
        let dwarf = self.dwarf();
        if !limits::holds(dwarf, unit)? {
            return Ok(None);
        }
        let context = Context::from_dwarf(self.cut_to(offset, unit)?)?;
        Ok(Some(Parsed {
            context: Mutex::new(context),
            folder: unit.comp_dir.as_ref().and_then(text).unwrap_or_default(),
        }))
    }

    /// The sections with a single unit.
    fn cut_to(&self, offset: usize, unit: &Unit<'a>) -> gimli::Result<Dwarf<'a>> {
        let all = self.dwarf();
        let mut info = self.section(".debug_info");
        info.skip(offset)?;
        info.truncate(unit.header.length_including_self())?;
        Ok(gimli::Dwarf {
            debug_abbrev: all.debug_abbrev.clone(),
            debug_addr: all.debug_addr.clone(),
            debug_aranges: all.debug_aranges.clone(),
            debug_info: DebugInfo::from(info),
            debug_line: all.debug_line.clone(),
            debug_line_str: all.debug_line_str.clone(),
            debug_macinfo: all.debug_macinfo.clone(),
            debug_macro: all.debug_macro.clone(),
            debug_names: all.debug_names.clone(),
            debug_str: all.debug_str.clone(),
            debug_str_offsets: all.debug_str_offsets.clone(),
            debug_types: all.debug_types.clone(),
            locations: all.locations.clone(),
            ranges: all.ranges.clone(),
            file_type: all.file_type,
            sup: None,
            abbreviations_cache: gimli::AbbreviationsCache::new(),
        })
    }

    /// The unit at an offset of `.debug_info`.
    pub(super) fn unit(&self, offset: usize) -> gimli::Result<Unit<'a>> {
        let dwarf = self.dwarf();
        dwarf.unit(dwarf.unit_header(DebugInfoOffset(offset))?)
    }
}

/// Bytes that a parsed unit takes, roughly: a row of the line table has 24 bytes and is made of two or three.
fn weight(unit: &Unit<'_>) -> usize {
    let lines = unit.line_program.as_ref();
    let lines = lines.map_or(0, |program| {
        bytes(&program.header().raw_program_buf()).len()
    });
    let info = unit.header.length_including_self();
    lines
        .saturating_mul(10)
        .saturating_add(info / 2)
        .saturating_add(4096)
}

impl<'a> Debug<'a> {
    fn position(
        &self,
        context: &Context<Slice<'a>>,
        address: u64,
        folder: &str,
    ) -> gimli::Result<Position> {
        let mut lookup = context.find_frames(address);
        let mut frames = loop {
            match lookup {
                LookupResult::Output(frames) => break frames?,
                LookupResult::Load { load, continuation } => {
                    lookup = continuation.resume(self.split(&load));
                }
            }
        };
        let mut found = Vec::new();
        while let Some(frame) = frames.next()? {
            let name = frame.function.as_ref().and_then(|name| text(&name.name));
            let location = frame.location.as_ref();
            found.push(Inline {
                function: name.map(|name| demangled(&name).into_owned()),
                file: location
                    .and_then(|at| at.file)
                    .map(|file| tree_path(file, folder)),
                line: location.and_then(|at| at.line),
            });
        }
        Ok(match found.pop() {
            Some(own) => Position {
                inlines: found,
                function: own.function,
                file: own.file,
                line: own.line,
            },
            None => Position::default(),
        })
    }
}
