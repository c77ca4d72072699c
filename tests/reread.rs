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

/// Only the middle of a log: no boot, and a culprit, whose frame has a mark in the text.
#[test]
fn a_lone_report_is_no_second_one() {
    let oops = "[   12.5] BUG: kernel NULL pointer dereference, address: 0000000000000038\n\
        [   12.5] Oops: Oops: 0000 [#1] SMP\n\
        [   12.5] CPU: 2 UID: 0 PID: 47 Comm: zetactl Not tainted 6.12.9-amd64 #1\n\
        [   12.5] RIP: 0010:zeta_read+0x2c/0x90 [zeta]\n\
        [   12.5] Call Trace:\n\
        [   12.5]  zeta_ioctl+0x6b/0x120 [zeta]\n\
        [   12.5] ---[ end trace 0000000000000000 ]---\n";
    let late = "[    0.1] WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:117 do_clear_cpu_cap+0xce/0x120\n\
        [    0.1] CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.14.4-amd64 #1\n\
        [    0.1] Call Trace:\n\
        [    0.1]  <TASK>\n\
        [    0.1]  init_ia32_feat_ctl+0x2b7/0x430\n\
        [    0.1]  init_intel+0x1c7/0x3a0\n\
        [    0.1]  identify_cpu+0x17a/0x5b0\n\
        [    0.1]  identify_secondary_cpu+0x22/0x60\n\
        [    0.1]  start_secondary+0x8f/0x160\n\
        [    0.1] ---[ end trace 0000000000000000 ]---\n";
    let lockup = "[   12.5] watchdog: BUG: soft lockup - CPU#5 stuck for 23s! [zetaprobe:4176]\n";
    for log in [oops, late, lockup] {
        for (format, after) in [("text", 0), ("junit", 0), ("mail", 1), ("html", 1)] {
            let folder = tempfile::tempdir().expect("a folder");
            std::fs::write(folder.path().join("log"), log).expect("written");
            let output = run(folder.path(), &["--format", format, "log"]);
            std::fs::write(folder.path().join("output"), &output).expect("written");
            assert_eq!(splats(folder.path(), "output"), after, "{format}: {output}");
        }
    }
}
