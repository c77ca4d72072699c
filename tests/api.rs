//! The public face, as a program that uses the library sees it.

use ksplat::{Baseline, Ksplat, PathName};
use serde_json::Value;
use std::path::Path;

const LOG: &str = "corpus/ap-vmx-bios-kaslr/log";

#[test]
fn a_path_gives_reports_that_print_themselves() {
    let log = Ksplat::new().read(LOG).expect("readable");
    let [report] = log.reports.as_slice() else {
        panic!("{} reports", log.reports.len());
    };
    let verdict = report.late_clear.as_ref().expect("a late clear");
    assert_eq!(verdict.path, PathName::Ap);
    assert!(report.to_string().starts_with(&verdict.sentence));
    assert_eq!(log.boots[0].release(), report.platform.release.as_deref());
    assert!(log.is_kernel && log.errors.is_empty());
}

#[test]
fn bytes_give_the_same_as_a_path() {
    let bytes = std::fs::read(LOG).expect("readable");
    let by_bytes = Ksplat::new().read_bytes(LOG, &bytes).expect("readable");
    let by_path = Ksplat::new().threads(2).read(LOG).expect("readable");
    let json = |log: &ksplat::Log| log.to_json(LOG).expect("JSON");
    assert_eq!(json(&by_bytes), json(&by_path));
}

#[test]
fn a_report_is_the_json_that_the_program_prints() {
    let log = Ksplat::new().read(LOG).expect("readable");
    let document: Value = serde_json::from_str(&log.to_json(LOG).expect("JSON")).expect("JSON");
    let report = serde_json::to_value(&log.reports[0]).expect("JSON");
    assert_eq!(document["splats"][0], report);
}

#[test]
fn an_archive_gives_the_reports_of_all_its_members() {
    let mut archive = tar::Builder::new(Vec::new());
    for name in ["a", "b"] {
        archive.append_path_with_name(LOG, name).expect("writable");
    }
    let bytes = archive.into_inner().expect("writable");
    let log = Ksplat::new()
        .read_bytes("logs.tar", &bytes)
        .expect("readable");
    let members = log.into_iter().map(|report| report.splat.source.member);
    assert_eq!(
        members.collect::<Vec<_>>(),
        [Some("a".to_owned()), Some("b".to_owned())]
    );
}

#[test]
fn errors_are_one_line_that_names_the_file() {
    let error = Ksplat::new()
        .vmlinux("no/such/vmlinux")
        .err()
        .expect("an error");
    assert!(
        error.to_string().starts_with("no/such/vmlinux: "),
        "{error}"
    );
    let error = Ksplat::new().read("no/such/log").expect_err("no such file");
    assert!(error.to_string().starts_with("no/such/log: "), "{error}");
    let error = Ksplat::new()
        .vmlinux(LOG)
        .expect("it can be opened")
        .read(LOG);
    let error = error.expect_err("no vmlinux").to_string();
    assert!(error.starts_with(LOG) && !error.contains('\n'), "{error}");
}

#[test]
fn a_baseline_knows_what_it_lists() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("baseline.toml");
    let log = Ksplat::new().read(LOG).expect("readable");
    let entry = format!("[[known]]\nsignature = \"{}\"\n", log.reports[0].signature);
    std::fs::write(&path, entry).expect("writable");
    assert!(
        Baseline::read(&path)
            .expect("a baseline")
            .knows(&log.reports[0])
    );
    std::fs::write(&path, "").expect("writable");
    assert!(
        !Baseline::read(&path)
            .expect("a baseline")
            .knows(&log.reports[0])
    );
    assert!(Baseline::read(Path::new("no/such/baseline")).is_err());
}
