//! What fuzzing has found, once more: each file of `fuzz/regressions/TARGET/` through its target, and the seeds.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::path::{Path, PathBuf};
use std::process::Command;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.sort();
    files
}

#[test]
fn findings_stay_fixed_and_seeds_are_read() {
    for (target, _) in targets::TARGETS {
        let cases = files(&format!("regressions/{target}"));
        for file in cases.iter().chain(&files(&format!("seeds/{target}"))) {
            eprintln!("{}", file.display());
            targets::run(target, &std::fs::read(file).expect("readable"));
        }
    }
}

#[test]
fn the_seeds_of_elf_are_of_the_kernel_that_printed_their_log() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for vmlinux in files("seeds/elf") {
        if vmlinux.ends_with("module.ko") {
            continue;
        }
        let output = Command::new(env!("CARGO_BIN_EXE_ksplat"))
            .args(["--format", "json", "--vmlinux"])
            .args([&vmlinux, &seeds.join("elf.log")])
            .output()
            .expect("ksplat runs");
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let splat = &document["splats"][0];
        assert_eq!(splat["symbols"]["match"], "exact", "{}", vmlinux.display());
        assert_eq!(splat["late_clear"]["feature"]["from"], "dwarf");
    }
}
