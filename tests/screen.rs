//! What a person sees of one report of each of the kinds that people meet most: `corpus/reports/`.

mod common;

use common::{ksplat, stdout};
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reports");
    let entries = std::fs::read_dir(folder).expect("a folder of the repository");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut cases: Vec<_> = paths.filter(|path| path.join("log").is_file()).collect();
    cases.sort();
    cases
}

#[test]
fn each_report_reads_as_a_person_reads_it() {
    let cases = cases();
    assert!(cases.len() >= 8);
    for case in cases {
        let output = ksplat(&case).arg("log").output().expect("ksplat runs");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&case);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("text", stdout(&output)));
    }
}

fn text_of(log: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("log"), log).expect("written");
    let output = ksplat(folder.path())
        .args(["--fail-on", "never", "--no-debug-info", "log"])
        .args(arguments)
        .output();
    stdout(&output.expect("ksplat runs"))
}

/// x86 prints a call trace without the place where the CPU was, and much that earlier calls left on the stack.
#[test]
fn a_trace_begins_where_the_cpu_was_and_folds_what_is_not_sure() {
    let log = "\
[   12.5] BUG: kernel NULL pointer dereference, address: 0000000000000010
[   12.5] Oops: 0000 [#1] SMP
[   12.5] CPU: 1 PID: 77 Comm: zeta Not tainted 6.1.0 #1
[   12.5] RIP: 0010:zeta_read+0x10/0x20
[   12.5] RSP: 0018:ffffb0f7c3a5fb28 EFLAGS: 00010282
[   12.5] Call Trace:
[   12.5]  ? old_one+0x1/0x2
[   12.5]  ? old_two+0x1/0x2
[   12.5]  ? old_three+0x1/0x2
[   12.5]  zeta_ioctl+0x20/0x40
[   12.5]  ? old_four+0x1/0x2
[   12.5]  __x64_sys_ioctl+0x20/0x40
[   12.5] ---[ end trace 0000000000000000 ]---
";
    let shown = text_of(log, &[]);
    let (_, trace) = shown.split_once("Call trace").expect("a trace");
    let rows: Vec<_> = trace
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    let expected = [
        "> zeta_read+0x10/0x20  (IP)",
        "[3 frames marked ? by the kernel]",
        "zeta_ioctl+0x20/0x40",
        "? old_four+0x1/0x2",
        "__x64_sys_ioctl+0x20/0x40",
    ];
    assert_eq!(rows, expected);
    let whole = text_of(log, &["-v"]);
    assert!(whole.contains("? old_two+0x1/0x2"), "{whole}");
}

/// Which CPU takes which lock is said by columns.
#[test]
fn the_columns_of_lockdep_stay() {
    let log = "\
[   10.1] ======================================================
[   10.1] WARNING: possible circular locking dependency detected
[   10.1] 6.12.1 #1 Not tainted
[   10.1] ------------------------------------------------------
[   10.1] zeta/1234 is trying to acquire lock:
[   10.1] ffff8880 (&a->lock){+.+.}-{3:3}, at: foo_lock+0x20/0x40
[   10.1] 
[   10.1] but task is already holding lock:
[   10.1] ffff8881 (&b->lock){+.+.}-{3:3}, at: bar_lock+0x20/0x40
[   10.1] 
[   10.1] other info that might help us debug this:
[   10.1]  Possible unsafe locking scenario:
[   10.1]        CPU0                    CPU1
[   10.1]        ----                    ----
[   10.1]   lock(&b->lock);
[   10.1]                                lock(&a->lock);
[   10.1]                                lock(&b->lock);
[   10.1]   lock(&a->lock);
[   10.1] 
[   10.1] stack backtrace:
[   10.1] CPU: 0 UID: 0 PID: 1234 Comm: zeta Not tainted 6.12.1 #1
[   10.1] Call Trace:
[   10.1]  foo_lock+0x20/0x40
";
    let shown = text_of(log, &[]);
    let first = "POSSIBLE DEADLOCK: zeta holds &b->lock and wants &a->lock;";
    assert!(shown.starts_with(first), "{shown}");
    for row in [
        "              lock(&b->lock);\n",
        "                                           lock(&a->lock);\n",
    ] {
        assert!(shown.contains(row), "{shown}");
    }
}

#[test]
fn who_tainted_the_kernel_is_named() {
    let log = "\
[   48.1] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [insmod:1499]
[   48.1] Modules linked in: nvidia(POE) i915 mymod(OE+) [last unloaded: other(O)]
[   48.1] CPU: 1 UID: 0 PID: 1499 Comm: insmod Tainted: P           OE      6.12.1 #1
[   48.1] RIP: 0010:my_spin+0x5/0x10 [mymod]
[   48.1] RSP: 0018:ffffb1b8c0a3fc60 EFLAGS: 00000246
[   48.1] Call Trace:
[   48.1]  init_module+0x20/0x30 [mymod]
";
    let shown = text_of(log, &[]);
    let first = "CPU STUCK: CPU 1 ran my_spin() of the out-of-tree module mymod for 22 s";
    assert!(shown.starts_with(first), "{shown}");
    assert!(shown.contains("by nvidia (POE), mymod (OE)\n"), "{shown}");
}

/// What a machine that stopped does not do is not said.
#[test]
fn a_machine_that_stopped_does_not_go_on() {
    let warning = "\
[    1.0] WARNING: CPU: 1 PID: 7 at mm/slub.c:12 zeta_read+0x10/0x20
[    1.0] CPU: 1 PID: 7 Comm: x Not tainted 6.1.0 #1
[    1.0] RIP: 0010:zeta_read+0x10/0x20
[    1.0] Call Trace:
[    1.0]  zeta_ioctl+0x20/0x40
[    1.0] ---[ end trace 0000000000000000 ]---
";
    let goes_on = "The kernel goes on.";
    assert!(text_of(warning, &[]).contains(goes_on));
    let died =
        format!("{warning}[    1.1] Kernel panic - not syncing: kernel: panic_on_warn set ...\n");
    let shown = text_of(&died, &[]);
    assert!(
        !shown.contains(goes_on) && shown.contains("it stopped (line 7)"),
        "{shown}"
    );
}

/// The access is worked out from the instruction and the registers, the address of the header is the processor's.
#[test]
fn what_the_instruction_did_agrees_with_the_header() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reports/oops");
    let output = ksplat(&folder).args(["--format", "json", "log"]).output();
    let text = stdout(&output.expect("ksplat runs"));
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let access = &document["splats"][0]["access"];
    assert_eq!(access["kind"], "read");
    assert_eq!(access["address"], "10");
    assert_eq!(access["size"], 8);
    assert_eq!(access["instruction"], "mov 0x10(%rsi),%rax");
}

/// What the kernel writes into memory that nobody may use any more says what happened (include/linux/poison.h).
#[test]
fn an_address_of_poison_says_what_was_done() {
    for (header, label) in [
        (
            "general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] SMP",
            "DELETED ENTRY",
        ),
        (
            "general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP",
            "DELETED ENTRY",
        ),
        (
            "general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b83: 0000 [#1] SMP",
            "USE AFTER FREE",
        ),
        (
            "BUG: unable to handle kernel paging request at 6b6b6b83",
            "USE AFTER FREE",
        ),
        (
            "Unable to handle kernel paging request at virtual address 6b6b6b6b",
            "USE AFTER FREE",
        ),
        // No poison.
        (
            "general protection fault, probably for non-canonical address 0xdeadbeef00000122: 0000 [#1] SMP",
            "BAD ADDRESS",
        ),
        (
            "BUG: unable to handle page fault for address: ffff6b6b6b000010",
            "BAD ADDRESS",
        ),
    ] {
        let log = format!(
            "[   12.5] {header}\n[   12.5] CPU: 1 PID: 7 Comm: a Not tainted 6.12.0 #1\n[   12.5] RIP: 0010:zeta_free+0x14/0xa0 [zeta]\n\
             [   12.5] Call Trace:\n[   12.5]  zeta_close+0x10/0x20 [zeta]\n[   12.5] ---[ end trace 0000000000000000 ]---\n"
        );
        let text = text_of(&log, &[]);
        assert!(
            text.starts_with(&format!("{label}: the module zeta used ")),
            "{text}"
        );
    }
}

/// A read that is refused gives 0, a write that is refused does nothing (arch/x86/mm/extable.c, ex_handler_msr()).
#[test]
fn a_refused_write_of_a_register_is_no_read() {
    let text = |access: &str| {
        let log = format!(
            "[    2.8] unchecked MSR access error: {access} at rIP: 0xffffffff8105a1c2 (zeta_msr+0x4/0x20)\n[    2.8] Call Trace:\n\
             [    2.8]  <TASK>\n[    2.8]  zeta_set+0x22/0x70\n[    2.8]  </TASK>\n"
        );
        text_of(&log, &[])
    };
    let written = text("WRMSR to 0x122 (tried to write 0x0000000000000003)");
    assert!(
        written.contains("wrote the CPU register") && written.contains("the register is as it was"),
        "{written}"
    );
    let read = text("RDMSR from 0x122");
    assert!(
        read.contains("read the CPU register") && read.contains("as if the register were 0"),
        "{read}"
    );
}
