//! The cases of `corpus/framings` and `corpus/containers`, and the tables of `docs/formats.md` that
//! name them: each through the real binary.
//!
//! `KSPLAT_WRITE_CORPUS=1` writes the cases anew; `lab-*` are captures of real tools and stay.

#[path = "../common/mod.rs"]
pub mod common;

use super::containers::CONTAINERS;
use super::framings::FRAMINGS;
use super::mails::MAILS;
use super::same::boot;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const SOURCE: &str = "ap-vmx-bios-kaslr";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folders of the cases, and the bytes of those that are written.
fn written() -> Vec<(PathBuf, Vec<u8>)> {
    let boot = boot(SOURCE);
    let console = FRAMINGS[0].1(&boot);
    let framings = FRAMINGS
        .iter()
        .map(|(name, write)| (Path::new("framings").join(name), write(&boot)));
    let containers = CONTAINERS.iter().chain(MAILS);
    let containers =
        containers.map(|(name, pack)| (Path::new("containers").join(name), pack(&console)));
    framings
        .chain(containers)
        .map(|(folder, log)| (root().join("corpus").join(folder), log))
        .collect()
}

fn cases() -> Vec<PathBuf> {
    let folders = ["framings", "containers"].map(|kind| root().join("corpus").join(kind));
    let entries = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("part of the repository"));
    let mut cases: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_case_through_the_binary() {
    if std::env::var_os("KSPLAT_WRITE_CORPUS").is_some() {
        for (folder, log) in written() {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("log"), log).expect("a log");
        }
    }
    for case in cases() {
        let name = case.display();
        let output = common::ksplat(&case)
            .args(["--format", "json", "log"])
            .output()
            .expect("ksplat runs");
        assert_eq!(common::stderr(&output), "", "{name}");
        assert_eq!(output.status.code(), Some(1), "{name}");
        let document: Value = serde_json::from_str(&common::stdout(&output)).expect("JSON");
        let truth = fs::read_to_string(case.join("expected.json"))
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        let truth: Value = serde_json::from_str(&truth).expect("JSON");
        let wrong = common::differences(&truth, &document, false);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn every_writer_has_its_case_and_every_case_its_row() {
    let table = fs::read_to_string(root().join("docs/formats.md")).expect("part of the repository");
    for (folder, _) in written() {
        assert!(
            folder.join("log").is_file(),
            "{} is missing",
            folder.display()
        );
    }
    for case in cases() {
        let name = case
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let kind = case
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str())
            .expect("a folder");
        let link = format!("[{name}](../corpus/{kind}/{name})");
        assert!(table.contains(&link), "docs/formats.md lacks {link}");
        assert!(case.join("README.md").is_file(), "{name} lacks a README.md");
    }
}
