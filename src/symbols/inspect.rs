//! Looks at a function's entries before addr2line does. In: a subprogram. Out: the other units it
//! refers to, or a refusal.
//!
//! addr2line recurses into nested inlined functions and collects all their ranges; a crafted file
//! could overflow the stack or fill the memory with it. It also has to find the units that LTO and dwz
//! refer into.

use std::ops::ControlFlow;

use gimli::UnitOffset;

use super::dwarf::{Dwarf, Reference, Unit, for_each_range, origin, origins, walk};
use super::image::Image;

/// Inlined functions within each other. Kernels reach about 20.
const MAX_NESTING: usize = 128;
/// Ranges of all inlined functions of one function.
const MAX_RANGES: usize = 1 << 18;
/// Bytes of all file names of one line table; a kernel unit has some 30,000.
const MAX_FILE_NAMES: usize = 16 << 20;
/// Bytes of one line program; the largest of a kernel are about 1 MiB.
const MAX_LINE_PROGRAM: usize = 32 << 20;
/// Whether addr2line may read this function; if so the offsets of the other units that names are
/// taken from.
pub(super) fn foreign_units<'a>(
    image: &Image,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a>,
    function: UnitOffset,
) -> gimli::Result<Option<Vec<usize>>> {
    let mut enclosing: Vec<isize> = Vec::new();
    let mut ranges = 0;
    let mut foreign = Vec::new();
    let mut refused = Ok(false);
    walk(&unit.unit, function, |depth, entry| {
        let is_inlined = entry.tag == gimli::DW_TAG_inlined_subroutine;
        if !is_inlined && entry.tag != gimli::DW_TAG_subprogram {
            return ControlFlow::Continue(());
        }
        if !matches!(origin(entry), None | Some(Reference::Here(_))) {
            origins(image, dwarf, &unit.unit, entry, &mut |start| {
                foreign.push(start)
            });
        }
        while enclosing.last().is_some_and(|&outer| outer >= depth) {
            enclosing.pop();
        }
        enclosing.push(depth);
        let counted = for_each_range(dwarf, &unit.unit, entry, |_| {
            ranges += 1;
            ranges < MAX_RANGES
        });
        refused = counted.map(|()| ranges >= MAX_RANGES || enclosing.len() > MAX_NESTING);
        match refused {
            Ok(false) => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    })?;
    Ok((!refused?).then_some(foreign))
}

/// Whether the line table is of a size that an honest compiler makes.
pub(super) fn has_sane_lines(dwarf: &Dwarf<'_>, unit: &Unit<'_>) -> bool {
    let Some(program) = &unit.unit.line_program else {
        return true;
    };
    let header = program.header();
    let length = |value| {
        dwarf
            .attr_string(&unit.unit, value)
            .map_or(0, |text| text.len())
    };
    let names = header.file_names().iter().map(|file| {
        let folder = file.directory(header).map_or(0, length);
        length(file.path_name()).saturating_add(folder)
    });
    let names = names.fold(0, usize::saturating_add);
    names <= MAX_FILE_NAMES && header.raw_program_buf().len() <= MAX_LINE_PROGRAM
}
