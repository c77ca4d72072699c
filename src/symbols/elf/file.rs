//! An ELF file on disk. In: a path. Out: its sections' bytes, unpacked where needed, each on first use.
//!
//! The file is mapped, not read: a kernel's debug info is hundreds of megabytes, and a splat needs
//! a few of them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, SectionHeader};

use super::error::SymbolError;
use super::machine::Machine;
use super::map;
use super::relocations;
use super::symbol_table::AddressIndex;
use super::symbols::Symbol;
use super::unpack::{PackFormat, Unpacked, most, unpack};
use crate::input::Mapped;

/// Modules are linked to no address; their sections are laid out from here so that no two overlap.
const MODULE_BASE: u64 = 0x1000_0000;

enum Data {
    Mapped(Mapped),
    Unpacked(Unpacked),
    /// A list of symbols.
    Map(Vec<u8>),
}

impl Data {
    fn bytes(&self) -> &[u8] {
        match self {
            Data::Mapped(map) => map,
            Data::Unpacked(bytes) => bytes,
            Data::Map(bytes) => bytes,
        }
    }
}

/// One section header, checked against the file.
pub(in crate::symbols) struct ElfSection {
    pub(in crate::symbols) name: String,
    /// Link address; a made-up one in a module.
    pub(in crate::symbols) address: u64,
    pub(in crate::symbols) size: u64,
    pub(super) kind: elf::SectionType,
    flags: elf::SectionFlags,
    pub(super) link: usize,
    pub(super) info: usize,
    offset: usize,
    /// Bytes in the file; 0 for NOBITS.
    file_size: usize,
    /// How the bytes are packed, from where on, and how many they are unpacked.
    packed: Option<(PackFormat, usize, u64)>,
    /// The bytes where they differ from the file's: unpacked or relocated.
    rewritten: OnceLock<Unpacked>,
    /// Order of the entries by address, where a section of relocations is not sorted.
    pub(super) order: OnceLock<Vec<u32>>,
}

impl ElfSection {
    /// In memory when the kernel runs.
    pub(in crate::symbols) fn is_loaded(&self) -> bool {
        self.flags.contains(elf::SHF_ALLOC)
    }

    /// Holds instructions.
    pub(in crate::symbols) fn is_code(&self) -> bool {
        self.flags.contains(elf::SHF_EXECINSTR)
    }
}

/// What the header says of numbers in the file.
#[derive(Debug, Clone, Copy)]
pub(in crate::symbols) struct Layout {
    pub(in crate::symbols) machine: Machine,
    pub(in crate::symbols) endian: Endianness,
    pub(in crate::symbols) is_64: bool,
    pub(super) relocatable: bool,
}

/// An open ELF file with what was found in it so far. Shared between threads.
pub struct ElfFile {
    path: PathBuf,
    data: Data,
    pub(in crate::symbols) sections: Vec<ElfSection>,
    pub(in crate::symbols) layout: Layout,
    max_size: u64,
    pub(super) names: Mutex<HashMap<String, Arc<[Symbol]>>>,
    pub(super) addresses: OnceLock<AddressIndex>,
}

impl ElfFile {
    /// Opens an ELF file, plain or compressed. `max_size` limits the unpacked bytes.
    pub fn open(path: &Path, max_size: u64) -> Result<ElfFile, SymbolError> {
        let (data, sections, layout) = match read_map(path, max_size)? {
            Some(map) => of_map(map),
            None => {
                let data = load(path, max_size)?;
                let (sections, layout) = read_sections(path, data.bytes())?;
                (data, sections, layout)
            }
        };
        Ok(ElfFile {
            path: path.to_owned(),
            data,
            sections,
            layout,
            max_size,
            names: Mutex::default(),
            addresses: OnceLock::new(),
        })
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
        self.layout.relocatable
    }

    /// Is a `System.map`, or kallsyms.
    pub(in crate::symbols) fn is_map(&self) -> bool {
        matches!(self.data, Data::Map(_))
    }

    /// Has a symbol table.
    pub(in crate::symbols) fn has_symbols(&self) -> bool {
        self.sections.iter().any(|s| s.kind == elf::SHT_SYMTAB)
    }

    /// The section of a name that has bytes in the file. `.zdebug_info` is an old form of a compressed `.debug_info`.
    pub(in crate::symbols) fn find(&self, name: &str) -> Option<&ElfSection> {
        let old = || {
            name.strip_prefix(".debug_")
                .map(|rest| format!(".zdebug_{rest}"))
        };
        let named = |name: &str| {
            let mut sections = self.sections.iter();
            // objcopy --only-keep-debug leaves the headers of code and data as NOBITS: a section of
            // that name, with nothing to read.
            sections.find(|section| section.name == name && section.file_size > 0)
        };
        named(name).or_else(|| named(&old()?))
    }

    /// Bytes of a section as the program sees them; empty where there is no such section.
    pub(in crate::symbols) fn section(&self, name: &str) -> &[u8] {
        self.find(name)
            .map_or(&[], |section| self.section_bytes(section))
    }

    /// Bytes of a section, unpacked, and relocated where they are read as a whole.
    pub(in crate::symbols) fn section_bytes<'a>(&'a self, section: &'a ElfSection) -> &'a [u8] {
        let relocate = relocations::is_applied_at_once(self, section);
        if section.packed.is_none() && !relocate {
            return self.file_bytes(section);
        }
        section.rewritten.get_or_init(|| {
            // A section that cannot be unpacked is as good as missing: the rest of the file is
            // still of use.
            let mut bytes = match section.packed {
                Some(_) => self
                    .unpacked(section)
                    .unwrap_or(Unpacked::InMemory(Vec::new())),
                None => Unpacked::InMemory(self.file_bytes(section).to_vec()),
            };
            if relocate {
                relocations::apply(self, section, &mut bytes);
            }
            bytes
        })
    }

    pub(in crate::symbols) fn file_bytes(&self, section: &ElfSection) -> &[u8] {
        let end = section.offset.saturating_add(section.file_size);
        self.data.bytes().get(section.offset..end).unwrap_or(&[])
    }

    fn unpacked(&self, section: &ElfSection) -> Option<Unpacked> {
        let (format, from, size) = section.packed?;
        let packed = self.file_bytes(section).get(from..)?;
        // The size is the file's own claim, and the file may be crafted.
        unpack(format, packed, b"", size.min(self.max_size))
            .ok()
            .flatten()
    }

    /// Bytes from a link address to the end of its section.
    pub(in crate::symbols) fn bytes_from(&self, address: u64) -> Option<&[u8]> {
        let section = self.section_at(address)?;
        let start = usize::try_from(address.checked_sub(section.address)?).ok()?;
        self.file_bytes(section).get(start..)
    }

    /// `len` bytes at a link address.
    pub(in crate::symbols) fn bytes_at(&self, address: u64, len: usize) -> Option<&[u8]> {
        self.bytes_from(address)?.get(..len)
    }

    /// The loaded section with bytes in the file that holds a link address.
    pub(in crate::symbols) fn section_at(&self, address: u64) -> Option<&ElfSection> {
        self.sections.iter().find(|section| {
            section.is_loaded()
                && section.file_size > 0
                && address.wrapping_sub(section.address) < section.size
        })
    }
}

/// A list of symbols; `None` for a file of another kind. It is read, not mapped: kallsyms has no size.
fn read_map(path: &Path, max_size: u64) -> Result<Option<map::Map>, SymbolError> {
    let read = |source| SymbolError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = open_regular(path).map_err(read)?;
    // The head decides: 600 MB of vmlinux are not read to learn that it is no list.
    let mut text = Vec::new();
    file.by_ref()
        .take(map::HEAD)
        .read_to_end(&mut text)
        .map_err(read)?;
    if !map::is_map(&text) {
        return Ok(None);
    }
    let limit = max_size.min(map::MAX_BYTES);
    file.take(limit).read_to_end(&mut text).map_err(read)?;
    if text.len() as u64 >= limit {
        return Err(SymbolError::TooBig {
            path: path.to_owned(),
            limit,
        });
    }
    map::parse(&text).map(Some).map_err(|why| SymbolError::Map {
        path: path.to_owned(),
        why: why.text(),
    })
}

fn of_map(map: map::Map) -> (Data, Vec<ElfSection>, Layout) {
    let layout = Layout {
        machine: Machine(map.machine),
        // `map::write` writes this form, whatever the machine.
        endian: Endianness::Little,
        is_64: true,
        relocatable: false,
    };
    let none = elf::SectionFlags(0);
    let code = elf::SHF_ALLOC | elf::SHF_EXECINSTR;
    let section = |kind, flags, range: std::ops::Range<usize>| ElfSection {
        name: String::new(),
        address: 0,
        // Where code ends and data begins is not in the list.
        size: u64::MAX,
        kind,
        flags,
        // The last of the sections below, which holds the names.
        link: usize::from(map::DATA) + 2,
        info: 0,
        offset: range.start,
        file_size: range.len(),
        packed: None,
        rewritten: OnceLock::new(),
        order: OnceLock::new(),
    };
    let end = map.bytes.len();
    // In the order of the numbers that the symbols have.
    let sections = vec![
        section(elf::SHT_NULL, none, 0..0),
        section(elf::SHT_NOBITS, code, 0..0),
        section(elf::SHT_NOBITS, elf::SHF_ALLOC, 0..0),
        section(elf::SHT_SYMTAB, none, 0..map.names_at),
        section(elf::SHT_STRTAB, none, map.names_at..end),
    ];
    (Data::Map(map.bytes), sections, layout)
}

/// Opens a file that can be mapped. To open a FIFO would wait for whoever writes to it, and no signal ends that.
fn open_regular(path: &Path) -> io::Result<File> {
    let kind = path.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other("a folder; --debug-dir takes those"));
    }
    match kind.is_file() {
        true => File::open(path),
        false => Err(io::Error::other("no regular file; write it to one first")),
    }
}

fn load(path: &Path, max_size: u64) -> Result<Data, SymbolError> {
    let read = |source| SymbolError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = open_regular(path).map_err(read)?;
    let mut head = Vec::new();
    file.by_ref().take(8).read_to_end(&mut head).map_err(read)?;
    let format = PackFormat::of(&head);
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

fn read_sections(path: &Path, data: &[u8]) -> Result<(Vec<ElfSection>, Layout), SymbolError> {
    let path = || path.to_owned();
    if !data.starts_with(&elf::ELFMAG) {
        return Err(SymbolError::NotElf { path: path() });
    }
    let read = match data.get(4) {
        Some(class) if *class == elf::ELFCLASS32.0 => {
            FileHeader32::<Endianness>::parse(data).map(|header| sections_of(header, data))
        }
        _ => FileHeader64::<Endianness>::parse(data).map(|header| sections_of(header, data)),
    };
    let broken = |_| SymbolError::BrokenElf { path: path() };
    let (mut sections, layout) = read.and_then(|read| read).map_err(broken)?;
    // Relocations and the way from a return address to its call differ by machine: to guess would
    // give wrong lines.
    if layout.machine.name().is_none() {
        return Err(SymbolError::OtherMachine {
            path: path(),
            machine: layout.machine.0.0,
        });
    }
    if layout.relocatable {
        lay_out(&mut sections);
    }
    Ok((sections, layout))
}

fn sections_of<H: FileHeader<Endian = Endianness>>(
    header: &H,
    data: &[u8],
) -> object::Result<(Vec<ElfSection>, Layout)> {
    let endian = header.endian()?;
    let layout = Layout {
        machine: Machine(header.e_machine(endian)),
        endian,
        is_64: header.is_class_64(),
        relocatable: header.e_type(endian) == elf::ET_REL,
    };
    let table = header.sections(endian, data)?;
    let mut sections = Vec::new();
    for section in table.iter() {
        // A section without a readable name is kept, since others refer to it by its number.
        let name = table.section_name(endian, section).unwrap_or_default();
        sections.push(read_section::<H>(section, endian, name, data));
    }
    Ok((sections, layout))
}

fn read_section<H: FileHeader<Endian = Endianness>>(
    header: &H::SectionHeader,
    endian: Endianness,
    name: &[u8],
    data: &[u8],
) -> ElfSection {
    // Of a file that was cut short the sections that are whole can still be read.
    let in_file = header.file_range(endian).filter(|&(offset, size)| {
        let end = offset.checked_add(size);
        end.is_some_and(|end| end <= data.len() as u64)
    });
    let (offset, file_size) = in_file.unwrap_or((0, 0));
    // Both fit: the end was compared with the length of a slice.
    let (offset, file_size) = (offset as usize, file_size as usize);
    let content = &data[offset..offset + file_size];
    ElfSection {
        name: String::from_utf8_lossy(name).into_owned(),
        address: header.sh_addr(endian).into(),
        size: header.sh_size(endian).into(),
        kind: header.sh_type(endian),
        flags: header.sh_flags(endian),
        link: header.sh_link(endian) as usize,
        info: header.sh_info(endian) as usize,
        offset,
        file_size,
        packed: old_packing(name, content).or_else(|| packing::<H>(header, endian, data, offset)),
        rewritten: OnceLock::new(),
        order: OnceLock::new(),
    }
}

/// `SHF_COMPRESSED`: a header, then the data.
fn packing<H: FileHeader<Endian = Endianness>>(
    header: &H::SectionHeader,
    endian: Endianness,
    data: &[u8],
    section: usize,
) -> Option<(PackFormat, usize, u64)> {
    use object::read::elf::CompressionHeader;
    let (packed, from, _) = header.compression(endian, data).ok()??;
    let format = match packed.ch_type(endian) {
        elf::ELFCOMPRESS_ZLIB => PackFormat::Zlib,
        elf::ELFCOMPRESS_ZSTD => PackFormat::Zstd,
        _ => return None,
    };
    let from = usize::try_from(from).ok()?.checked_sub(section)?;
    Some((format, from, packed.ch_size(endian).into()))
}

/// `.zdebug_…`, as GNU tools wrote it until 2.26: "ZLIB", the size in big-endian, the data.
fn old_packing(name: &[u8], content: &[u8]) -> Option<(PackFormat, usize, u64)> {
    let rest = content
        // Four bytes of magic, eight of size; other sections may begin with "ZLIB" by chance.
        .strip_prefix(b"ZLIB")
        .filter(|_| name.starts_with(b".zdebug_"))?;
    Some((
        PackFormat::Zlib,
        12,
        u64::from_be_bytes(*rest.first_chunk()?),
    ))
}

/// Gives the loaded sections of a module addresses, one after the other, on page boundaries.
fn lay_out(sections: &mut [ElfSection]) {
    let mut next = MODULE_BASE;
    // At least a page stays free after each: a return address may be right after the last byte of a
    // section, and must not be in the next one.
    for section in sections.iter_mut() {
        if section.is_loaded() {
            section.address = next;
            next = next.saturating_add(section.size).saturating_add(0x1fff) & !0xfff;
        }
    }
}
