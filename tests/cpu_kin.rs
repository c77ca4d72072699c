//! Kin of the late clear: what machines say whose CPUs are not alike, or refuse a register.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::{Grammar, Level, PathName};
use ksplat::stages::report::{Incidents, Report};

fn reports(log: &str) -> Vec<Report> {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    let mut all = Vec::new();
    analyzer.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut Incidents::default(),
        &mut |report| all.push(report),
    );
    all
}

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
