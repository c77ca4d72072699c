//! Who is at fault for a late clear, and what the diagnosis says then.

mod common;

use common::{late_clear, warn_of_late_clear};
use ksplat::stages::grammar::features::FeatureDb;
use ksplat::stages::grammar::{FaultName, Grammar};
use ksplat::stages::late_clear::Confidence;

const BANNER: &str = "[    0.000000] Linux version 6.12.9 (me@here) #1 SMP\n";
const BRING_UP: &str = "[    0.120000] smp: Bringing up secondary CPUs ...\n";
const METAL: &str =
    "Gigabyte Technology Co., Ltd. X299 UD4 Pro/X299 UD4 Pro-CF, BIOS F8a 04/27/2021";
const QEMU: &str = "QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.3-2 04/01/2014";

const AP: &str = "init_intel+0xf7/0x360\n identify_cpu+0x14a/0x560\n identify_secondary_cpu+0x12/0x40\n start_secondary+0x68/0x130\n";
const BSP: &str = "init_intel+0xf7/0x360\n identify_cpu+0x14a/0x560\n identify_boot_cpu+0x12/0x40\n arch_cpu_finalize_init+0x5/0x60\n start_kernel+0x68/0x130\n";

const VMX: u32 = 133;

#[test]
fn on_a_machine_of_its_own_it_is_whoever_sets_the_register() {
    let log = [
        BANNER,
        BRING_UP,
        &warn_of_late_clear(METAL, "init_ia32_feat_ctl", VMX, AP),
    ]
    .concat();
    let verdict = late_clear(&log);
    assert_eq!(verdict.at_fault, FaultName::Firmware);
    assert!(
        verdict
            .diagnosis
            .contains("the firmware did not set them up alike")
    );
    assert!(verdict.diagnosis.contains("rdmsr -a 0x3a"));
    assert!(verdict.diagnosis.contains("since 6.10 (ee8962082a44)"));
}

#[test]
fn broken_speculation_control_is_the_microcode_s() {
    let log = [
        BANNER,
        BRING_UP,
        &warn_of_late_clear(METAL, "early_init_intel", 7 * 32 + 25, AP),
    ]
    .concat();
    let verdict = late_clear(&log);
    assert_eq!(verdict.at_fault, FaultName::Microcode);
    assert!(
        verdict.diagnosis.contains("microcode"),
        "{}",
        verdict.diagnosis
    );
}

#[test]
fn in_a_virtual_machine_it_is_the_hypervisor() {
    let by_name = [
        BANNER,
        BRING_UP,
        &warn_of_late_clear(QEMU, "init_ia32_feat_ctl", VMX, AP),
    ]
    .concat();
    let detected = "[    0.010000] Hypervisor detected: KVM\n";
    let told = [
        BANNER,
        detected,
        BRING_UP,
        &warn_of_late_clear(METAL, "init_ia32_feat_ctl", VMX, AP),
    ]
    .concat();
    for log in [by_name, told] {
        let verdict = late_clear(&log);
        assert_eq!(verdict.at_fault, FaultName::Hypervisor);
        assert!(!verdict.diagnosis.contains("BIOS"), "{}", verdict.diagnosis);
        assert!(
            verdict
                .evidence
                .iter()
                .any(|item| item.speaks_for == "hypervisor")
        );
    }
    let bare = "[    0.010000] Booting paravirtualized kernel on bare hardware\n";
    let log = [
        BANNER,
        bare,
        BRING_UP,
        &warn_of_late_clear(METAL, "init_ia32_feat_ctl", VMX, AP),
    ]
    .concat();
    assert_eq!(late_clear(&log).at_fault, FaultName::Firmware);
}

#[test]
fn behind_a_kexec_the_kernel_before_may_have_locked_the_register() {
    let before = "[    0.000000] Linux version 6.6.1 (me@here) #1 SMP\n[  100.000000] kexec_core: Starting new kernel\n";
    let clear = warn_of_late_clear(METAL, "init_ia32_feat_ctl", VMX, AP);
    let log = [before, BANNER, BRING_UP, &clear].concat();
    let kexec = late_clear(&log);
    assert_eq!(kexec.at_fault, FaultName::PreviousKernel);
    assert!(kexec.diagnosis.contains("KVM_INTEL"), "{}", kexec.diagnosis);
    // A boot further on was not started by it.
    let log = [before, BANNER, BRING_UP, BANNER, BRING_UP, &clear].concat();
    assert_eq!(late_clear(&log).at_fault, FaultName::Firmware);
    // The kernel of a crash dump; and a register that no kernel locks.
    let dump = "[    0.000000] Command line: quiet elfcorehdr=0x73000000 irqpoll\n";
    let log = [BANNER, dump, BRING_UP, &clear].concat();
    assert_eq!(late_clear(&log).at_fault, FaultName::PreviousKernel);
    let strings = warn_of_late_clear(METAL, "early_init_intel", 3 * 32 + 16, AP);
    let log = [before, BANNER, BRING_UP, &strings].concat();
    assert_eq!(late_clear(&log).at_fault, FaultName::Firmware);
}

#[test]
fn an_order_that_is_wrong_is_the_kernel_s_fault() {
    let log = [
        BANNER,
        &warn_of_late_clear(QEMU, "init_ia32_feat_ctl", VMX, BSP),
    ]
    .concat();
    let verdict = late_clear(&log);
    assert_eq!(verdict.at_fault, FaultName::Kernel);
    assert!(verdict.diagnosis.contains("not a fault of the machine"));
}

/// ppin_init() runs behind the AND of the flags.
#[test]
fn every_cpu_warns_of_ppin() {
    let log = [
        BANNER,
        BRING_UP,
        &warn_of_late_clear(METAL, "ppin_init", 7 * 32 + 14, AP),
    ]
    .concat();
    let verdict = late_clear(&log);
    assert!(
        verdict
            .diagnosis
            .contains("Every CPU that lacks it warns here")
    );
    assert!(verdict.diagnosis.contains("0x4e") && verdict.diagnosis.contains("0xc00102f0"));
}

#[test]
fn what_falls_with_the_feature_is_told() {
    let log = [
        BANNER,
        BRING_UP,
        &warn_of_late_clear(METAL, "init_ia32_feat_ctl", 9 * 32 + 2, AP),
    ]
    .concat();
    assert_eq!(
        late_clear(&log).dependents,
        ["SGX_LC", "SGX1", "SGX2", "SGX_EDECCSSA"]
    );
}

/// A function that clears for one reason needs no number for it.
#[test]
fn a_rule_is_chosen_without_a_feature_where_the_function_has_one_reason() {
    let grammar = Grammar::builtin();
    let rule = |function| {
        grammar
            .requester(function, None)
            .map(|rule| rule.name.as_str())
    };
    assert_eq!(rule("init_ia32_feat_ctl"), Some("feat-ctl"));
    assert_eq!(rule("early_init_intel"), None);
    assert_eq!(rule("init_intel"), Some("init-intel-tail-call"));
    assert_eq!(rule("nobody"), None);
}

/// They run too early, or come to one result on all CPUs: a frame of theirs is doubted.
#[test]
fn a_function_that_is_never_late_is_doubted() {
    let grammar = Grammar::builtin();
    for function in grammar.never_late.iter().flat_map(|early| &early.functions) {
        assert!(grammar.requester(function, None).is_none(), "{function}");
    }
    let log = [
        BANNER,
        &warn_of_late_clear(METAL, "early_identify_cpu", 4 * 32 + 17, BSP),
    ]
    .concat();
    let verdict = late_clear(&log);
    assert_eq!(verdict.confidence, Confidence::Likely);
    let doubt =
        "before alternative_instructions(): its clear is late only where this kernel differs";
    let mut evidence = verdict.evidence.iter();
    assert!(
        evidence.any(|item| item.says.contains(doubt)),
        "{:?}",
        verdict.evidence
    );
}

/// It hides the feature from all CPUs and breaks what depends on it.
#[test]
fn clearcpuid_is_never_advised() {
    let grammar = Grammar::builtin();
    let rules = grammar.requesters.iter();
    let texts = rules.flat_map(|rule| [&rule.cause, &rule.ap, &rule.bsp]);
    let diagnoses = grammar.diagnoses.iter().map(|diagnosis| &diagnosis.text);
    let faults = grammar
        .faults
        .iter()
        .filter_map(|fault| fault.advice.as_ref());
    let kinds = grammar.kinds.iter().filter_map(|kind| kind.advice.as_ref());
    for text in texts.chain(diagnoses).chain(faults).chain(kinds) {
        assert!(!text.contains("clearcpuid"), "{text}");
    }
}

/// A verdict as a person reads it.
fn told(case: &str, log: &str) -> String {
    let verdict = late_clear(log);
    let text = format!(
        "{}\n{}\n{}",
        verdict.sentence, verdict.headline, verdict.diagnosis
    );
    let wrapped = textwrap(&text);
    format!("## {case}: {}\n{wrapped}\n", verdict.at_fault.as_str())
}

/// Lines of at most a hundred columns.
fn textwrap(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in line.split(' ') {
            if column > 0 && column + word.len() > 100 {
                out.push('\n');
                column = 0;
            }
            let blank = if column > 0 { " " } else { "" };
            out.push_str(blank);
            out.push_str(word);
            column += blank.len() + word.len();
        }
        out.push('\n');
    }
    out
}

const INITCALL: &str = "do_one_initcall+0x58/0x310\n kernel_init_freeable+0x1a/0x20\n";
const MODULE: &str = "do_one_initcall+0x58/0x310\n do_init_module+0x60/0x240\n";
const RESUME: &str = "restore_processor_state+0x1/0x2\n suspend_devices_and_enter+0x1/0x2\n";
const RUNTIME: &str = "ksys_write+0x1/0x2\n do_syscall_64+0x1/0x2\n";
const CALLBACK: &str = "cpuhp_invoke_callback+0x1/0x2\n _cpu_up+0x1/0x2\n";

/// What is said for each path, stage and culprit, to be read by a person.
#[test]
fn what_is_said_on_each_path() {
    const BROUGHT_UP: &str = "[    0.140000] smp: Brought up 1 node, 2 CPUs\n";
    const SUSPEND: &str = "[    0.145000] PM: suspend entry (deep)\n";
    const OFF: &str = "[    0.110000] x86/cpu: VMX (outside TXT) disabled by BIOS\n";
    const KEXEC: &str = "[    0.000000] Command line: quiet elfcorehdr=0x73000000\n";
    let clear = |hardware, below| warn_of_late_clear(hardware, "init_ia32_feat_ctl", VMX, below);
    let cases = [
        ("AP, machine", vec![BRING_UP], METAL, AP),
        ("AP, virtual machine", vec![BRING_UP], QEMU, AP),
        ("AP, kexec", vec![KEXEC, BRING_UP], METAL, AP),
        ("AP, boot CPU as well", vec![OFF, BRING_UP], METAL, AP),
        ("AP, hotplug", vec![BRING_UP, BROUGHT_UP], METAL, AP),
        ("AP, resume", vec![BRING_UP, BROUGHT_UP, SUSPEND], METAL, AP),
        ("boot CPU", vec![], METAL, BSP),
        (
            "boot CPU, resume",
            vec![BRING_UP, BROUGHT_UP],
            METAL,
            RESUME,
        ),
        (
            "boot CPU, resume, virtual machine",
            vec![BRING_UP, BROUGHT_UP],
            QEMU,
            RESUME,
        ),
        ("initcall", vec![BRING_UP, BROUGHT_UP], METAL, INITCALL),
        ("module", vec![BRING_UP, BROUGHT_UP], METAL, MODULE),
        (
            "hotplug callback",
            vec![BRING_UP, BROUGHT_UP],
            METAL,
            CALLBACK,
        ),
        ("runtime", vec![BRING_UP, BROUGHT_UP], METAL, RUNTIME),
        ("unknown", vec![BRING_UP, BROUGHT_UP], METAL, ""),
    ];
    let all = cases.iter().map(|(case, before, hardware, below)| {
        let log = [BANNER, &before.concat(), &clear(hardware, below)].concat();
        told(case, &log)
    });
    let all: Vec<_> = all.collect();
    insta::assert_snapshot!(all.join("\n"));
}

/// What is said where a report of another sort came from inside the clear.
#[test]
fn what_is_said_in_passing() {
    const OFF: &str = "[    0.110000] x86/cpu: VMX (outside TXT) disabled by BIOS\n";
    let oops = |below: &str| {
        let text = format!(
            "BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
             CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.9 #1\n\
             RIP: 0010:do_clear_cpu_cap+0x5e/0x130\n\
             RAX: 0000000000000000 RBX: 0000000000000085 RCX: 0000000000000000\n\
             RDX: 0000000000000000 RSI: 0000000000000085 RDI: ffff88801f41a0c0\n\
             Call Trace:\n <TASK>\n do_clear_cpu_cap+0x5e/0x130\n init_ia32_feat_ctl+0x357/0x4d0\n {below} </TASK>\n\
             ---[ end trace 0000000000000000 ]---\n"
        );
        let stamped = text.lines().map(|line| format!("[    0.150000] {line}\n"));
        stamped.collect::<String>()
    };
    let cases = [
        ("AP", BRING_UP, AP),
        ("AP, boot CPU as well", &[OFF, BRING_UP].concat(), AP),
        ("boot CPU, resume", BRING_UP, RESUME),
        ("initcall", BRING_UP, INITCALL),
    ];
    let all =
        cases.map(|(case, before, below)| told(case, &[BANNER, before, &oops(below)].concat()));
    insta::assert_snapshot!(all.join("\n"));
}

/// What is said of each function that asks for clears: where one CPU differs, and where the order is wrong.
#[test]
fn what_is_said_of_each_requester() {
    let grammar = Grammar::builtin();
    let newest = FeatureDb::builtin().for_release(Some("6.12.9"));
    let mut all = Vec::new();
    for rule in &grammar.requesters {
        // A rule for whatever else its function clears, and features of other kernels than the log's.
        let known = rule.features.iter().find_map(|name| newest.by_name(name));
        let number = known.map_or(VMX, |feature| feature.number);
        for (path, below) in [("AP", AP), ("BSP", BSP)] {
            let clear = warn_of_late_clear(METAL, &rule.function, number, below);
            let before = if path == "AP" { BRING_UP } else { "" };
            let case = format!("{}, {path}", rule.name);
            all.push(told(&case, &[BANNER, before, &clear].concat()));
        }
    }
    let all = all.join("\n");
    assert!(!all.contains("clearcpuid"));
    assert!(!all.contains(['{', '}']));
    insta::assert_snapshot!(all);
}

/// Whoever set the register: outside the identification of a CPU the kernel asked too late, and so says the sentence.
#[test]
fn a_clear_outside_of_identifications_is_the_kernel_s() {
    for below in [INITCALL, MODULE, CALLBACK, RUNTIME] {
        let clear = warn_of_late_clear(METAL, "init_ia32_feat_ctl", VMX, below);
        let verdict = late_clear(&[BANNER, BRING_UP, &clear].concat());
        assert_eq!(verdict.at_fault, FaultName::Kernel, "{below}");
        assert!(
            verdict.sentence.starts_with("KERNEL: "),
            "{}",
            verdict.sentence
        );
        assert!(verdict.diagnosis.contains("since 6.10 (ee8962082a44)"));
    }
}

/// Linux's own words and bugs have other numbers in kernels with more words; CPUID's have not.
#[test]
fn a_number_of_linux_s_own_is_doubted_in_a_vendor_s_kernel() {
    let confidence = |release: &str, requester: &str, number: u32| {
        let clear = warn_of_late_clear(METAL, requester, number, AP);
        let log = [BANNER, BRING_UP, &clear].concat();
        late_clear(&log.replace("6.12.9", release)).confidence
    };
    // 7*32+ 7 is Linux's own, 4*32+ 5 (VMX) is CPUID's.
    let (own, of_cpuid) = (7 * 32 + 7, VMX);
    for known in [
        "6.12.9",
        "6.12.0-rc3-00001-gee8962082a44",
        "6.12.111+deb12-cloud-amd64",
        "6.12.9-200.fc41.x86_64",
        "6.12.9-arch1-1",
    ] {
        assert_eq!(
            confidence(known, "init_intel", own),
            Confidence::Certain,
            "{known}"
        );
    }
    for vendor in ["6.12.9-tegra-custom", "6.12.9-velinux.1.x86_64"] {
        assert_eq!(
            confidence(vendor, "init_intel", own),
            Confidence::Likely,
            "{vendor}"
        );
        assert_eq!(
            confidence(vendor, "init_ia32_feat_ctl", of_cpuid),
            Confidence::Certain
        );
        // The requester is known to clear just that.
        let strings = confidence(vendor, "early_init_intel", 3 * 32 + 16);
        assert_eq!(strings, Confidence::Certain, "{vendor}");
    }
}
