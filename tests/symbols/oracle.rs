//! Positions against those of another reader of DWARF: binutils' addr2line, which comes with the compiler, and
//! llvm-symbolizer.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use ksplat::stages::splat::Inline;
use ksplat::stages::splat::tree_path;
use ksplat::stages::symbols::Image;
use object::{Object, ObjectSection};

use crate::support::{LIMIT, mini};

/// A program that answers as GNU addr2line does, and the folder that the file was compiled in.
struct Oracle<'a> {
    command: &'a [&'a str],
    folder: String,
    /// It takes the name of the function from the symbol table: of several symbols at an address any.
    has_aliases: bool,
}

/// Compares the positions of addresses in `.text`, `step` bytes apart; returns how many are known.
fn compare(path: &Path, step: usize, oracle: &Oracle<'_>) -> usize {
    let file = std::fs::read(path).unwrap();
    let file = object::File::parse(&*file).unwrap();
    let text = file.section_by_name(".text").unwrap();
    let addresses: Vec<u64> = (text.address()..text.address() + text.size())
        .step_by(step)
        .collect();
    let image = Image::open(path, LIMIT << 8).unwrap();
    let positions = image.positions(&addresses);
    let expected = oracle.frames(path, &addresses);
    assert_eq!(expected.len(), addresses.len());
    let mut known = 0;
    let mut wrong = Vec::new();
    for ((&address, position), expected) in addresses.iter().zip(positions).zip(expected) {
        // Padding is in no function; the oracles take the symbol in front.
        let in_function = position.function.is_some() && !is_assembler(&position.file);
        if expected.is_empty() || !in_function {
            continue;
        }
        known += 1;
        if !oracle.is_same(&position.frames(), &expected) {
            wrong.push(format!(
                "{address:#x}: {:?}, not {expected:?}",
                position.frames()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {known}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(10)].join("\n")
    );
    known
}

/// The oracles name assembler code by the label in front.
fn is_assembler(file: &Option<String>) -> bool {
    file.as_ref().is_some_and(|file| file.ends_with(".S"))
}

impl Oracle<'_> {
    fn is_same(&self, found: &[Inline], expected: &[Inline]) -> bool {
        let (Some((own, inlines)), Some((other, others))) =
            (found.split_last(), expected.split_last())
        else {
            return false;
        };
        let same_place = own.file == other.file && own.line == other.line;
        let same_name = own.function == other.function || self.has_aliases;
        inlines == others && same_place && same_name
    }

    /// What the program says of each address: function and place, innermost first.
    fn frames(&self, path: &Path, addresses: &[u64]) -> Vec<Vec<Inline>> {
        let mut child = Command::new(self.command[0])
            .args(&self.command[1..])
            .arg("-e")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let asked: String = addresses.iter().map(|a| format!("{a:#x}\n")).collect();
        let feeder = std::thread::spawn(move || input.write_all(asked.as_bytes()));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap().unwrap();
        let mut found: Vec<Vec<Inline>> = Vec::new();
        let mut function = None;
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            if line.starts_with("0x") && !line.contains(':') {
                found.push(Vec::new());
            } else if let Some(name) = function.take() {
                let frame = self.inline(name, line);
                found.last_mut().unwrap().extend(frame);
            } else if !line.is_empty() {
                function = Some(line.to_owned());
            }
        }
        found
    }

    fn inline(&self, function: String, place: &str) -> Option<Inline> {
        let place = place.split(" (discriminator").next().unwrap();
        let (file, line) = place.rsplit_once(':').unwrap();
        // llvm-symbolizer adds a column.
        let (file, line) = match file.rsplit_once(':') {
            Some((file, before)) if before.parse::<u32>().is_ok() => (file, before),
            _ => (file, line),
        };
        // The symbol of a clone (`.isra.0`) instead of the function's name.
        let name = function.split('.').next().unwrap().to_owned();
        (function != "??" && file != "??").then(|| Inline {
            function: Some(name),
            file: Some(tree_path(file, &self.folder)),
            line: line.parse().ok().filter(|&line: &u32| line > 0),
        })
    }
}

#[test]
fn the_mini_kernel_agrees_at_every_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/symbols/mini");
    let oracle = Oracle {
        command: &["addr2line", "-f", "-i", "-a"],
        folder: folder.display().to_string(),
        has_aliases: false,
    };
    for flags in [
        &[][..],
        &["-gdwarf-4"],
        &["-O3"],
        &["-gz=zlib"],
        &["-gz=zlib-gnu"],
    ] {
        let Some(mini) = mini(flags) else { continue };
        let known = compare(&mini.vmlinux, 1, &oracle);
        assert!(known > 100, "{known} with {flags:?}");
    }
}

#[test]
#[ignore = "needs a vmlinux with debug info in KSPLAT_TEST_VMLINUX, and llvm-symbolizer"]
fn a_real_kernel_agrees() {
    let oracle = Oracle {
        command: &["llvm-symbolizer", "--output-style=GNU", "-f", "-i", "-a"],
        folder: String::new(),
        has_aliases: true,
    };
    // Every 601 bytes: 20,000 addresses of x86-64.
    let known = compare(&crate::lab::vmlinux(), 601, &oracle);
    assert!(known > 15_000, "{known}");
}
