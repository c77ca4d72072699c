//! Where a function has its WARN()s. In: a vmlinux. Out: the lines of the source, of `__bug_table`.

use crate::symbols::Image;
use crate::symbols::elf::ElfFile;
use std::ops::Range;

/// The section of struct bug_entry (include/asm-generic/bug.h), as kernels with relative pointers and
/// CONFIG_DEBUG_BUGVERBOSE have it; x86 since 4.x.
const SECTION: &str = "__bug_table";

/// Bytes of an entry, and where its line is: code, file, line, flags; since 6.19 a format after the code.
const LAYOUTS: [(usize, usize); 2] = [(12, 8), (16, 12)];

/// Entries that must point at code for a layout to be the right one.
const PROBED: usize = 256;

/// The WARN()s of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarnSites {
    /// Their lines, in the order of the source, each once.
    pub lines: Vec<u32>,
    /// The line of the one at RIP.
    pub at_rip: Option<u32>,
}

/// The WARN()s of a function and its cold part; `None` where the vmlinux does not say.
pub fn warn_sites(image: &Image, function: &str, rip: Option<u64>) -> Option<WarnSites> {
    let section = image.find(SECTION)?;
    let (bytes, base) = (image.section_bytes(section), section.address);
    let is_code = |address: u64| image.section_at(address).is_some_and(|at| at.is_code());
    let layout = layout(bytes, base, &is_code)?;
    let parts = parts(image, function);
    let mut sites = WarnSites::default();
    for (code, line) in entries(bytes, base, layout) {
        if parts.iter().any(|part| part.contains(&code)) {
            sites.lines.push(line);
        }
        if Some(code) == rip {
            sites.at_rip = Some(line);
        }
    }
    sites.lines.sort_unstable();
    sites.lines.dedup();
    Some(sites)
}

/// The addresses of a function: compilers move what is rarely run into a part of its own.
fn parts(image: &ElfFile, function: &str) -> Vec<Range<u64>> {
    let cold = format!("{function}.cold");
    let symbols = [image.symbols(function), image.symbols(&cold)];
    let all = symbols.iter().flat_map(|symbols| symbols.iter());
    let range = |address: u64, size: u64| address..address.saturating_add(size);
    all.map(|symbol| range(symbol.address, symbol.st_size))
        .collect()
}

/// The layout in which all of the first entries point at code.
fn layout(bytes: &[u8], base: u64, is_code: &dyn Fn(u64) -> bool) -> Option<(usize, usize)> {
    LAYOUTS.into_iter().find(|layout| {
        let mut probed = entries(bytes, base, *layout).take(PROBED).peekable();
        probed.peek().is_some() && probed.all(|(code, _)| is_code(code))
    })
}

/// The code and the line of each entry.
fn entries(
    bytes: &[u8],
    base: u64,
    (size, line): (usize, usize),
) -> impl Iterator<Item = (u64, u32)> {
    let starts = (0..).step_by(size);
    bytes
        .chunks_exact(size)
        .zip(starts)
        .map(move |(entry, start)| {
            let distance = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
            let at = base.wrapping_add(start);
            let code = at.wrapping_add_signed(i64::from(distance));
            let line = u16::from_le_bytes([entry[line], entry[line + 1]]);
            (code, u32::from(line))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of `layout` at `at`, for code and line.
    fn entry((size, place): (usize, usize), at: u64, code: u64, line: u16) -> Vec<u8> {
        let mut entry = vec![0; size];
        let distance = (code.wrapping_sub(at) as i64) as i32;
        entry[..4].copy_from_slice(&distance.to_le_bytes());
        entry[place..place + 2].copy_from_slice(&line.to_le_bytes());
        entry
    }

    #[test]
    fn both_layouts_are_told_apart_by_what_they_point_at() {
        const BASE: u64 = 0xffff_ffff_8300_0000;
        const CODE: u64 = 0xffff_ffff_8100_0000;
        let is_code = |address: u64| (CODE..CODE + 0x1000).contains(&address);
        for known in LAYOUTS {
            let lines = [113, 117, 900, 42];
            let table: Vec<u8> = (0u64..)
                .zip(lines)
                .flat_map(|(n, line)| {
                    let at = BASE + n * known.0 as u64;
                    entry(known, at, CODE + 16 * n, line)
                })
                .collect();
            assert_eq!(layout(&table, BASE, &is_code), Some(known));
            let read: Vec<_> = entries(&table, BASE, known).collect();
            assert_eq!(read[1], (CODE + 16, 117));
            assert_eq!(read.len(), 4);
        }
        assert_eq!(layout(&[], BASE, &is_code), None);
        assert_eq!(layout(&[1; 48], BASE, &is_code), None);
    }
}
