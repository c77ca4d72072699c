//! Case reports: log text in, splats out.

use super::*;
use crate::splat::Frame;

fn splats(log: &str) -> Vec<Splat> {
    let grammar = Grammar::builtin();
    let mut assembler = Assembler::new(&grammar, "log");
    let mut boots = Boots::default();
    let mut all = Vec::new();
    for (number, line) in (1..).zip(log.lines()) {
        all.extend(assembler.feed(LogLine::parse(number, line.as_bytes()), &mut boots));
    }
    all.extend(assembler.finish(&mut boots));
    all
}

const WARNING: &str = "\
[    1.0][    T1] ------------[ cut here ]------------
[    1.0][    T1] the text of a WARN()
[    1.0][    T1] WARNING: CPU: 1 PID: 7 at a/b.c:3 f+0x1/0x20
[    1.0][    T1] Modules linked in:
[    1.0][    T1] CPU: 1 UID: 0 PID: 7 Comm: x y Not tainted 6.12.0 #1 PREEMPT
[    1.0][    T1] Hardware name: H
[    1.0][    T1] RIP: 0010:f+0x1/0x20
[    1.0][    T1] Code: 90 <0f> 0b
[    1.0][    T1] RSP: 0018:ffffc900000cbe30 EFLAGS: 00000202
[    1.0][    T1] RAX: 0000000000000001 RBX: 0000000000000002 RCX: 0000000000000003
[    1.0][    T1] Call Trace:
[    1.0][    T1]  <TASK>
[    1.0][    T1]  ? __warn+0x1/0x2
[    1.0][    T1]  g+0x3/0x40
[    1.0][    T1]  entry_SYSCALL_64_after_hwframe+0x76/0x7e
[    1.0][    T1] RIP: 0033:0x47b7a0
[    1.0][    T1] RSP: 002b:00007ffe28973788 EFLAGS: 00000202 ORIG_RAX: 0000000000000001
[    1.0][    T1] RAX: ffffffffffffffda RBX: 0000000000000001 RCX: 000000000047b7a0
[    1.0][    T1]  </TASK>
[    1.0][    T1] ---[ end trace 0000000000000000 ]---
";

#[test]
fn a_whole_warning_keeps_the_kernels_registers() {
    let all = splats(WARNING);
    assert_eq!(all.len(), 1);
    let splat = &all[0];
    assert_eq!((splat.source.first_line, splat.source.last_line), (1, 20));
    assert_eq!(splat.message, ["the text of a WARN()"]);
    assert_eq!(splat.registers.value("rax"), Some(1));
    assert_eq!(splat.comm.as_deref(), Some("x y"));
    assert_eq!(splat.code.as_ref().and_then(|c| c.trap_offset), Some(1));
    let names: Vec<_> = splat.frames.iter().map(Frame::name).collect();
    assert_eq!(names, ["__warn", "g", "entry_SYSCALL_64_after_hwframe"]);
    assert!(!splat.truncated);
}

#[test]
fn two_cpus_at_once_are_two_clean_splats() {
    let other = WARNING
        .replace("[    T1]", "[    C3]")
        .replace("f+0x1", "h+0x1")
        .replace("g+0x3", "i+0x3");
    let both: String = WARNING
        .lines()
        .zip(other.lines())
        .map(|(a, b)| format!("{a}\n{b}\n"))
        .collect();
    let all = splats(&both);
    assert_eq!(all.len(), 2);
    let functions: Vec<_> = all.iter().map(|s| s.at.function.as_deref()).collect();
    assert_eq!(functions, [Some("f"), Some("h")]);
    assert_eq!(all[0].frames[1].name(), "g");
    assert_eq!(all[1].frames[1].name(), "i");
    assert!(all.iter().all(|s| s.frames.len() == 3 && !s.truncated));
}

#[test]
fn a_panic_ends_the_warning_that_caused_it() {
    let log: String = WARNING.lines().take(14).map(|l| format!("{l}\n")).collect();
    let all = splats(&format!(
        "{log}[    1.0][    T1] Kernel panic - not syncing: kernel: panic_on_warn set ...\n\
         [    1.0][    T1] Call Trace:\n[    1.0][    T1]  panic+0x1/0x2\n"
    ));
    let kinds: Vec<_> = all.iter().map(|s| s.kind.as_str()).collect();
    assert_eq!(kinds, ["warning", "panic"]);
    assert_eq!(all[0].frames.len(), 2);
}

#[test]
fn a_header_broken_by_a_mailer_at_a_blank_in_a_word_or_softly() {
    for (first, second) in [
        (
            "WARNING: CPU: 1 PID: 7 at arch/x86/kernel/cpu/cpuid-deps.c:118",
            "do_clear_cpu_cap+0xdc/0x130",
        ),
        (
            "WARNING: CPU: 1 PID: 7 at arch/x86/kernel/cpu/cpuid-deps.c:118 do_clear_",
            "cpu_cap+0xdc/0x130",
        ),
        (
            "WARNING: arch/x86/kernel/cpu/cpuid-deps.c:118 at do_clear_cpu_cap+0xdc/0x130, CPU#1: swap=",
            "per/1/7",
        ),
    ] {
        let all = splats(&format!("{first}\n{second}\nModules linked in:\n"));
        assert_eq!(all.len(), 1, "{first}");
        assert_eq!(
            all[0].at.function.as_deref(),
            Some("do_clear_cpu_cap"),
            "{first}"
        );
        assert_eq!(
            (all[0].cpu, all[0].pid, all[0].at_line),
            (Some(1), Some(7), Some(118)),
            "{first}"
        );
    }
}

#[test]
fn prose_between_two_pieces_of_a_quoted_splat_does_not_end_it() {
    let quoted: Vec<String> = WARNING.lines().map(|l| format!("> {l}\n")).collect();
    let prose = "Yap, works as designed:\n\n    if (x)\n\tclear();\n".repeat(20);
    let all = splats(&format!(
        "{}{prose}{}",
        quoted[..13].concat(),
        quoted[13..].concat()
    ));
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].frames.len(), 3);
}

#[test]
fn cut_at_either_end_it_is_still_reported() {
    let head: String = WARNING.lines().take(13).map(|l| format!("{l}\n")).collect();
    let all = splats(&head);
    assert!(all.len() == 1 && all[0].truncated);
    let without_end: String = WARNING.lines().take(19).map(|l| format!("{l}\n")).collect();
    assert!(without_end.trim_end().ends_with("</TASK>"));
    let all = splats(&without_end);
    assert!(
        all.len() == 1 && !all[0].truncated,
        "a missing end marker is no proof"
    );
    let in_stack: String = WARNING.lines().take(18).map(|l| format!("{l}\n")).collect();
    assert!(!in_stack.contains("</TASK>"));
    assert!(splats(&in_stack).iter().all(|splat| splat.truncated));
    let all = splats("init_intel (a/intel.c:687)\nidentify_secondary_cpu (a/common.c:1949)\n");
    assert_eq!(all.len(), 1);
    assert!(all[0].truncated && is_fragment(&all[0]));
    assert_eq!(all[0].frames.len(), 2);
}

#[test]
fn without_its_head_it_is_known_by_what_is_left() {
    let tail: String = WARNING.lines().skip(4).map(|l| format!("{l}\n")).collect();
    assert!(
        tail.contains("RIP: ") && tail.contains("end trace"),
        "{tail}"
    );
    let all = splats(&tail);
    assert_eq!(all.len(), 1, "{tail}");
    assert!(all[0].truncated && is_headless(&all[0]));
    assert_eq!(
        all[0].frames.iter().filter(|frame| frame.reliable).count(),
        2
    );
    // Neither is needed where the state of the CPU is in front of the trace.
    let without_end = tail.replace("---[ end trace", "the end");
    assert!(splats(&without_end).iter().all(is_headless));
    let without_state: String = without_end
        .lines()
        .skip_while(|line| !line.contains("Call Trace:"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(splats(&without_state).iter().all(is_fragment));
}

#[test]
fn the_end_of_a_report_that_was_given_up_is_no_other_one() {
    let noise = "other words\n".repeat(40);
    let torn = WARNING.replace("Call Trace:", &format!("{noise}Call Trace:"));
    let all = splats(&torn);
    assert!(all.iter().all(|splat| !is_headless(splat)), "{all:?}");
}

#[test]
fn frames_without_an_anchor_and_cut_here_without_a_header_are_none() {
    assert!(splats("f+0x1/0x2\ng+0x1/0x2\n").is_empty());
    assert!(splats("------------[ cut here ]------------\nnothing more\n").is_empty());
}

#[test]
fn a_part_comes_closely_behind_its_header() {
    let oops = "[    1.0] BUG: kernel NULL pointer dereference, address: 0000000000000018\n";
    let part = "Oops: Oops: 0000 [#1] SMP NOPTI\n";
    let near = format!("{oops}[    1.1] PGD 0 P4D 0\n[    1.1] {part}");
    assert_eq!(splats(&near).len(), 1);
    let late = format!("{oops}[   20.1] {part}");
    assert_eq!(splats(&late).len(), 2);
    let plain: String = (0..40)
        .map(|n| format!("[    1.1] usb 1-1: {n}\n"))
        .collect();
    let far = format!("{oops}{plain}[    1.2] {part}");
    assert_eq!(splats(&far).len(), 2);
}

#[test]
fn the_same_header_again_later_is_another_report() {
    let stall = |time| format!("[{time:>7}] BUG: soft lockup - CPU#1 stuck for 22s! [zetad:77]\n");
    assert_eq!(
        splats(&format!("{}{}", stall("10.0"), stall("10.1"))).len(),
        1
    );
    assert_eq!(
        splats(&format!("{}{}", stall("10.0"), stall("38.0"))).len(),
        2
    );
}

#[test]
fn the_second_half_of_a_broken_header_is_no_header() {
    let all = splats(
        "[    1.0] INFO: task ab\n[    1.0] BUG: soft lockup - CPU#1 stuck for 22s! [zetad:77]\n",
    );
    let kinds: Vec<_> = all.iter().map(|splat| splat.kind.as_str()).collect();
    assert_eq!(kinds, ["info-other", "soft-lockup"]);
}

#[test]
fn the_cpu_line_of_another_task_only_tells_the_kernel() {
    let all = splats(
        "[    1.0] INFO: task a:88 blocked for more than 122 seconds.\n\
         [    1.0] Call Trace:\n\
         [    1.0]  zeta_wait+0x1/0x2\n\
         [    1.0] CPU: 1 PID: 33 Comm: khungtaskd Not tainted 6.17.0 #1\n",
    );
    let splat = &all[0];
    assert_eq!(
        (splat.cpu, splat.pid, splat.comm.as_deref()),
        (None, Some(88), Some("a"))
    );
    assert_eq!(splat.kernel.release.as_deref(), Some("6.17.0"));
}

#[test]
fn no_report_is_lost_where_there_are_more_callers_than_lanes() {
    // Each prints the beginning of a report and nothing more.
    let head = |caller: usize| {
        let tag = format!("T{caller}");
        format!("[    1.0][{tag:>6}] WARNING: CPU: 1 PID: {caller} at a/b.c:{caller} f+0x1/0x20\n")
    };
    let log: String = (1..=80).map(head).collect();
    let mut pids: Vec<_> = splats(&log).iter().filter_map(|splat| splat.pid).collect();
    pids.sort_unstable();
    assert_eq!(pids, (1..=80).collect::<Vec<_>>());
}

#[test]
fn backtraces_that_an_operator_asked_for_are_no_reports() {
    let dump = |cpu: usize| {
        format!(
            "[    1.0] NMI backtrace for cpu {cpu}\n\
             [    1.0] CPU: {cpu} PID: 0 Comm: swapper/{cpu} Not tainted 6.12.0 #1\n\
             [    1.0] RIP: 0010:zeta_idle+0x1/0x20\n\
             [    1.0] Call Trace:\n\
             [    1.0]  zeta_enter+0x3/0x40\n\
             [    1.0]  do_idle+0x3/0x40\n"
        )
    };
    let log: String = (0..3).map(dump).collect();
    let all = splats(&format!(
        "[    1.0] sysrq: Show backtrace of all active CPUs\n{log}[    1.0] NMI backtrace for cpu 3 skipped: idling\n"
    ));
    assert!(all.iter().all(is_fragment), "{all:?}");
}
