//! Where a function of x86-64 leaves to. In: the link address of a function. Out: the functions that its jumps lead to.

use iced_x86::{Decoder, DecoderOptions, Instruction};

use crate::symbols::Image;
use crate::symbols::dwarf::TailCall;

/// Bytes of a function that are decoded; the longest of kernels have some 60,000.
const MAX_FUNCTION: usize = 1 << 18;

/// The direct jumps out of the function that begins at a link address, to where other functions begin. `None` where the
/// file does not hold the code.
///
/// DWARF's call sites say the same, a unit at a time: for `x64_sys_call()`, which jumps to 450 system calls in as
/// many units, that takes a second.
pub(in crate::symbols) fn jumps(image: &Image, function: u64) -> Option<Vec<TailCall>> {
    let end = image.next_function(function)?;
    let len = usize::try_from(end.checked_sub(function)?).ok()?;
    let bytes = image.bytes_from(function)?;
    let bytes = bytes.get(..len.min(MAX_FUNCTION).min(bytes.len()))?;
    let mut decoder = Decoder::with_ip(64, bytes, function, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let mut found = Vec::new();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        let is_jump = instruction.is_jmp_near() || instruction.is_jcc_near();
        let target = instruction.near_branch_target();
        // A jump into the middle of another function goes to its cold part, or back: it is no call.
        if is_jump && !(function..end).contains(&target) && image.is_function_start(target) {
            found.push(TailCall {
                callee: target,
                after: instruction.next_ip(),
            });
        }
    }
    Some(found)
}
