//! Broken ELF and DWARF: any answer will do, a panic or an endless loop will not.

use std::path::Path;
use std::sync::OnceLock;

use ksplat::stages::splat::{Code, CodeRef, Registers, Splat};
use ksplat::stages::symbols::{BootFacts, Image};
use proptest::prelude::*;

use crate::support::{BANNER, Mini, compile, frame, mini, splat, symbolizer};

struct Samples {
    mini: Mini,
    vmlinux: Vec<u8>,
    module: Vec<u8>,
}

fn samples() -> Option<&'static Samples> {
    static SAMPLES: OnceLock<Option<Samples>> = OnceLock::new();
    let make = || {
        let mini = mini(&[])?;
        let module = mini.folder.path().join("module.ko");
        compile(&["other.c"], &["-c", "-mcmodel=kernel"], &module)?;
        Some(Samples {
            vmlinux: std::fs::read(&mini.vmlinux).unwrap(),
            module: std::fs::read(module).unwrap(),
            mini,
        })
    };
    SAMPLES.get_or_init(make).as_ref()
}

/// Asks everything of a file.
fn interrogate(path: &Path, splat: &Splat) {
    let Ok(image) = Image::open(path, 1 << 22) else {
        return;
    };
    for name in ["report", "helper", "second", "x", "", "linux_banner"] {
        for symbol in image.symbols(name).iter() {
            let _ = image.resolve_name(name, 1, symbol.extent);
            let _ = image.resolve_address(symbol.address);
            let _ = image.call_site(symbol.address.wrapping_add(5));
        }
    }
    let _ = image.symbols_covering(&[0, 0xffff_ffff_8100_1005, u64::MAX]);
    let symbolizer = symbolizer(vec![path.to_owned()], Vec::new());
    for banner in [None, Some(BANNER)] {
        let boot = BootFacts {
            banner,
            ..BootFacts::default()
        };
        let mut splat = splat.clone();
        let symbols = symbolizer.symbolize(&mut splat, &boot);
        for name in ["feature", "c"] {
            let value = symbols.parameter(&splat, "report", name).value();
            let _ = symbols.classify_cpuinfo(value.unwrap_or(1), Some(4096));
        }
        let _ = symbols.cap_flag(2);
        let _ = symbols.code_loads(&splat, "alternatives_patched");
        let _ = symbols.gap(splat.header_line);
    }
}

fn sample_splat(samples: &Samples) -> Splat {
    let mini = &samples.mini;
    let mut splat = splat(mini, 1);
    splat.code = Some(Code {
        bytes: mini.code(&mini.function("report")),
        trap_offset: splat.at.offset.map(|offset| offset as usize),
    });
    splat.registers = Registers::from_iter([("rsi", "2"), ("rdi", "ffffffff81003000")]);
    splat.frames.push(frame(CodeRef {
        address: Some(0xffff_ffff_8100_1010),
        ..CodeRef::default()
    }));
    splat
}

fn check(bytes: &[u8], samples: &Samples) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    interrogate(file.path(), &sample_splat(samples));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_do_no_harm(
        module in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
    ) {
        let Some(samples) = samples() else { return Ok(()) };
        let mut bytes = if module { samples.module.clone() } else { samples.vmlinux.clone() };
        for (index, byte) in changes {
            // Low values and 0xff are what sizes, forms and offsets break on.
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes, samples);
    }

    #[test]
    fn cut_files_do_no_harm(module in any::<bool>(), end in any::<prop::sample::Index>()) {
        let Some(samples) = samples() else { return Ok(()) };
        let bytes = if module { &samples.module } else { &samples.vmlinux };
        check(&bytes[..end.index(bytes.len())], samples);
    }

    #[test]
    fn changed_debug_sections_do_no_harm(
        which in 0..6_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        use object::{Object, ObjectSection};
        const SECTIONS: [&str; 6] =
            [".debug_info", ".debug_abbrev", ".debug_line", ".debug_loclists", ".debug_aranges", ".symtab"];
        let Some(samples) = samples() else { return Ok(()) };
        let mut bytes = samples.vmlinux.clone();
        let file = object::read::elf::ElfFile64::<object::LittleEndian>::parse(&*samples.vmlinux).unwrap();
        let (offset, size) = file.section_by_name(SECTIONS[which]).and_then(|s| s.file_range()).unwrap_or((0, 64));
        for (index, byte) in changes {
            bytes[offset as usize + index.index(size as usize)] = byte;
        }
        check(&bytes, samples);
    }
}
