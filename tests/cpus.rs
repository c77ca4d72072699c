//! `ksplat cpus`, and verdicts on late clears where the same log lists what the CPUs are.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const LATE_CLEAR: &str = include_str!("../corpus/ap-vmx-bios-kaslr/log");
const FAST_STRINGS: &str = include_str!("../corpus/ap-faststring/log");

const RDMSR: &str = "lab# rdmsr -a 0x1a0\n364972489\n364972488\n364972489\n364972489\n";

/// /proc/cpuinfo of two CPUs.
fn cpuinfo(flags: [&str; 2]) -> String {
    let cpu = |(cpu, flags)| {
        format!(
            "processor\t: {cpu}\nvendor_id\t: GenuineIntel\nmodel\t\t: 28\nmicrocode\t: 0x107\ncpu MHz\t\t: 99{cpu}.9\n\
             apicid\t\t: {cpu}\nflags\t\t: {flags}\npower management:\n\n"
        )
    };
    (0..).zip(flags).map(cpu).collect()
}

/// Runs `ksplat ARGUMENTS` in a folder with these files.
fn run(files: &[(&str, &str)], arguments: &[&str]) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        std::fs::write(path, text).expect("writable");
    }
    let output = ksplat(folder.path())
        .args(arguments)
        .output()
        .expect("ksplat runs");
    assert_eq!(stderr(&output), "");
    (stdout(&output), output.status.code())
}

fn late_clear(log: &str) -> Value {
    let (text, _) = run(&[("log", log)], &["--format", "json", "log"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    document["splats"][0]["late_clear"].clone()
}

#[test]
fn a_register_that_differs_is_named_with_its_bit() {
    let (text, code) = run(&[("msr", RDMSR)], &["cpus", "msr"]);
    insta::assert_snapshot!(text, @r"
    4 CPUs (0-3), 1 difference

    MSR 0x1a0 IA32_MISC_ENABLE: CPUs 0,2,3 0x364972489, CPU 1 0x364972488: bit 0 (fast
      strings) off on CPU 1 only

                                CPU 0,2,3    CPU 1
    MSR 0x1a0 IA32_MISC_ENABLE  0x364972489  0x364972488
    ");
    assert_eq!(code, Some(1));
    let (_, code) = run(&[("msr", RDMSR)], &["cpus", "--fail-on", "never", "msr"]);
    assert_eq!(code, Some(0));
}

#[test]
fn what_all_of_a_folder_says_is_one_table() {
    let files = [
        ("logs/cpuinfo", &*cpuinfo(["fpu vme rep_good", "fpu vme"])),
        ("logs/msr/1a0", RDMSR),
    ];
    let (text, code) = run(&files, &["cpus", "logs"]);
    insta::assert_snapshot!(text, @r"
    4 CPUs (0-3), 2 differences

    /proc/cpuinfo flag rep_good: CPU 0 yes, CPU 1 no: only CPU 1 lacks it
    MSR 0x1a0 IA32_MISC_ENABLE: CPUs 0,2,3 0x364972489, CPU 1 0x364972488: bit 0 (fast
      strings) off on CPU 1 only

                                 CPU 0        CPU 1        CPU 2,3
    /proc/cpuinfo flag rep_good  yes          no           ?
    MSR 0x1a0 IA32_MISC_ENABLE   0x364972489  0x364972488  0x364972489

    Alike on CPUs 0,1, not known of 2,3: /proc/cpuinfo: vendor_id, model, microcode, power
      management
    ");
    assert_eq!(code, Some(1));
}

#[test]
fn cpus_that_are_alike_are_no_finding() {
    let same = cpuinfo(["fpu vme", "fpu vme"]);
    let (text, code) = run(&[("cpuinfo", &same)], &["cpus", "cpuinfo"]);
    assert!(text.starts_with("2 CPUs (0,1), no difference\n"), "{text}");
    assert_eq!(code, Some(0));
    let (text, code) = run(&[("log", "nothing\n")], &["cpus", "log"]);
    assert_eq!(
        (&*text, code),
        ("no line says anything of single CPUs\n", Some(0))
    );
}

#[test]
fn json_and_page_have_the_same() {
    let files = [("cpuinfo", &*cpuinfo(["fpu vmx", "fpu"]))];
    let (text, _) = run(&files, &["cpus", "--format", "json", "cpuinfo"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let difference = &document["differences"][0];
    assert_eq!(difference["name"], "flag vmx");
    assert_eq!(difference["values"][1]["cpus"], serde_json::json!([1]));
    assert_eq!(difference["values"][1]["printed"]["line"], 16);
    let (page, _) = run(&files, &["cpus", "--format", "html", "cpuinfo"]);
    assert!(page.contains("only CPU 1 lacks it"), "{page}");
}

#[test]
fn the_page_of_a_log_shows_how_the_cpus_differ() {
    let log = format!("{LATE_CLEAR}\nlab# rdmsr -a 0x3a\n5\n1\n");
    let (page, _) = run(&[("log", &log)], &["--format", "html", "log"]);
    let table = page.split_once("<details class=\"cpus\">");
    let (_, table) = table.expect("a table of the CPUs");
    assert!(table.contains("bit 2 (VMX) off on CPU 1 only"));
    assert!(table.contains("<td>0x5</td><td>0x1</td>"), "{table}");
    let (page, _) = run(&[("log", LATE_CLEAR)], &["--format", "html", "log"]);
    assert!(!page.contains("class=\"cpus\""));
}

#[test]
fn standard_input_and_quoted_mails_are_read_as_well() {
    let mail = format!(
        "From: a@b\nSubject: cpus\nDate: Thu, 26 Nov 2026 12:00:00 +0000\nMessage-Id: <1@b>\n\n> {}\n",
        cpuinfo(["fpu vmx", "fpu"]).replace('\n', "\n> ")
    );
    let mut child = ksplat(Path::new("/"))
        .args(["cpus", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ksplat runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(mail.as_bytes()).expect("it reads");
    drop(input);
    let text = stdout(&child.wait_with_output().expect("it ends"));
    assert!(text.contains("flag vmx: CPU 0 yes, CPU 1 no"), "{text}");
}

/// Lines of kernels, each of one CPU: what the kernel prints (arch/x86/kernel, arch/x86/kvm, arch/arm64/kernel).
#[test]
fn what_the_kernel_says_of_single_cpus_is_in_the_table() {
    let lines = [
        ("CPU3 failed to report alive state", 3, "did not come up"),
        (
            "[Firmware Bug]: CPU   1: APIC ID mismatch. CPUID: 0x0001 APIC: 0x0002",
            1,
            "CPUID: 0x0001 APIC: 0x0002",
        ),
        (
            "[Firmware Bug]: CPU3: APIC ID mismatch. Firmware: 0x0003 APIC: 0x0006",
            3,
            "Firmware: 0x0003 APIC: 0x0006",
        ),
        (
            "kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3",
            3,
            "off",
        ),
        ("kvm_intel: Inconsistent VMCS config on CPU 5", 5, "differs"),
        ("kvm_amd: SVM not supported by CPU 2", 2, "off"),
        (
            "[Firmware Bug]: TSC ADJUST differs: CPU1 -999 --> 12. Restoring",
            1,
            "-999 --> 12",
        ),
        ("[Firmware Bug]: TSC ADJUST: CPU8: -2 force to 0", 8, "-2"),
        (
            "TSC ADJUST compensate: CPU4 observed 71 warp. Adjust: 71",
            4,
            "71 warp",
        ),
        (
            "CPU features: SANITY CHECK: Unexpected variation in SYS_CNTFRQ_EL0. Boot CPU: 0x00000001800000, CPU4: 0x00000001000000",
            4,
            "SYS_CNTFRQ_EL0. Boot CPU: 0x00000001800000, CPU4: 0x00000001000000",
        ),
    ];
    for (line, cpu, value) in lines {
        let log = format!("[    0.300000] {line}\n");
        let (text, code) = run(&[("log", &log)], &["cpus", "--format", "json", "log"]);
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let values = &document["differences"][0]["values"][0];
        assert_eq!(values["cpus"], serde_json::json!([cpu]), "{line}");
        assert_eq!(values["value"], value, "{line}");
        assert_eq!(code, Some(1));
    }
}

#[test]
fn control_bytes_of_a_listing_reach_no_terminal() {
    let text = cpuinfo(["fpu \u{1b}[31mred", "fpu"]);
    let (text, _) = run(&[("cpuinfo", &text)], &["cpus", "cpuinfo"]);
    assert!(text.contains("red") && !text.contains('\u{1b}'), "{text}");
}

/// The same log says which bit of the register is off: nobody needs to be told to read it.
#[test]
fn a_register_in_the_log_settles_a_late_clear() {
    let log = LATE_CLEAR
        .replace("QEMU", "Board")
        .replace("Hypervisor", "");
    let alone = late_clear(&log);
    let advice = |verdict: &Value| verdict["diagnosis"].as_str().expect("text").to_owned();
    assert!(
        advice(&alone).contains("rdmsr -a 0x3a"),
        "{}",
        advice(&alone)
    );
    let listed = late_clear(&format!("{log}\nlab# rdmsr -a 0x3a\n5\n1\n"));
    assert!(
        !advice(&listed).contains("rdmsr -a 0x3a"),
        "{}",
        advice(&listed)
    );
    assert!(
        advice(&listed).contains("bit 2 (VMX) off on CPU 1 only"),
        "{}",
        advice(&listed)
    );
    assert_eq!(listed["at_fault"], alone["at_fault"]);
}

/// The listing may be another file, the other file of a folder, or a mail's attachment.
#[test]
fn a_register_beside_the_log_settles_a_late_clear() {
    let log = LATE_CLEAR
        .replace("QEMU", "Board")
        .replace("Hypervisor", "");
    let rdmsr = "lab# rdmsr -a 0x3a\n5\n1\n";
    let mail = format!(
        "From: a@b\nSubject: boot\nMessage-Id: <1@b>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"cut\"\n\n\
         --cut\nContent-Type: text/plain\n\n{log}\n--cut\nContent-Type: text/plain; name=\"msr.txt\"\n\
         Content-Disposition: attachment; filename=\"msr.txt\"\n\n{rdmsr}\n--cut--\n"
    );
    let files = [
        ("logs/console", &*log),
        ("logs/msr", rdmsr),
        ("mail.eml", &*mail),
        ("other/console", &*log),
    ];
    let evidence = |paths: &[&str]| {
        let (text, _) = run(&files, &[&["--format", "json"], paths].concat());
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let evidence = document["splats"][0]["late_clear"]["evidence"].clone();
        let evidence = evidence.as_array().expect("a late clear").clone();
        let says = |item: &Value| item["says"].as_str().expect("text").to_owned();
        evidence.iter().map(says).find(|says| says.contains("0x3a"))
    };
    let wanted = "CPU 0 0x5, CPU 1 0x1: bit 2 (VMX) off on CPU 1 only";
    for (paths, place) in [
        (vec!["logs/console", "logs/msr"], "(logs/msr:3)"),
        (vec!["logs"], "(logs/msr:3)"),
        (vec!["mail.eml"], "msr.txt"),
    ] {
        let says = evidence(&paths).expect("evidence");
        assert!(says.contains(wanted) && says.contains(place), "{says}");
    }
    // Of two logs nobody knows whose CPUs are listed.
    let both = ["logs/console", "logs/msr", "other/console"];
    assert_eq!(evidence(&both), None);
}

/// A scan and a check look beside the log as well, but no further than its folder, its archive's folder or its mail: a
/// tree holds many machines.
#[test]
fn a_scan_looks_beside_each_log() {
    let log = LATE_CLEAR
        .replace("QEMU", "Board")
        .replace("Hypervisor", "");
    let rdmsr = "lab# rdmsr -a 0x3a\n5\n1\n";
    let alike = "lab# rdmsr -a 0x3a\n5\n5\n";
    let mail = format!(
        "From: a@b\nSubject: boot\nMessage-Id: <1@b>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"cut\"\n\n\
         --cut\nContent-Type: text/plain\n\n{log}\n--cut\nContent-Type: text/plain; name=\"msr.txt\"\n\
         Content-Disposition: attachment; filename=\"msr.txt\"\n\n{rdmsr}\n--cut--\n"
    );
    let cpuinfo = |model: &str| {
        let cpu = |n: u32, flags: &str| {
            format!("processor\t: {n}\nmodel name\t: {model}\nflags\t\t: fpu {flags}\n\n")
        };
        format!("{}{}", cpu(0, "vmx"), cpu(1, ""))
    };
    let (one, two) = (
        cpuinfo("Intel Board TCG CPU version 2.5+"),
        cpuinfo("Xeon B"),
    );
    let files = [
        ("tree/a/console", &*log),
        ("tree/a/msr", rdmsr),
        ("tree/a/cpuinfo", &*one),
        ("tree/b/console", &*log),
        ("tree/b/deeper/msr", rdmsr),
        ("tree/c/1/console", &*log),
        ("tree/c/1/cpuinfo", &*one),
        ("tree/c/1/cpuinfo-2", &*two),
        ("tree/c/2/console", &*log),
        ("tree/c/2/cpuinfo", &*two),
        ("tree/d/mail.eml", &*mail),
        ("tree/d/msr", alike),
        ("tree/baseline.toml", ""),
    ];
    for command in [
        &["scan"][..],
        &["check", "--baseline", "tree/baseline.toml"],
    ] {
        let arguments = [command, &["--format", "json", "tree"]].concat();
        let (text, _) = run(&files, &arguments);
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let all = document["splats"].as_array().expect("splats");
        let said = all.iter().map(|splat| {
            let evidence = splat["late_clear"]["evidence"]
                .as_array()
                .expect("a late clear");
            let says = evidence
                .iter()
                .map(|item| item["says"].as_str().expect("text"));
            let listed = says.filter(|says| says.contains("MSR 0x3a") || says.contains("cpuinfo"));
            (
                splat["source"]["path"].as_str().expect("a path"),
                listed.collect::<Vec<_>>(),
            )
        });
        let said: Vec<_> = said.collect();
        assert_eq!(said.len(), 5, "{text}");
        let (path, of_a) = &said[0];
        assert_eq!((*path, of_a.len()), ("tree/a/console", 2));
        assert!(
            of_a[0].ends_with("CPU 0 has it, CPU 1 lacks it (tree/a/cpuinfo:7)"),
            "{of_a:?}"
        );
        assert!(
            of_a[1].contains("bit 2 (VMX) off on CPU 1 only (tree/a/msr:3)"),
            "{of_a:?}"
        );
        assert_eq!(said[1], ("tree/b/console", vec![]));
        assert_eq!(
            said[2],
            ("tree/c/1/console", vec![]),
            "listings of two machines"
        );
        assert_eq!(
            said[3],
            ("tree/c/2/console", vec![]),
            "the kernel prints another model"
        );
        let (path, of_d) = &said[4];
        assert_eq!((*path, of_d.len()), ("tree/d/mail.eml", 1));
        assert!(of_d[0].contains("msr.txt"), "{of_d:?}");
    }
}

#[test]
fn a_register_that_is_alike_speaks_for_the_kernel() {
    let log = format!("{FAST_STRINGS}\nlab# rdmsr -a 0x1a0\n364972489\n364972489\n");
    let listed = late_clear(&log);
    let (page, _) = run(&[("log", &log)], &["--format", "firmware", "log"]);
    assert!(
        page.starts_with("Nothing here is a matter of the firmware"),
        "{page}"
    );
    assert_eq!(listed["at_fault"], "unknown");
    let diagnosis = listed["diagnosis"].as_str().expect("text");
    let told = diagnosis.contains("speaks against the firmware and for the kernel");
    assert!(told, "{diagnosis}");
    let evidence = listed["evidence"].as_array().expect("a list");
    let says = |item: &Value| {
        item["for"] == "kernel"
            && item["says"]
                .as_str()
                .is_some_and(|says| says.contains("against the firmware"))
    };
    assert!(evidence.iter().any(says), "{evidence:?}");
}

#[test]
fn a_flag_that_only_the_boot_cpu_has_is_evidence() {
    let listed = late_clear(&format!("{LATE_CLEAR}\n{}", cpuinfo(["fpu vmx", "fpu"])));
    let evidence = listed["evidence"].as_array().expect("a list");
    let wanted = "/proc/cpuinfo: vmx: CPU 0 has it, CPU 1 lacks it";
    let found = evidence
        .iter()
        .find(|item| item["says"] == wanted)
        .expect("evidence");
    assert_eq!(found["for"], "divergent");
}

/// What the boot CPU says as well is a setting of the BIOS; what comes only in the bring-up is a CPU that differs.
#[test]
fn a_hint_is_what_only_a_secondary_cpu_says() {
    const BANNER: &str = "[    0.000000] Linux version 6.12.9 (me@here) #1 SMP\n";
    const BRING_UP: &str = "[    0.120000] smp: Bringing up secondary CPUs ...\n";
    for says in [
        "x86/cpu: SVM disabled (by BIOS) in MSR_VM_CR",
        "x86/cpu: VMX (outside TXT) disabled by BIOS",
    ] {
        let line = format!("[    0.100000] {says}\n");
        let arguments = ["--fail-on", "hint", "log"];
        let legal = [BANNER, &line, BRING_UP].concat();
        let (text, code) = run(&[("log", &legal)], &arguments);
        assert!(!text.contains(says), "{text}");
        assert_eq!(code, Some(0));
        let differs = [BANNER, BRING_UP, &line].concat();
        let (text, code) = run(&[("log", &differs)], &arguments);
        assert!(text.contains("The boot CPU did not say so"), "{text}");
        assert_eq!(code, Some(1));
    }
}

/// The page for the BIOS team has the machine, the register and the commands, and none of the kernel's words.
#[test]
fn the_page_for_the_bios_team() {
    let log = LATE_CLEAR
        .replace("QEMU", "Board")
        .replace("Hypervisor", "");
    let log = format!("{log}\nlab# rdmsr -a 0x3a\n5\n1\n");
    let (page, code) = run(&[("log", &log)], &["--format", "firmware", "log"]);
    insta::assert_snapshot!(page);
    assert_eq!(code, Some(1));
    for word in [
        "alternatives",
        "splat",
        "boot_cpu_has",
        "late clear",
        "WARN",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    let (page, _) = run(&[("log", "nothing\n")], &["--format", "firmware", "log"]);
    assert_eq!(page, "Nothing here is a matter of the firmware.\n");
}

#[test]
fn a_cpu_that_did_not_wake_up_and_one_whose_clock_warps() {
    let log = "[    0.411209] smpboot: do_boot_cpu failed(-1) to wakeup CPU#3\n\
               [    0.502113] TSC synchronization [CPU#0 -> CPU#1]: passed\n\
               [    0.502200] checking TSC synchronization [CPU#0 -> CPU#1]:\n\
               [    0.514870] TSC synchronization [CPU#0 -> CPU#2]:\n\
               [    0.514872] Measured 813 cycles TSC warp between CPUs, turning off TSC clock.\n";
    let (text, code) = run(&[("log", log)], &["cpus", "log"]);
    assert_eq!(code, Some(1));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("CPU 3: it did not come up"), "{text}");
    assert!(
        words.contains("CPU 2: its clock does not run with"),
        "{text}"
    );
    assert!(!words.contains("CPU 1:"), "{text}");
}

/// lscpu of util-linux 2.37 on a machine with an offline CPU.
const LSCPU: &str = "\
Architecture:                    x86_64
  CPU op-mode(s):                32-bit, 64-bit
  Address sizes:                 39 bits physical, 48 bits virtual
  Byte Order:                    Little Endian
CPU(s):                          4
  On-line CPU(s) list:           0-2
  Off-line CPU(s) list:          3
Vendor ID:                       GenuineIntel
  Model name:                    Intel(R) Core(TM) i5-6200U CPU @ 2.30GHz
    CPU family:                  6
NUMA:
  NUMA node(s):                  1
  NUMA node0 CPU(s):             0-2
Vulnerabilities:
  Spec store bypass:             Mitigation; Speculative Store Bypass disabled via prctl
";

const LSCPU_TABLE: &str = "\
CPU NODE SOCKET CORE L1d:L1i:L2:L3 ONLINE    MAXMHZ   MINMHZ      MHZ
  0    0      0    0 0:0:0:0          yes 2800.0000 400.0000 1275.483
  1    0      0    1 1:1:1:0          yes 2100.0000 400.0000  899.998
  2    0      0    0 0:0:0:0          yes 2800.0000 400.0000  400.006
  3    -      -    - -                 no         -        -        -
";

#[test]
fn lscpu_tells_of_cpus_that_are_offline_or_slower() {
    let (text, code) = run(&[("lscpu", LSCPU)], &["cpus", "lscpu"]);
    insta::assert_snapshot!(text);
    assert_eq!(code, Some(1));
    let (text, _) = run(&[("lscpu-e", LSCPU_TABLE)], &["cpus", "lscpu-e"]);
    insta::assert_snapshot!(text);
}

/// The header of turbostat 2023.11.07 on a machine with two packages; the second one has VMX off.
const TURBOSTAT: &str = "\
turbostat version 2023.11.07 - Len Brown <lenb@kernel.org>
Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet
CPUID(0): GenuineIntel 0x16 CPUID levels
CPUID(1): family:model:stepping 0x6:55:4 (6:85:4) microcode 0x2006e05
CPUID(6): APERF, TURBO, DTS, PTM, HWP, HWPnotify, HWPwindow, HWPepp, HWPpkg, EPB
cpu0: MSR_IA32_MISC_ENABLE: 0x00850089 (TCC EIST MWAIT PREFETCH TURBO)
cpu0: MSR_IA32_FEATURE_CONTROL: 0x00000005 (Locked )
cpu16: MSR_IA32_FEATURE_CONTROL: 0x00000001 (Locked )
cpu0: EPB: 6 (balanced)
cpu16: EPB: 0 (performance)
cpu0: MSR_IA32_PACKAGE_THERM_STATUS: 0x88350000 (42 C)
cpu16: MSR_IA32_PACKAGE_THERM_STATUS: 0x88340000 (43 C)
cpu0: MSR_HWP_CAPABILITIES: 0x070a1525 (high 37 guar 21 eff 10 low 7)
cpu16: MSR_HWP_CAPABILITIES: 0x070a1525 (high 37 guar 21 eff 10 low 7)
Package\tCore\tCPU\tAvg_MHz\tBusy%\tBzy_MHz\tTSC_MHz\tIRQ
-\t-\t-\t12\t0.59\t2039\t2095\t2305
0\t0\t0\t21\t1.05\t2006\t2095\t112
1\t0\t16\t9\t0.41\t2217\t2095\t87
";

#[test]
fn the_header_of_turbostat_names_registers() {
    let (text, _) = run(&[("turbostat", TURBOSTAT)], &["cpus", "turbostat"]);
    insta::assert_snapshot!(text);
}

/// One block of `dmidecode -t processor` (3.3).
fn processor(designation: &str, cores_enabled: &str, enhanced: bool) -> String {
    let virtualization = match enhanced {
        true => "\t\tEnhanced Virtualization\n",
        false => "",
    };
    format!(
        "Handle 0x0050, DMI type 4, 48 bytes\nProcessor Information\n\tSocket Designation: {designation}\n\
         \tType: Central Processor\n\tFamily: Xeon\n\tManufacturer: Intel(R) Corporation\n\tID: 54 06 05 00 FF FB EB BF\n\
         \tSignature: Type 0, Family 6, Model 85, Stepping 4\n\tFlags:\n\t\tFPU (Floating-point unit on-chip)\n\
         \t\tVME (Virtual mode extension)\n\tVersion: Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\n\tVoltage: 1.6 V\n\
         \tMax Speed: 4000 MHz\n\tCurrent Speed: 2100 MHz\n\tStatus: Populated, Enabled\n\
         \tL1 Cache Handle: 0x004D\n\tSerial Number: Not Specified\n\tCore Count: 16\n\tCore Enabled: {cores_enabled}\n\
         \tThread Count: 32\n\tCharacteristics:\n\t\t64-bit capable\n\t\tMulti-Core\n{virtualization}\
         \t\tPower/Performance Control\n\n"
    )
}

const EMPTY_SOCKET: &str = "\
Handle 0x0058, DMI type 4, 48 bytes
Processor Information
\tSocket Designation: CPU3
\tType: Central Processor
\tFamily: Unknown
\tManufacturer: Not Specified
\tID: 00 00 00 00 00 00 00 00
\tVersion: Not Specified
\tVoltage: Unknown
\tMax Speed: 3000 MHz
\tCurrent Speed: Unknown
\tStatus: Unpopulated
\tUpgrade: Socket LGA3647-1

";

#[test]
fn dmidecode_compares_sockets_which_are_no_cpus() {
    let head = "# dmidecode 3.3\nGetting SMBIOS data from sysfs.\nSMBIOS 3.2.0 present.\n\n";
    let one = processor("CPU1", "16", true);
    let differs = [head, &one, &processor("CPU2", "14", false), EMPTY_SOCKET].concat();
    let (text, code) = run(&[("dmi", &differs)], &["cpus", "dmi"]);
    insta::assert_snapshot!(text);
    assert_eq!(code, Some(1));
    let files = [("dmi", &*differs), ("msr", RDMSR)];
    let (text, _) = run(&files, &["cpus", "--format", "json", "dmi", "msr"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["cpus"], serde_json::json!([0, 1, 2, 3]));
    assert_eq!(document["sockets"]["sockets"], serde_json::json!([0, 1]));
    assert_eq!(document["sockets"]["empty"], serde_json::json!([2]));
    assert_eq!(document["differences"].as_array().map(Vec::len), Some(1));
    // An empty socket is no difference.
    let alike = [head, &one, &processor("CPU2", "16", true), EMPTY_SOCKET].concat();
    let (text, code) = run(&[("dmi", &alike)], &["cpus", "dmi"]);
    assert!(
        text.starts_with("2 sockets (0,1), 1 empty (2), no difference\n"),
        "{text}"
    );
    assert_eq!(code, Some(0));
}

/// Leaf 1 and the topology leaves hold the APIC id of each CPU beside what all CPUs must have alike.
#[test]
fn cpuid_is_compared_but_for_what_each_cpu_has_of_its_own() {
    let listing = |leaf: &str, registers: [&str; 2]| {
        let block =
            |(cpu, registers): (usize, &str)| format!("CPU {cpu}:\n   {leaf}: {registers}\n");
        registers
            .into_iter()
            .enumerate()
            .map(block)
            .collect::<String>()
    };
    let alike = [
        (
            "0x00000001 0x00",
            [
                "eax=0x00050654 ebx=0x00040800 ecx=0x7ffefbff edx=0xbfebfbff",
                "eax=0x00050654 ebx=0x02040800 ecx=0x7ffefbff edx=0xbfebfbff",
            ],
        ),
        (
            "0x0000000b 0x01",
            [
                "eax=0x00000004 ebx=0x00000004 ecx=0x00000201 edx=0x00000000",
                "eax=0x00000004 ebx=0x00000004 ecx=0x00000201 edx=0x00000002",
            ],
        ),
        (
            "0x8000001e 0x00",
            [
                "eax=0x00000000 ebx=0x00000100 ecx=0x00000000 edx=0x00000000",
                "eax=0x00000002 ebx=0x00000101 ecx=0x00000001 edx=0x00000000",
            ],
        ),
    ];
    for (leaf, registers) in alike {
        let (text, code) = run(&[("cpuid", &listing(leaf, registers))], &["cpus", "cpuid"]);
        assert_eq!(code, Some(0), "{leaf}: {text}");
    }
    // VMX, ECX bit 5, is off on CPU 1.
    let unlike = [
        (
            "0x00000001 0x00",
            [
                "eax=0x00050654 ebx=0x00040800 ecx=0x7ffefbff edx=0xbfebfbff",
                "eax=0x00050654 ebx=0x02040800 ecx=0x7ffefbdf edx=0xbfebfbff",
            ],
        ),
        (
            "0x0000000b 0x00",
            [
                "eax=0x00000001 ebx=0x00000002 ecx=0x00000100 edx=0x00000000",
                "eax=0x00000000 ebx=0x00000001 ecx=0x00000100 edx=0x00000002",
            ],
        ),
    ];
    for (leaf, registers) in unlike {
        let (text, code) = run(&[("cpuid", &listing(leaf, registers))], &["cpus", "cpuid"]);
        assert!(code == Some(1) && text.contains(leaf), "{text}");
    }
    let (text, _) = run(
        &[("cpuid", &listing(unlike[0].0, unlike[0].1))],
        &["cpus", "cpuid"],
    );
    let text = text.replace("\n  ", " ");
    assert!(
        text.contains(": ecx bit 5 (VMX) off on CPU 1 only\n"),
        "{text}"
    );
}

/// Which of two values is true nobody can say, and the order of the inputs says nothing of it.
#[test]
fn values_that_contradict_each_other_count_for_nothing() {
    let before = ("before", "# rdmsr -a 0x3a\n5\n1\n5\n");
    let after = ("after", "# rdmsr -a 0x3a\n5\n5\n5\n");
    let expected = "\
3 CPUs (0-2), no difference, 1 contradiction

Contradiction: MSR 0x3a IA32_FEAT_CTL: CPU 1: 0x1 (before:3), 0x5 (after:3): none of
  them counts
Alike on CPUs 0,2, not known of 1: MSR: 0x3a IA32_FEAT_CTL
";
    for order in [["before", "after"], ["after", "before"]] {
        let (text, code) = run(
            &[before, after],
            &["cpus", "--fail-on", "any", order[0], order[1]],
        );
        assert_eq!((text.as_str(), code), (expected, Some(0)));
    }
    let (text, _) = run(
        &[before, after],
        &["cpus", "--format", "json", "before", "after"],
    );
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        document["contradictions"][0]["cpus"],
        serde_json::json!([1])
    );
    assert_eq!(
        document["contradictions"][0]["values"][1]["printed"]["path"],
        "after"
    );
    assert_eq!(document["alike"][0]["cpus"], serde_json::json!([0, 2]));
}

/// The same words in another order are the same flags.
#[test]
fn flags_that_contradict_each_other_are_named() {
    let files = [
        ("one", &*cpuinfo(["fpu vme", "fpu vme pse"])),
        ("two", &*cpuinfo(["vme fpu", "fpu vme rep_good"])),
    ];
    let (text, _) = run(&files, &["cpus", "one", "two"]);
    assert!(
        text.contains(
            "flags: CPU 1: also pse (one:16), also rep_good (two:16):\n  none of them counts"
        ),
        "{text}"
    );
    assert!(!text.contains("CPU 0:"), "{text}");
}

#[test]
fn a_register_of_which_several_values_are_printed_proves_no_late_clear() {
    let log = format!("# rdmsr -a 0x3a\n5\n1\n\n# rdmsr -a 0x3a\n5\n5\n\n{LATE_CLEAR}");
    let verdict = late_clear(&log);
    let evidence = verdict["evidence"].as_array().expect("a list");
    let says = |text: &str| {
        evidence.iter().any(|item| {
            item["says"]
                .as_str()
                .is_some_and(|says| says.contains(text))
        })
    };
    assert!(
        says("CPU 1: 0x1 (log:3), 0x5 (log:7): these contradict each other and prove nothing"),
        "{verdict}"
    );
    assert!(!says("CPU 0 0x5, CPU 1"), "{verdict}");
    assert_eq!(verdict["divergence"], late_clear(LATE_CLEAR)["divergence"]);
}

/// An editor may leave out the last line feed, and a paste may end anywhere.
#[test]
fn a_last_line_without_an_end_counts_where_its_end_cannot_be_what_differs() {
    let rows = [
        ("# rdmsr -a 0x1a0\n364972489\n36497248", "no difference"),
        ("# rdmsr -a 0x3a\n5\n5\n1", "1 difference"),
        ("# rdmsr -a 0x3a\n5\n5", "no difference"),
    ];
    for (text, found) in rows {
        let (text, _) = run(&[("log", text)], &["cpus", "log"]);
        let headline = text.lines().next().expect("a headline");
        assert!(headline.ends_with(found), "{text}");
    }
    let whole = cpuinfo(["fpu vme pse", "fpu vme pse"]);
    let cut = &whole[..whole.rfind(" pse").expect("flags")];
    let (text, _) = run(&[("log", cut)], &["cpus", "log"]);
    assert!(
        text.contains(
            "no difference\n\nNot compared: log:16: the last line has no end and may be cut off\n"
        ),
        "{text}"
    );
    let (text, _) = run(&[("log", cut)], &["cpus", "--format", "json", "log"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        document["cut_off"],
        serde_json::json!([{ "path": "log", "line": 16 }])
    );
}

#[test]
fn cpus_of_which_a_field_is_not_listed_are_not_alike() {
    let two = cpuinfo(["fpu vme", "fpu vme"]);
    let third = "processor\t: 2\nmodel\t\t: 28\n\n";
    let (text, _) = run(&[("log", &format!("{two}{third}"))], &["cpus", "log"]);
    assert!(
        text.contains("Alike on CPUs 0,1, not known of 2: /proc/cpuinfo: "),
        "{text}"
    );
    assert!(
        text.contains("Alike on all: /proc/cpuinfo: model\n"),
        "{text}"
    );
}

/// `rdmsr -f` prints a part of the register: what is not printed is not known to be alike.
#[test]
fn a_bit_of_a_register_is_compared_as_such() {
    let text = "$ sudo rdmsr -a -f 2:2 0x3a\n1\n0\n";
    let (text, _) = run(&[("log", text)], &["cpus", "log"]);
    assert!(
        text.contains("MSR 0x3a bit 2: CPU 0 0x1, CPU 1 0x0\n"),
        "{text}"
    );
}
