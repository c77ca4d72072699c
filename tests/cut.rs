//! Reports that are cut off: what is left of them still tells one bug from another.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};

fn report(log: &str) -> Report {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("built");
    let mut all = Vec::new();
    let mut sequence = Incidents::default();
    analyzer.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut sequence,
        &mut |report| all.push(report),
    );
    assert_eq!(all.len(), 1, "{log}");
    all.remove(0)
}

#[test]
fn the_function_that_is_left_names_the_report() {
    for (log, title) in [
        (
            "[   12.5] WARNING: CPU: 3 PID: 77 at fs/a.c:1535 remove_by_name+0x89/0xa0\n[   12.5] Modules linked in: tun\n",
            "WARNING in remove_by_name",
        ),
        (
            "[    1.0] WARNING: arch/x86/a.c:28 at thunk_check+0x2e/0x40, CPU#1: swapper/0/1\n",
            "WARNING in thunk_check",
        ),
        (
            "[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000010\n[    1.0] RIP: 0010:mydrv_probe+0x2a/0x90\n",
            "BUG: unable to handle kernel NULL pointer dereference in mydrv_probe",
        ),
        (
            "[    1.0] kernel BUG at mm/a.c:305!\n",
            "kernel BUG in mm/a.c",
        ),
        (
            "[    1.0] UBSAN: array-index-out-of-bounds in drivers/a.c:46:12\n",
            "UBSAN: array-index-out-of-bounds in drivers/a.c",
        ),
        (
            "[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000010\n",
            "BUG: unable to handle kernel NULL pointer dereference",
        ),
    ] {
        let report = report(log);
        assert_eq!(report.title, title);
        assert!(
            !report.signature.contains("corrupted"),
            "{}",
            report.signature
        );
        assert!(report.corrupted && report.splat.truncated, "{log}");
    }
}

#[test]
fn syzbot_has_its_own_words_for_it() {
    let cut = report("[   12.5] WARNING: CPU: 3 PID: 77 at fs/a.c:15 remove_by_name+0x89/0xa0\n");
    assert_eq!(cut.syzbot, "WARNING in corrupted");
    assert_eq!(cut.former_signatures, ["warning:WARNING in corrupted"]);
    assert_eq!(cut.signature, "warning:remove_by_name");
}

#[test]
fn two_bugs_without_a_function_are_two() {
    let signatures = ["mm/a.c:305", "mm/b.c:305", "mm/b.c:306"]
        .map(|place| report(&format!("[    1.0] kernel BUG at {place}!\n")).signature);
    assert_eq!(
        signatures,
        ["bug:mm/a.c:305", "bug:mm/b.c:305", "bug:mm/b.c:306"]
    );
}

#[test]
fn what_calls_anything_is_not_what_a_report_is_about() {
    let log = "\
[    1.2] WARNING: CPU: 1 PID: 0 at mm/slub.c:4550 slab_free_after_rcu+0x12/0x30
[    1.2] RIP: 0010:slab_free_after_rcu+0x12/0x30
[    1.2] Call Trace:
[    1.2]  <IRQ>
[    1.2]  rcu_do_batch+0x12/0x30
[    1.2]  rcu_core+0x12/0x30
[    1.2]  </IRQ>
[    1.2] ---[ end trace 0000000000000000 ]---
";
    let report = report(log);
    assert_eq!(report.title, "WARNING in slab_free_after_rcu");
    assert_eq!(report.syzbot, "WARNING in rcu_do_batch");
}
