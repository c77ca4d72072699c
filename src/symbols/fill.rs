//! Fills in what the symbols say. In: a splat and the places of its code references. Out: the splat's
//! frames with functions, files and lines.

use super::vmlinux::{Assessment, StackPlace};
use super::{Position, Symbols};
use crate::splat::{CodeRef, Frame, Splat};

/// RIP aside, only the very start of a function cannot be a return address. `%pB` prints the start of
/// a function with padding in front as the end of the padding: `__pfx_foo+0x10/0x10`.
pub(super) fn is_exact(code: &CodeRef) -> bool {
    let is_padding = code
        .function
        .as_deref()
        .is_some_and(|name| name.starts_with("__pfx_"));
    code.offset == Some(0) || is_padding && code.offset == code.size
}

/// Positions of all frames in vmlinux, of RIP and of the place in the header.
pub(super) fn kernel_frames(best: &Assessment, splat: &mut Splat, symbols: &mut Symbols) {
    let stack = &best.stack;
    name_bare_addresses(best, splat);
    let frames = splat.frames.iter().zip(&stack.frames);
    let probes: Vec<Option<u64>> = frames
        .map(|(frame, place)| Some(best.image.probe(place.address()?, is_exact(&frame.code))))
        .chain([stack.rip.address(), stack.at.address()])
        .collect();
    let wanted: Vec<u64> = probes.iter().flatten().copied().collect();
    let mut positions = best.image.positions(&wanted).into_iter();
    let mut positions = probes
        .into_iter()
        .map(|probe| probe.and_then(|_| positions.next()));
    for (frame, place) in splat.frames.iter_mut().zip(&stack.frames) {
        frame.link_address = place.address();
        if let Some(position) = positions.next().flatten() {
            set_position(frame, &position);
        }
    }
    symbols.rip = positions.next().flatten();
    symbols.at = positions.next().flatten();
    symbols.rip_address = stack.rip.address();
    symbols.return_address = return_address(splat, best);
}

pub(super) fn set_position(frame: &mut Frame, position: &Position) {
    frame.dwarf_name = position.function.clone();
    frame.inlines = position.inlines.clone();
    frame.file = position.file.clone();
    frame.line = position.line;
}

/// Gives frames that the log prints as bare addresses the names that kallsyms would have printed.
fn name_bare_addresses(best: &Assessment, splat: &mut Splat) {
    let is_bare = |code: &CodeRef| code.function.is_none();
    let frames = splat
        .frames
        .iter_mut()
        .map(|frame| &mut frame.code)
        .zip(&best.stack.frames);
    let rip = splat.rip.iter_mut().zip([&best.stack.rip]);
    let bare = frames.chain(rip).filter(|(code, _)| is_bare(code));
    let bare: Vec<(&mut CodeRef, u64)> = bare
        .filter_map(|(code, place)| Some((code, place.address()?)))
        .collect();
    if bare.is_empty() {
        return;
    }
    let addresses: Vec<u64> = bare.iter().map(|&(_, address)| address).collect();
    for ((code, address), symbol) in bare
        .into_iter()
        .zip(best.image.symbols_covering(&addresses))
    {
        if let Some(symbol) = symbol {
            code.offset = address.checked_sub(symbol.address);
            code.size = symbol.extent;
            code.function = Some(symbol.name);
        }
    }
}

/// Where the function at RIP returns to: the first frame after RIP that the unwinder vouches for. Some
/// traces begin with the trap's own handlers and repeat RIP.
fn return_address(splat: &Splat, best: &Assessment) -> Option<u64> {
    let rip = best.stack.rip.address()?;
    let is_rip = |place: &StackPlace| place.address() == Some(rip);
    let behind = best
        .stack
        .frames
        .iter()
        .rposition(is_rip)
        .map_or(0, |at| at + 1);
    let mut frames = splat.frames.iter().zip(&best.stack.frames).skip(behind);
    let (_, caller) = frames.find(|(frame, _)| frame.reliable)?;
    caller.address()
}
