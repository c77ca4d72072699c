//! Verdicts on late clears, case by case: a log in, what must be said of it.

mod common;

use common::reports;

use ksplat::stages::grammar::{PathName, StageName};
use ksplat::stages::late_clear::{Confidence, Divergence, FeatureFrom, LateClear, Target};

fn verdict(log: &str) -> LateClear {
    let mut all = reports(log);
    assert_eq!(all.len(), 1, "one splat in\n{log}");
    all.remove(0).late_clear.expect("a late clear")
}

fn no_late_clear(log: &str) {
    assert!(
        reports(log)
            .iter()
            .all(|report| report.late_clear.is_none()),
        "{log}"
    );
}

const BEFORE: &str = "\
[    0.000000] Linux version 6.12.0 (a@b) (gcc) #1 SMP
[    0.400000] Freeing SMP alternatives memory: 40K
";
const BRING_UP: &str = "[    0.700000] smp: Bringing up secondary CPUs ...\n";
const BROUGHT_UP: &str = "[    0.900000] smp: Brought up 1 node, 2 CPUs\n";
const AP_FRAMES: &[&str] = &[
    "init_ia32_feat_ctl+0x357/0x4d0",
    "init_intel+0xf7/0x360",
    "identify_cpu+0x14a/0x560",
    "identify_secondary_cpu+0x12/0x40",
    "start_secondary+0x7f/0x140",
];

/// A late clear of VMX as 6.12 prints it.
fn splat(cpu: u32, comm: &str, frames: &[&str]) -> String {
    splat_with(cpu, comm, "0000000000000085", frames)
}

fn splat_with(cpu: u32, comm: &str, feature: &str, frames: &[&str]) -> String {
    let frames: String = frames
        .iter()
        .map(|frame| format!("[    0.800000]  {frame}\n"))
        .collect();
    format!(
        "[    0.800000] ------------[ cut here ]------------
[    0.800000] WARNING: CPU: {cpu} PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:117 do_clear_cpu_cap+0xde/0x130
[    0.800000] CPU: {cpu} UID: 0 PID: 0 Comm: {comm} Not tainted 6.12.0 #1
[    0.800000] RIP: 0010:do_clear_cpu_cap+0xde/0x130
[    0.800000] RSP: 0000:ffffc900000cbdc8 EFLAGS: 00000002
[    0.800000] RDX: 0000000000000001 RSI: {feature} RDI: ffffc900000cbe28
[    0.800000] RBP: {feature} R08: 0000000000000000 R09: 0000000000000000
[    0.800000] Call Trace:
[    0.800000]  <TASK>
{frames}[    0.800000]  </TASK>
[    0.800000] ---[ end trace 0000000000000000 ]---
"
    )
}

#[test]
fn an_ap_at_boot_differs_from_the_boot_cpu() {
    let verdict = verdict(&format!(
        "{BEFORE}{BRING_UP}{}{BROUGHT_UP}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    assert_eq!(
        (verdict.path, verdict.stage),
        (PathName::Ap, StageName::SmpBoot)
    );
    assert_eq!(verdict.divergence, Divergence::Divergent);
    assert_eq!(verdict.confidence, Confidence::Certain);
    assert_eq!(verdict.requester.as_deref(), Some("init_ia32_feat_ctl"));
    let feature = verdict.feature.expect("a feature");
    assert_eq!(
        (feature.number, feature.name.as_deref(), feature.from),
        (Some(133), Some("VMX"), FeatureFrom::Register)
    );
    assert!(
        verdict.headline.contains("CPU 1 lost VMX"),
        "{}",
        verdict.headline
    );
    assert!(!verdict.diagnosis.contains('{'), "{}", verdict.diagnosis);
}

#[test]
fn the_boot_cpus_message_before_bring_up_means_uniform() {
    let message = "[    0.300000] x86/cpu: VMX (outside TXT) disabled by BIOS\n";
    let verdict = verdict(&format!(
        "{BEFORE}{message}{BRING_UP}{}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    assert_eq!(verdict.divergence, Divergence::Uniform);
    assert!(
        verdict
            .evidence
            .iter()
            .any(|e| e.line == Some(3) && e.speaks_for == "uniform")
    );
}

#[test]
fn a_message_about_another_feature_proves_nothing() {
    let message = "[    0.300000] Disabled fast string operations\n";
    let verdict = verdict(&format!(
        "{BEFORE}{message}{BRING_UP}{}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    assert_eq!(verdict.divergence, Divergence::Divergent);
}

#[test]
fn after_the_bring_up_it_is_hotplug_and_in_a_resume_it_is_resume() {
    let online = "[   20.000000] smpboot: Booting Node 0 Processor 1 APIC 0x1\n";
    let hotplug = verdict(&format!(
        "{BEFORE}{BRING_UP}{BROUGHT_UP}{online}{}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    assert_eq!(
        (hotplug.path, hotplug.stage),
        (PathName::Ap, StageName::Hotplug)
    );
    let resume =
        "[   20.000000] PM: suspend entry (deep)\n[   20.100000] Enabling non-boot CPUs ...\n";
    let resumed = verdict(&format!(
        "{BEFORE}{BRING_UP}{BROUGHT_UP}{resume}{online}{}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    assert_eq!(
        (resumed.path, resumed.stage),
        (PathName::Ap, StageName::Resume)
    );
    let awake = format!("{resume}{online}[   21.000000] PM: suspend exit\n{online}");
    let later = verdict(&format!(
        "{BEFORE}{BRING_UP}{BROUGHT_UP}{awake}{}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    assert_eq!(later.stage, StageName::Hotplug);
}

#[test]
fn the_other_paths() {
    let rows: &[(&[&str], PathName, StageName)] = &[
        (
            &[
                "init_intel+0x1/0x2",
                "identify_cpu+0x1/0x2",
                "arch_cpu_finalize_init+0x1/0x2",
                "start_kernel+0x1/0x2",
            ],
            PathName::Bsp,
            StageName::Boot,
        ),
        (
            &[
                "init_ia32_feat_ctl+0x1/0x2",
                "restore_processor_state+0x1/0x2",
                "kernfs_fop_write_iter+0x1/0x2",
            ],
            PathName::Bsp,
            StageName::Resume,
        ),
        (
            &[
                "f+0x1/0x2",
                "do_one_initcall+0x1/0x2",
                "kernel_init_freeable+0x1/0x2",
            ],
            PathName::Other,
            StageName::Initcall,
        ),
        (
            &[
                "f+0x1/0x2 [m]",
                "do_one_initcall+0x1/0x2",
                "do_init_module+0x1/0x2",
            ],
            PathName::Other,
            StageName::Module,
        ),
        (
            &[
                "f_store+0x1/0x2",
                "kernfs_fop_write_iter+0x1/0x2",
                "vfs_write+0x1/0x2",
            ],
            PathName::Other,
            StageName::Runtime,
        ),
        (
            &[
                "alternatives_enable_smp+0x1/0x2",
                "_cpu_up+0x1/0x2",
                "online_store+0x1/0x2",
                "vfs_write+0x1/0x2",
            ],
            PathName::Other,
            StageName::Hotplug,
        ),
        (
            &["f+0x1/0x2", "do_idle+0x1/0x2", "start_secondary+0x1/0x2"],
            PathName::Unknown,
            StageName::Unknown,
        ),
    ];
    for (frames, path, stage) in rows {
        let verdict = verdict(&format!(
            "{BEFORE}{BRING_UP}{BROUGHT_UP}{}",
            splat(0, "x", frames)
        ));
        assert_eq!((verdict.path, verdict.stage), (*path, *stage), "{frames:?}");
        assert_eq!(verdict.divergence, Divergence::Unknown);
        assert!(
            !verdict.headline.is_empty() && !verdict.diagnosis.contains('{'),
            "{}",
            verdict.diagnosis
        );
    }
}

#[test]
fn evidence_that_disagrees_lowers_the_confidence_and_is_listed() {
    let verdict = verdict(&format!(
        "{BEFORE}{BRING_UP}{}",
        splat(0, "swapper/0", AP_FRAMES)
    ));
    assert_eq!(verdict.path, PathName::Ap);
    assert_eq!(verdict.confidence, Confidence::Likely);
    assert!(verdict.evidence.iter().any(|e| e.speaks_for == "bsp"));
}

#[test]
fn unreliable_frames_alone_are_less_sure() {
    let frames: Vec<String> = AP_FRAMES.iter().map(|frame| format!("? {frame}")).collect();
    let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    let verdict = verdict(&format!(
        "{BEFORE}{BRING_UP}{}",
        splat(1, "swapper/1", &frames)
    ));
    assert_eq!(
        (verdict.path, verdict.confidence),
        (PathName::Ap, Confidence::Likely)
    );
}

#[test]
fn without_frames_the_circumstances_decide_weakly() {
    let verdict = verdict(&format!("{BEFORE}{BRING_UP}{}", splat(1, "swapper/1", &[])));
    assert_eq!(
        (verdict.path, verdict.stage),
        (PathName::Ap, StageName::SmpBoot)
    );
    assert_eq!(verdict.confidence, Confidence::Weak);
    assert_eq!(verdict.requester, None);
}

#[test]
fn a_number_that_only_rsi_holds_needs_more() {
    let log = |frames: &[&str]| {
        splat(1, "swapper/1", frames).replace("RBP: 0000000000000085", "RBP: 0000000000000000")
    };
    let known = verdict(&format!("{BEFORE}{BRING_UP}{}", log(AP_FRAMES)));
    assert_eq!(known.feature.and_then(|f| f.number), Some(133));
    let stranger = [
        "some_vendor_init+0x1/0x2",
        "identify_cpu+0x1/0x2",
        "identify_secondary_cpu+0x1/0x2",
    ];
    let unknown = verdict(&format!("{BEFORE}{BRING_UP}{}", log(&stranger)));
    assert_eq!(unknown.feature, None);
    assert!(
        unknown.headline.contains("does not name"),
        "{}",
        unknown.headline
    );
}

#[test]
fn the_range_check_is_no_late_clear() {
    let log = format!(
        "{BEFORE}{BRING_UP}{}",
        splat_with(1, "swapper/1", "0000000000000a00", AP_FRAMES)
    );
    no_late_clear(&log);
    let condition = log.replace("cpuid-deps.c:117 do_clear", "cpuid-deps.c:113 do_clear").replace(
        "WARNING: CPU: 1 PID: 0 at arch/x86/kernel/cpu/cpuid-deps.c:113 do_clear_cpu_cap+0xde/0x130",
        "WARNING: [feature >= MAX_FEATURE_BITS] arch/x86/kernel/cpu/cpuid-deps.c:113 at do_clear_cpu_cap+0x124/0x130, CPU#1: swapper/1/0",
    );
    no_late_clear(&condition);
    assert_eq!(reports(&condition).len(), 1);
}

#[test]
fn an_unreliable_frame_of_the_function_in_another_report_is_none() {
    let other = splat(
        1,
        "swapper/1",
        &[
            "? do_clear_cpu_cap+0x150/0x150",
            "text_poke_queue+0x28/0x90",
        ],
    )
    .replace(
        "arch/x86/kernel/cpu/cpuid-deps.c:117 do_clear_cpu_cap",
        "kernel/trace/ftrace.c:1 ftrace_bug",
    )
    .replace("RIP: 0010:do_clear_cpu_cap", "RIP: 0010:ftrace_bug");
    no_late_clear(&format!("{BEFORE}{other}"));
}

#[test]
fn a_nested_repeat_is_tied_to_its_cause_and_tells_its_target() {
    let inner: Vec<&str> = ["do_clear_cpu_cap+0x108/0x130"]
        .iter()
        .chain(AP_FRAMES)
        .copied()
        .collect();
    let log = format!(
        "{BEFORE}{BRING_UP}{}{}",
        splat(1, "swapper/1", AP_FRAMES),
        splat(1, "swapper/1", &inner)
    );
    let all = reports(&log);
    let verdicts: Vec<_> = all
        .iter()
        .filter_map(|report| report.late_clear.as_ref())
        .collect();
    assert_eq!(verdicts.len(), 2);
    assert_eq!(
        (verdicts[0].caused_by, verdicts[0].target),
        (None, Some(Target::All))
    );
    assert_eq!(
        (verdicts[1].caused_by, verdicts[1].target),
        (Some(0), Some(Target::BootCpuData))
    );
    assert_eq!(all[0].incident, all[1].incident);
    assert_eq!(all[0].signature, all[1].signature);
}

#[test]
fn the_signature_is_of_the_bug_and_not_of_the_boot() {
    let first = reports(&format!(
        "{BEFORE}{BRING_UP}{}",
        splat(1, "swapper/1", AP_FRAMES)
    ));
    let other_build = splat(3, "swapper/3", AP_FRAMES)
        .replace("0x357/0x4d0", "0x39f/0x4e0")
        .replace("cpuid-deps.c:117", "cpuid-deps.c:127");
    let second = reports(&format!("{BEFORE}{BRING_UP}{other_build}"));
    assert_eq!(first[0].signature, second[0].signature);
    let other_feature = reports(&format!(
        "{BEFORE}{BRING_UP}{}",
        splat_with(1, "swapper/1", "0000000000000086", AP_FRAMES)
    ));
    assert_ne!(first[0].signature, other_feature[0].signature);
}

/// The function has two WARNs; what tells them apart is looked for in the order of what it proves.
#[test]
fn the_two_warnings_of_the_function_are_told_apart() {
    const REGISTERS: &str =
        "[    0.800000] RDX: 0000000000000001 RSI: 0000000000000085 RDI: ffffc900000cbe28\n";
    let log = |release: &str, line: u32, more: &str| {
        let splat = splat(1, "swapper/1", AP_FRAMES)
            .replace("cpuid-deps.c:117", &format!("cpuid-deps.c:{line}"));
        let printed = splat
            .lines()
            .filter(|line| !line.contains("RSI:") && !line.contains("RBP:"));
        let printed: String = printed.map(|line| format!("{line}\n")).collect();
        let trace = "[    0.800000] Call Trace:\n";
        let printed = printed.replace(trace, &format!("{more}{trace}"));
        format!("{BEFORE}{BRING_UP}{printed}").replace("6.12.0", release)
    };
    let code =
        |bytes: &str| format!("[    0.800000] Code: {bytes} <0f> 0b e9 67 ff ff ff 48 c7 c7\n");
    let is_open = |log: &str| {
        let verdict = verdict(log);
        let wanted = "WARN, about MAX_FEATURE_BITS, and nothing here tells the two apart";
        let mut evidence = verdict.evidence.iter();
        let is_open = evidence.any(|item| item.says.contains(wanted));
        assert!(!is_open || verdict.confidence <= Confidence::Likely);
        is_open
    };
    // By the line, which is the one's in one series and the other's in another.
    no_late_clear(&log("6.12.9", 113, ""));
    no_late_clear(&log("7.3.4", 123, ""));
    assert!(!is_open(&log("6.16.9", 123, "")));
    assert!(!is_open(&log("7.3.4", 127, "")));
    assert!(is_open(&log("6.12.9", 130, "")));
    assert!(is_open(&log("6.17.0", 123, "")));
    // By the release: before 6.10 there is no other one; but what follows a candidate may be of 6.10.
    no_late_clear(&log("6.1.192", 108, ""));
    no_late_clear(&log("6.9.3", 118, REGISTERS));
    assert!(is_open(&log("6.9.0-rc3-00001-gee8962082a44", 118, "")));
    // By the code, whatever the release: a distribution may have taken the commit over.
    let flag = code("cc cc 8b 15 0a 72 e0 01 85 d2 0f 84 6e ff ff ff");
    assert!(!is_open(&log("6.9.3", 118, &flag)));
    no_late_clear(&log("6.17.0", 123, &code("cc cc 81 fe ff 02 00 00 76 02")));
    // By a number in range.
    let kept = "[    0.800000] RBP: 0000000000000085 R08: 0000000000000000 R09: 0000000000000000\n";
    let numbered = log("6.17.0", 123, &format!("{REGISTERS}{kept}"));
    assert!(!is_open(&numbered));
    assert_eq!(verdict(&numbered).confidence, Confidence::Certain);
}
