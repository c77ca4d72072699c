//! Kin of the late clear: what machines say whose CPUs are not alike, or refuse a register.

mod common;

use common::reports;

use ksplat::stages::grammar::{FaultName, Grammar, Level, PathName, StageName};
use ksplat::stages::late_clear::{Confidence, Divergence};
use ksplat::stages::report::Report;

/// Kind and level of each report.
fn kinds(log: &str) -> Vec<(String, Level)> {
    let all = reports(log).into_iter();
    all.map(|report| (report.splat.kind, report.level))
        .collect()
}

const BANNER: &str = "[    0.000000] Linux version 6.12.9 (me@here) #1 SMP\n";
const BRING_UP: &str = "[    0.120000] smp: Bringing up secondary CPUs ...\n";
const BROUGHT_UP: &str = "[    0.200000] smp: Brought up 1 node, 4 CPUs\n";
const VMX_OFF: &str = "[    0.150000] x86/cpu: VMX (outside TXT) disabled by BIOS\n";
const FAST_STRINGS_OFF: &str = "[    0.050000] Disabled fast string operations\n";

#[test]
fn a_feature_that_goes_only_in_the_bring_up_tells_of_unlike_cpus() {
    let hint = [("cpu-differs".to_owned(), Level::Notice)];
    assert_eq!(
        kinds(&[BANNER, BRING_UP, VMX_OFF, BROUGHT_UP].concat()),
        hint
    );
    // The boot CPU has it off: that is a setting of the BIOS.
    assert_eq!(kinds(&[BANNER, VMX_OFF, BRING_UP, BROUGHT_UP].concat()), []);
    // Without the milestone nothing is known.
    assert_eq!(kinds(&[BANNER, VMX_OFF].concat()), []);
}

/// early_init_intel() says so on each CPU.
#[test]
fn what_the_boot_cpu_had_said_as_well_tells_nothing() {
    let all_off = [BANNER, FAST_STRINGS_OFF, BRING_UP, FAST_STRINGS_OFF];
    assert_eq!(kinds(&all_off.concat()), []);
    let one_off = [BANNER, BRING_UP, FAST_STRINGS_OFF];
    assert_eq!(
        kinds(&one_off.concat()),
        [("cpu-differs".to_owned(), Level::Notice)]
    );
}

#[test]
fn a_late_clear_that_explains_the_message_takes_its_place() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/ap-vmx-bios-kaslr/log");
    let log = std::fs::read_to_string(path).expect("readable");
    assert!(log.contains("VMX (outside TXT) disabled by BIOS"));
    let all = kinds(&log);
    assert!(
        all.contains(&("warning".to_owned(), Level::Report)),
        "{all:?}"
    );
    assert!(all.iter().all(|(kind, _)| kind != "cpu-differs"), "{all:?}");
}

const MSR: &str = "[    2.800052] unchecked MSR access error: WRMSR to 0x122 \
    (tried to write 0x0000000000000003) at rIP: 0xffffffff8105a1c2 (native_write_msr+0x4/0x20)\n";
const TRACE: &str = "\
[    2.800065] Call Trace:
[    2.800078]  <TASK>
[    2.800091]  zeta_tsx_ap_init+0x1b/0x40
[    2.800104]  identify_secondary_cpu+0x5d/0x80
[    2.800143]  </TASK>
";

#[test]
fn a_refused_register_is_a_report_with_its_trace_and_a_notice_without() {
    let all = reports(&[BANNER, MSR, TRACE].concat());
    let [report] = all.as_slice() else {
        panic!("{} reports", all.len());
    };
    assert_eq!(
        report.title,
        "unchecked MSR access error in zeta_tsx_ap_init"
    );
    assert_eq!(report.level, Level::Report);
    let register = report.msr.as_ref().map(ToString::to_string);
    assert_eq!(
        register.as_deref(),
        Some("IA32_TSX_CTRL (MSR 0x122), write of 0x0000000000000003")
    );
    assert_eq!(report.splat.kernel.release.as_deref(), Some("6.12.9"));
    assert_eq!(
        kinds(&[BANNER, MSR, BRING_UP].concat()),
        [("msr".to_owned(), Level::Notice)]
    );
}

/// `%2d` pads the bit, and the number is the same feature in every spelling.
#[test]
fn a_feature_without_a_flag_is_called_by_its_name_or_its_number() {
    let title = |has: &str, lacks: &str| {
        let line = format!(
            "[    0.500000] x86 CPU feature dependency check failure: CPU0 has '{has}' enabled but \
             '{lacks}' disabled. Kernel might be fine, but no guarantees.\n"
        );
        reports(&format!("{BANNER}{line}"))[0].title.clone()
    };
    assert!(
        title("18*32+31", "18*32+26")
            .ends_with("'SPEC_CTRL_SSBD' enabled but 'SPEC_CTRL' disabled")
    );
    assert!(title("31*32+ 6", "avx").ends_with("'31*32+6' enabled but 'avx' disabled"));
}

#[test]
fn the_last_line_of_a_report_is_no_notice_beside_it() {
    let off = "[   12.500000] Disabling IRQ #16\n";
    assert_eq!(kinds(off), [("interrupt-off".to_owned(), Level::Notice)]);
    let report = "\
[   12.500000] irq 16: nobody cared (try booting with the \"irqpoll\" option)
[   12.500000] Call Trace:
[   12.500000]  __report_bad_irq+0x30/0xb0
[   12.500000] handlers:
[   12.500000] [<000000003f3ec1a2>] usb_hcd_irq [usbcore]
";
    assert_eq!(
        kinds(&format!("{report}{off}")),
        [("spurious-interrupt".to_owned(), Level::Report)]
    );
}

/// Whatever a report is about, that it happened on a CPU's way up is told; a CPU in its idle loop is up.
#[test]
fn a_report_on_the_way_up_says_so() {
    let report = |last: &str| {
        let log = format!(
            "[    0.5] unchecked MSR access error: WRMSR to 0x1a0 (tried to write 0x0000000000850089) at rIP: 0xffffffff81056e14 (native_write_msr+0x4/0x20)\n\
             [    0.5] CPU: 1 PID: 0 Comm: swapper/1 Not tainted 6.9.0 #1\n\
             [    0.5] Call Trace:\n\
             [    0.5]  <TASK>\n\
             [    0.5]  zeta_init_cpu+0x10/0x20\n\
             {last}\
             [    0.5]  start_secondary+0x11e/0x140\n\
             [    0.5]  </TASK>\n"
        );
        let mut found = reports(&log);
        found.remove(0).bring_up
    };
    let up = report("").expect("a way up");
    assert_eq!((up.path, up.cpu), (PathName::Ap, Some(1)));
    assert_eq!(up.evidence[0].line, Some(6));
    let idle = "[    0.5]  do_idle+0x10/0x20\n[    0.5]  cpu_startup_entry+0x20/0x40\n";
    assert_eq!(report(idle), None);
}

const WAY_UP: &str = "\
 init_ia32_feat_ctl+0x357/0x4d0
 init_intel+0xf7/0x360
 identify_cpu+0x14a/0x560
 identify_secondary_cpu+0x12/0x40
 start_secondary+0x68/0x130
";

/// The example of each kind that has a call trace, with its frames replaced by those of a CPU's way up.
#[test]
fn a_report_of_any_kind_says_that_a_cpu_was_on_its_way_up() {
    let grammar = Grammar::builtin();
    let mut seen = 0;
    for kind in &grammar.kinds {
        let traced = kind.examples.iter();
        let traced = traced.filter(|example| example.log.contains("Call Trace:\n"));
        for example in traced {
            let (head, rest) = example.log.split_once("Call Trace:\n").expect("a trace");
            let is_frame = |line: &&str| line.contains("+0x") && line.contains("/0x");
            let is_mark = |line: &&str| line.trim().starts_with('<') && line.trim().ends_with('>');
            let kept = rest
                .lines()
                .skip_while(|line| is_frame(line) || is_mark(line));
            let kept: String = kept.map(|line| format!("{line}\n")).collect();
            let log = format!("{head}Call Trace:\n <TASK>\n{WAY_UP} </TASK>\n{kept}");
            let stamped = log.lines().map(|line| format!("[    0.150000] {line}\n"));
            let found = reports(&stamped.collect::<String>());
            let report = found.iter().find(|report| report.splat.kind == kind.name);
            let report = report.unwrap_or_else(|| panic!("{}:\n{log}", kind.name));
            let up = report.bring_up.as_ref();
            assert_eq!(
                up.map(|up| up.path),
                Some(PathName::Ap),
                "{}:\n{log}",
                kind.name
            );
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen} examples");
}

const KASAN: &str = "\
==================================================================
BUG: KASAN: slab-out-of-bounds in zeta_copy+0x40/0x80
Write of size 8 at addr ffff888100ac8b00 by task swapper/1/0

CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.9 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x60/0x80
 print_report+0xc4/0x600
 kasan_report+0xb6/0xf0
 zeta_copy+0x40/0x80
 do_clear_cpu_cap+0x5e/0x130
 clear_cpu_cap+0x1a/0x30
FRAMES </TASK>

Allocated by task 1:
 kasan_save_stack+0x33/0x60
 zeta_alloc+0x10/0x20
";

const OOPS: &str = "\
BUG: kernel NULL pointer dereference, address: 0000000000000010
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
Oops: Oops: 0000 [#1] PREEMPT SMP
CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.9 #1
RIP: 0010:do_clear_cpu_cap+0x5e/0x130
RSP: 0000:ffffc90000013e60 EFLAGS: 00010046
RAX: 0000000000000000 RBX: 0000000000000085 RCX: 0000000000000000
RDX: 0000000000000000 RSI: 0000000000000085 RDI: ffff88801f41a0c0
Call Trace:
 <TASK>
 do_clear_cpu_cap+0x5e/0x130
FRAMES </TASK>
---[ end trace 0000000000000000 ]---
";

const LOCKDEP: &str = "\
=============================
WARNING: suspicious RCU usage
6.12.9 #1 Not tainted
-----------------------------
kernel/zeta.c:12 suspicious rcu_dereference_check() usage!

other info that might help us debug this:

no locks held by swapper/1/0.

stack backtrace:
CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.9 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x60/0x80
 lockdep_rcu_suspicious+0x166/0x1a0
 vprintk_emit+0x3a/0x300
PRINTING do_clear_cpu_cap+0xde/0x130
FRAMES </TASK>
";

const WARN_PRINTS: &str = " __warn+0x86/0x1a0\n report_bug+0x16e/0x1a0\n handle_bug+0x5a/0x90\n exc_invalid_op+0x17/0x70\n";
const IDENTIFIES_BOOT_CPU: &str = " init_ia32_feat_ctl+0x357/0x4d0\n init_intel+0xf7/0x360\n identify_cpu+0x14a/0x560\n identify_boot_cpu+0x12/0x40\n arch_cpu_finalize_init+0x5/0x60\n start_kernel+0x68/0x130\n";

fn stamped(text: &str) -> String {
    let lines = text.lines().map(|line| format!("[    0.150000] {line}\n"));
    lines.collect()
}

/// The one report of a log in which the secondary CPUs come up.
fn only(text: &str) -> Report {
    let mut found = reports(&[BANNER, BRING_UP, &stamped(text)].concat());
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

#[test]
fn a_report_from_inside_a_late_clear_keeps_its_name_and_tells_of_the_clear() {
    for (log, kind, title) in [
        (
            KASAN,
            "kasan",
            "KASAN: slab-out-of-bounds Write in zeta_copy",
        ),
        (
            OOPS,
            "oops",
            "BUG: unable to handle kernel NULL pointer dereference in do_clear_cpu_cap",
        ),
        (
            LOCKDEP,
            "lockdep",
            "WARNING: suspicious RCU usage in do_clear_cpu_cap",
        ),
    ] {
        let log = log.replace("PRINTING", "").replace("FRAMES", WAY_UP);
        let report = only(&log);
        assert_eq!(
            (report.splat.kind.as_str(), report.title.as_str()),
            (kind, title)
        );
        let verdict = report.late_clear.as_ref().expect("a late clear");
        assert_eq!(verdict.path, PathName::Ap);
        assert_eq!(verdict.stage, StageName::SmpBoot);
        assert_eq!(verdict.requester.as_deref(), Some("init_ia32_feat_ctl"));
        assert_eq!(verdict.cpu, Some(1));
        // No warning: nothing shows that the boot CPU had the feature.
        assert_eq!(verdict.divergence, Divergence::Unknown);
        assert_eq!(verdict.at_fault, FaultName::Unknown);
        assert!(report.summary.is_some(), "the words of its own kind");
        assert!(report.warned_clear().is_none());
        assert!(report.bring_up.is_some());
    }
    let oops = only(&OOPS.replace("FRAMES", WAY_UP));
    let feature = oops.late_clear.and_then(|verdict| verdict.feature);
    assert_eq!(
        feature.and_then(|feature| feature.name).as_deref(),
        Some("VMX")
    );
}

#[test]
fn a_report_from_the_printing_of_the_warning_knows_that_the_cpus_differ() {
    let report = only(
        &LOCKDEP
            .replace("PRINTING", WARN_PRINTS)
            .replace("FRAMES", WAY_UP),
    );
    let verdict = report.late_clear.expect("a late clear");
    assert_eq!(verdict.divergence, Divergence::Divergent);
    assert_eq!(verdict.confidence, Confidence::Likely);
}

/// Before the alternatives are patched, with a frame that is no proof, or on the stack of somebody else.
#[test]
fn what_is_not_proven_late_is_none() {
    for log in [
        OOPS.replace("FRAMES", IDENTIFIES_BOOT_CPU),
        OOPS.replace(" do_clear_cpu_cap+0x5e", " ? do_clear_cpu_cap+0x5e")
            .replace("FRAMES", WAY_UP),
        KASAN.replace(
            " do_clear_cpu_cap+0x5e/0x130\n clear_cpu_cap+0x1a/0x30\nFRAMES",
            " zeta_ioctl+0x5e/0x130\n",
        ) + " do_clear_cpu_cap+0x5e/0x130\n"
            + WAY_UP,
    ] {
        assert_eq!(only(&log).late_clear, None, "{log}");
    }
    let allocated = KASAN.replace("FRAMES", IDENTIFIES_BOOT_CPU) + WAY_UP;
    assert_eq!(
        only(&allocated).bring_up.map(|up| up.path),
        Some(PathName::Bsp)
    );
}

/// A notice has no trace: what the kernel only says of a CPU on its way up tells path, stage and CPU.
#[test]
fn a_notice_of_a_cpu_on_its_way_up_says_so() {
    let cases = [
        ("CPU3 failed to report alive state", Some(3)),
        ("smpboot: do_boot_cpu failed(-1) to wakeup CPU#3", Some(3)),
        ("CPU3: Not responding", Some(3)),
        (
            "[Firmware Bug]: CPU   3: APIC ID mismatch. CPUID: 0x0002 APIC: 0x0001",
            Some(3),
        ),
        (
            "[Firmware Bug]: CPU3: APIC id mismatch. Firmware: 2 APIC: 1",
            Some(3),
        ),
        (
            "CPU features: SANITY CHECK: Unexpected variation in SYS_ID_AA64MMFR0_EL1. \
             Boot CPU: 0x00000000001124, CPU3: 0x00000000001122",
            Some(3),
        ),
        (
            "CPU features: CPU3: Detected conflict for capability 53 (32-bit EL1 Support), System: 1, CPU: 0",
            Some(3),
        ),
        (
            "TSC ADJUST compensate: CPU3 observed 120 warp. Adjust: 120",
            Some(3),
        ),
        (
            "x86 CPU feature dependency check failure: CPU3 has 'avx' enabled but 'xsave' disabled. \
             Kernel might be fine, but no guarantees.",
            Some(3),
        ),
        // The line does not name the CPU.
        ("x86/cpu: VMX (outside TXT) disabled by BIOS", None),
        ("x86/tme: not enabled by BIOS", None),
    ];
    for (line, cpu) in cases {
        let stage = |before: &str, after: &str| {
            let log = format!("{BANNER}{before}[    0.150000] {line}\n{after}");
            let up = reports(&log).remove(0).bring_up.expect(line);
            assert_eq!((up.path, up.cpu), (PathName::Ap, cpu), "{line}");
            up.stage
        };
        assert_eq!(stage(BRING_UP, BROUGHT_UP), StageName::SmpBoot, "{line}");
        let later = [BRING_UP, BROUGHT_UP].concat();
        assert_eq!(stage(&later, ""), StageName::Hotplug, "{line}");
    }
    let boot_cpu = "[    0.1] [Firmware Bug]: TSC ADJUST: CPU0: -3214 force to 0\n";
    let up = reports(&[BANNER, boot_cpu].concat()).remove(0).bring_up;
    let up = up.expect("the boot CPU starts");
    assert_eq!((up.path, up.stage), (PathName::Bsp, StageName::Boot));
}

/// A CPU in use says so as well: that it came up is not shown.
#[test]
fn a_notice_of_a_cpu_that_is_up_is_none_of_its_way_up() {
    for line in [
        "kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3",
        "[Firmware Bug]: TSC ADJUST differs: CPU3 -120 --> 0. Restoring",
        "Error taking CPU3 down: -16",
    ] {
        let log = format!("{BANNER}{BRING_UP}{BROUGHT_UP}[   50.0] {line}\n");
        let report = reports(&log).remove(0);
        assert_eq!(report.splat.cpu, Some(3), "{line}");
        assert_eq!(report.bring_up, None, "{line}");
    }
}

/// Three forms of the header print the condition by which setup_force_cpu_cap() warns, inlined into its caller.
#[test]
fn a_feature_that_is_set_late_is_told_by_the_condition() {
    for header in [
        "WARNING: [alternatives_patched] arch/x86/kernel/kvmclock.c:119 at kvm_get_tsc_khz+0x6d/0x80, CPU#0: swapper/0/1",
        "WARNING: CPU: 0 PID: 1 at [alternatives_patched] arch/x86/kernel/kvmclock.c:119 kvm_get_tsc_khz+0x6d/0x80",
        "WARNING: CPU: 0 PID: 1 at arch/x86/include/asm/cpufeature.h:119 setup_force_cpu_cap+0x6d/0x80",
    ] {
        let log = format!(
            "------------[ cut here ]------------\n{header}\nCall Trace:\n <TASK>\n kvm_get_tsc_khz+0x6d/0x80\n \
             do_one_initcall+0x58/0x310\n </TASK>\n---[ end trace 0000000000000000 ]---\n"
        );
        let report = only(&log);
        assert_eq!(report.splat.kind, "late-force", "{header}");
        assert_eq!(report.title, "WARNING in kvm_get_tsc_khz", "{header}");
        assert_eq!(report.late_clear, None, "{header}");
    }
}
