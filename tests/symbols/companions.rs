//! Debug info that is in more than one file: dwz's supplementary file, `.dwo` files and `.dwp` packages.

use std::path::Path;
use std::process::Command;

use ksplat::stages::splat::{CodeRef, Splat};
use ksplat::stages::symbols::{BootFacts, Match, Symbolizer};

use crate::support::{Mini, compile, frame, line_of, mini, splat, symbolizer};

/// A trace of one frame, in `_start` of dwz-main.s.
fn one_frame() -> Splat {
    let mut splat = Splat::default();
    splat.frames = vec![frame(CodeRef {
        function: Some("_start".to_owned()),
        offset: Some(2),
        size: Some(3),
        ..CodeRef::default()
    })];
    splat
}

#[test]
fn names_come_from_the_supplementary_file() {
    let folder = tempfile::tempdir().unwrap();
    let vmlinux = folder.path().join("vmlinux");
    let flags = ["-nostdlib", "-static", "-no-pie"];
    if compile(&["dwz-main.s"], &flags, &vmlinux).is_none() {
        return;
    }
    let name = |symbolizer: &Symbolizer| {
        let mut splat = one_frame();
        symbolizer.symbolize(&mut splat, &BootFacts::default());
        splat.frames[0].dwarf_name.clone()
    };
    let alone = symbolizer(vec![vmlinux.clone()], Vec::new());
    assert_eq!(name(&alone), None);
    let told = alone.missing(false);
    assert!(
        matches!(told.as_slice(), [line] if line.contains("gone/mini.debug (build-id abcdef01), which was not found")),
        "{told:?}"
    );
    let debug_dir = folder.path().join("debug");
    std::fs::create_dir_all(&debug_dir).unwrap();
    for place in [
        "gone/mini.debug",
        ".dwz/mini.debug",
        "debug/.dwz/mini.debug",
        "debug/.build-id/ab/cdef01.debug",
    ] {
        let path = folder.path().join(place);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        compile(&["dwz-sup.s"], &["-c"], &path).unwrap();
        let whole = symbolizer(vec![vmlinux.clone()], vec![debug_dir.clone()]);
        assert_eq!(name(&whole).as_deref(), Some("named_elsewhere"), "{place}");
        assert_eq!(whole.missing(false), Vec::<String>::new());
        std::fs::remove_file(path).unwrap();
    }
    // A file of the name that is another one.
    std::fs::create_dir_all(folder.path().join("gone")).unwrap();
    std::fs::copy(&vmlinux, folder.path().join("gone/mini.debug")).unwrap();
    assert_eq!(name(&symbolizer(vec![vmlinux], Vec::new())), None);
}

/// The mini kernel with its debug info in `.dwo` files, and these.
fn split(flags: &[&str]) -> Option<(Mini, Vec<std::path::PathBuf>)> {
    let mini = mini(&[&["-gsplit-dwarf"], flags].concat())?;
    let files = std::fs::read_dir(mini.folder.path()).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let dwo: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "dwo"))
        .collect();
    (dwo.len() == 2).then_some((mini, dwo))
}

/// Symbolizes a splat of the mini kernel; what is told of files that are missing.
fn symbolized(vmlinux: &Path, mini: &Mini) -> (Splat, Vec<String>) {
    let symbolizer = symbolizer(vec![vmlinux.to_owned()], Vec::new());
    let mut splat = splat(mini, 0);
    let symbols = symbolizer.symbolize(&mut splat, &BootFacts::default());
    assert_eq!(symbols.matched, Match::Exact, "{:?}", symbols.evidence);
    (splat, symbolizer.missing(false))
}

fn assert_whole(splat: &Splat, told: &[String]) {
    let inlined: Vec<_> = splat.frames[0].inlines.iter().collect();
    assert_eq!(inlined.len(), 1);
    assert_eq!(inlined[0].function.as_deref(), Some("inlined"));
    assert_eq!(splat.frames[0].dwarf_name.as_deref(), Some("helper"));
    assert_eq!(splat.frames[1].line, Some(line_of("kernel.c", "in first")));
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn dwo_files_are_read_where_they_were_made_and_beside_the_file() {
    for flags in [&["-gdwarf-5"][..], &["-gdwarf-4"]] {
        let Some((mini, dwo)) = split(flags) else {
            continue;
        };
        let (splat, told) = symbolized(&mini.vmlinux, &mini);
        assert_whole(&splat, &told);
        let moved = tempfile::tempdir().unwrap();
        let vmlinux = moved.path().join("vmlinux");
        std::fs::copy(&mini.vmlinux, &vmlinux).unwrap();
        for path in &dwo {
            std::fs::rename(path, moved.path().join(path.file_name().unwrap())).unwrap();
        }
        let (splat, told) = symbolized(&vmlinux, &mini);
        assert_whole(&splat, &told);
    }
}

#[test]
fn a_missing_or_wrong_dwo_file_is_told_in_one_line() {
    let Some((mini, dwo)) = split(&[]) else {
        return;
    };
    // Each under the other's name: neither has the unit's id.
    let spare = mini.folder.path().join("spare");
    std::fs::rename(&dwo[0], &spare).unwrap();
    std::fs::rename(&dwo[1], &dwo[0]).unwrap();
    std::fs::rename(&spare, &dwo[1]).unwrap();
    for _ in 0..2 {
        let (splat, told) = symbolized(&mini.vmlinux, &mini);
        assert_eq!(splat.frames[0].inlines, []);
        assert!(
            matches!(told.as_slice(), [line] if line.contains("kernel.dwo was not found")),
            "{told:?}"
        );
        for path in &dwo {
            std::fs::remove_file(path).ok();
        }
    }
}

#[test]
fn a_dwp_package_is_read() {
    let Some((mini, dwo)) = split(&["-gdwarf-4"]) else {
        return;
    };
    let package = mini.folder.path().join("vmlinux.dwp");
    let made = Command::new("dwp")
        .arg("-e")
        .arg(&mini.vmlinux)
        .arg("-o")
        .arg(&package)
        .status();
    // Not every machine has binutils' dwp, which knows no DWARF 5.
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    for path in &dwo {
        std::fs::remove_file(path).unwrap();
    }
    let (splat, told) = symbolized(&mini.vmlinux, &mini);
    assert_whole(&splat, &told);
}
