//! The line table of a unit. In: addresses. Out: the file and line of each.

use gimli::LineProgramHeader;

use super::dwarf::{Dwarf, Slice, Unit, text};
use crate::splat::tree_path;

/// File index and line of each of the sorted addresses. Reads the table only up to the last answer.
pub(super) fn lines_at(unit: &Unit<'_>, addresses: &[u64]) -> Vec<Option<(u64, u32)>> {
    let mut found = vec![None; addresses.len()];
    let Some(program) = unit.line_program.clone() else {
        return found;
    };
    let mut missing = addresses.len();
    let mut rows = program.rows();
    // Start, file and line of the row before, unless that one ended a sequence.
    let mut last: Option<(u64, u64, u32)> = None;
    while missing > 0
        && let Ok(Some((_, row))) = rows.next_row()
    {
        if let Some((start, file, line)) = last {
            let first = addresses.partition_point(|&address| address < start);
            let here = addresses.iter().zip(found.iter_mut()).skip(first);
            for (_, found) in here.take_while(|(address, _)| **address < row.address()) {
                missing -= usize::from(found.is_none());
                found.get_or_insert((file, line));
            }
        }
        let line = row
            .line()
            .map_or(0, |line| u32::try_from(line.get()).unwrap_or(0));
        last = (!row.end_sequence()).then(|| (row.address(), row.file_index(), line));
    }
    found
}

/// The file table of a unit.
pub(super) struct Files<'r, 'a> {
    dwarf: &'r Dwarf<'a>,
    unit: &'r Unit<'a>,
    header: Option<&'r LineProgramHeader<Slice<'a>>>,
}

impl<'r, 'a> Files<'r, 'a> {
    pub(super) fn new(dwarf: &'r Dwarf<'a>, unit: &'r Unit<'a>) -> Files<'r, 'a> {
        Files {
            dwarf,
            unit,
            header: unit.line_program.as_ref().map(|program| program.header()),
        }
    }

    /// A file's path within the kernel tree.
    pub(super) fn path(&self, index: u64) -> Option<String> {
        let header = self.header?;
        let file = header.file(index)?;
        let read = |value| text(self.dwarf.attr_string(self.unit, value).ok()?);
        let compiled_in = self.unit.comp_dir.and_then(text).unwrap_or_default();
        let mut path = compiled_in.clone();
        // Folder 0 is that of the compilation.
        if file.directory_index() != 0 {
            push(&mut path, &file.directory(header).and_then(read)?);
        }
        push(&mut path, &read(file.path_name())?);
        Some(tree_path(&path, &compiled_in))
    }
}

fn push(path: &mut String, part: &str) {
    if part.starts_with('/') {
        path.clear();
    } else if !path.is_empty() {
        path.push('/');
    }
    path.push_str(part);
}
