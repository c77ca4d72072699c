//! How far KASLR moved the kernel. In: a splat and its places in the image. Out: the offset, where the log
//! proves one.

use super::stack::PrintedStack;
use crate::splat::{CodeRef, Splat};
use crate::symbols::BootFacts;
use crate::symbols::Image;

/// KASLR moves the kernel by a multiple of this (`CONFIG_PHYSICAL_ALIGN` is at least 2 MiB).
const STEP: u64 = 0x20_0000;
/// And by less than this (`KERNEL_IMAGE_SIZE`, arch/x86/include/asm/page_64_types.h).
const LIMIT: u64 = 0x4000_0000;

/// Data that registers often point at: a register that differs from one of these by a possible offset
/// would do so by chance once in two million times.
const KNOWN_DATA: [&str; 2] = ["boot_cpu_data", "init_task"];

/// The offset and where it is from, by falling trust.
pub(super) fn offset(
    image: &Image,
    splat: &Splat,
    boot: &BootFacts<'_>,
    stack: &PrintedStack,
    from_code: Option<u64>,
) -> Option<(u64, &'static str)> {
    boot.kaslr_offset
        .map(|offset| (offset, "the log's Kernel Offset: line"))
        .or_else(|| from_addresses(image, splat, stack).map(|offset| (offset, "printed addresses")))
        .or_else(|| from_code.map(|offset| (offset, "addresses in the Code: line")))
        .or_else(|| {
            from_registers(image, splat)
                .map(|offset| (offset, "a register that points at known data"))
        })
}

/// Whether an x86 kernel can have been moved by this much.
pub(super) fn is_possible(offset: u64) -> bool {
    offset < LIMIT && offset.is_multiple_of(STEP)
}

/// Every offset that KASLR may choose, in bytes.
pub(super) fn all_offsets() -> impl Iterator<Item = u64> {
    (0..LIMIT / STEP).map(|step| step * STEP)
}

/// Addresses printed next to their symbols (`[<ffffffff81012345>] func+0x5/0x10`): all must agree.
fn from_addresses(image: &Image, splat: &Splat, stack: &PrintedStack) -> Option<u64> {
    // Other machines move in other steps, but all in pages.
    const PAGE: u64 = 4096;
    let is_x86 = image.layout.machine.is_x86_64();
    let may_be = |offset: u64| match is_x86 {
        true => is_possible(offset),
        false => offset.is_multiple_of(PAGE),
    };
    let frames = splat
        .frames
        .iter()
        .map(|frame| &frame.code)
        .zip(&stack.frames);
    let rip = splat.rip.iter().map(|code| (code, &stack.rip));
    let distance = |(code, place): (&CodeRef, &super::stack::StackPlace)| {
        code.address?.checked_sub(place.address()?)
    };
    agreed(rip.chain(frames).filter_map(distance)).filter(|&offset| may_be(offset))
}

fn from_registers(image: &Image, splat: &Splat) -> Option<u64> {
    if !image.layout.machine.is_x86_64() {
        return None;
    }
    let known: Vec<u64> = KNOWN_DATA
        .iter()
        .filter_map(|name| image.symbols(name).first().map(|symbol| symbol.address))
        .collect();
    let values = splat
        .registers
        .0
        .iter()
        .filter_map(|(name, _)| splat.registers.value(name));
    let distances = values.flat_map(|value| {
        known
            .iter()
            .filter_map(move |&data| value.checked_sub(data))
    });
    agreed(distances.filter(|&distance| is_possible(distance)))
}

fn agreed(mut offsets: impl Iterator<Item = u64>) -> Option<u64> {
    let first = offsets.next()?;
    offsets.all(|offset| offset == first).then_some(first)
}
