//! How DWARF is read. In: the sections of an ELF file. Out: gimli's view of them, in the machine's byte order,
//! relocated while it is read.

use std::sync::Arc;

use gimli::{DwarfSections, EndianSlice, RelocateReader, RunTimeEndian, SectionId};
use object::Endianness;

use super::Debug;
use crate::symbols::elf::{ElfFile, Relocations};

pub(super) type Slice<'a> = RelocateReader<EndianSlice<'a, RunTimeEndian>, Relocations<'a>>;
pub(super) type Dwarf<'a> = gimli::Dwarf<Slice<'a>>;
pub(super) type Unit<'a> = gimli::Unit<Slice<'a>>;
pub(super) type DebugEntry<'a> = gimli::DebuggingInformationEntry<Slice<'a>>;

/// Sections that no question here needs.
const UNUSED: [SectionId; 5] = [
    SectionId::DebugAranges,
    SectionId::DebugMacinfo,
    SectionId::DebugMacro,
    SectionId::DebugNames,
    SectionId::DebugTypes,
];

const LOCATIONS: [SectionId; 2] = [SectionId::DebugLoc, SectionId::DebugLocLists];

impl gimli::Relocate for Relocations<'_> {
    fn relocate_address(&self, offset: usize, value: u64) -> gimli::Result<u64> {
        Ok(self.value_at(offset, value))
    }

    fn relocate_offset(&self, offset: usize, value: usize) -> gimli::Result<usize> {
        let value = self.value_at(offset, value as u64);
        usize::try_from(value).map_err(|_| gimli::Error::UnsupportedOffset)
    }
}

/// Byte order of a file's numbers.
pub(super) fn endian(elf: &ElfFile) -> RunTimeEndian {
    match elf.layout.endian {
        Endianness::Little => RunTimeEndian::Little,
        Endianness::Big => RunTimeEndian::Big,
    }
}

impl<'a> Debug<'a> {
    /// The DWARF sections without location lists: enough for names and positions.
    pub(super) fn dwarf(&self) -> &Arc<Dwarf<'a>> {
        self.dwarf.get_or_init(|| {
            let wanted = |id| !UNUSED.contains(&id) && !LOCATIONS.contains(&id);
            Arc::new(self.load(wanted))
        })
    }

    /// The DWARF sections, to evaluate locations.
    pub(super) fn dwarf_with_locations(&self) -> &Dwarf<'a> {
        self.with_locations
            .get_or_init(|| self.load(|id| !UNUSED.contains(&id)))
    }

    /// A section as gimli reads it.
    pub(super) fn section(&self, name: &str) -> Slice<'a> {
        section_of(self.elf, name)
    }

    fn load(&self, wanted: impl Fn(SectionId) -> bool + Copy) -> Dwarf<'a> {
        let mut dwarf = load_file(self.elf, wanted);
        if let Some(supplementary) = self.files.supplementary() {
            dwarf.set_sup(load_file(supplementary, wanted));
        }
        dwarf
    }
}

fn load_file(elf: &ElfFile, wanted: impl Fn(SectionId) -> bool) -> Dwarf<'_> {
    let load = |id: SectionId| {
        let name = if wanted(id) { id.name() } else { "" };
        // No section has an empty name, so an unwanted one is not unpacked.
        Ok::<_, std::convert::Infallible>(section_of(elf, name))
    };
    let Ok(sections) = DwarfSections::load(load);
    let mut dwarf = sections.borrow(Clone::clone);
    dwarf.file_type = gimli::DwarfFileType::Main;
    dwarf
}

/// A section of a file as gimli reads it; an empty one where there is none of the name.
pub(super) fn section_of<'a>(elf: &'a ElfFile, name: &str) -> Slice<'a> {
    let section = elf.find(name);
    let bytes = section.map_or(&[][..], |section| elf.section_bytes(section));
    RelocateReader::new(
        EndianSlice::new(bytes, endian(elf)),
        Relocations::of(elf, section),
    )
}

/// Bytes that were read, as they are in the file.
pub(super) fn bytes<'a>(slice: &Slice<'a>) -> &'a [u8] {
    slice.inner().slice()
}

/// Longer names and paths are none.
const MAX_TEXT: usize = 4096;

pub(super) fn text(slice: &Slice<'_>) -> Option<String> {
    let bytes = bytes(slice);
    (bytes.len() <= MAX_TEXT).then(|| String::from_utf8_lossy(bytes).into_owned())
}
