//! What listings of CPUs say for and against a late clear, as a table to be read.

mod common;

use common::{late_clear, warn_of_late_clear};
use ksplat::stages::late_clear::LateClear;
use std::fmt::Write as _;

/// One of its own.
const MACHINE: &str = "Board Maker B1/B1, BIOS 1.0 04/27/2021";
const BEGIN: &str = "[    0.000000] Linux version 6.12.9 (me@here) #1 SMP\n";
const BRING_UP: &str = "[    0.120000] smp: Bringing up secondary CPUs ...\n";
const UP: &str = "[    0.140000] smp: Brought up 1 node, 2 CPUs\n";
const SUSPEND: &str = "[    0.145000] PM: suspend entry (deep)\n";
const OFF: &str = "[    0.110000] x86/cpu: VMX (outside TXT) disabled by BIOS\n";
const AP: &str =
    "identify_cpu+0x14a/0x560\n identify_secondary_cpu+0x12/0x40\n start_secondary+0x68/0x130\n";
const BSP: &str = "identify_cpu+0x14a/0x560\n identify_boot_cpu+0x12/0x40\n arch_cpu_finalize_init+0x5/0x60\n start_kernel+0x68/0x130\n";

/// What happened before, and the frames below the function that cleared.
const PATHS: [(&str, &[&str], &str); 5] = [
    ("AP", &[BRING_UP], AP),
    ("AP, boot CPU as well", &[OFF, BRING_UP], AP),
    ("hotplug", &[BRING_UP, UP], AP),
    ("resume", &[BRING_UP, UP, SUSPEND], AP),
    ("BSP", &[], BSP),
];

/// /proc/cpuinfo of two CPUs: a field that follows the model.
fn cpuinfo(name: &str, values: [&str; 2]) -> String {
    let block = |cpu: usize| {
        let value = values[cpu];
        format!("processor\t: {cpu}\nmodel\t\t: 85\nstepping\t: 4\n{name}\t: {value}\n\n")
    };
    [block(0), block(1)].concat()
}

fn rdmsr(register: &str, values: [&str; 2]) -> String {
    format!("\nlab# rdmsr -a {register}\n{}\n{}\n", values[0], values[1])
}

fn row(out: &mut String, case: &str, verdict: &LateClear) {
    let values = serde_json::to_value(verdict).expect("JSON");
    let text = |name: &str| values[name].as_str().unwrap_or_default().to_owned();
    let against = values["against"].as_array().map_or(0, Vec::len);
    let _ = writeln!(
        out,
        "  {case:<34} {:<10} {:<10} {:<8} {against} against",
        text("divergence"),
        text("at_fault"),
        text("confidence")
    );
}

#[test]
fn what_each_listing_says_on_each_path() {
    let vmx = |both| cpuinfo("flags", both);
    let turbostat = |other: &str| {
        format!(
            "cpu0: MSR_IA32_FEATURE_CONTROL: 0x00000005\ncpu1: MSR_IA32_FEATURE_CONTROL: {other}\n"
        )
    };
    let leaf = |ecx: &str| {
        format!("   0x00000001 0x00: eax=0x00050654 ebx=0x00000800 ecx={ecx} edx=0x1f8bfbff\n")
    };
    let cpuid = format!(
        "CPU 0:\n{}CPU 1:\n{}",
        leaf("0x00000020"),
        leaf("0x00000020")
    );
    let lscpu = "CPU NODE SOCKET CORE ONLINE\n0 0 0 0 yes\n1 0 0 1 yes\n".to_owned();
    let both_flags_and_registers = [vmx(["fpu vmx", "fpu vmx"]), rdmsr("0x3a", ["5", "5"])];
    let denied_and_proven = [vmx(["fpu vmx", "fpu vmx"]), rdmsr("0x3a", ["5", "1"])];
    let listings = [
        ("nothing", String::new()),
        ("rdmsr: off on CPU 1", rdmsr("0x3a", ["5", "1"])),
        ("rdmsr: alike", rdmsr("0x3a", ["5", "5"])),
        ("rdmsr: off on CPU 0", rdmsr("0x3a", ["1", "5"])),
        ("rdmsr: another bit (SGX)", rdmsr("0x3a", ["40005", "5"])),
        ("turbostat: off on CPU 1", turbostat("0x00000001")),
        ("turbostat: alike", turbostat("0x00000005")),
        ("cpuinfo: CPU 1 lacks the flag", vmx(["fpu vmx", "fpu"])),
        ("cpuinfo: CPU 0 lacks the flag", vmx(["fpu", "fpu vmx"])),
        ("cpuinfo: both have the flag", vmx(["fpu vmx", "fpu vmx"])),
        ("cpuinfo: both lack the flag", vmx(["fpu", "fpu"])),
        (
            "cpuinfo: microcode alike",
            cpuinfo("microcode", ["0x7", "0x7"]),
        ),
        ("cpuid -r: alike", cpuid),
        ("lscpu", lscpu),
        ("flags and rdmsr alike", both_flags_and_registers.concat()),
        ("both have the flag, rdmsr off", denied_and_proven.concat()),
    ];
    let mut out = String::from("# VMX, init_ia32_feat_ctl()\n");
    for (path, before, below) in PATHS {
        let _ = writeln!(out, "\n{path}");
        for (case, listing) in &listings {
            let clear = warn_of_late_clear(MACHINE, "init_ia32_feat_ctl", 133, below);
            row(
                &mut out,
                case,
                &late_clear(&[BEGIN, &before.concat(), &clear, listing].concat()),
            );
        }
    }
    let boot = |revisions: [&str; 2]| {
        let line = |cpu: usize| {
            let revision = revisions[cpu];
            format!(
                "[    9.000000] microcode: CPU{cpu}: sig=0x50654, pf=0x1, revision={revision}\n"
            )
        };
        [line(0), line(1)].concat()
    };
    let other_stepping =
        cpuinfo("microcode", ["0x7", "0x6"]).replacen("stepping\t: 4", "stepping\t: 3", 1);
    let listings = [
        ("nothing", String::new()),
        (
            "cpuinfo: older on CPU 1",
            cpuinfo("microcode", ["0x7", "0x6"]),
        ),
        ("cpuinfo: alike", cpuinfo("microcode", ["0x7", "0x7"])),
        (
            "cpuinfo: newer on CPU 1",
            cpuinfo("microcode", ["0x6", "0x7"]),
        ),
        ("cpuinfo: another stepping", other_stepping),
        ("boot lines: older on CPU 1", boot(["0x7", "0x6"])),
        ("boot lines: alike", boot(["0x7", "0x7"])),
        ("rdmsr of another register", rdmsr("0x3a", ["5", "5"])),
    ];
    out += "\n# SPEC_CTRL, early_init_intel() by the microcode\n";
    for (path, before, below) in PATHS {
        let _ = writeln!(out, "\n{path}");
        for (case, listing) in &listings {
            let clear = warn_of_late_clear(MACHINE, "early_init_intel", 7 * 32 + 25, below);
            row(
                &mut out,
                case,
                &late_clear(&[BEGIN, &before.concat(), &clear, listing].concat()),
            );
        }
    }
    // VM_CR's bit switches SVM off where it is set.
    out += "\n# SVM, init_amd(): a bit that is set means off\n\n";
    for (case, values) in [("set on CPU 1", ["8", "18"]), ("set on CPU 0", ["18", "8"])] {
        let listing = rdmsr("0xc0010114", values);
        let clear = warn_of_late_clear(MACHINE, "init_amd", 6 * 32 + 2, AP);
        row(
            &mut out,
            case,
            &late_clear(&[BEGIN, BRING_UP, &clear, &listing].concat()),
        );
    }
    insta::assert_snapshot!(out);
}

/// The sentence for a person blames nobody, and says what contradicts.
#[test]
fn a_verdict_that_listings_contradict_blames_nobody() {
    let clear = warn_of_late_clear(MACHINE, "init_ia32_feat_ctl", 133, AP);
    let listing = rdmsr("0x3a", ["1", "5"]);
    let verdict = late_clear(&[BEGIN, BRING_UP, &clear, &listing].concat());
    assert!(
        verdict
            .diagnosis
            .contains("the opposite, it is CPU 0 that lacks"),
        "{}",
        verdict.diagnosis
    );
    assert!(
        !verdict.diagnosis.contains("the firmware did not set"),
        "{}",
        verdict.diagnosis
    );
    assert!(
        !verdict.sentence.starts_with("FIRMWARE"),
        "{}",
        verdict.sentence
    );
    assert!(!verdict.against.is_empty());
    assert!(
        verdict
            .against
            .iter()
            .all(|item| verdict.evidence.contains(item))
    );
}
