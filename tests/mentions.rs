//! A log that speaks of `do_clear_cpu_cap` and shows the trace of another report on a secondary CPU's way
//! up: no late clear is made of the two.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::Incidents;

/// What may speak of the function without being a WARNING in it.
const MENTIONS: [&str; 7] = [
    "Kernel command line: console=ttyS0 trace_event=p,do_clear_cpu_cap",
    "tracing do_clear_cpu_cap",
    "kprobe: Planted kprobe at do_clear_cpu_cap+0x0",
    "ftrace: 3 entries for do_clear_cpu_cap in WARNING context",
    "test: the WARNING in do_clear_cpu_cap() was expected",
    "------------[ cut here ]------------
WARNING: CPU: 3 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:117 do_clear_cpu_cap+0xde/0x130
RIP: 0010:do_clear_cpu_cap+0xde/0x130
Call Trace:
 filter_cpuid_features+0x2e/0x90
 identify_cpu+0x17c/0x560
 identify_secondary_cpu+0x12/0x40
---[ end trace 0000000000000000 ]---",
    "CPU feature do_clear_cpu_cap: WARNING: was here",
];

/// What opens the trace.
const OPENERS: [&str; 8] = [
    "unchecked MSR access error: WRMSR to 0x3a (tried to write 0x0000000000000005) at rIP: 0xffffffff81034567 (native_write_msr+0x4/0x20)
Call Trace:",
    "NMI backtrace for cpu 1
CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1
RIP: 0010:rdmsr_safe+0x10/0x30
Code: 00 75 67 48 83 c4 68 5b 5d 41 5c 41 5d c3 cc cc cc cc 8b 15 0a 72 e0 01 85 d2 0f 84 6e ff ff ff <48> 89 e9 67
Call Trace:",
    "NMI backtrace for cpu 1
CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1
RIP: 0010:do_clear_cpu_cap+0x10/0x130
Code: 00 75 67 48 83 c4 68 5b 5d 41 5c 41 5d c3 cc cc cc cc 8b 15 0a 72 e0 01 85 d2 0f 84 6e ff ff ff <48> 89 e9 67
Call Trace:",
    "mce: something that no rule knows on CPU 1
CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1
Call Trace:
 dump_stack_lvl+0x60/0x80",
    "x86/foo: state is odd
Call Trace:
 ? do_clear_cpu_cap+0x10/0x130",
    "sysrq: Show backtrace of all active CPUs
Call Trace:",
    "Call Trace:",
    "",
];

const TRACE: &str = " <TASK>
 init_intel+0xf7/0x360
 identify_cpu+0x14a/0x560
 identify_secondary_cpu+0x12/0x40
 smp_store_cpu_info+0x49/0x60
 start_secondary+0x7f/0x140
 common_startup_64+0x13e/0x141
 </TASK>";

fn late_clears(analyzer: &Analyzer, text: &str) -> usize {
    let mut count = 0;
    analyzer.read_all(
        Origin::default(),
        stamped(text).as_bytes(),
        &mut Incidents::default(),
        &mut |report| count += usize::from(report.late_clear.is_some()),
    );
    count
}

fn stamped(text: &str) -> String {
    let lines = text.lines().map(|line| format!("[   12.345678] {line}\n"));
    lines.collect()
}

#[test]
fn a_mention_and_a_trace_of_another_report_make_no_late_clear() {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("an analyzer");
    for mention in MENTIONS {
        let own = late_clears(&analyzer, mention);
        for opener in OPENERS {
            let gap = "usb 1-1: new device\n".repeat(60);
            for log in [
                format!("{mention}\n{gap}{opener}\n{TRACE}\n"),
                format!("{opener}\n{TRACE}\n{gap}{mention}\n"),
            ] {
                assert_eq!(late_clears(&analyzer, &log), own, "{log}");
            }
        }
    }
}
