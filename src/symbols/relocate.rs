//! Relocations of a module's debug sections. In: the bytes of a section. Out: the same with the
//! relocations of its `.rela` section applied.
//!
//! A module is linked by the kernel when it is loaded, so its DWARF has holes where offsets of strings
//! and addresses belong.

use object::LittleEndian;
use object::elf::{self, Rela64, Sym64};

use super::image::{Image, Section};

const LE: LittleEndian = LittleEndian;

/// Fills in `bytes`, the content of `target`. What cannot be resolved stays as it is.
pub(super) fn apply(image: &Image, target: &Section, bytes: &mut [u8]) {
    let is_target = |index: usize| {
        let section = image.sections.get(index);
        section.is_some_and(|section| std::ptr::eq(section, target))
    };
    for section in &image.sections {
        if section.kind == elf::SHT_RELA && is_target(section.info) {
            for relocation in entries::<Rela64<LittleEndian>>(image, section) {
                let _ = apply_one(image, section.link, relocation, bytes);
            }
        }
    }
}

fn entries<'a, T: object::pod::Pod>(image: &'a Image, section: &'a Section) -> &'a [T] {
    let bytes = image.file_bytes(section);
    let entries = object::pod::slice_from_bytes(bytes, bytes.len() / size_of::<T>());
    entries.map_or(&[], |(entries, _)| entries)
}

fn apply_one(
    image: &Image,
    symtab: usize,
    relocation: &Rela64<LittleEndian>,
    bytes: &mut [u8],
) -> Option<()> {
    let width = match relocation.r_type(LE, false) {
        elf::R_X86_64_64 => 8,
        elf::R_X86_64_32 | elf::R_X86_64_32S => 4,
        _ => return None,
    };
    let symbols = entries::<Sym64<LittleEndian>>(image, image.sections.get(symtab)?);
    let symbol = symbols.get(relocation.r_sym(LE, false) as usize)?;
    let section = image.sections.get(symbol.st_shndx.get(LE).0 as usize)?;
    let value = section
        .address
        .wrapping_add(symbol.st_value.get(LE))
        .wrapping_add_signed(relocation.r_addend.get(LE));
    let start = usize::try_from(relocation.r_offset.get(LE)).ok()?;
    let hole = bytes.get_mut(start..start.checked_add(width)?)?;
    hole.copy_from_slice(value.to_le_bytes().get(..width)?);
    Some(())
}
