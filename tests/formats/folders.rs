//! Folders of mails and of parts of a dump, through the real binary.

use super::containers::xz;
use super::corpus::common;
use super::framings::FRAMINGS;
use super::mails::{attached, plain};
use super::same::boot;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Where the splats of a folder stand: file and member.
fn places(folder: &Path) -> Vec<(String, Option<String>)> {
    let output = common::ksplat(folder)
        .args(["scan", "--format", "json", "."])
        .output()
        .expect("ksplat runs");
    assert_eq!(common::stderr(&output), "");
    let document: Value = serde_json::from_str(&common::stdout(&output)).expect("JSON");
    let splats = document["splats"].as_array().expect("a list");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    splats
        .iter()
        .map(|splat| {
            assert_eq!(splat["signature"], "late-clear:ap:VMX:init_ia32_feat_ctl");
            let source = &splat["source"];
            (
                text(&source["path"]).expect("a path"),
                text(&source["member"]),
            )
        })
        .collect()
}

fn log() -> Vec<u8> {
    FRAMINGS[0].1(&boot("ap-vmx-bios-kaslr"))
}

#[test]
fn a_maildir_is_a_folder_of_mails() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, mail) in [
        ("cur/1.host:2,S", plain(b"nothing")),
        ("cur/2.host:2,S", plain(&log())),
        ("new/3.host", attached(&xz(&log()), "dmesg.xz")),
        ("tmp/4.host", plain(b"nothing")),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, mail).expect("a file");
    }
    let own = ("./cur/2.host:2,S".to_owned(), None);
    let packed = ("./new/3.host".to_owned(), Some("dmesg.xz".to_owned()));
    assert_eq!(places(folder.path()), [own, packed]);
}

#[test]
fn the_parts_of_a_dump_are_gathered_from_a_folder() {
    let log = String::from_utf8(log()).expect("text");
    let lines: Vec<_> = log.lines().collect();
    for names in ["dmesg-efi-1795443648", "dmesg-ramoops-"] {
        let folder = tempfile::tempdir().expect("a folder");
        for (index, part) in lines.chunks(9).rev().enumerate() {
            let text = format!("Panic#1 Part{}\n{}", index + 1, part.join("\n"));
            fs::write(folder.path().join(format!("{names}{index}")), text).expect("a file");
        }
        assert_eq!(places(folder.path()), [(".".to_owned(), None)]);
    }
}
