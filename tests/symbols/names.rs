//! Names without DWARF: lists of symbols, and what registers point at.

use std::path::PathBuf;

use ksplat::stages::splat::{CodeRef, Registers, Splat};
use ksplat::stages::symbols::{BootFacts, Image, Match};
use object::{Object, ObjectSymbol, SymbolKind};

use crate::support::{BANNER, LIMIT, Mini, frame, mini, splat, symbolizer};

const KASLR: u64 = 0x1240_0000;

/// The mini kernel's symbols as `System.map` has them, moved; with one that tells the machine.
fn list(mini: &Mini, name: &str, moved: u64) -> PathBuf {
    let file = std::fs::read(&mini.vmlinux).unwrap();
    let file = object::read::elf::ElfFile64::<object::LittleEndian>::parse(&*file).unwrap();
    let named = file
        .symbols()
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data));
    let line = |address: u64, is_code: bool, name: &str| {
        let kind = if is_code { 'T' } else { 'D' };
        (
            address + moved,
            format!("{:016x} {kind} {name}\n", address + moved),
        )
    };
    let mut lines: Vec<_> = named
        .map(|symbol| {
            line(
                symbol.address(),
                symbol.kind() == SymbolKind::Text,
                symbol.name().unwrap(),
            )
        })
        .collect();
    lines.push(line(0xffff_ffff_8100_0000, true, "_text"));
    lines.push(line(0xffff_ffff_8100_0001, true, "x86_64_start_kernel"));
    lines.sort();
    let text: String = lines.into_iter().map(|(_, line)| line).collect();
    let path = mini.folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn bare(address: u64) -> CodeRef {
    CodeRef {
        address: Some(address),
        ..CodeRef::default()
    }
}

#[test]
fn a_system_map_gives_names_and_the_check_and_says_what_lines_need() {
    let Some(mini) = mini(&[]) else { return };
    for (name, moved) in [
        ("System.map-6.99.0-mini", 0),
        ("kallsyms-6.99.0-mini", KASLR),
    ] {
        let map = list(&mini, name, moved);
        let symbolizer = symbolizer(vec![map], Vec::new());
        let mut splat = splat(&mini, 0);
        let first = mini.function("first");
        splat.frames.push(frame(bare(first.address + 1 + KASLR)));
        let boot = BootFacts {
            kaslr_offset: Some(KASLR),
            ..BootFacts::default()
        };
        let symbols = symbolizer.symbolize(&mut splat, &boot);
        assert_eq!(
            symbols.matched,
            Match::ReleaseOnly,
            "{:?}",
            symbols.evidence
        );
        assert!(
            symbols
                .evidence
                .iter()
                .any(|text| text.contains("functions have the log's size"))
        );
        let named = &splat.frames.last().unwrap().code;
        assert_eq!(
            (named.function.as_deref(), named.offset),
            (Some("first"), Some(1))
        );
        assert_eq!(splat.frames[0].line, None);
        let told = symbolizer.missing(false);
        assert!(
            matches!(told.as_slice(), [line] if line.contains("lines need DWARF")),
            "{told:?}"
        );
    }
}

#[test]
fn a_system_map_of_another_release_is_refused() {
    let Some(mini) = mini(&[]) else { return };
    let map = list(&mini, "System.map-6.98.0", 0);
    let symbols =
        symbolizer(vec![map], Vec::new()).symbolize(&mut splat(&mini, 0), &BootFacts::default());
    assert!(matches!(symbols.matched, Match::Mismatch { .. }));
}

#[test]
fn a_system_map_is_found_by_its_name_and_a_vmlinux_is_preferred() {
    let Some(mini) = mini(&[]) else { return };
    list(&mini, "System.map-6.99.0-mini", 0);
    let dirs = || vec![mini.folder.path().to_owned()];
    let found = symbolizer(Vec::new(), dirs()).kernels(Some("6.99.0-mini"));
    let names = |found: &[std::sync::Arc<Image>]| -> Vec<String> {
        found.iter().map(|image| image.name()).collect()
    };
    assert_eq!(names(&found), ["System.map-6.99.0-mini"]);
    std::fs::copy(
        &mini.vmlinux,
        mini.folder.path().join("vmlinux-6.99.0-mini"),
    )
    .unwrap();
    let found = symbolizer(Vec::new(), dirs()).kernels(Some("6.99.0-mini"));
    assert_eq!(
        names(&found),
        ["vmlinux-6.99.0-mini", "System.map-6.99.0-mini"]
    );
}

#[test]
fn a_list_without_addresses_names_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kallsyms");
    std::fs::write(
        &path,
        "0000000000000000 T _text\n0000000000000000 t x86_64_start_kernel\n",
    )
    .unwrap();
    let error = Image::open(&path, LIMIT).err().unwrap().to_string();
    assert!(error.contains("kernel.kptr_restrict=0"), "{error}");
}

/// Registers that point at the start of a variable, into a function, between symbols and outside of the kernel.
fn with_registers(mini: &Mini, moved: u64) -> Splat {
    let mut splat = splat(mini, 0);
    let address = |name: &str| mini.image.symbols(name)[0].address + moved;
    let registers = [
        ("rax", 0),
        ("rdi", address("boot_cpu_data")),
        ("rsi", address("x86_cap_flags") + 8),
        ("rdx", mini.function("first").address + moved + 2),
        ("rcx", address("boot_cpu_data") + 0x10_0000),
        ("r8", 0xffff_8880_0123_4000),
    ];
    let printed = registers.map(|(name, value)| (name, format!("{value:016x}")));
    splat.registers =
        Registers::from_iter(printed.iter().map(|(name, value)| (*name, value.as_str())));
    splat
}

#[test]
fn registers_are_named_where_the_vmlinux_and_the_offset_are_known() {
    let Some(mini) = mini(&[]) else { return };
    let named = |boot: &BootFacts<'_>| {
        let symbols = mini
            .symbolizer()
            .symbolize(&mut with_registers(&mini, KASLR), boot);
        let registers = symbols.registers.iter();
        registers
            .map(|(name, place)| format!("{name} {place}"))
            .collect::<Vec<_>>()
    };
    let known = BootFacts {
        banner: Some(BANNER),
        kaslr_offset: Some(KASLR),
        ..BootFacts::default()
    };
    assert_eq!(
        named(&known),
        [
            "rdi boot_cpu_data",
            "rsi x86_cap_flags+0x8",
            "rdx first+0x2"
        ]
    );
    let other = BootFacts {
        kaslr_offset: Some(KASLR + 0x20_0000),
        ..known
    };
    assert_eq!(named(&other), Vec::<String>::new());
}

#[test]
fn without_an_offset_no_register_is_named() {
    let Some(mini) = mini(&[]) else { return };
    let mut splat = with_registers(&mini, 0);
    // No register that tells the offset.
    splat.registers = Registers::from_iter([("rdx", "ffffffff81000002")]);
    let boot = BootFacts {
        banner: Some(BANNER),
        ..BootFacts::default()
    };
    let symbols = mini.symbolizer().symbolize(&mut splat, &boot);
    assert_eq!(
        (symbols.matched, symbols.kaslr_offset),
        (Match::Exact, None)
    );
    assert!(symbols.registers.is_empty());
}

#[test]
fn text_and_json_name_registers() {
    let Some(mini) = mini(&[]) else { return };
    let data = mini.image.symbols("boot_cpu_data")[0].address + KASLR;
    let frames = splat(&mini, 0).frames;
    let log = format!(
        "[    0.0] {BANNER}\n\
         [    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008\n\
         [    1.0] Oops: 0000 [#1] SMP\n\
         [    1.0] CPU: 1 PID: 7 Comm: x Not tainted 6.99.0-mini #7\n\
         [    1.0] RIP: 0010:{}\n\
         [    1.0] RAX: 0000000000000000 RBX: 0000000000000001 RCX: 0000000000000002\n\
         [    1.0] RDX: 0000000000000003 RSI: 0000000000000004 RDI: {data:016x}\n\
         [    1.0] Call Trace:\n[    1.0]  {}\n\
         [    1.0] ---[ end trace 0000000000000000 ]---\n",
        mini.trap(0),
        frames[0].code
    );
    let path = mini.folder.path().join("log");
    std::fs::write(&path, log).unwrap();
    let run = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_ksplat"))
            .arg("--vmlinux")
            .arg(&mini.vmlinux)
            .args(more)
            .arg(&path)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&[]);
    assert!(text.contains("RDI points at boot_cpu_data\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    let registers = &json["splats"][0]["symbols"]["registers"];
    assert_eq!(
        registers,
        &serde_json::json!({"rdi": "boot_cpu_data"}),
        "{json}"
    );
}
