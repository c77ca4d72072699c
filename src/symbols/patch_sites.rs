//! Where the kernel patches its own code. In: a vmlinux and a range of its text. Out: the bytes in the
//! range that may differ in a running kernel.

use std::ops::Range;

use super::image::Image;

/// A table of patch sites, by its section or, where the linker script puts it into a bigger
/// section, by the symbols at its ends.
struct Table {
    section: &'static str,
    symbols: (&'static str, &'static str),
    layout: Layout,
}

#[derive(Clone, Copy)]
struct Layout {
    /// Bytes of an entry.
    entry: usize,
    /// How an entry names the code.
    site: Site,
    /// Bytes of code.
    len: Len,
}

const fn relative(entry: usize, len: Len) -> Layout {
    Layout {
        entry,
        site: Site::Relative,
        len,
    }
}

const fn absolute(entry: usize, len: Len) -> Layout {
    Layout {
        entry,
        site: Site::Absolute,
        len,
    }
}

#[derive(Clone, Copy)]
enum Site {
    /// s32, relative to its own address.
    Relative,
    /// u64.
    Absolute,
}

#[derive(Clone, Copy)]
enum Len {
    Fixed(u64),
    /// In the entry, at this offset.
    Byte(usize),
}

const CALL: Len = Len::Fixed(5);

/// arch/x86/kernel/vmlinux.lds.S and include/asm-generic/vmlinux.lds.h name the tables;
/// arch/x86/kernel/alternative.c patches the code.
const TABLES: [Table; 9] = [
    // Jumps to the return thunk become `ret; int3…` or a jump to another thunk.
    Table {
        section: ".return_sites",
        symbols: ("__return_sites", "__return_sites_end"),
        layout: relative(4, CALL),
    },
    // Calls of retpolines; six bytes with a CS prefix or as a conditional jump.
    Table {
        section: ".retpoline_sites",
        symbols: ("__retpoline_sites", "__retpoline_sites_end"),
        layout: relative(4, Len::Fixed(6)),
    },
    // Direct calls, redirected for call depth tracking.
    Table {
        section: ".call_sites",
        symbols: ("__call_sites", "__call_sites_end"),
        layout: relative(4, CALL),
    },
    // ENDBR at functions that nobody calls indirectly.
    Table {
        section: ".ibt_endbr_seal",
        symbols: ("__ibt_endbr_seal", "__ibt_endbr_seal_end"),
        layout: relative(4, Len::Fixed(4)),
    },
    // LOCK prefixes, on machines with one CPU.
    Table {
        section: ".smp_locks",
        symbols: ("__smp_locks", "__smp_locks_end"),
        layout: relative(4, Len::Fixed(1)),
    },
    // struct paravirt_patch_site, until 6.8.
    Table {
        section: ".parainstructions",
        symbols: ("__parainstructions", "__parainstructions_end"),
        layout: absolute(16, Len::Byte(9)),
    },
    // ftrace: the call at a function's start.
    Table {
        section: "__mcount_loc",
        symbols: ("__start_mcount_loc", "__stop_mcount_loc"),
        layout: absolute(8, CALL),
    },
    // struct jump_entry: static branches.
    Table {
        section: "__jump_table",
        symbols: ("__start___jump_table", "__stop___jump_table"),
        layout: relative(16, CALL),
    },
    // struct static_call_site.
    Table {
        section: ".static_call_sites",
        symbols: ("__start_static_call_sites", "__stop_static_call_sites"),
        layout: relative(8, Len::Fixed(6)),
    },
];

/// Prefixes of the sections that list the immediates of runtime constants, a section each
/// (include/asm-generic/runtime-const.h; s32 relative, up to eight bytes of code).
const RUNTIME_CONSTANTS: [&str; 2] = ["runtime_ptr_", "runtime_shift_"];

/// `struct alt_instr` by its size: until 5.16 with `padlen`, until 6.2 with a 16-bit cpuid, since
/// then with flags. The length of the patched code is the byte at the second number.
const ALT_INSTR: [(usize, usize); 3] = [(14, 12), (13, 10), (12, 10)];

/// Patch sites near one place.
pub(super) struct PatchSites {
    sites: Vec<Range<u64>>,
    listed: bool,
}

impl PatchSites {
    /// The sites that sections list.
    pub(super) fn in_sections(image: &Image, range: &Range<u64>) -> PatchSites {
        let mut found = PatchSites {
            sites: Vec::new(),
            listed: !image.section(".altinstructions").is_empty(),
        };
        found.add_alternatives(image, range);
        found.add_runtime_constants(image, range);
        for table in &TABLES {
            found.add_table(table, section(image, table.section), range);
        }
        found
    }

    /// The sites of tables that have no section of their own; looking up the symbols of their ends
    /// takes longer.
    pub(super) fn between_symbols(image: &Image, range: &Range<u64>) -> PatchSites {
        let tables = TABLES
            .iter()
            .filter(|table| image.section(table.section).is_empty());
        let names = tables
            .clone()
            .flat_map(|table| [table.symbols.0, table.symbols.1]);
        image.find_symbols(&names.collect::<Vec<_>>());
        let mut found = PatchSites {
            sites: Vec::new(),
            listed: false,
        };
        for table in tables {
            found.add_table(table, table.between_symbols(image), range);
        }
        found
    }

    fn add_table(&mut self, table: &Table, content: Option<(u64, &[u8])>, range: &Range<u64>) {
        if let Some((start, bytes)) = content {
            table
                .layout
                .for_each_site(start, bytes, |site| self.add(site, range));
        }
    }

    fn add(&mut self, site: Range<u64>, range: &Range<u64>) {
        if site.start < range.end && range.start < site.end {
            self.sites.push(site);
        }
    }

    fn add_runtime_constants(&mut self, image: &Image, range: &Range<u64>) {
        let is_list = |name: &str| {
            RUNTIME_CONSTANTS
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        for section in image
            .sections
            .iter()
            .filter(|section| is_list(&section.name))
        {
            let bytes = image.file_bytes(section);
            relative(4, Len::Fixed(8))
                .for_each_site(section.address, bytes, |site| self.add(site, range));
        }
    }

    fn add_alternatives(&mut self, image: &Image, range: &Range<u64>) {
        let Some((start, bytes)) = section(image, ".altinstructions") else {
            return;
        };
        let is_code = |site: &Range<u64>| {
            let section = image.section_at(site.start);
            section.is_some_and(|s| s.flags.contains(object::elf::SHF_EXECINSTR))
        };
        let layouts = ALT_INSTR.map(|(entry, len)| relative(entry, Len::Byte(len)));
        // The right layout is the one in which every entry points at code.
        let layout = layouts.iter().find(|layout| {
            let mut all_code = bytes.len() % layout.entry == 0;
            let some = bytes.get(..layout.entry * 32).unwrap_or(bytes);
            layout.for_each_site(start, some, |site| all_code &= is_code(&site));
            all_code
        });
        if let Some(layout) = layout {
            layout.for_each_site(start, bytes, |site| self.add(site, range));
        }
    }

    pub(super) fn cover(&self, address: u64) -> bool {
        self.sites.iter().any(|site| site.contains(&address))
    }

    /// Whether this vmlinux lists its patch sites at all: a split debug file does not.
    pub(super) fn are_listed(&self) -> bool {
        self.listed
    }
}

impl Table {
    /// The link address and the bytes of a table that symbols delimit.
    fn between_symbols<'a>(&self, image: &'a Image) -> Option<(u64, &'a [u8])> {
        let address = |name| image.symbols(name).first().map(|symbol| symbol.address);
        let (start, end) = (address(self.symbols.0)?, address(self.symbols.1)?);
        let len = usize::try_from(end.checked_sub(start)?).ok()?;
        Some((start, image.bytes_at(start, len)?))
    }
}

impl Layout {
    fn for_each_site(&self, start: u64, bytes: &[u8], mut each: impl FnMut(Range<u64>)) {
        for (index, entry) in bytes.chunks_exact(self.entry).enumerate() {
            let own = start.wrapping_add((index * self.entry) as u64);
            let site = match (self.site, entry) {
                (Site::Relative, &[a, b, c, d, ..]) => {
                    own.wrapping_add_signed(i64::from(i32::from_le_bytes([a, b, c, d])))
                }
                (Site::Absolute, &[a, b, c, d, e, f, g, h, ..]) => {
                    u64::from_le_bytes([a, b, c, d, e, f, g, h])
                }
                _ => continue,
            };
            let len = match self.len {
                Len::Fixed(len) => len,
                Len::Byte(at) => entry.get(at).copied().map_or(0, u64::from),
            };
            each(site..site.saturating_add(len));
        }
    }
}

fn section<'a>(image: &'a Image, name: &str) -> Option<(u64, &'a [u8])> {
    let section = image.sections.iter().find(|section| section.name == name)?;
    let bytes = image.file_bytes(section);
    (!bytes.is_empty()).then_some((section.address, bytes))
}
