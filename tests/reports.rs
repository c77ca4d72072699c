//! Case reports: what belongs together, what stands apart, what a user's grammar adds.

mod common;

use common::reports_of;
use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::Report;

fn read(grammar: Grammar, log: &str) -> Vec<Report> {
    let analyzer = Analyzer::new(grammar, None).expect("a search for the literals");
    reports_of(&analyzer, log)
}

fn titles(log: &str) -> Vec<String> {
    let all = read(Grammar::builtin(), log);
    all.into_iter().map(|report| report.title).collect()
}

const OOPS: &str = "\
[   10.0] BUG: kernel NULL pointer dereference, address: 0000000000000018
[   10.0] Oops: Oops: 0000 [#1] SMP NOPTI
[   10.0] CPU: 3 UID: 0 PID: 812 Comm: insmod Not tainted 6.12.0 #1
[   10.0] RIP: 0010:mydrv_probe+0x2a/0x90 [mydrv]
[   10.0] Call Trace:
[   10.0]  <TASK>
[   10.0]  platform_probe+0x45/0xa0
[   10.0]  really_probe+0xde/0x380
[   10.0]  </TASK>
[   10.0] ---[ end trace 0000000000000000 ]---
";

const PANIC: &str = "\
[   10.1] Kernel panic - not syncing: Fatal exception
[   10.1] ---[ end Kernel panic - not syncing: Fatal exception ]---
";

const HUNG: &str = "\
[   60.0] INFO: task kworker/2:1:77 blocked for more than 122 seconds.
[   60.0] Call Trace:
[   60.0]  __schedule+0x3ed/0xa20
[   60.0]  schedule+0x27/0xa0
[   60.0]  nfs4_proc_getattr+0x27/0xa0 [nfsv4]
";

const OUT_OF_MEMORY: &str =
    "[   50.0] Out of memory: Killed process 1234 (stress-ng) total-vm:8388608kB\n";

#[test]
fn a_panic_and_a_hang_behind_an_oops_are_one_incident_whose_cause_comes_first() {
    let all = read(Grammar::builtin(), &format!("{OOPS}{PANIC}{HUNG}"));
    let incidents: Vec<_> = all.iter().map(|report| report.incident).collect();
    assert_eq!(incidents, [0, 0, 0]);
    assert_eq!(
        all[0].title,
        "BUG: unable to handle kernel NULL pointer dereference in mydrv_probe"
    );
    assert!(!all[1].corrupted, "its cause is there");
}

#[test]
fn a_panic_whose_cause_is_missing_cannot_be_trusted() {
    let all = read(Grammar::builtin(), PANIC);
    assert_eq!(all.len(), 1);
    assert!(all[0].corrupted);
}

#[test]
fn a_task_that_was_killed_for_memory_hangs_nobody() {
    let all = read(Grammar::builtin(), &format!("{OUT_OF_MEMORY}{HUNG}"));
    let incidents: Vec<_> = all.iter().map(|report| report.incident).collect();
    assert_eq!(incidents, [0, 1]);
}

#[test]
fn a_warning_that_panics_before_its_trace_is_one_report() {
    let log = "\
[   10.0] WARNING: CPU: 1 PID: 7 at a/b.c:3 foo+0x1/0x20
[   10.0] Kernel panic - not syncing: panic_on_warn set ...
[   10.0] Call Trace:
[   10.0]  dump_stack+0x1/0x20
[   10.0]  panic+0x1/0x20
[   10.0]  __warn.cold+0x1/0x20
[   10.0] RIP: 0010:foo+0x1/0x20
[   10.0]  bar+0x1/0x20
[   10.0] ---[ end Kernel panic - not syncing: panic_on_warn set ...
";
    assert_eq!(titles(log), ["WARNING in foo"]);
}

#[test]
fn the_backtraces_that_a_stalled_cpu_asks_for_are_part_of_its_report() {
    let log = "\
[   10.0][   C0] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
[   10.0][   C0] Sending NMI from CPU 0 to CPUs 1:
[   10.0][   C1] NMI backtrace for cpu 1
[   10.0][   C1] Call Trace:
[   10.0][   C1]  <IRQ>
[   10.0][   C1]  asm_sysvec_apic_timer_interrupt+0x1a/0x20
[   10.0][   C1]  </IRQ>
[   10.0][   C1] RIP: 0010:spin_forever+0x5/0x10
[   10.0][   C1]  busy_write+0x15/0x30
[   10.0][   C1]  vfs_write+0xf5/0x440
";
    assert_eq!(titles(log), ["INFO: rcu detected stall in busy_write"]);
}

#[test]
fn two_callers_at_once_come_in_the_order_in_which_they_began() {
    let log = "\
[   10.0][   T1] BUG: sleeping function called from invalid context at a/b.c:1
[   10.0][   C1] BUG: workqueue lockup - pool cpus=0 stuck for 38s!
[   10.0][   T1] Call Trace:
[   10.0][   T1]  ___might_sleep+0x1/0x2
[   10.0][   T1]  console_lock+0x1/0x2
[   10.0][   T1]  vcs_write+0x1/0x2
";
    assert_eq!(
        titles(log),
        [
            "BUG: sleeping function called from invalid context in console_lock",
            "BUG: workqueue lockup"
        ]
    );
}

#[test]
fn a_header_that_printk_began_anew_is_one_report() {
    let log = "\
[   10.0][   T1] INFO: t
[   10.0][   T1] INFO: task kworker/2:1:77 blocked for more than 122 seconds.
[   10.0][   T1] Call Trace:
[   10.0][   T1]  schedule+0x27/0xa0
[   10.0][   T1]  nfs4_proc_getattr+0x27/0xa0
";
    assert_eq!(titles(log), ["INFO: task hung in nfs4_proc_getattr"]);
}

#[test]
fn half_a_header_that_printk_prints_again_is_no_first_half() {
    let log = "\
[   10.0] WARNING: CPU: 1 PID: 7
** replaying previous printk message **
[   10.0] WARNING: CPU: 1 PID: 7 at drivers/my/drv.c:3 mydrv_probe+0x1/0x20
[   10.0] RIP: 0010:mydrv_probe+0x1/0x20
[   10.0] Call Trace:
[   10.0]  really_probe+0xde/0x380
[   10.0] ---[ end trace 0000000000000000 ]---
";
    assert_eq!(titles(log), ["WARNING in mydrv_probe"]);
}

#[test]
fn where_a_leaked_buffer_came_from_is_another_name_of_the_leak() {
    let log = "\
[   10.0] BUG: KMSAN: kernel-usb-infoleak in usb_submit_urb+0x59c/0x2600
[   10.0]  usb_submit_urb+0x59c/0x2600
[   10.0]  mydrv_write+0x23e/0x4b0
[   10.0] Uninit was created at:
[   10.0]  __kmalloc+0x26f/0x5e0
[   10.0]  mydrv_probe+0xa8f/0xb40
";
    let all = read(Grammar::builtin(), log);
    assert_eq!(all[0].title, "KMSAN: kernel-usb-infoleak in mydrv_write");
    assert_eq!(all[0].alt_titles, ["KMSAN origin in mydrv_probe"]);
}

#[test]
fn a_function_that_the_reports_text_names_goes_by_that_name_only() {
    let log = "\
[   10.0] BUG: lock held when returning to user space!
[   10.0] a.out/7 is leaving the kernel with locks still held!
[   10.0]  #0: (&m){+.+.}, at: __x64_sys_mydrv+0x1/0x20
";
    let all = read(Grammar::builtin(), log);
    assert!(
        all[0].title.ends_with(" in __x64_sys_mydrv"),
        "{}",
        all[0].title
    );
    assert!(all[0].alt_titles.is_empty(), "{:?}", all[0].alt_titles);
}

#[test]
fn lkp_names_the_part_of_a_line_that_it_knows() {
    for (header, name) in [
        (
            "BUG: unable to handle kernel paging request at ffffc90000df5000",
            "BUG:unable_to_handle_kernel",
        ),
        (
            "BUG: kernel NULL pointer dereference, address: 0000000000000018",
            "BUG:kernel_NULL_pointer_dereference,address",
        ),
        (
            "general protection fault, probably for non-canonical address 0xdffffc0000000000: 0000 [#1] SMP",
            "canonical_address#:#[##]",
        ),
        (
            "Oops: divide error: 0000 [#1] SMP KASAN",
            "Oops:divide_error:#[##]SMP_KASAN",
        ),
        ("Internal error: Oops: 96000004 [#1] SMP", "Oops:#[##]SMP"),
        (
            "traps: PANIC: double fault, error_code: 0x0",
            "PANIC:double_fault",
        ),
        (
            "BUG: KASAN: use-after-free in ip6_foo2bar+0x1/0x20",
            "BUG:KASAN:use-after-free_in_ip6_foo2bar",
        ),
    ] {
        let log = format!("[   10.0] {header}\n[   10.0] Call Trace:\n[   10.0]  f+0x1/0x20\n");
        let all = read(Grammar::builtin(), &log);
        assert_eq!(all[0].lkp(), name, "{header}");
    }
}

#[test]
fn a_clear_that_is_forced_late_is_a_kind_of_its_own() {
    let log = "\
[    0.9] WARNING: [alternatives_patched] arch/x86/kernel/cpu/amd.c:900 at init_spectral_chicken+0x1f/0x90, CPU#1: swapper/1/0
[    0.9] RIP: 0010:init_spectral_chicken+0x1f/0x90
[    0.9] Call Trace:
[    0.9]  init_amd+0x1d/0x20
[    0.9] ---[ end trace 0000000000000000 ]---
";
    let all = read(Grammar::builtin(), log);
    assert_eq!(all[0].splat.kind, "late-force");
    let late_clear = log.replace("init_spectral_chicken", "do_clear_cpu_cap");
    let all = read(Grammar::builtin(), &late_clear);
    assert_eq!(all[0].splat.kind, "warning");
}

const KIND: &str = r#"
[[kind]]
name = "mydrv-fault"
about = "mydrv: the device reports a fault"
literals = ["mydrv: FAULT "]
headers = ['mydrv: FAULT \d+ in .*']
single = true

[[kind.title]]
why = "the unit that failed"
header = 'FAULT \d+ in (?<unit>\w+)'
title = "mydrv fault in {unit}"
no_stack = true
"#;

#[test]
fn a_kind_of_the_user_is_found_before_the_fallbacks() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("mydrv.toml"), KIND).expect("written");
    let grammar = Grammar::with_overrides(dir.path()).expect("a grammar");
    let all = read(
        grammar,
        "[    1.0] mydrv: FAULT 7 in dma: WARNING: descriptor ring stopped\n",
    );
    let found: Vec<_> = all
        .iter()
        .map(|report| (report.splat.kind.as_str(), report.title.as_str()))
        .collect();
    assert_eq!(found, [("mydrv-fault", "mydrv fault in dma")]);
}
