//! An ELF file on disk: a vmlinux, a split `.debug` file or a module. In: a path. Out: its sections'
//! bytes, unpacked and relocated where needed, each on first use.
//!
//! The file is mapped, not read: a kernel's debug info is hundreds of megabytes, and a splat needs
//! a few of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use gimli::Abbreviations;
use object::LittleEndian;
use object::elf::{self, FileHeader64, SectionHeader64};
use object::read::elf::{FileHeader, SectionHeader};

use super::error::SymbolError;
use super::locate::Position;
use super::relocate;
use super::symtab::Symbol;
use super::units::UnitIndex;
use super::unpack::{Format, Unpacked, most, unpack};
use crate::input::Mapped;

const LE: LittleEndian = LittleEndian;

/// Modules are linked to no address; their sections are laid out from here so that no two overlap.
const MODULE_BASE: u64 = 0x1000_0000;

enum Data {
    Mapped(Mapped),
    Unpacked(Unpacked),
}

impl Data {
    fn bytes(&self) -> &[u8] {
        match self {
            Data::Mapped(map) => map,
            Data::Unpacked(bytes) => bytes,
        }
    }
}

/// One section header, checked against the file.
pub(super) struct Section {
    pub(super) name: String,
    /// Link address; a made-up one in a module.
    pub(super) address: u64,
    pub(super) size: u64,
    pub(super) kind: elf::SectionType,
    pub(super) flags: elf::SectionFlags,
    pub(super) link: usize,
    pub(super) info: usize,
    offset: usize,
    /// Bytes in the file; 0 for NOBITS.
    file_size: usize,
    /// The bytes where they differ from the file's: unpacked or relocated.
    rewritten: OnceLock<Unpacked>,
}

/// An open ELF file with what was found in it so far. Shared between threads.
pub struct Image {
    path: PathBuf,
    data: Data,
    pub(super) sections: Vec<Section>,
    relocatable: bool,
    max_size: u64,
    pub(super) symbols: Mutex<HashMap<String, Arc<[Symbol]>>>,
    pub(super) positions: Mutex<HashMap<u64, Arc<Position>>>,
    pub(super) units: OnceLock<UnitIndex>,
    /// Tables of abbreviations by their offsets; `None` for a broken one.
    pub(super) tables: Mutex<HashMap<usize, Option<Arc<Abbreviations>>>>,
}

impl Image {
    /// Opens an ELF file of x86-64, plain or compressed. `max_size` limits the unpacked bytes.
    pub fn open(path: &Path, max_size: u64) -> Result<Image, SymbolError> {
        let data = load(path, max_size)?;
        let (sections, relocatable) = read_sections(path, data.bytes())?;
        let image = Image {
            path: path.to_owned(),
            data,
            sections,
            relocatable,
            max_size,
            symbols: Mutex::default(),
            positions: Mutex::default(),
            units: OnceLock::new(),
            tables: Mutex::default(),
        };
        match image.sections.iter().any(|s| s.kind == elf::SHT_SYMTAB) {
            true => Ok(image),
            false => Err(SymbolError::NoSymbols {
                path: path.to_owned(),
            }),
        }
    }

    /// The file as it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's name without its folder, for output.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// True for a module: code in it has no link address.
    pub fn is_relocatable(&self) -> bool {
        self.relocatable
    }

    /// Bytes of a section as the program sees them; empty where there is no such section.
    pub(super) fn section(&self, name: &str) -> &[u8] {
        let found = self.sections.iter().find(|s| s.name == name);
        found.map_or(&[], |section| self.section_bytes(section))
    }

    pub(super) fn section_bytes<'a>(&'a self, section: &'a Section) -> &'a [u8] {
        let compressed = section.flags.contains(elf::SHF_COMPRESSED);
        let relocate = self.relocatable && section.name.starts_with(".debug_");
        if !compressed && !relocate {
            return self.file_bytes(section);
        }
        section.rewritten.get_or_init(|| {
            let raw = self.file_bytes(section);
            let nothing = || Unpacked::InMemory(Vec::new());
            let unpacked = || self.decompress(raw).unwrap_or_else(nothing);
            if !relocate {
                return unpacked();
            }
            let mut bytes = match compressed {
                true => unpacked(),
                false => Unpacked::InMemory(raw.to_vec()),
            };
            relocate::apply(self, section, &mut bytes);
            bytes
        })
    }

    pub(super) fn file_bytes(&self, section: &Section) -> &[u8] {
        let end = section.offset.saturating_add(section.file_size);
        self.data.bytes().get(section.offset..end).unwrap_or(&[])
    }

    /// Unpacks a `SHF_COMPRESSED` section: an `Elf64_Chdr`, then the data.
    fn decompress(&self, raw: &[u8]) -> Option<Unpacked> {
        let (header, packed) =
            object::pod::from_bytes::<elf::CompressionHeader64<LittleEndian>>(raw).ok()?;
        let format = match header.ch_type.get(LE) {
            elf::ELFCOMPRESS_ZLIB => Format::Zlib,
            elf::ELFCOMPRESS_ZSTD => Format::Zstd,
            _ => return None,
        };
        let limit = header.ch_size.get(LE).min(self.max_size);
        unpack(format, packed, b"", limit).ok().flatten()
    }

    /// Bytes from a link address to the end of its section.
    pub(super) fn bytes_from(&self, address: u64) -> Option<&[u8]> {
        let section = self.section_at(address)?;
        let start = usize::try_from(address.checked_sub(section.address)?).ok()?;
        self.file_bytes(section).get(start..)
    }

    /// `len` bytes at a link address.
    pub(super) fn bytes_at(&self, address: u64, len: usize) -> Option<&[u8]> {
        self.bytes_from(address)?.get(..len)
    }

    /// The loaded section with bytes in the file that holds a link address.
    pub(super) fn section_at(&self, address: u64) -> Option<&Section> {
        self.sections.iter().find(|section| {
            section.flags.contains(elf::SHF_ALLOC)
                && section.file_size > 0
                && address.wrapping_sub(section.address) < section.size
        })
    }
}

fn load(path: &Path, max_size: u64) -> Result<Data, SymbolError> {
    let read = |source| SymbolError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(read)?;
    let mut head = Vec::new();
    file.by_ref().take(8).read_to_end(&mut head).map_err(read)?;
    let format = Format::of(&head);
    if format.is_none() && !head.starts_with(&elf::ELFMAG) {
        return Err(SymbolError::NotElf {
            path: path.to_owned(),
        });
    }
    let map = Mapped::new(&file).map_err(read)?;
    let Some(format) = format else {
        return Ok(Data::Mapped(map));
    };
    let unpacked =
        unpack(format, &map, &elf::ELFMAG, max_size).map_err(|source| SymbolError::Unpack {
            path: path.to_owned(),
            format: format.name(),
            source,
        })?;
    unpacked.map(Data::Unpacked).ok_or(SymbolError::TooBig {
        path: path.to_owned(),
        limit: max_size.min(most(&map)),
    })
}

fn read_sections(path: &Path, data: &[u8]) -> Result<(Vec<Section>, bool), SymbolError> {
    let path = || path.to_owned();
    if !data.starts_with(&elf::ELFMAG) {
        return Err(SymbolError::NotElf { path: path() });
    }
    let header = FileHeader64::<LittleEndian>::parse(data)
        .map_err(|_| SymbolError::NotX86 { path: path() })?;
    if header.e_machine(LE) != elf::EM_X86_64 || !header.is_little_endian() {
        return Err(SymbolError::NotX86 { path: path() });
    }
    let relocatable = header.e_type(LE) == elf::ET_REL;
    let table = header
        .sections(LE, data)
        .map_err(|_| SymbolError::BrokenElf { path: path() })?;
    let mut sections = Vec::new();
    for section in table.iter() {
        let name = table.section_name(LE, section).unwrap_or_default();
        sections.push(read_section(section, name, data.len()));
    }
    if relocatable {
        lay_out(&mut sections);
    }
    Ok((sections, relocatable))
}

fn read_section(header: &SectionHeader64<LittleEndian>, name: &[u8], file_len: usize) -> Section {
    let in_file = header.file_range(LE).filter(|&(offset, size)| {
        let end = offset.checked_add(size);
        end.is_some_and(|end| end <= file_len as u64)
    });
    let (offset, file_size) = in_file.unwrap_or((0, 0));
    Section {
        name: String::from_utf8_lossy(name).into_owned(),
        address: header.sh_addr(LE),
        size: header.sh_size(LE),
        kind: header.sh_type(LE),
        flags: header.sh_flags(LE),
        link: header.sh_link(LE) as usize,
        info: header.sh_info(LE) as usize,
        // Both fit: the end was compared with the length of a slice.
        offset: offset as usize,
        file_size: file_size as usize,
        rewritten: OnceLock::new(),
    }
}

/// Gives the loaded sections of a module addresses, one behind the other, on page boundaries.
fn lay_out(sections: &mut [Section]) {
    let mut next = MODULE_BASE;
    for section in sections.iter_mut() {
        if section.flags.contains(elf::SHF_ALLOC) {
            section.address = next;
            next = next.saturating_add(section.size).saturating_add(0x1fff) & !0xfff;
        }
    }
}
