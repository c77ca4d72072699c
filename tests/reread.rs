//! ksplat's own output, read again: no second set of splats, and the lines of the log that it quotes once.

mod common;

use std::path::Path;

const LOGS: &[&str] = &["ap-vmx-bios-kaslr", "ap-faststring", "resume-bsp-vmx"];

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = common::ksplat(folder).args(arguments).output();
    common::stdout(&output.expect("ksplat runs"))
}

/// Splats in a file.
fn splats(folder: &Path, name: &str) -> usize {
    run(folder, &["--format", "ndjson", name]).lines().count()
}

/// Whether the output of a format has as many splats, read as a log, as it should for those of the log.
fn again(format: &str, is_right: fn(usize, usize) -> bool) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for name in LOGS {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(corpus.join(name).join("log"), folder.path().join("log")).expect("copied");
        let output = run(folder.path(), &["--format", format, "log"]);
        std::fs::write(folder.path().join("output"), &output).expect("written");
        let before = splats(folder.path(), "log");
        assert!(before > 0, "{name}");
        let after = splats(folder.path(), "output");
        assert!(
            is_right(before, after),
            "{name} as {format}: {before}, then {after}"
        );
    }
}

#[test]
fn text_holds_no_log() {
    again("text", |_, after| after == 0);
}

#[test]
fn junit_holds_no_log() {
    again("junit", |_, after| after == 0);
}

#[test]
fn json_holds_no_log() {
    again("json", |_, after| after == 0);
}

#[test]
fn a_mail_quotes_the_log_of_what_it_does_not_only_list() {
    again("mail", |before, after| (1..=before).contains(&after));
}

#[test]
fn a_page_shows_the_log() {
    again("html", |before, after| before == after);
}
