//! A `System.map`, or `/proc/kallsyms`. In: its text. Out: a symbol table as an ELF file has it, which all that
//! reads symbols takes as it takes that of a vmlinux.
//!
//! The alternative, a second kind of symbol table beside the ELF one, would double each search in it.

use object::elf;

/// Bytes of such a file; a distribution's kernel has 10 MB of symbols, with modules 15.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// Bytes that show the kind of the file: a few lines.
pub(super) const HEAD: u64 = 1024;

/// A function that kernels of one machine have only.
const MACHINES: [(&[u8], elf::Machine); 5] = [
    // arch/x86/kernel/head64.c, head32.c.
    (b"x86_64_start_kernel", elf::EM_X86_64),
    (b"i386_start_kernel", elf::EM_386),
    // arch/arm64/kernel/head.S.
    (b"__primary_switched", elf::EM_AARCH64),
    // arch/riscv/kernel/cpufeature.c.
    (b"riscv_fill_hwcap", elf::EM_RISCV),
    // arch/powerpc/kernel/head_64.S.
    (b"start_here_multiplatform", elf::EM_PPC64),
];

/// Where x86-64 kernels are linked (`CONFIG_PHYSICAL_START` as distributions leave it). kallsyms has what KASLR
/// made of it.
const LINKED_AT: u64 = 0xffff_ffff_8100_0000;

/// The numbers of the sections that the symbols are in.
pub(super) const TEXT: u16 = 1;
pub(super) const DATA: u16 = 2;

/// Bytes of a symbol.
const SYMBOL: usize = size_of::<elf::Sym64<object::Endianness>>();

/// The symbols of a list.
pub(super) struct Map {
    pub(super) machine: elf::Machine,
    /// The symbols, then their names.
    pub(super) bytes: Vec<u8>,
    /// Where the names begin.
    pub(super) names_at: usize,
}

/// Why a list of symbols is of no use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is no such list.
    Foreign,
    /// All addresses are one: `kernel.kptr_restrict`, or Debian's placeholder.
    Hidden,
    /// None of the functions that show the machine.
    UnknownMachine,
}

impl Unusable {
    pub(super) fn text(&self) -> &'static str {
        match self {
            Unusable::Foreign => "no list of symbols",
            Unusable::Hidden => {
                "a list of symbols without addresses; read kallsyms as root with kernel.kptr_restrict=0, or take the \
                 System.map of the kernel's debug package"
            }
            Unusable::UnknownMachine => {
                "a list of symbols of a machine that is not known; give the kernel's vmlinux"
            }
        }
    }
}

struct MapLine<'a> {
    address: u64,
    kind: u8,
    name: &'a [u8],
}

/// Whether a file begins as such a list does.
pub(super) fn is_map(head: &[u8]) -> bool {
    let first = head.split(|&byte| byte == b'\n').next();
    first.is_some_and(|line| read(line).is_some())
}

/// The symbols of the kernel; those of modules, which kallsyms has too, are left out.
pub(super) fn parse(text: &[u8]) -> Result<Map, Unusable> {
    let lines = text.split(|&byte| byte == b'\n').filter_map(read);
    // `U` is what nm prints for a symbol of another file.
    let is_own = |line: &MapLine<'_>| !line.name.contains(&b'\t') && line.kind != b'U';
    let lines: Vec<MapLine<'_>> = lines.filter(is_own).collect();
    let first = lines.first().ok_or(Unusable::Foreign)?.address;
    if lines.iter().all(|line| line.address == first) {
        return Err(Unusable::Hidden);
    }
    let of = |name: &[u8]| lines.iter().find(|line| line.name == name);
    let machine = MACHINES.iter().find(|(name, _)| of(name).is_some());
    let &(_, machine) = machine.ok_or(Unusable::UnknownMachine)?;
    // 0 for a System.map, which has the addresses as linked.
    let moved = match machine {
        elf::EM_X86_64 => of(b"_text").and_then(|text| text.address.checked_sub(LINKED_AT)),
        _ => None,
    };
    Ok(write(&lines, machine, moved.unwrap_or(0)))
}

/// `ffffffff81000000 T _text`; what follows a tab is the module.
fn read(line: &[u8]) -> Option<MapLine<'_>> {
    let mut parts = line.trim_ascii_end().splitn(3, |&byte| byte == b' ');
    let address = std::str::from_utf8(parts.next()?).ok()?;
    let is_address = matches!(address.len(), 8 | 16);
    let &[kind] = parts.next()? else { return None };
    let name = parts.next().filter(|name| !name.is_empty())?;
    let address = u64::from_str_radix(address, 16).ok()?;
    (is_address && kind.is_ascii_alphabetic()).then_some(MapLine {
        address,
        kind,
        name,
    })
}

/// Symbols as an ELF file of 64 bits in little-endian has them, then their names.
fn write(lines: &[MapLine<'_>], machine: elf::Machine, moved: u64) -> Map {
    let mut names = vec![0];
    let mut symbols = vec![0; SYMBOL];
    for line in lines {
        let (section, kind) = match line.kind {
            b'T' | b't' | b'W' | b'w' => (TEXT, elf::STT_FUNC),
            b'A' | b'a' => (elf::SHN_ABS.0, elf::STT_NOTYPE),
            _ => (DATA, elf::STT_OBJECT),
        };
        let bind = match line.kind.is_ascii_uppercase() {
            true => elf::STB_GLOBAL,
            false => elf::STB_LOCAL,
        };
        // Per-CPU symbols that are counted from 0 (until 6.13) are not moved by KASLR.
        let address = match line.address >= LINKED_AT {
            true => line.address.wrapping_sub(moved),
            false => line.address,
        };
        // Always fits: the names are a part of a text of at most `MAX_BYTES`.
        let name = u32::try_from(names.len()).unwrap_or_default();
        symbols.extend(name.to_le_bytes());
        symbols.extend([(bind.0 << 4) | kind.0, 0]);
        symbols.extend(section.to_le_bytes());
        symbols.extend(address.to_le_bytes());
        // The list has no sizes. kallsyms prints the distance to the next symbol anyway.
        symbols.extend([0; 8]);
        names.extend_from_slice(line.name);
        names.push(0);
    }
    let names_at = symbols.len();
    symbols.extend(names);
    Map {
        machine,
        bytes: symbols,
        names_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<(Vec<u8>, elf::Machine), Unusable> {
        let map = parse(text.as_bytes())?;
        Ok((map.bytes[map.names_at..].to_vec(), map.machine))
    }

    #[test]
    fn the_kernels_own_symbols_are_taken() {
        let text = "ffffffff81000000 T _text\nffffffff81000040 T x86_64_start_kernel\nffffffffc0000000 t f\t[m]\n";
        let wanted = b"\0_text\0x86_64_start_kernel\0".to_vec();
        assert_eq!(names(text), Ok((wanted, elf::EM_X86_64)));
    }

    #[test]
    fn kaslr_is_taken_off_what_kallsyms_has() {
        let text = "ffffffff93400000 T _text\nffffffff93400040 T x86_64_start_kernel\n";
        let map = parse(text.as_bytes()).unwrap();
        let value = &map.bytes[2 * SYMBOL + 8..2 * SYMBOL + 16];
        assert_eq!(value, 0xffff_ffff_8100_0040_u64.to_le_bytes());
    }

    #[test]
    fn a_list_without_addresses_is_refused() {
        let hidden = "0000000000000000 T _text\n0000000000000000 T x86_64_start_kernel\n";
        assert_eq!(names(hidden), Err(Unusable::Hidden));
        let debian =
            "ffffffffffffffff B The real System.map is in the linux-image-<version>-dbg package\n";
        assert_eq!(names(debian), Err(Unusable::Hidden));
        assert_eq!(names("1000 T a\n"), Err(Unusable::Foreign));
        let foreign = "00001000 T a\n00002000 T b\n";
        assert_eq!(names(foreign), Err(Unusable::UnknownMachine));
    }
}
