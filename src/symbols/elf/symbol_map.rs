//! A `System.map`, or a copy of `/proc/kallsyms`. In: its text. Out: an ELF file with the same symbols and nothing else.
//!
//! All that asks for symbols works on ELF files. A second kind of symbol table would run through every question; 2 MB
//! of ELF made here do not.

use object::elf;

/// Longest text that is read; those of kernels have up to 20 MB.
pub(super) const LONGEST: u64 = 64 << 20;

/// Index of the sections that are written.
const TEXT: u16 = 1;
const DATA: u16 = 2;
const STRINGS: u32 = 4;
const NAMES: u16 = 6;

/// Names of the sections, in their order.
const SECTION_NAMES: &[u8] = b"\0.text\0.data\0.symtab\0.strtab\0.note.Linux\0.shstrtab\0";

const HEADER: usize = 64;
const SECTION_HEADER: usize = 64;
const SYMBOL: usize = 24;

/// One symbol of the text.
struct Line<'a> {
    address: u64,
    /// As `nm` prints it.
    kind: u8,
    name: &'a str,
}

/// Whether a file may be such a text, by its first bytes.
pub(super) fn may_be(head: &[u8]) -> bool {
    head.len() == 8 && head.iter().all(u8::is_ascii_hexdigit)
}

/// The ELF file of a text that was read from a file of this name; `None` where it holds no symbols.
pub(super) fn elf_of(text: &[u8], file_name: &str) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let mut symbols = vec![0; SYMBOL];
    let mut strings = vec![0];
    for line in text.lines().filter_map(read) {
        let section = match line.kind.to_ascii_lowercase() {
            b'u' | b'n' => continue,
            b'a' => elf::SHN_ABS.0,
            b't' | b'w' => TEXT,
            _ => DATA,
        };
        let kind = if section == TEXT {
            elf::STT_FUNC.0
        } else {
            elf::STT_OBJECT.0
        };
        let bind = if line.kind.is_ascii_uppercase() {
            elf::STB_GLOBAL.0
        } else {
            elf::STB_LOCAL.0
        };
        symbols.extend(u32::try_from(strings.len()).ok()?.to_le_bytes());
        symbols.extend([bind << 4 | kind, 0]);
        symbols.extend(section.to_le_bytes());
        symbols.extend(line.address.to_le_bytes());
        symbols.extend(0_u64.to_le_bytes());
        strings.extend(line.name.as_bytes());
        strings.push(0);
    }
    // Where kernel.kptr_restrict hides the addresses each of them is 0.
    let has_addresses = symbols.chunks_exact(SYMBOL).any(|symbol| {
        let is_text = symbol[6..8] == TEXT.to_le_bytes();
        is_text && symbol[8..16] != [0; 8]
    });
    let release = file_name.strip_prefix("System.map");
    has_addresses.then(|| {
        write(
            &symbols,
            &strings,
            &release.map(salt).unwrap_or_default(),
            release.is_some(),
        )
    })
}

/// `ffffffff81000000 T _text`. Symbols of modules, with `[name]` after them, are left out.
fn read(line: &str) -> Option<Line<'_>> {
    let mut words = line.split_ascii_whitespace();
    let address = words.next().filter(|word| (8..=16).contains(&word.len()))?;
    let kind = words.next().filter(|word| word.len() == 1)?;
    let name = words.next()?;
    let line = Line {
        address: u64::from_str_radix(address, 16).ok()?,
        kind: *kind.as_bytes().first()?,
        name,
    };
    words.next().is_none().then_some(line)
}

/// A note with the release in the file's name, as distributions give it to a vmlinux in `CONFIG_BUILD_SALT`.
fn salt(after_name: &str) -> Vec<u8> {
    let release = after_name.strip_prefix('-').unwrap_or_default();
    let mut content = [release.as_bytes(), b"\0"].concat();
    let size = content.len() as u32;
    content.resize(content.len().next_multiple_of(4), 0);
    let head = [6, size, super::notes::BUILD_SALT].map(u32::to_le_bytes);
    [head.as_flattened(), b"Linux\0\0\0", &content].concat()
}

/// Header, sections, section headers. `linked`: the addresses are those of the linker, not of a boot.
fn write(symbols: &[u8], strings: &[u8], note: &[u8], linked: bool) -> Vec<u8> {
    let code = elf::SHF_ALLOC.0 | elf::SHF_EXECINSTR.0;
    let data = elf::SHF_ALLOC.0 | elf::SHF_WRITE.0;
    // Type, flags, link, size of an entry, content.
    let sections: [(u32, u64, u32, usize, &[u8]); 7] = [
        (elf::SHT_NULL.0, 0, 0, 0, &[]),
        (elf::SHT_NOBITS.0, code, 0, 0, &[]),
        (elf::SHT_NOBITS.0, data, 0, 0, &[]),
        (elf::SHT_SYMTAB.0, 0, STRINGS, SYMBOL, symbols),
        (elf::SHT_STRTAB.0, 0, 0, 0, strings),
        (elf::SHT_NOTE.0, 0, 0, 0, note),
        (elf::SHT_STRTAB.0, 0, 0, 0, SECTION_NAMES),
    ];
    let contents: usize = sections.iter().map(|section| section.4.len()).sum();
    let mut file = header(HEADER + contents, sections.len(), linked);
    let mut offset = HEADER;
    let mut headers: Vec<u8> = Vec::new();
    let mut name = 0_u32;
    for (kind, flags, link, entry, content) in sections {
        headers.extend([name, kind].map(u32::to_le_bytes).as_flattened());
        headers.extend(
            [flags, 0, offset as u64, content.len() as u64]
                .map(u64::to_le_bytes)
                .as_flattened(),
        );
        headers.extend([link, 0].map(u32::to_le_bytes).as_flattened());
        headers.extend([1, entry as u64].map(u64::to_le_bytes).as_flattened());
        offset += content.len();
        file.extend(content);
        // The next name begins after the zero that ends this one.
        let rest = SECTION_NAMES.get(name as usize..).unwrap_or_default();
        name += memchr::memchr(0, rest).map_or(0, |end| end as u32 + 1);
    }
    file.extend(headers);
    file
}

/// The machine matters to code and DWARF, of which there is none here; so all get that of x86-64.
fn header(section_headers: usize, sections: usize, linked: bool) -> Vec<u8> {
    // A file of a running kernel's memory is a core file.
    let kind = if linked {
        elf::ET_EXEC.0
    } else {
        elf::ET_CORE.0
    };
    let mut header = Vec::with_capacity(HEADER);
    header.extend(elf::ELFMAG);
    header.extend([elf::ELFCLASS64.0, elf::ELFDATA2LSB.0, 1, 0]);
    header.extend([0; 8]);
    header.extend(
        [kind, elf::EM_X86_64.0]
            .map(u16::to_le_bytes)
            .as_flattened(),
    );
    header.extend(1_u32.to_le_bytes());
    header.extend(
        [0, 0, section_headers as u64]
            .map(u64::to_le_bytes)
            .as_flattened(),
    );
    header.extend(0_u32.to_le_bytes());
    let sizes = [
        HEADER as u16,
        0,
        0,
        SECTION_HEADER as u16,
        sections as u16,
        NAMES,
    ];
    header.extend(sizes.map(u16::to_le_bytes).as_flattened());
    header
}

#[cfg(test)]
mod tests {
    use super::super::ElfFile;

    const MAP: &str = "0000000000000000 A fixed_percpu_data\nffffffff81000000 T _text\nffffffff81000100 t foo\n\
        ffffffff81000140 T bar\nffffffff81000180 D table\nffffffffc0000000 t foo\t[module]\n";

    fn open(name: &str, text: &str) -> Result<ElfFile, super::super::SymbolError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        ElfFile::open(&path, 1 << 30)
    }

    #[test]
    fn a_system_map_has_sizes_and_the_release_of_its_name() {
        let elf = open("System.map-6.1.0-13-amd64", MAP).expect("opens");
        assert_eq!(elf.build_salt().as_deref(), Some("6.1.0-13-amd64"));
        assert_eq!(
            elf.resolve_name("foo", 0x10, Some(0x40)),
            Some(0xffff_ffff_8100_0110)
        );
        assert_eq!(elf.resolve_name("foo", 0x10, Some(0x80)), None);
        assert!(!elf.symbols("table")[0].is_code);
        assert!(!elf.layout.of_a_boot);
    }

    #[test]
    fn addresses_of_kallsyms_are_those_of_a_boot() {
        let elf = open("kallsyms", MAP).expect("opens");
        assert!(elf.layout.of_a_boot && elf.build_salt().is_none());
    }

    #[test]
    fn a_list_without_addresses_is_named() {
        let hidden = "0000000000000000 T _text\n0000000000000000 t foo\n";
        let stub =
            "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n";
        for text in [hidden, stub] {
            let error = open("System.map-6.1.0-13-amd64", text)
                .err()
                .expect("refused");
            assert!(error.to_string().contains("without addresses"), "{error}");
        }
    }
}
