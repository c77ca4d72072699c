//! The code references of a splat, found in a vmlinux. In: `FUNC+off/size` as printed. Out: link
//! addresses, and what speaks against this vmlinux.

use super::evidence::Sizes;
use crate::splat::{CodeRef, Splat};
use crate::symbols::Image;
use crate::symbols::elf::{Symbol, fitting};

/// Where a code reference is in the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::symbols) enum StackPlace {
    /// In this function, at this link address (the return address for a call frame).
    Found { function: u64, address: u64 },
    /// In one of several functions of the same name and size: their addresses.
    Ambiguous(Vec<u64>),
    /// Not in the image, or not enough was printed.
    Unknown,
}

impl StackPlace {
    pub(in crate::symbols) fn address(&self) -> Option<u64> {
        match self {
            StackPlace::Found { address, .. } => Some(*address),
            _ => None,
        }
    }

    fn function(&self) -> Option<u64> {
        match self {
            StackPlace::Found { function, .. } => Some(*function),
            _ => None,
        }
    }
}

/// All places of a splat.
#[derive(Debug)]
pub(in crate::symbols) struct PrintedStack {
    pub(in crate::symbols) at: StackPlace,
    pub(in crate::symbols) rip: StackPlace,
    pub(in crate::symbols) frames: Vec<StackPlace>,
    pub(in crate::symbols) sizes: Sizes,
}

impl PrintedStack {
    pub(in crate::symbols) fn find(image: &Image, splat: &Splat) -> PrintedStack {
        let mut stack = PrintedStack {
            at: StackPlace::Unknown,
            rip: StackPlace::Unknown,
            frames: Vec::new(),
            sizes: Sizes::default(),
        };
        let cold = cold_part(splat);
        let names = names(splat).chain(cold.as_deref());
        image.find_symbols(&names.collect::<Vec<_>>());
        stack.at = stack.look_up(image, &splat.at);
        if let Some(rip) = &splat.rip {
            stack.rip = stack.look_up(image, rip);
        }
        for frame in &splat.frames {
            let place = stack.look_up(image, &frame.code);
            stack.frames.push(place);
        }
        stack.settle(image, splat);
        stack
    }

    /// Bare addresses, once it is known how far KASLR moved the kernel.
    pub(in crate::symbols) fn add_bare_addresses(&mut self, splat: &Splat, kaslr_offset: u64) {
        let places = self
            .frames
            .iter_mut()
            .zip(splat.frames.iter().map(|frame| &frame.code));
        let rip = std::iter::once(&mut self.rip).zip(&splat.rip);
        for (place, code) in places.chain(rip).chain([(&mut self.at, &splat.at)]) {
            if let Some(address) = code.address.filter(|_| code.function.is_none()) {
                let address = address.wrapping_sub(kaslr_offset);
                *place = StackPlace::Found {
                    function: address,
                    address,
                };
            }
        }
    }

    fn look_up(&mut self, image: &Image, code: &CodeRef) -> StackPlace {
        let Some(name) = code.function.as_deref().filter(|_| code.module.is_none()) else {
            return StackPlace::Unknown;
        };
        // A decoded log has lines instead of offsets.
        let Some(offset) = code.offset else {
            return StackPlace::Unknown;
        };
        let symbols = image.symbols(name);
        let fitting = fitting(&symbols, offset, code.size);
        match fitting.as_slice() {
            [] if symbols.is_empty() => {
                self.sizes.missing.insert(name.to_owned());
                return StackPlace::Unknown;
            }
            [] => {
                let why = contradiction(name, offset, code.size, &symbols);
                if !self.sizes.contradictions.contains(&why) {
                    self.sizes.cut += usize::from(is_cut(code.size, &symbols));
                    self.sizes.contradictions.push(why);
                }
                return StackPlace::Unknown;
            }
            _ if code.size.is_some() => {
                self.sizes.agreeing.insert(name.to_owned());
            }
            _ => {}
        }
        match fitting.as_slice() {
            &[function] => StackPlace::Found {
                function,
                address: function.wrapping_add(offset),
            },
            _ => StackPlace::Ambiguous(fitting),
        }
    }

    /// Decides between functions of one name by the frames next to them in the stack.
    fn settle(&mut self, image: &Image, splat: &Splat) {
        let offset = |index: usize| splat.frames.get(index).and_then(|f| f.code.offset);
        for index in 0..self.frames.len() {
            let caller = self.next_found(splat, index + 1);
            // Frames are settled from the top, so the callee of this one has been looked at
            // already.
            let callee = match self.frames.get(..index) {
                Some([]) | None => &self.rip,
                Some(before) => before.last().unwrap_or(&self.rip),
            };
            if let (Some(StackPlace::Ambiguous(candidates)), Some(offset)) =
                (self.frames.get(index), offset(index))
                && let Some(place) = choose(image, candidates, offset, callee, caller)
                && let Some(frame) = self.frames.get_mut(index)
            {
                *frame = place;
            }
        }
        let caller = self.next_found(splat, 0);
        let codes = [(&self.rip, splat.rip.as_ref()), (&self.at, Some(&splat.at))];
        let [rip, at] = codes.map(|(place, code)| match (place, code.and_then(|c| c.offset)) {
            (StackPlace::Ambiguous(candidates), Some(offset)) => choose(
                image,
                candidates,
                offset,
                // Nothing was called from here.
                &StackPlace::Unknown,
                caller.clone(),
            ),
            _ => None,
        });
        for (place, chosen) in [(&mut self.rip, rip), (&mut self.at, at)] {
            if let Some(chosen) = chosen {
                *place = chosen;
            }
        }
    }

    /// The first frame from `index` on that the unwinder vouches for, if it was found.
    fn next_found(&self, splat: &Splat, index: usize) -> Option<StackPlace> {
        let mut frames = splat.frames.iter().zip(&self.frames).skip(index);
        let (_, place) = frames.find(|(frame, _)| frame.reliable)?;
        Some(place.clone())
    }
}

fn names(splat: &Splat) -> impl Iterator<Item = &str> {
    let codes = splat.frames.iter().map(|frame| &frame.code);
    let codes = codes.chain(splat.rip.as_ref()).chain([&splat.at]);
    let builtin = codes.filter(|code| code.module.is_none());
    let names = builtin.filter_map(|code| code.function.as_deref());
    names.chain(crate::symbols::WELL_KNOWN)
}

/// The part of the function at fault that compilers move away, since it is rarely run. Its WARN()s are looked for there as
/// well: found with the other names, it takes no search of its own.
fn cold_part(splat: &Splat) -> Option<String> {
    let function = splat.rip.as_ref()?.function.as_deref()?;
    Some(format!("{function}.cold"))
}

/// Whether a printed size is that of one of the symbols with one hex digit lost.
fn is_cut(size: Option<u64>, symbols: &[Symbol]) -> bool {
    let Some(printed) = size.map(|size| format!("{size:x}")) else {
        return false;
    };
    let loses_one = |whole: &String| {
        (0..whole.len()).any(|lost| {
            let (before, after) = whole.split_at(lost);
            printed == format!("{before}{}", &after[1..])
        })
    };
    let extents = symbols.iter().filter_map(|symbol| symbol.extent);
    extents
        .map(|extent| format!("{extent:x}"))
        .any(|whole| loses_one(&whole))
}

/// Why none of the symbols of a name can be the one of the log.
pub(in crate::symbols) fn contradiction(
    name: &str,
    offset: u64,
    size: Option<u64>,
    symbols: &[Symbol],
) -> String {
    let extents: Vec<u64> = symbols.iter().filter_map(|symbol| symbol.extent).collect();
    let in_image = match extents.as_slice() {
        &[extent] => format!("{extent:#x}"),
        _ => format!("{extents:#x?}")
            .replace(['\n', ' '], "")
            .replace(",]", "]"),
    };
    match size {
        Some(size) if !extents.contains(&size) => {
            format!("{name} is {size:#x} bytes in the log, {in_image} in the file")
        }
        _ => format!("the log names {name}+{offset:#x}, but it is {in_image} bytes in the file"),
    }
}

/// The one of `candidates` that the caller calls, that calls the callee, or that shares a compilation
/// unit with one of them.
fn choose(
    image: &Image,
    candidates: &[u64],
    offset: u64,
    callee: &StackPlace,
    caller: Option<StackPlace>,
) -> Option<StackPlace> {
    let found = |function: u64| StackPlace::Found {
        function,
        address: function.wrapping_add(offset),
    };
    let only = |matches: &dyn Fn(u64) -> bool| {
        let mut matching = candidates.iter().filter(|&&function| matches(function));
        let first = matching.next().copied();
        first.filter(|_| matching.next().is_none()).map(found)
    };
    let caller = caller.unwrap_or(StackPlace::Unknown);
    let called = caller.address().and_then(|back| call_target(image, back));
    let neighbours: Vec<usize> = [caller.function(), callee.function()]
        .into_iter()
        .flatten()
        .filter_map(|function| image.unit_at(function))
        .collect();
    // What the caller calls is proof, and so is what is called; the same source file is only
    // likely.
    only(&|function| called == Some(function))
        .or_else(|| {
            let callee = callee.function()?;
            only(&|function| call_target(image, function.wrapping_add(offset)) == Some(callee))
        })
        .or_else(|| {
            only(&|function| {
                image
                    .unit_at(function)
                    .is_some_and(|u| neighbours.contains(&u))
            })
        })
}

/// The function that the direct call in front of a return address calls: on x86 `e8` and a displacement, on arm64
/// `bl` and a distance in words.
pub(in crate::symbols) fn call_target(image: &Image, return_address: u64) -> Option<u64> {
    match image.layout.machine.name()? {
        "x86-64" | "i386" => match image.bytes_at(return_address.checked_sub(5)?, 5)? {
            &[0xe8, a, b, c, d] => {
                let displacement = i64::from(i32::from_le_bytes([a, b, c, d]));
                Some(return_address.wrapping_add_signed(displacement))
            }
            _ => None,
        },
        "arm64" => {
            let call = return_address.checked_sub(4)?;
            let word = u32::from_le_bytes(image.bytes_at(call, 4)?.try_into().ok()?);
            // 100101, then 26 bits with a sign.
            let words = i64::from((word << 6) as i32 >> 6);
            (word >> 26 == 0b10_0101).then(|| call.wrapping_add_signed(words * 4))
        }
        _ => None,
    }
}
