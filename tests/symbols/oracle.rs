//! Positions against those of the addr2line crate.

use addr2line::Context;
use gimli::{DwarfSections, EndianSlice, LittleEndian};
use ksplat::stages::splat::Inline;
use ksplat::stages::splat::tree_path;
use ksplat::stages::symbols::Image;
use object::{Object, ObjectSection};

use crate::support::{LIMIT, mini};

/// Compares the positions of addresses in `.text`, `step` bytes apart; returns how many are known.
fn compare(path: &std::path::Path, step: usize) -> usize {
    let file = std::fs::read(path).unwrap();
    let file = object::read::elf::ElfFile64::<object::LittleEndian>::parse(&*file).unwrap();
    let load = |id: gimli::SectionId| {
        let section = file.section_by_name(id.name());
        Ok::<_, gimli::Error>(
            section.map_or(Vec::new(), |s| s.uncompressed_data().unwrap().into_owned()),
        )
    };
    let sections = DwarfSections::load(load).unwrap();
    let dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, LittleEndian));
    let oracle = Context::from_dwarf(dwarf).unwrap();
    let image = Image::open(path, LIMIT).unwrap();
    let text = file.section_by_name(".text").unwrap();
    let addresses: Vec<u64> = (text.address()..text.address() + text.size())
        .step_by(step)
        .collect();
    let positions = image.positions(&addresses);
    let mut known = 0;
    for (&address, position) in addresses.iter().zip(positions) {
        let expected = expected(&oracle, address);
        if !expected.is_empty() {
            assert_eq!(position.frames(), expected, "{address:#x}");
            known += 1;
        }
    }
    known
}

fn expected(oracle: &Context<EndianSlice<'_, LittleEndian>>, address: u64) -> Vec<Inline> {
    let unit = oracle.find_dwarf_and_unit(address).skip_all_loads();
    let folder = unit
        .and_then(|unit| unit.comp_dir)
        .map(|dir| dir.to_string_lossy().into_owned());
    let folder = folder.unwrap_or_default();
    let mut frames = oracle.find_frames(address).skip_all_loads().unwrap();
    let mut found = Vec::new();
    while let Some(frame) = frames.next().unwrap() {
        let location = frame.location;
        found.push(Inline {
            function: frame
                .function
                .map(|name| name.raw_name().unwrap().into_owned()),
            file: location
                .as_ref()
                .and_then(|at| at.file)
                .map(|file| tree_path(file, &folder)),
            line: location.and_then(|at| at.line),
        });
    }
    found
}

#[test]
fn the_mini_kernel_agrees_at_every_byte() {
    for flags in [&[][..], &["-gdwarf-4"], &["-O3"], &["-flto"], &["-gz=zlib"]] {
        let Some(mini) = mini(flags) else { continue };
        assert!(compare(&mini.vmlinux, 1) > 100);
    }
}

#[test]
fn a_real_kernel_agrees() {
    let Some(vmlinux) = crate::lab::vmlinux() else {
        return;
    };
    // Every 40,009 bytes: some 400 units.
    assert!(compare(&vmlinux, 40_009) > 300);
}
