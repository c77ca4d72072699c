//! A vmlinux of one page, and splats of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use ksplat::stages::splat::{CodeRef, Frame, Splat};
use ksplat::stages::symbols::{Image, Symbol, SymbolOptions, Symbolizer};
use object::{Object, ObjectSection};

pub const LIMIT: u64 = 1 << 24;
pub const BANNER: &str =
    "Linux version 6.99.0-mini (me@here) (gcc) #7 SMP Mon Jan 1 00:00:00 UTC 2024";

/// The mini kernel in a folder of its own.
pub struct Mini {
    pub folder: tempfile::TempDir,
    pub vmlinux: PathBuf,
    pub image: Image,
}

/// `None` where there is no compiler for x86-64 ELF files.
pub fn mini(flags: &[&str]) -> Option<Mini> {
    let folder = tempfile::tempdir().unwrap();
    let vmlinux = folder.path().join("vmlinux");
    let linking = [
        "-mcmodel=kernel",
        "-nostdlib",
        "-static",
        "-no-pie",
        "-Wl,-Ttext-segment=0xffffffff81000000",
        "-Wl,-e,start",
        "-Wl,--build-id=sha1",
        "-Wl,--defsym=_text=0xffffffff81000000",
    ];
    compile(
        &["kernel.c", "other.c"],
        &[&linking, flags].concat(),
        &vmlinux,
    )?;
    let image = Image::open(&vmlinux, LIMIT).unwrap();
    Some(Mini {
        folder,
        vmlinux,
        image,
    })
}

/// Compiles sources of the mini kernel.
pub fn compile(sources: &[&str], flags: &[&str], output: &Path) -> Option<()> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return None;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/symbols/mini");
    let status = Command::new("cc")
        .args([
            "-O2",
            "-g",
            "-fno-pic",
            "-ffreestanding",
            "-fcf-protection=none",
        ])
        .args(["-fno-asynchronous-unwind-tables", "-fno-stack-protector"])
        .args(flags)
        .arg("-o")
        .arg(output)
        .args(sources)
        .current_dir(folder)
        .status();
    status.is_ok_and(|status| status.success()).then_some(())
}

/// The line of a mini source that holds a text.
pub fn line_of(source: &str, text: &str) -> u32 {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/symbols/mini")
        .join(source);
    let source = std::fs::read_to_string(path).unwrap();
    let line = source.lines().position(|line| line.contains(text));
    line.unwrap() as u32 + 1
}

impl Mini {
    pub fn symbolizer(&self) -> Symbolizer {
        symbolizer(vec![self.vmlinux.clone()], Vec::new())
    }

    /// The only function of a name, or that with the lowest address.
    pub fn function(&self, name: &str) -> Symbol {
        let symbols = self.image.symbols(name);
        symbols
            .iter()
            .min_by_key(|symbol| symbol.address)
            .unwrap()
            .clone()
    }

    pub fn text(&self) -> (u64, Vec<u8>) {
        let file = std::fs::read(&self.vmlinux).unwrap();
        let file = object::read::elf::ElfFile64::<object::LittleEndian>::parse(&*file).unwrap();
        let text = file.section_by_name(".text").unwrap();
        (text.address(), text.data().unwrap().to_vec())
    }

    /// Bytes of a function.
    pub fn code(&self, function: &Symbol) -> Vec<u8> {
        let (start, text) = self.text();
        let from = (function.address - start) as usize;
        text[from..from + function.st_size as usize].to_vec()
    }

    /// `caller+off/size` for the return address of its first direct call of `callee`.
    pub fn call(&self, caller: &Symbol, callee: &Symbol) -> CodeRef {
        let code = self.code(caller);
        let target = |at: usize| {
            let displacement = i32::from_le_bytes(code[at + 1..at + 5].try_into().unwrap());
            caller
                .address
                .wrapping_add(at as u64 + 5)
                .wrapping_add_signed(displacement.into())
        };
        let calls = |at: &usize| code[*at] == 0xe8 && target(*at) == callee.address;
        let at = (0..code.len() - 4).find(calls).unwrap();
        code_ref(caller, at as u64 + 5)
    }

    /// `report+off/size` of its first or second ud2.
    pub fn trap(&self, which: usize) -> CodeRef {
        let report = self.function("report");
        let code = self.code(&report);
        let traps = code
            .windows(2)
            .enumerate()
            .filter(|(_, bytes)| *bytes == [0x0f, 0x0b]);
        let (offset, _) = traps.into_iter().nth(which).unwrap();
        code_ref(&report, offset as u64)
    }
}

pub fn symbolizer(vmlinux: Vec<PathBuf>, debug_dirs: Vec<PathBuf>) -> Symbolizer {
    Symbolizer::new(SymbolOptions {
        vmlinux,
        debug_dirs,
        max_size: LIMIT,
        ..SymbolOptions::default()
    })
    .unwrap()
}

pub fn code_ref(function: &Symbol, offset: u64) -> CodeRef {
    CodeRef {
        function: Some(function.name.clone()),
        offset: Some(offset),
        size: function.extent,
        ..CodeRef::default()
    }
}

pub fn frame(code: CodeRef) -> Frame {
    Frame {
        code,
        reliable: true,
        ..Frame::default()
    }
}

/// A splat of the mini kernel at a trap of report(), called by helper(), called by first().
pub fn splat(mini: &Mini, trap: usize) -> Splat {
    let [report, helper, first, start] =
        ["report", "helper", "first", "start"].map(|f| mini.function(f));
    let mut splat = Splat::default();
    splat.at = mini.trap(trap);
    splat.rip = Some(mini.trap(trap));
    splat.kernel.release = Some("6.99.0-mini".to_owned());
    splat.kernel.build = Some("#7".to_owned());
    splat.frames = vec![
        frame(mini.call(&helper, &report)),
        frame(mini.call(&first, &helper)),
        frame(mini.call(&start, &first)),
    ];
    splat
}
