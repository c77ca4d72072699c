//! The symbols stage on real boots: the lab's logs with the vmlinux of their kernel.
//!
//! They need `KSPLAT_TEST_LAB` (the folder with `logs/` and `expected.json`), `KSPLAT_TEST_VMLINUX` and
//! `KSPLAT_TEST_OTHER_VMLINUX`, none of which can be part of the repository: `.ci/run` asks for them.

use std::path::PathBuf;

use ksplat::stages::splat::{Code, CodeRef, Frame, Kernel, Registers, Splat};
use ksplat::stages::symbols::{BootFacts, CpuInfo, Match, SymbolOptions, Symbolizer, Symbols};
use serde_json::Value;

struct Lab {
    folder: PathBuf,
    symbolizer: Symbolizer,
    expected: Value,
}

fn lab() -> Lab {
    let folder = existing("KSPLAT_TEST_LAB");
    let expected = std::fs::read(folder.join("expected.json")).unwrap();
    Lab {
        symbolizer: symbolizer(vmlinux()),
        expected: serde_json::from_slice(&expected).unwrap(),
        folder,
    }
}

pub fn vmlinux() -> PathBuf {
    existing("KSPLAT_TEST_VMLINUX")
}

/// The file or folder that a variable names.
fn existing(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).map(PathBuf::from);
    let path = path.unwrap_or_else(|| panic!("{variable} is not set"));
    assert!(path.exists(), "{variable}: no {}", path.display());
    path
}

fn symbolizer(vmlinux: PathBuf) -> Symbolizer {
    Symbolizer::new(SymbolOptions {
        vmlinux: vec![vmlinux],
        debug_dirs: Vec::new(),
        max_size: 1 << 30,
        ..SymbolOptions::default()
    })
    .unwrap()
}

/// The text behind `[    0.055225] `.
fn text(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    match line.split_once("] ") {
        Some((time, rest)) if time.starts_with('[') => rest,
        _ => line,
    }
}

fn code_ref(text: &str) -> CodeRef {
    let (function, rest) = text.trim().split_once('+').unwrap();
    let (offset, size) = rest
        .split_whitespace()
        .next()
        .unwrap()
        .split_once('/')
        .unwrap();
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    CodeRef {
        function: Some(function.to_owned()),
        offset: number(offset),
        size: number(size),
        ..CodeRef::default()
    }
}

fn code(text: &str) -> Code {
    let trap_offset = text
        .split_whitespace()
        .position(|byte| byte.starts_with('<'));
    let byte = |text: &str| u8::from_str_radix(text.trim_matches(['<', '>']), 16).unwrap();
    Code {
        bytes: text.split_whitespace().map(byte).collect(),
        trap_offset,
    }
}

/// `RSP: 0000:ffff… EFLAGS: 00000002`, `FS:  0000(0000) GS:ffff…(0000) knlGS:0`.
fn registers(text: &str, registers: &mut Registers) {
    let text = text.replace(':', ": ").replace("0000: f", "f");
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.windows(2) {
        if let Some(name) = pair[0].strip_suffix(':') {
            let value = pair[1].split('(').next().unwrap();
            registers.extend([(name.to_lowercase(), value)]);
        }
    }
}

/// Splats in a serial log; only what these logs need.
fn splats(log: &str) -> Vec<Splat> {
    let mut found = Vec::new();
    let mut splat: Option<Splat> = None;
    for line in log.lines().map(text) {
        if line.contains("WARNING: CPU: ") && line.contains(" at ") {
            let at = line.rsplit(' ').next().unwrap();
            let begun = splat.insert(Splat::default());
            begun.header = line.to_owned();
            begun.at = code_ref(at);
        } else if line.contains("end trace") {
            found.extend(splat.take());
        } else if let Some(splat) = &mut splat {
            read_line(line, splat);
        }
    }
    found
}

fn read_line(line: &str, splat: &mut Splat) {
    if let Some(rip) = line.strip_prefix("RIP: 0010:") {
        splat.rip.get_or_insert_with(|| code_ref(rip));
    } else if let Some(bytes) = line.strip_prefix("Code: ") {
        splat.code.get_or_insert_with(|| code(bytes));
    } else if line.starts_with("R") || line.starts_with("FS:") {
        registers(line, &mut splat.registers);
    } else if let Some((_, rest)) = line.split_once(" 6.12.") {
        let mut words = rest.split_whitespace();
        splat.kernel = Kernel {
            release: words.next().map(|rest| format!("6.12.{rest}")),
            build: words.next().map(str::to_owned),
            ..Kernel::default()
        };
    } else if line.starts_with(' ') && line.contains("+0x") {
        let name = line.trim_start().trim_start_matches("? ");
        splat.frames.push(Frame {
            code: code_ref(name),
            reliable: !line.contains('?'),
            ..Frame::default()
        });
    }
}

fn banner(log: &str) -> Option<&str> {
    log.lines()
        .map(text)
        .find(|line| line.starts_with("Linux version"))
}

fn read(lab: &Lab, name: &str) -> String {
    let bytes = std::fs::read(lab.folder.join("logs").join(name)).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn target(symbols: &Symbols, splat: &Splat) -> &'static str {
    let c = symbols.parameter(splat, "do_clear_cpu_cap", "c").value();
    match symbols.classify_cpuinfo(c.unwrap(), splat.registers.value("gs")) {
        CpuInfo::All => "all",
        CpuInfo::BootCpuData => "boot-cpu-data",
        CpuInfo::ThisCpu => "cpu",
        other => panic!("{c:x?} is {other:?}"),
    }
}

#[test]
#[ignore = "needs the lab's logs and the vmlinux of their kernel (.ci/run)"]
fn every_late_clear_of_the_lab_gives_the_guests_true_values() {
    let lab = lab();
    let mut checked = 0;
    for (name, expected) in lab.expected.as_object().unwrap() {
        if !name.ends_with(".serial.log") {
            continue;
        }
        let log = read(&lab, name);
        let boot = BootFacts {
            banner: banner(&log),
            ..BootFacts::default()
        };
        let late_clears = expected["late_clears"].as_array().unwrap();
        let mut splats = splats(&log);
        splats.retain(is_late_clear);
        assert_eq!(splats.len(), late_clears.len(), "{name}");
        for (splat, truth) in splats.iter_mut().zip(late_clears) {
            check(&lab, splat, &boot, expected, truth)
                .unwrap_or_else(|why| panic!("{name}: {why}"));
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked} late clears");
}

fn is_late_clear(splat: &Splat) -> bool {
    splat.at.function.as_deref() == Some("do_clear_cpu_cap") && splat.at.offset == Some(0xde)
}

/// Without the banner the sizes and the code must do: code that these boots have patched with
/// alternatives, return thunks, static calls and jump labels.
#[test]
#[ignore = "needs the lab's logs and the vmlinux of their kernel (.ci/run)"]
fn every_splat_of_the_lab_matches_by_its_code() {
    let lab = lab();
    let mut checked = 0;
    for name in lab.expected.as_object().unwrap().keys() {
        if !name.ends_with(".serial.log") {
            continue;
        }
        for mut splat in splats(&read(&lab, name)) {
            let symbols = lab.symbolizer.symbolize(&mut splat, &BootFacts::default());
            let header = &splat.header;
            assert_eq!(
                symbols.matched,
                Match::Exact,
                "{name}: {header}: {:?}",
                symbols.evidence
            );
            assert!(
                symbols
                    .evidence
                    .iter()
                    .any(|text| text.starts_with("the Code: bytes"))
            );
            checked += 1;
        }
    }
    assert!(checked > 25, "{checked} splats");
}

fn check(
    lab: &Lab,
    splat: &mut Splat,
    boot: &BootFacts<'_>,
    expected: &Value,
    truth: &Value,
) -> Result<(), String> {
    let symbols = lab.symbolizer.symbolize(splat, boot);
    let same = |what: &str, found: &Value, expected: &Value| match found == expected {
        true => Ok(()),
        false => Err(format!(
            "{what}: {found}, not {expected}: {:?}",
            symbols.evidence
        )),
    };
    if symbols.matched != Match::Exact {
        return Err(format!("{:?}", symbols.matched));
    }
    let feature = symbols.parameter(splat, "do_clear_cpu_cap", "feature");
    let number = feature.value().ok_or(format!("{feature:?}"))?;
    same("feature", &number.into(), &truth["feature"]["number"])?;
    same("target", &target(&symbols, splat).into(), &truth["target"])?;
    let flag = symbols.cap_flag(number as u32).ok_or("no x86_cap_flags")?;
    same("flag", &flag.into(), &truth["feature"]["flag"])?;
    let offset = symbols.kaslr_offset.ok_or("no KASLR offset")?;
    match expected["kaslr_offset"].as_str() {
        Some(known) => same(
            "KASLR offset",
            &format!("{offset:#x}").into(),
            &known.into(),
        )?,
        None => same("KASLR", &(offset > 0).into(), &expected["kaslr"])?,
    }
    same(
        "code",
        &symbols.code_loads(splat, "alternatives_patched").into(),
        &true.into(),
    )?;
    same(
        "line",
        &symbols.rip.as_ref().ok_or("no position")?.line.into(),
        &117.into(),
    )?;
    let unplaced = splat.frames.iter().filter(|frame| frame.file.is_none());
    let unplaced: Vec<&str> = unplaced.map(Frame::name).collect();
    if unplaced.is_empty() {
        Ok(())
    } else {
        Err(format!("no file for {unplaced:?}"))
    }
}

#[test]
#[ignore = "needs the lab's logs and the vmlinux of their kernel (.ci/run)"]
fn the_vmlinux_of_another_kernel_is_found_out() {
    let lab = lab();
    let symbolizer = symbolizer(existing("KSPLAT_TEST_OTHER_VMLINUX"));
    let log = read(&lab, "ap-vmx-bios-kaslr.serial.log");
    let mut splat = splats(&log).remove(0);
    let symbols = symbolizer.symbolize(&mut splat, &BootFacts::default());
    let Match::Mismatch { why } = &symbols.matched else {
        panic!("{:?}", symbols.matched);
    };
    assert!(why.contains("6.12.111"), "{why}");
    assert!(splat.frames.iter().all(|frame| frame.line.is_none()));
    assert_eq!(
        symbols.parameter(&splat, "do_clear_cpu_cap", "c").value(),
        None
    );

    // The same without any words about the release: the code and the sizes must tell.
    let mut splat = splats(&log).remove(0);
    splat.kernel = Kernel::default();
    let symbols = symbolizer.symbolize(&mut splat, &BootFacts::default());
    assert!(
        matches!(symbols.matched, Match::Mismatch { .. }),
        "{:?}",
        symbols.evidence
    );
}
