//! The `Code:` line against `.text`. In: the printed bytes and the link address of RIP. Out: the KASLR
//! offset that the differences prove, or the first byte that nothing explains.

use std::ops::Range;

use super::image::Image;
use super::kaslr;
use super::patch_sites::Patched;
use crate::splat::Code;

/// What the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CodeMatch {
    /// Every byte is the one of `.text`, or explained.
    Same {
        /// Where absolute addresses in the code show it: how far they are off.
        kaslr_offset: Option<u64>,
        /// Bytes that a patch site explains.
        patched: usize,
    },
    /// A byte that is neither.
    Differs(String),
    /// Nothing to compare: no code printed, or `.text` is not in the file.
    Unknown,
}

/// Printed and linked bytes side by side.
struct Window<'a> {
    printed: &'a [u8],
    linked: &'a [u8],
    /// Link address of the first byte.
    start: u64,
}

pub(super) fn compare(image: &Image, code: &Code, rip: u64) -> CodeMatch {
    let Some(window) = window(image, code, rip) else {
        return CodeMatch::Unknown;
    };
    let mut unexplained = window.differences();
    let kaslr_offset = window.take_relocated(image, &mut unexplained);
    let before = unexplained.len();
    window.take_patched(image, &mut unexplained);
    match unexplained.first() {
        Some(&at) => CodeMatch::Differs(window.describe(at, rip)),
        None => CodeMatch::Same {
            kaslr_offset: kaslr_offset.or_else(|| window.unmoved(image)),
            patched: before,
        },
    }
}

fn window<'a>(image: &'a Image, code: &'a Code, rip: u64) -> Option<Window<'a>> {
    let trap = code.trap_offset?;
    // A line cut off in its middle, or `Code: Bad RIP value.`, proves nothing.
    let start = rip.checked_sub(trap as u64)?;
    let linked = image.bytes_from(start)?;
    let len = linked.len().min(code.bytes.len());
    if len <= trap {
        return None;
    }
    Some(Window {
        printed: code.bytes.get(..len)?,
        linked: linked.get(..len)?,
        start,
    })
}

impl Window<'_> {
    fn differences(&self) -> Vec<usize> {
        let pairs = self.printed.iter().zip(self.linked);
        let differing = pairs
            .enumerate()
            .filter(|(_, (printed, linked))| printed != linked);
        differing.map(|(at, _)| at).collect()
    }

    /// Removes the differences that lie where the kernel patches itself.
    fn take_patched(&self, image: &Image, differences: &mut Vec<usize>) {
        let mut patched = Patched {
            image,
            start: self.start,
            len: self.linked.len(),
            unexplained: std::mem::take(differences),
        };
        let listed = patched.explain();
        *differences = patched.unexplained;
        if !listed {
            differences.retain(|&at| !self.is_known_patch(at));
        }
    }

    /// Removes the differences that are an absolute address moved by KASLR, and returns how far.
    /// All must be moved alike: the first that is not stays a difference.
    fn take_relocated(&self, image: &Image, differences: &mut Vec<usize>) -> Option<u64> {
        let kernel = kernel_range(image)?;
        let mut offset = None;
        let mut explained: Vec<Range<usize>> = Vec::new();
        for &at in differences.iter() {
            if explained.iter().any(|range| range.contains(&at)) {
                continue;
            }
            // Bits below 2 MiB stay, so the first byte that differs is the third or fourth of an
            // address. Where both can be, another address in the code may tell.
            let starts = [at.checked_sub(2), at.checked_sub(3)].into_iter().flatten();
            let moves = starts.filter_map(|first| Some((first, self.moved_by(first, &kernel)?)));
            let moves: Vec<(usize, u64)> = moves
                .filter(|&(_, moved)| offset.is_none_or(|offset| offset == moved))
                .collect();
            if let &[(_, moved)] = moves.as_slice() {
                offset = Some(moved);
            }
            if let Some(&(first, _)) = moves.first() {
                explained.push(at..first + 4);
            }
        }
        differences.retain(|at| !explained.iter().any(|range| range.contains(at)));
        offset
    }

    /// How far the sign-extended 32-bit address at `first` is moved, if it is one.
    fn moved_by(&self, first: usize, kernel: &Range<u64>) -> Option<u64> {
        let linked = address32(self.linked, first)?;
        let moved = address32(self.printed, first)?.checked_sub(linked)?;
        (kernel.contains(&linked) && kaslr::is_possible(moved) && moved > 0).then_some(moved)
    }

    /// `Some(0)` where the code holds an absolute address that is the linked one: KASLR was off.
    fn unmoved(&self, image: &Image) -> Option<u64> {
        let kernel = kernel_range(image)?;
        let is_absolute = |at: usize| {
            self.is_load_of_address(at)
                && address32(self.linked, at + 3).is_some_and(|value| kernel.contains(&value))
                && self.printed.get(at..at + 7) == self.linked.get(at..at + 7)
        };
        (0..self.linked.len()).any(is_absolute).then_some(0)
    }

    /// `mov $imm32, %reg` of 64 bits: REX.W c7 /0. The one form that cannot be anything else.
    fn is_load_of_address(&self, at: usize) -> bool {
        let bytes = self.linked.get(at..).unwrap_or_default();
        matches!(bytes, [0x48 | 0x49, 0xc7, 0xc0..=0xc7, ..])
    }

    /// Patterns of run-time patching, for a vmlinux that does not list its patch sites: a return, a
    /// call or a jump of five bytes, or padding, became another of these.
    fn is_known_patch(&self, at: usize) -> bool {
        let known = |bytes: &[u8], start: usize| {
            matches!(
                bytes.get(start..start + 5),
                Some(
                    [0xe8 | 0xe9, ..]
                        | [0xc3, 0xcc, ..]
                        | [0x0f, 0x1f, 0x44, 0, 0]
                        | [0x66, 0x90, ..]
                )
            )
        };
        let starts = at.saturating_sub(4)..=at;
        let mut starts =
            starts.filter(|&start| known(self.linked, start) && known(self.printed, start));
        starts.next().is_some()
    }

    fn describe(&self, at: usize, rip: u64) -> String {
        let (printed, linked) = (self.printed.get(at), self.linked.get(at));
        let address = self.start.wrapping_add(at as u64);
        let distance = address.wrapping_sub(rip) as i64;
        let sign = if distance < 0 { '-' } else { '+' };
        format!(
            "Code: has {:02x} at RIP{sign}{:#x}, vmlinux has {:02x}",
            printed.copied().unwrap_or_default(),
            distance.unsigned_abs(),
            linked.copied().unwrap_or_default(),
        )
    }
}

/// A 32-bit immediate or displacement as the CPU extends it.
fn address32(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    let value = i32::from_le_bytes(bytes.try_into().ok()?);
    Some(i64::from(value) as u64)
}

/// Link addresses of the kernel image.
fn kernel_range(image: &Image) -> Option<Range<u64>> {
    let bound = |name| image.symbols(name).first().map(|symbol| symbol.address);
    Some(bound("_text")?..bound("_end")?)
}
