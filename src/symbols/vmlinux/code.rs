//! The `Code:` line against `.text`. In: the printed bytes and the link address of RIP. Out: the KASLR
//! offset that the differences prove, or the first byte that nothing explains.

use super::moved::{Field, Moved};
use super::patch_sites::Patched;
use crate::splat::Code;
use crate::symbols::Image;

/// What the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::symbols) enum CodeMatch {
    /// Every byte is the one of `.text`, or explained.
    Same {
        /// Where addresses in the code show it: how far KASLR moved the kernel.
        kaslr_offset: Option<u64>,
        /// Bytes that a patch site explains.
        patched: usize,
    },
    /// A byte that is neither, in words.
    Differs(String),
    /// Nothing to compare: no code printed, or `.text` is not in the file.
    Unknown,
}

/// Printed and linked bytes side by side.
struct CodeWindow<'a> {
    printed: &'a [u8],
    linked: &'a [u8],
    /// Link address of the first byte.
    start: u64,
}

/// `function`: link address of the function that RIP is in.
pub(in crate::symbols) fn compare(
    image: &Image,
    code: &Code,
    rip: u64,
    function: u64,
) -> CodeMatch {
    let Some(window) = window(image, code, rip) else {
        return CodeMatch::Unknown;
    };
    let mut unexplained = window.differences();
    let fields = Field::all(image, window.start, window.linked.len(), function);
    let mut moved = Moved::default();
    moved.learn(&fields, window.printed);
    moved.explain(&fields, window.printed, &mut unexplained);
    window.take_linked(image, &mut unexplained);
    let before = unexplained.len();
    window.take_patched(image, &mut unexplained);
    match unexplained.first() {
        Some(&at) => CodeMatch::Differs(window.describe(at, rip)),
        None => CodeMatch::Same {
            kaslr_offset: moved.offset(),
            patched: before,
        },
    }
}

fn window<'a>(image: &'a Image, code: &'a Code, rip: u64) -> Option<CodeWindow<'a>> {
    let trap = code.trap_offset?;
    // A line cut off in its middle, or `Code: Bad RIP value.`, proves nothing.
    let start = rip.checked_sub(trap as u64)?;
    let linked = image.bytes_from(start)?;
    let len = linked.len().min(code.bytes.len());
    if len <= trap {
        return None;
    }
    Some(CodeWindow {
        printed: code.bytes.get(..len)?,
        linked: linked.get(..len)?,
        start,
    })
}

impl CodeWindow<'_> {
    fn differences(&self) -> Vec<usize> {
        let pairs = self.printed.iter().zip(self.linked);
        let differing = pairs
            .enumerate()
            .filter(|(_, (printed, linked))| printed != linked);
        differing.map(|(at, _)| at).collect()
    }

    /// Removes the differences in a module that its loader makes: what it links, and whole calls and jumps, which
    /// it may redirect.
    fn take_linked(&self, image: &Image, differences: &mut Vec<usize>) {
        // A relocation that begins in front of the window may reach into it.
        const WIDEST: u64 = 8;
        let holes = image.code_holes(
            self.start.saturating_sub(WIDEST),
            self.start.saturating_add(self.linked.len() as u64),
        );
        for hole in holes {
            let at = hole.wrapping_sub(self.start) as i64;
            let opcode = usize::try_from(at - 1)
                .ok()
                .and_then(|at| self.linked.get(at));
            let from = match opcode {
                Some(0xe8 | 0xe9) => at - 1,
                _ => at,
            };
            differences.retain(|&byte| !(from..at + 4).contains(&(byte as i64)));
        }
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
            "Code: has {:02x} at RIP{sign}{:#x}, the file has {:02x}",
            printed.copied().unwrap_or_default(),
            distance.unsigned_abs(),
            linked.copied().unwrap_or_default(),
        )
    }
}
