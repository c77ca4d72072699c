//! Any bytes as the vmlinux, and as a module, of one splat: everything that the verdict on a late clear asks of them.
//!
//! The splat is of the kernel that `fuzz/seeds/elf/make` builds.

use ksplat::stages::boot::Boots;
use ksplat::stages::cpus::Listings;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::grammar::features::FeatureDb;
use ksplat::stages::late_clear::{Case, judge};
use ksplat::stages::line::LogLine;
use ksplat::stages::splat::{Assembler, Splat};
use ksplat::stages::symbols::{BootFacts, SymbolOptions, Symbolizer};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The boot and the splat.
const LOG: &str = include_str!("../seeds/elf.log");

/// Unpacked bytes of a compressed file or section.
const MAX_SIZE: u64 = 1 << 20;

/// Where a module of the kernel is looked for.
const MODULE: &str = "lib/modules/6.99.0-mini/mini.ko";

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(Grammar::builtin);

static PRINTED: LazyLock<(Boots, Splat)> = LazyLock::new(|| {
    let mut assembler = Assembler::new(&GRAMMAR, "log");
    let mut boots = Boots::default();
    let mut splats = Vec::new();
    for (number, line) in (1..).zip(LOG.lines()) {
        let line = LogLine::parse(number, line.as_bytes());
        splats.extend(assembler.feed(line, &mut boots));
    }
    splats.extend(assembler.finish(&mut boots));
    (boots, splats.pop().expect("a splat"))
});

/// Where the files stand: the vmlinux that the splat is of, and the fuzzed file under its two names.
struct Files {
    folder: tempfile::TempDir,
    right: PathBuf,
    fuzzed: PathBuf,
}

static FILES: LazyLock<Files> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let [right, fuzzed, module] = ["right", "fuzzed", MODULE].map(|name| folder.path().join(name));
    std::fs::create_dir_all(module.parent().expect("a parent")).expect("a folder");
    std::fs::write(&right, include_bytes!("../seeds/elf/vmlinux")).expect("room");
    std::fs::write(&fuzzed, "").expect("room");
    std::fs::hard_link(&fuzzed, module).expect("a link");
    Files {
        folder,
        right,
        fuzzed,
    }
});

pub fn run(input: &[u8]) {
    let files = &*FILES;
    std::fs::write(&files.fuzzed, input).expect("room");
    ask(files.folder.path(), &files.fuzzed, None);
    ask(files.folder.path(), &files.fuzzed, Some(0x1240_0000));
    ask(files.folder.path(), &files.right, None);
}

fn ask(folder: &Path, vmlinux: &Path, kaslr_offset: Option<u64>) {
    let opened = Symbolizer::new(SymbolOptions {
        vmlinux: vec![vmlinux.to_owned()],
        debug_dirs: vec![folder.to_owned()],
        max_size: MAX_SIZE,
        ..SymbolOptions::default()
    });
    let symbolizer = match opened {
        Ok(symbolizer) => symbolizer,
        Err(error) => {
            assert!(!error.to_string().contains('\n'), "{error}");
            return;
        }
    };
    let (boots, splat) = &*PRINTED;
    let mut splat = splat.clone();
    let boot = splat.boot.and_then(|boot| boots.get(boot)).expect("a boot");
    let facts = BootFacts {
        banner: boot.banner.as_deref(),
        kaslr_offset,
        build_id: None,
    };
    let symbols = symbolizer.symbolize(&mut splat, &facts);
    for frame in 0..splat.frames.len() {
        symbols.gap(splat.frames[frame].log_line);
    }
    let features = FeatureDb::builtin().for_release(boot.release());
    judge(&Case {
        grammar: &GRAMMAR,
        features: &features,
        splat: &splat,
        boot,
        vmlinux: &symbols,
        earlier: &[],
        index: 0,
        listings: &Listings::default(),
    });
}
