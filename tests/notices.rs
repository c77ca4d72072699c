//! Notices: what healthy boots print as well is told in a line, and is no reason to fail.

mod common;

use common::{ksplat, reports, stdout};
use ksplat::stages::grammar::Level;
use ksplat::stages::report::Report;
use serde_json::Value;

const BOOT: &str = "\
[    0.000000] Linux version 6.12.5 (me@here) (gcc) #1 SMP Mon Jan 1 00:00:00 UTC 2024
[    0.100000] [Firmware Bug]: TSC_DEADLINE disabled due to Errata; please update microcode to version: 0x52 (or later)
[    0.300000] initcall acpi_cpufreq_init+0x0/0x150 returned -19 after 5 usecs
[    0.300001] initcall e1000_init_module+0x0/0x90 [e1000] returned 0 after 5 usecs
[    1.300001] pcieport 0000:00:1c.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)
[    1.300002] pcieport 0000:00:1c.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)
";

const PANIC: &str = "\
[    2.000000] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
[    2.000001] CPU: 1 PID: 1 Comm: swapper/0 Not tainted 6.12.5 #1
[    2.000002] Call Trace:
[    2.000003]  panic+0x1e4/0x41c
[    2.000004]  mount_root_generic+0x2b0/0x350
[    2.000005] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
";

/// Standard output and exit code.
fn run(log: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("log"), log).expect("written");
    let output = ksplat(dir.path()).args(arguments).arg("log").output();
    let output = output.expect("ksplat runs");
    (stdout(&output), output.status.code())
}

#[test]
fn each_is_one_line_with_what_its_kind_means_and_the_exit_code_stays_0() {
    let (text, code) = run(BOOT, &[]);
    assert_eq!(code, Some(0));
    assert_eq!(
        text,
        "\
log:2: notice: [Firmware Bug]: TSC_DEADLINE disabled due to Errata; please update microcode to version: 0x52 (or later)
    The kernel works around it. Many machines print some of them in each boot. What to
    do: ksplat explain firmware-bug
log:3: notice: initcall acpi_cpufreq_init+0x0/0x150 returned -19 after 5 usecs
    A built-in driver found nothing to do, or could not start. What to do: ksplat
    explain initcall
log:5: notice: pcieport 0000:00:1c.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)
    Nothing was lost. Thousands an hour cost time and fill the log. What to do: ksplat
    explain pcie-corrected
log: no kernel splat in 6 lines, one boot of 6.12.5, 4 notices
"
    );
    assert_eq!(run(BOOT, &["-q"]), (String::new(), Some(0)));
}

#[test]
fn a_splat_beside_them_counts_alone() {
    let (text, code) = run(&format!("{BOOT}{PANIC}"), &[]);
    assert_eq!(code, Some(1));
    assert!(
        text.ends_with("\n1 splat, 4 notices in 12 lines\n"),
        "{text}"
    );
    assert!(
        text.contains("explain pcie-corrected\n\nNO START: the kernel found no disk to start from"),
        "{text}"
    );
}

#[test]
fn the_json_has_them_apart_from_the_splats() {
    let (text, code) = run(&format!("{BOOT}{PANIC}"), &["--format", "json"]);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let levels = |list: &str| {
        let splats = document[list].as_array().expect("a list");
        let levels = splats.iter().map(|s| s["level"].as_str());
        levels
            .map(|level| level.unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(levels("splats"), ["report"]);
    assert_eq!(levels("notices"), ["notice"; 4]);
    assert_eq!(document["splats"][0]["incident"], 0);
    let second = &document["notices"][1];
    assert_eq!(second["culprit"]["function"], "acpi_cpufreq_init");
    assert_eq!(code, Some(1));
}

#[test]
fn behind_cut_here_it_is_the_text_of_the_warning() {
    let all = reports(
        "\
[    0.5] ------------[ cut here ]------------
[    0.5] initcall foo_init+0x0/0x20 returned with preemption imbalance
[    0.5] WARNING: CPU: 0 PID: 1 at init/main.c:1281 do_one_initcall+0x1f0/0x290
[    0.5] Call Trace:
[    0.5]  kernel_init_freeable+0x1c0/0x2b0
[    0.5] ---[ end trace 0000000000000000 ]---
",
    );
    let [warning] = all.as_slice() else {
        panic!("{} reports", all.len());
    };
    assert_eq!(warning.splat.kind, "warning");
    assert_eq!(
        warning.splat.message,
        ["initcall foo_init+0x0/0x20 returned with preemption imbalance"]
    );
}

/// The repeat right behind a late clear proves that the pointer was NULL; a notice between the two is
/// no third report.
#[test]
fn between_two_reports_it_parts_nothing() {
    let log = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/corpus/ap-vmx-bios-kaslr/log"
    ));
    let log = log.expect("readable");
    let start = log.find("------------[ cut here").expect("a splat");
    let start = log[..start].rfind('\n').map_or(0, |at| at + 1);
    let end = start + log[start..].find("---[ end trace").expect("its end") + 40;
    let splat = &log[start..end.min(log.len())];
    let splat = &splat[..splat.rfind('\n').map_or(splat.len(), |at| at + 1)];
    let notice = "[    0.060000] [Firmware Bug]: the firmware is in the way\n";
    let alone = reports(&format!("{splat}{splat}"));
    let parted = reports(&format!("{splat}{notice}{splat}"));
    let levels: Vec<_> = parted.iter().map(|report| report.level).collect();
    assert_eq!(levels, [Level::Report, Level::Notice, Level::Report]);
    let verdicts = |all: &[Report]| {
        let clears = all.iter().filter_map(|report| report.late_clear.as_ref());
        clears.map(|v| v.target).collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&parted), verdicts(&alone));
    assert_eq!(
        parted[2].incident == parted[0].incident,
        alone[1].incident == alone[0].incident
    );
}
