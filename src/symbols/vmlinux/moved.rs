//! What KASLR changes in code. In: instructions of the image. Out: the addresses in them that a moved kernel
//! has otherwise, and how far it was moved.
//!
//! arch/x86/tools/relocs.c sorts the relocations into three lists, and the decompressor's `handle_relocations()`
//! adds the offset to those of the first two and takes it off those of the third:
//! - absolute addresses of 32 bits (immediates and displacements), sign-extended,
//! - absolute addresses of 64 bits,
//! - RIP-relative displacements to per-CPU variables where these are linked from 0 (until 6.13): code moves,
//!   what it refers to does not.
//!
//! The image keeps no relocations, so the instructions are decoded. To guess addresses from the bytes that differ
//! was tried first: it does not see the third kind, nor an address that the end of the `Code:` line cuts off.

use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::kaslr;
use crate::symbols::Image;

/// Bytes of a function that are decoded to find where its instructions begin.
const MAX_FUNCTION: u64 = 1 << 20;

/// Where the kernel is mapped (`__START_KERNEL_map` and 1 GiB, arch/x86/include/asm/page_64_types.h). An address with
/// a constant added to it may lie outside of the image.
const KERNEL_MAP: Range<u64> = 0xffff_ffff_8000_0000..0xffff_ffff_c000_0000;

/// A constant in the code that KASLR changes, or may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Index of its first byte in the window; negative where that cuts it off.
    at: i64,
    linked: [u8; 8],
    len: usize,
    moves: Moves,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// The offset is added.
    With,
    /// The offset is taken off.
    Against,
    /// Perhaps it is added: an address near the image, or a number that looks like one.
    Perhaps,
}

impl Field {
    /// The fields of the instructions in `len` bytes from `start` on. `function`: that of RIP.
    pub(super) fn all(image: &Image, start: u64, len: usize, function: u64) -> Vec<Field> {
        let Some(layout) = MovedLayout::of(image) else {
            return Vec::new();
        };
        let end = start.saturating_add(len as u64);
        let first = first_instruction(image, start, function);
        let Some(bytes) = image.bytes_from(first) else {
            return Vec::new();
        };
        let wanted = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX);
        // The last instruction may reach over the end of the window.
        let bytes = &bytes[..bytes.len().min(wanted.saturating_add(16))];
        let mut decoder = Decoder::with_ip(64, bytes, first, DecoderOptions::NONE);
        let mut fields = Vec::new();
        let mut instruction = Instruction::default();
        while decoder.can_decode() && decoder.ip() < end {
            decoder.decode_out(&mut instruction);
            if instruction.next_ip() > start {
                layout.fields_of(&decoder, &instruction, bytes, first, start, &mut fields);
            }
        }
        fields
    }

    /// The bytes after a move.
    fn moved_by(&self, offset: u64) -> [u8; 8] {
        let linked = u64::from_le_bytes(self.linked);
        match self.moves {
            Moves::With | Moves::Perhaps => linked.wrapping_add(offset),
            Moves::Against => linked.wrapping_sub(offset),
        }
        .to_le_bytes()
    }

    /// Whether what is printed of the field is the field moved.
    fn agrees(&self, offset: u64, printed: &[u8]) -> bool {
        let moved = self.moved_by(offset);
        self.visible(printed)
            .all(|(own, at)| moved.get(own) == printed.get(at))
    }

    /// Index in the field and in the window of each byte that is in both.
    fn visible(&self, printed: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let (first, len) = (self.at, printed.len());
        (0..self.len).filter_map(move |own| {
            let at = usize::try_from(first.checked_add(own as i64)?).ok()?;
            (at < len).then_some((own, at))
        })
    }
}

/// Decoding has to begin where an instruction does: at the function that the window begins in.
fn first_instruction(image: &Image, start: u64, function: u64) -> u64 {
    let own = function <= start;
    let symbol = match own {
        true => Some(function),
        false => image
            .symbols_covering(&[start])
            .pop()
            .flatten()
            .map(|symbol| symbol.address),
    };
    symbol
        .filter(|&symbol| {
            start
                .checked_sub(symbol)
                .is_some_and(|far| far < MAX_FUNCTION)
        })
        .unwrap_or(start)
}

/// Where the image has its code and its per-CPU variables.
struct MovedLayout {
    image: Range<u64>,
    per_cpu: Range<u64>,
}

impl MovedLayout {
    fn of(image: &Image) -> Option<MovedLayout> {
        let address = |name| image.symbols(name).first().map(|symbol| symbol.address);
        let per_cpu = match (address("__per_cpu_start"), address("__per_cpu_end")) {
            (Some(start), Some(end)) if !KERNEL_MAP.contains(&start) => start..end,
            _ => 0..0,
        };
        Some(MovedLayout {
            image: address("_text")?..address("_end")?,
            per_cpu,
        })
    }

    fn moves(&self, address: u64) -> Option<Moves> {
        if self.image.contains(&address) {
            return Some(Moves::With);
        }
        KERNEL_MAP.contains(&address).then_some(Moves::Perhaps)
    }

    fn fields_of(
        &self,
        decoder: &Decoder<'_>,
        instruction: &Instruction,
        bytes: &[u8],
        first: u64,
        window: u64,
        fields: &mut Vec<Field>,
    ) {
        let constants = decoder.get_constant_offsets(instruction);
        let start = instruction.ip().wrapping_sub(first);
        let mut add = |offset: usize, len: usize, moves: Option<Moves>| {
            let from = usize::try_from(start)
                .unwrap_or(usize::MAX)
                .saturating_add(offset);
            let content = bytes.get(from..from.saturating_add(len));
            if let (Some(moves), Some(content)) = (moves, content) {
                let mut linked = [0; 8];
                linked[..len].copy_from_slice(content);
                let at = instruction.ip().wrapping_sub(window) as i64 + offset as i64;
                fields.push(Field {
                    at,
                    linked,
                    len,
                    moves,
                });
            }
        };
        // A shorter one is an offset into a structure, never an address.
        if constants.has_displacement() && constants.displacement_size() >= 4 {
            let address = instruction.memory_displacement64();
            let moves = match instruction.is_ip_rel_memory_operand() {
                true => self.per_cpu.contains(&address).then_some(Moves::Against),
                false => self.moves(address),
            };
            add(
                constants.displacement_offset(),
                constants.displacement_size(),
                moves,
            );
        }
        // The target of a branch moves with the branch, so its distance stays.
        if constants.has_immediate()
            && matches!(constants.immediate_size(), 4 | 8)
            && !is_branch(instruction)
        {
            let from = usize::try_from(start)
                .unwrap_or(usize::MAX)
                .saturating_add(constants.immediate_offset());
            let value = immediate(bytes, from, constants.immediate_size());
            add(
                constants.immediate_offset(),
                constants.immediate_size(),
                value.and_then(|value| self.moves(value)),
            );
        }
    }
}

fn is_branch(instruction: &Instruction) -> bool {
    instruction.is_jmp_short_or_near()
        || instruction.is_jcc_short_or_near()
        || instruction.is_call_near()
}

/// An immediate as the CPU extends it.
fn immediate(bytes: &[u8], at: usize, len: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(len)?)?;
    Some(match *bytes {
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])) as u64,
        [a, b, c, d, e, f, g, h] => u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => return None,
    })
}

/// How far the kernel was moved, as far as the fields say.
pub(super) struct Moved {
    /// Offsets that no field contradicts.
    possible: Vec<u64>,
}

impl Default for Moved {
    fn default() -> Moved {
        Moved {
            possible: kaslr::all_offsets().collect(),
        }
    }
}

impl Moved {
    /// The offset, where one is left.
    pub(super) fn offset(&self) -> Option<u64> {
        match self.possible.as_slice() {
            &[offset] => Some(offset),
            _ => None,
        }
    }

    /// Takes out what a field contradicts. One that fits no offset that is left was patched, and says nothing.
    pub(super) fn learn(&mut self, fields: &[Field], printed: &[u8]) {
        // A number that only looks like an address must not rule out the true offset.
        for field in fields.iter().filter(|field| field.moves != Moves::Perhaps) {
            let left = self.possible.iter().copied();
            let left: Vec<u64> = left
                .filter(|&offset| field.agrees(offset, printed))
                .collect();
            if !left.is_empty() {
                self.possible = left;
            }
        }
    }

    /// Removes the differing bytes that are a field moved by one of the offsets that are left.
    pub(super) fn explain(&self, fields: &[Field], printed: &[u8], differences: &mut Vec<usize>) {
        for field in fields {
            if self
                .possible
                .iter()
                .any(|&offset| field.agrees(offset, printed))
            {
                let own: Vec<usize> = field.visible(printed).map(|(_, at)| at).collect();
                differences.retain(|at| !own.contains(at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: [u8; 8] = [0x10, 0x20, 0x00, 0xa1, 0x90, 0x10, 0x20, 0x00];

    fn field(at: i64, address: u32, moves: Moves) -> Field {
        let [a, b, c, d] = address.to_le_bytes();
        Field {
            at,
            linked: [a, b, c, d, 0, 0, 0, 0],
            len: 4,
            moves,
        }
    }

    fn learnt(fields: &[Field]) -> Moved {
        let mut moved = Moved::default();
        moved.learn(fields, &PRINTED);
        moved
    }

    #[test]
    fn an_address_tells_how_far_the_kernel_was_moved() {
        let moved = learnt(&[field(0, 0x8100_2010, Moves::With)]);
        assert_eq!(moved.offset(), Some(0x2000_0000));
        let moved = learnt(&[field(0, 0xa120_2010, Moves::Against)]);
        assert_eq!(moved.offset(), Some(0x0020_0000));
        let moved = learnt(&[field(0, 0xa100_2010, Moves::With)]);
        assert_eq!(moved.offset(), Some(0));
    }

    #[test]
    fn an_address_that_the_window_cuts_off_agrees_with_many_offsets() {
        let cut = field(5, 0x8100_2010, Moves::With);
        let moved = learnt(std::slice::from_ref(&cut));
        assert_eq!(moved.offset(), None);
        let mut differences = vec![7];
        moved.explain(&[cut], &PRINTED, &mut differences);
        assert!(differences.is_empty());
    }

    #[test]
    fn a_patched_address_says_nothing() {
        let fields = [
            field(0, 0x8112_3456, Moves::With),
            field(0, 0x8100_2010, Moves::With),
        ];
        let moved = learnt(&fields);
        assert_eq!(moved.offset(), Some(0x2000_0000));
        let mut differences = vec![4];
        moved.explain(&fields, &PRINTED, &mut differences);
        assert_eq!(differences, [4]);
    }

    #[test]
    fn a_number_near_the_image_may_move_but_proves_nothing() {
        let fields = [field(0, 0x8100_2010, Moves::Perhaps)];
        let moved = learnt(&fields);
        assert_eq!(moved.offset(), None);
        let mut differences = vec![3];
        moved.explain(&fields, &PRINTED, &mut differences);
        assert!(differences.is_empty());
    }
}
