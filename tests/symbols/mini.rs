//! What the symbols stage promises, on the mini kernel.

use std::io::Write;
use std::path::Path;

use ksplat::stages::splat::{Code, CodeRef, Inline, Registers, Splat};
use ksplat::stages::symbols::{
    BootFacts, CpuInfo, Image, Match, ParameterValue, SymbolOptions, Symbolizer,
};

use crate::support::{
    BANNER, LIMIT, Mini, code_ref, compile, frame, line_of, mini, splat, symbolizer,
};

const KASLR: u64 = 0x1240_0000;

fn exact() -> BootFacts<'static> {
    BootFacts {
        banner: Some(BANNER),
        ..BootFacts::default()
    }
}

fn why(matched: &Match) -> &str {
    match matched {
        Match::Mismatch { why } => why,
        other => panic!("{other:?}"),
    }
}

/// Frame `index` as `FUNCTION FILE:LINE`, inlined functions first.
fn shown(splat: &Splat, index: usize) -> Vec<String> {
    let frame = &splat.frames[index];
    let own = Inline {
        function: frame.dwarf_name.clone(),
        file: frame.file.clone(),
        line: frame.line,
    };
    let show = |at: &Inline| {
        let function = at.function.as_deref().unwrap_or("?");
        format!(
            "{function} {}:{}",
            at.file.as_deref().unwrap_or("?"),
            at.line.unwrap_or(0)
        )
    };
    frame.inlines.iter().chain([&own]).map(show).collect()
}

fn place(function: &str, source: &str, text: &str) -> String {
    format!("{function} {source}:{}", line_of(source, text))
}

#[test]
fn frames_get_inlines_files_and_lines() {
    for flags in [&[][..], &["-gdwarf-4"], &["-gz=zlib"]] {
        let Some(mini) = mini(flags) else { continue };
        let mut splat = splat(&mini, 0);
        let symbols = mini.symbolizer().symbolize(&mut splat, &exact());
        assert_eq!(
            symbols.matched,
            Match::Exact,
            "{flags:?} {:?}",
            symbols.evidence
        );
        let helper = [
            place("inlined", "kernel.c", "in inlined"),
            place("helper", "kernel.c", "in helper"),
        ];
        assert_eq!(shown(&splat, 0), helper, "{flags:?}");
        assert_eq!(shown(&splat, 1), [place("first", "kernel.c", "in first")]);
        let rip = symbols.rip.unwrap();
        assert_eq!(rip.line, Some(line_of("kernel.c", "early")));
        assert_eq!(
            splat.frames[1].link_address,
            mini.image
                .resolve_name("first", splat.frames[1].code.offset.unwrap(), None)
        );
    }
}

#[test]
fn a_split_debug_file_is_enough() {
    let Some(mini) = mini(&[]) else { return };
    let build_id = mini.image.build_id().unwrap();
    let (first, rest) = build_id.split_at(2);
    let folder = mini.folder.path().join(".build-id").join(first);
    std::fs::create_dir_all(&folder).unwrap();
    let split = std::process::Command::new("objcopy")
        .arg("--only-keep-debug")
        .arg(&mini.vmlinux)
        .arg(folder.join(format!("{rest}.debug")))
        .status();
    if !split.is_ok_and(|status| status.success()) {
        return;
    }
    let boot = BootFacts {
        build_id: Some(&build_id),
        ..BootFacts::default()
    };
    let mut splat = splat(&mini, 0);
    let symbolizer = symbolizer(Vec::new(), vec![mini.folder.path().to_owned()]);
    let symbols = symbolizer.symbolize(&mut splat, &boot);
    assert_eq!(symbols.matched, Match::Exact, "{:?}", symbols.evidence);
    assert_eq!(splat.frames[1].line, Some(line_of("kernel.c", "in first")));
}

#[test]
fn a_packed_vmlinux_is_read_whatever_its_name() {
    let Some(mini) = mini(&[]) else { return };
    let plain = std::fs::read(&mini.vmlinux).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&plain).unwrap();
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    for packed in [gzip.finish().unwrap(), xz.finish().unwrap(), zstd] {
        let path = mini.folder.path().join("vmlinux.packed");
        std::fs::write(&path, packed).unwrap();
        let mut splat = splat(&mini, 0);
        symbolizer(vec![path.clone()], Vec::new()).symbolize(&mut splat, &exact());
        assert_eq!(splat.frames[1].line, Some(line_of("kernel.c", "in first")));
        let error = Image::open(&path, 1000).err().unwrap().to_string();
        assert!(error.contains("--max-size"), "{error}");
    }
}

#[test]
fn statics_of_one_name_are_told_apart_by_their_callers() {
    let Some(mini) = mini(&[]) else { return };
    let helpers = mini.image.symbols("helper");
    assert_eq!(helpers.len(), 2);
    let (second, first) = (mini.function("second"), mini.function("first"));
    for helper in helpers.iter() {
        let caller = match helper.address < second.address && helper.address < first.address {
            true => &first,
            false => &second,
        };
        let file = if caller.name == "first" {
            "kernel.c"
        } else {
            "other.c"
        };
        // Without the sizes both fit.
        let mut inner = code_ref(helper, 5);
        inner.size = None;
        let mut splat = Splat::default();
        splat.frames = vec![frame(inner), frame(mini.call(caller, helper))];
        mini.symbolizer()
            .symbolize(&mut splat, &BootFacts::default());
        assert_eq!(splat.frames[0].file.as_deref(), Some(file));
        // Nobody calls it in the trace: not decided.
        splat.frames.pop();
        splat.frames[0].file = None;
        mini.symbolizer()
            .symbolize(&mut splat, &BootFacts::default());
        assert_eq!(splat.frames[0].file, None);
    }
}

/// The `Code:` line that the mini kernel would print at a trap if KASLR had moved it.
fn moved_code(mini: &Mini, trap: &CodeRef, by: u64) -> Code {
    let report = mini.function("report");
    let mut bytes = mini.code(&report);
    let boot_cpu_data = mini.image.symbols("boot_cpu_data")[0].address;
    let (old, new) = (
        (boot_cpu_data as u32).to_le_bytes(),
        ((boot_cpu_data + by) as u32).to_le_bytes(),
    );
    let at = bytes.windows(4).position(|window| window == old).unwrap();
    bytes[at..at + 4].copy_from_slice(&new);
    Code {
        bytes,
        trap_offset: trap.offset.map(|offset| offset as usize),
    }
}

#[test]
fn the_code_line_shows_how_far_kaslr_moved_the_kernel() {
    let Some(mini) = mini(&[]) else { return };
    // The third byte of the address changes, the fourth, and both.
    for by in [0x20_0000, 0x2000_0000, KASLR] {
        let mut splat = splat(&mini, 0);
        splat.code = Some(moved_code(&mini, &mini.trap(0), by));
        let symbols = mini
            .symbolizer()
            .symbolize(&mut splat, &BootFacts::default());
        assert_eq!(symbols.kaslr_offset, Some(by), "{:?}", symbols.evidence);
        assert_eq!(symbols.matched, Match::Exact);
    }
    // Not a step of KASLR: other code.
    let mut splat = splat(&mini, 0);
    splat.code = Some(moved_code(&mini, &mini.trap(0), 0x21_0000));
    let symbols = mini
        .symbolizer()
        .symbolize(&mut splat, &BootFacts::default());
    assert!(
        why(&symbols.matched).starts_with("Code: has"),
        "{:?}",
        symbols.evidence
    );
}

#[test]
fn parameters_are_read_out_of_registers() {
    let Some(mini) = mini(&[]) else { return };
    let boot_cpu_data = mini.image.symbols("boot_cpu_data")[0].address;
    let cpu_info = mini.image.symbols("cpu_info")[0].address;
    let mut splat = splat(&mini, 0);
    splat.code = Some(moved_code(&mini, &mini.trap(0), KASLR));
    let register = |name, value: u64| (name, format!("{value:016x}"));
    splat.registers = Registers::from_iter([
        register("rsi", 0xdead_0000_0002),
        register("rdi", boot_cpu_data + KASLR),
    ]);
    let symbols = mini.symbolizer().symbolize(&mut splat, &exact());
    assert_eq!(symbols.kaslr_offset, Some(KASLR), "{:?}", symbols.evidence);
    // An unsigned int: the upper half of the register is not its.
    let feature = symbols.parameter(&splat, "report", "feature");
    assert_eq!(feature.value(), Some(2), "{feature:?}");
    let c = symbols.parameter(&splat, "report", "c").value().unwrap();
    assert_eq!(symbols.classify_cpuinfo(c, None), CpuInfo::BootCpuData);
    assert_eq!(symbols.classify_cpuinfo(0, None), CpuInfo::All);
    let gs: u64 = 0xffff_8880_1234_0000;
    let this = gs.wrapping_add(cpu_info);
    assert_eq!(symbols.classify_cpuinfo(this, Some(gs)), CpuInfo::ThisCpu);
    assert_eq!(symbols.classify_cpuinfo(c + 8, Some(gs)), CpuInfo::Unknown);
    assert_eq!(symbols.cap_flag(0), Some(Some("fpu".to_owned())));
    assert_eq!(symbols.cap_flag(1), Some(None));
    assert_eq!(symbols.cap_flag(3), None);
    assert_eq!(
        symbols.code_loads(&splat, "alternatives_patched"),
        Some(true)
    );
    assert_eq!(symbols.code_loads(&splat, "sink"), Some(false));
    assert!(matches!(
        symbols.parameter(&splat, "report", "nothing"),
        ParameterValue::Unknown { .. }
    ));
    assert!(matches!(
        symbols.parameter(&splat, "first", "n"),
        ParameterValue::Unknown { .. }
    ));
}

#[test]
fn an_argument_that_is_gone_is_taken_from_the_call() {
    let Some(mini) = mini(&[]) else { return };
    let (report, start) = (mini.function("report"), mini.function("start"));
    let mut splat = splat(&mini, 1);
    splat.registers = Registers::from_iter([("rsi", "99")]);
    // helper() computes its argument: nobody knows any more of what.
    let symbols = mini.symbolizer().symbolize(&mut splat, &exact());
    assert_eq!(symbols.parameter(&splat, "report", "feature").value(), None);
    splat.frames = vec![frame(mini.call(&start, &report))];
    let symbols = mini.symbolizer().symbolize(&mut splat, &exact());
    let feature = symbols.parameter(&splat, "report", "feature");
    assert_eq!(feature.value(), Some(7), "{feature:?}");
    assert_eq!(symbols.gap(splat.frames[0].log_line), None);
}

#[test]
fn a_wrong_vmlinux_is_found_out() {
    let Some(mini) = mini(&[]) else { return };
    let symbolizer = mini.symbolizer();
    let size = mini.function("first").extent.unwrap();

    let mut other_size = splat(&mini, 0);
    other_size.frames[1].code.size = Some(size + 0x10);
    let symbols = symbolizer.symbolize(&mut other_size, &BootFacts::default());
    let expected = format!(
        "first is {:#x} bytes in the log, {size:#x} in the file",
        size + 0x10
    );
    assert_eq!(why(&symbols.matched), expected);
    assert!(
        other_size
            .frames
            .iter()
            .all(|frame| frame.line.is_none() && frame.inlines.is_empty())
    );
    assert_eq!(symbols.parameter(&other_size, "report", "c").value(), None);

    let mut other_release = splat(&mini, 0);
    other_release.kernel.release = Some("6.98.0".to_owned());
    let symbols = symbolizer.symbolize(&mut other_release, &BootFacts::default());
    assert_eq!(
        why(&symbols.matched),
        "the log is of 6.98.0, vmlinux is of 6.99.0-mini"
    );

    let banner = BANNER.replace("Jan 1", "Jan 2");
    let boot = BootFacts {
        banner: Some(&banner),
        ..BootFacts::default()
    };
    let symbols = symbolizer.symbolize(&mut splat(&mini, 0), &boot);
    assert!(why(&symbols.matched).starts_with("another build of 6.99.0-mini"));

    let boot = BootFacts {
        build_id: Some("0123456789"),
        ..BootFacts::default()
    };
    let symbols = symbolizer.symbolize(&mut splat(&mini, 0), &boot);
    assert!(why(&symbols.matched).contains("0123456789"));

    let mut other_code = splat(&mini, 0);
    let mut code = moved_code(&mini, &mini.trap(0), 0);
    code.bytes[1] ^= 0x10;
    other_code.code = Some(code);
    let symbols = symbolizer.symbolize(&mut other_code, &BootFacts::default());
    assert!(
        why(&symbols.matched).starts_with("Code: has"),
        "{:?}",
        symbols.matched
    );
}

#[test]
fn the_verdict_says_how_much_was_checked() {
    let Some(mini) = mini(&[]) else { return };
    let symbolizer = mini.symbolizer();
    let matched = |splat: &mut Splat| symbolizer.symbolize(splat, &BootFacts::default()).matched;
    // Release, and the sizes of report, helper, first and start.
    assert_eq!(matched(&mut splat(&mini, 0)), Match::Exact);
    let mut short = splat(&mini, 0);
    short.frames.clear();
    assert_eq!(matched(&mut short), Match::ReleaseOnly);
    for release in [None, Some("syzkaller".to_owned())] {
        let mut nameless = splat(&mini, 0);
        nameless.kernel.release = release;
        assert_eq!(matched(&mut nameless), Match::None);
        assert_eq!(
            nameless.frames[1].line,
            Some(line_of("kernel.c", "in first"))
        );
    }
}

#[test]
fn kaslr_shows_in_printed_addresses_and_resolves_bare_ones() {
    let Some(mini) = mini(&[]) else { return };
    let mut splat = splat(&mini, 0);
    let address = |code: &CodeRef| {
        mini.image
            .resolve_name(code.function.as_deref()?, code.offset?, code.size)
    };
    let bare = address(&splat.frames[2].code).unwrap() + KASLR;
    splat.frames[1].code.address = address(&splat.frames[1].code).map(|address| address + KASLR);
    let printed = std::mem::replace(
        &mut splat.frames[2].code,
        CodeRef {
            address: Some(bare),
            ..CodeRef::default()
        },
    );
    let symbols = mini
        .symbolizer()
        .symbolize(&mut splat, &BootFacts::default());
    assert_eq!(symbols.kaslr_offset, Some(KASLR));
    let named = &splat.frames[2].code;
    assert_eq!(
        (&named.function, named.offset, named.size),
        (&printed.function, printed.offset, printed.size)
    );
    assert_eq!(splat.frames[2].line, Some(line_of("kernel.c", "first(5)")));
}

#[test]
fn unmoved_code_proves_that_kaslr_was_off() {
    // helper() loads the address of boot_cpu_data.
    let Some(mini) = mini(&[]) else { return };
    let helper = mini.function("helper");
    let mut splat = splat(&mini, 0);
    splat.rip = Some(mini.call(&helper, &mini.function("report")));
    splat.code = Some(Code {
        bytes: mini.code(&helper),
        trap_offset: splat
            .rip
            .as_ref()
            .and_then(|rip| rip.offset)
            .map(|offset| offset as usize),
    });
    let symbols = mini
        .symbolizer()
        .symbolize(&mut splat, &BootFacts::default());
    assert_eq!(symbols.kaslr_offset, Some(0), "{:?}", symbols.evidence);
}

#[test]
fn debug_dirs_give_vmlinux_and_modules() {
    let Some(mini) = mini(&[]) else { return };
    let top = mini.folder.path();
    let modules = top.join("lib/modules/6.99.0-mini/kernel/drivers");
    std::fs::create_dir_all(&modules).unwrap();
    std::fs::create_dir_all(top.join("boot")).unwrap();
    std::fs::copy(&mini.vmlinux, top.join("boot/vmlinux-6.99.0-mini")).unwrap();
    let module = modules.join("some-module.ko");
    compile(&["other.c"], &["-c", "-mcmodel=kernel"], &module).unwrap();
    let image = Image::open(&module, LIMIT).unwrap();
    let second = image.symbols("second")[0].clone();
    let mut code = code_ref(&second, 6);
    code.module = Some("some_module".to_owned());
    code.size = Some(second.st_size + 8);
    let mut splat = splat(&mini, 0);
    splat.frames.push(frame(code.clone()));
    let symbolizer = symbolizer(Vec::new(), vec![top.to_owned()]);
    let symbols = symbolizer.symbolize(&mut splat, &BootFacts::default());
    assert_eq!(symbols.matched, Match::Exact);
    assert_eq!(shown(&splat, 3), [place("second", "other.c", "in second")]);
    assert_eq!(splat.frames[3].link_address, None);
    let located = symbolizer
        .locate(&code, false, Some("6.99.0-mini"), &BootFacts::default())
        .unwrap();
    assert_eq!(located[0].line, Some(line_of("other.c", "in second")));
    let built_in = symbolizer.locate(
        &splat.frames[1].code,
        false,
        Some("6.99.0-mini"),
        &BootFacts::default(),
    );
    assert_eq!(
        built_in.unwrap()[0].line,
        Some(line_of("kernel.c", "in first"))
    );
    // A module of another build: its function has another size.
    code.size = Some(second.st_size - 1);
    assert_eq!(
        symbolizer.locate(&code, false, Some("6.99.0-mini"), &BootFacts::default()),
        None
    );
    assert_eq!(
        symbolizer.locate(&code, false, Some("6.98.0"), &BootFacts::default()),
        None
    );
}

#[test]
fn of_several_vmlinux_the_one_that_matches_is_used() {
    let Some(mini) = mini(&[]) else { return };
    let Some(other) = crate::support::mini(&["-O1"]) else {
        return;
    };
    let symbolizer = symbolizer(
        vec![other.vmlinux.clone(), mini.vmlinux.clone()],
        Vec::new(),
    );
    let symbols = symbolizer.symbolize(&mut splat(&mini, 0), &BootFacts::default());
    assert_eq!(symbols.matched, Match::Exact);
}

#[test]
fn errors_name_the_file_and_the_mend() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| {
        let options = SymbolOptions {
            vmlinux: vec![path.to_owned()],
            debug_dirs: Vec::new(),
            max_size: LIMIT,
            ..SymbolOptions::default()
        };
        Symbolizer::new(options).err().unwrap().to_string()
    };
    let path = folder.path().join("bzImage");
    std::fs::write(&path, "MZ").unwrap();
    let expected =
        "not an ELF file; give the vmlinux with debug info of the kernel that printed the log";
    assert_eq!(error(&path), format!("{}: {expected}", path.display()));
    let missing = folder.path().join("none");
    assert!(error(&missing).starts_with(&missing.display().to_string()));
    std::fs::write(&path, b"\x7fELF\x02\x01\x01").unwrap();
    assert!(error(&path).contains("broken ELF"), "{}", error(&path));
    std::fs::write(&path, "").unwrap();
    assert!(error(&path).contains("not an ELF file"));
}
