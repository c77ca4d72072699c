//! Where the kernel patches its own code. In: a vmlinux, and bytes of its text that differ in a running
//! kernel. Out: those that no patch site explains.

use std::ops::Range;

use crate::symbols::Image;

/// A table of patch sites, by its section or, where the linker script puts it into a bigger
/// section, by the symbols at its ends.
struct Table {
    section: &'static str,
    symbols: (&'static str, &'static str),
    layout: SiteLayout,
}

#[derive(Clone, Copy)]
struct SiteLayout {
    /// Bytes of an entry.
    entry: usize,
    /// How an entry names the code.
    site: PatchSite,
    /// Bytes of code.
    len: Len,
}

const fn relative(entry: usize, len: Len) -> SiteLayout {
    SiteLayout {
        entry,
        site: PatchSite::Relative,
        len,
    }
}

const fn absolute(entry: usize, len: Len) -> SiteLayout {
    SiteLayout {
        entry,
        site: PatchSite::Absolute,
        len,
    }
}

#[derive(Clone, Copy)]
enum PatchSite {
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
    // Direct calls, redirected for call depth tracking. By far the longest table.
    Table {
        section: ".call_sites",
        symbols: ("__call_sites", "__call_sites_end"),
        layout: relative(4, CALL),
    },
];

/// Prefixes of the sections that list the immediates of runtime constants, a section each
/// (include/asm-generic/runtime-const.h; s32 relative, up to eight bytes of code).
const RUNTIME_CONSTANTS: [&str; 2] = ["runtime_ptr_", "runtime_shift_"];

const ALTERNATIVES: &str = ".altinstructions";

/// `struct alt_instr` by its size: until 5.16 with `padlen`, until 6.2 with a 16-bit cpuid, since
/// then with flags. The length of the patched code is the byte at the second number.
const ALT_INSTR: [(usize, usize); 3] = [(14, 12), (13, 10), (12, 10)];

/// Code at a link address that differs from the image at some bytes.
pub(super) struct Patched<'a> {
    pub(super) image: &'a Image,
    pub(super) start: u64,
    pub(super) len: usize,
    /// Indices of the bytes that no patch site explains.
    pub(super) unexplained: Vec<usize>,
}

impl Patched<'_> {
    /// Removes the bytes at patch sites. Returns whether the image lists its sites at all: a split debug
    /// file does not.
    pub(super) fn explain(&mut self) -> bool {
        for table in &TABLES {
            self.explain_table(table.layout, section(self.image, table.section));
        }
        self.explain_alternatives();
        self.explain_runtime_constants();
        for table in &TABLES {
            // Only now, because finding the symbols takes longer than reading a section.
            if !self.unexplained.is_empty() && section(self.image, table.section).is_none() {
                self.explain_table(table.layout, table.between_symbols(self.image));
            }
        }
        section(self.image, ALTERNATIVES).is_some()
    }

    fn explain_table(&mut self, layout: SiteLayout, content: Option<(u64, &[u8])>) {
        let Some((start, bytes)) = content.filter(|_| !self.unexplained.is_empty()) else {
            return;
        };
        let end = self.start.saturating_add(self.len as u64);
        let mut sites = Vec::new();
        layout.for_each_site(start, bytes, |site| {
            if site.start < end && self.start < site.end {
                sites.push(site);
            }
        });
        let is_site = |at: usize| {
            let address = self.start.saturating_add(at as u64);
            sites.iter().any(|site| site.contains(&address))
        };
        self.unexplained.retain(|&at| !is_site(at));
    }

    fn explain_runtime_constants(&mut self) {
        let is_list = |name: &str| {
            RUNTIME_CONSTANTS
                .iter()
                .any(|prefix| name.starts_with(prefix))
        };
        let image = self.image;
        for list in image
            .sections
            .iter()
            .filter(|section| is_list(&section.name))
        {
            let content = (list.address, image.section_bytes(list));
            self.explain_table(relative(4, Len::Fixed(8)), Some(content));
        }
    }

    fn explain_alternatives(&mut self) {
        let Some((start, bytes)) = section(self.image, ALTERNATIVES) else {
            return;
        };
        let is_code = |site: &Range<u64>| {
            let section = self.image.section_at(site.start);
            section.is_some_and(|section| section.is_code())
        };
        let layouts = ALT_INSTR.map(|(entry, len)| relative(entry, Len::Byte(len)));
        // The right layout is the one in which every entry points at code.
        let layout = layouts.into_iter().find(|layout| {
            let mut all_code = bytes.len().is_multiple_of(layout.entry);
            let some = bytes.get(..layout.entry * 32).unwrap_or(bytes);
            layout.for_each_site(start, some, |site| all_code &= is_code(&site));
            all_code
        });
        if let Some(layout) = layout {
            self.explain_table(layout, Some((start, bytes)));
        }
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

impl SiteLayout {
    fn for_each_site(&self, start: u64, bytes: &[u8], mut each: impl FnMut(Range<u64>)) {
        for (index, entry) in bytes.chunks_exact(self.entry).enumerate() {
            let own = start.wrapping_add((index * self.entry) as u64);
            let site = match (self.site, entry) {
                (PatchSite::Relative, &[a, b, c, d, ..]) => {
                    own.wrapping_add_signed(i64::from(i32::from_le_bytes([a, b, c, d])))
                }
                (PatchSite::Absolute, &[a, b, c, d, e, f, g, h, ..]) => {
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
    let bytes = image.section_bytes(section);
    (!bytes.is_empty()).then_some((section.address, bytes))
}
