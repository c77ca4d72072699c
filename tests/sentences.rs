//! What a person reads first of a machine that stopped, or whose hardware failed, through the binary.

mod common;

use common::splats;
use serde_json::Value;

/// The first report of a log.
fn first(log: &str) -> Value {
    splats(log).swap_remove(0)
}

/// The reasons that kernels give, each in the words of its source.
#[test]
fn a_panic_says_why_the_machine_stopped() {
    let rows = [
        (
            "VFS: Unable to mount root fs on unknown-block(0,0)",
            "NO START: the kernel found no disk to start from",
        ),
        (
            "VFS: Unable to mount root fs on \"UUID=8a1b\" or unknown-block(0,0)",
            "NO START: the kernel found no disk UUID=8a1b to start from",
        ),
        (
            "VFS: Unable to mount root fs on unknown-block(259,2)",
            "NO START: the kernel found the disk unknown-block(259,2), and no file system on it that it can read",
        ),
        (
            "No working init found.  Try passing init= option to kernel.",
            "NO START: the kernel found no first program (init) to start",
        ),
        (
            "Requested init /bin/zeta failed (error -2).",
            "NO START: the first program, /bin/zeta, could not be started",
        ),
        (
            "Attempted to kill init! exitcode=0x00007f00",
            "PANIC: the first program (init) ended, with the exit code 0x00007f00, and the kernel cannot go on without it",
        ),
        (
            "Attempted to kill init!",
            "PANIC: the first program (init) ended, and the kernel cannot go on without it",
        ),
        (
            "sysrq triggered crash",
            "CRASHED BY HAND: somebody asked for a crash (SysRq-c)",
        ),
        (
            "Timeout: Not all CPUs entered broadcast exception handler",
            "HARDWARE ERROR: the hardware reported an error that the kernel cannot go on with: \
             Timeout: Not all CPUs entered broadcast exception handler",
        ),
        (
            "NMI: Not continuing",
            "PANIC: the kernel stopped the machine because of an NMI that nobody asked for: NMI: Not continuing",
        ),
        (
            "softlockup: hung tasks",
            "PANIC: the kernel stopped the machine after another report: softlockup: hung tasks",
        ),
        (
            "zeta: no more frobs",
            "PANIC: the kernel stopped the machine: zeta: no more frobs",
        ),
    ];
    for (reason, sentence) in rows {
        let found = first(&format!("[   12.5] Kernel panic - not syncing: {reason}\n"));
        assert_eq!(found["summary"], sentence);
    }
}

/// Each line of the record belongs to the report: without them nobody can decode it.
#[test]
fn the_record_of_a_machine_check_is_kept_whole() {
    let found = first(
        "\
[   12.5] mce: [Hardware Error]: CPU 3: Machine Check Exception: 5 Bank 4: b200000000070f0f
[   12.5] mce: [Hardware Error]: RIP !INEXACT! 10:<ffffffff8100b1c3> {native_safe_halt+0x6/0x8}
[   12.5] mce: [Hardware Error]: TSC 1234567890ab ADDR 1234abcd MISC 86
[   12.5] mce: [Hardware Error]: PROCESSOR 0:306a9 TIME 1348012345 SOCKET 0 APIC 6 microcode 12
[   12.5] mce: [Hardware Error]: Machine check: Processor context corrupt
[   12.5] Kernel panic - not syncing: Fatal machine check
",
    );
    assert_eq!(
        found["details"].as_array().map(Vec::len),
        Some(4),
        "{found}"
    );
    assert_eq!(found["panicked"], true);
    assert_eq!(found["corrupted"], false);
}

#[test]
fn the_firmware_names_the_part_that_failed() {
    let record = |rest: &str| {
        format!(
            "[   12.5] {{1}}[Hardware Error]: event severity: fatal\n\
             [   12.5] {{1}}[Hardware Error]:  Error 0, type: fatal\n{rest}"
        )
    };
    let section = "[   12.5] {1}[Hardware Error]:   section_type: memory error\n";
    let dimm = "[   12.5] {1}[Hardware Error]:    DIMM location: CPU1 DIMM_A1 \n";
    let absent =
        "[   12.5] {1}[Hardware Error]:    DIMM location: not present. DMI handle: 0x001e\n";
    let rows = [
        (record(""), "an error of the hardware (fatal)"),
        (record(section), "a memory error (fatal)"),
        (
            record(&format!("{section}{absent}")),
            "a memory error (fatal)",
        ),
        (
            record(&format!("{section}{dimm}")),
            "an error of the memory module CPU1 DIMM_A1 (fatal)",
        ),
    ];
    for (log, what) in rows {
        let sentence = format!("HARDWARE ERROR: the firmware reported {what}");
        assert_eq!(first(&log)["summary"], sentence);
    }
}

/// A call through a pointer that is NULL or wild faults at its target: whoever is named next only called it.
#[test]
fn a_jump_to_nowhere_is_no_access_of_the_function_that_is_named() {
    let null = "NULL POINTER: the kernel called a function through a pointer that was NULL";
    let fetch = "#PF: supervisor instruction fetch in kernel mode\n[    5.1] ";
    let rows = [
        (
            format!("BUG: kernel NULL pointer dereference, address: 0000000000000000\n[    5.1] {fetch}RIP: 0010:0x0"),
            null,
        ),
        (
            "BUG: unable to handle kernel NULL pointer dereference at (null)\n[    5.1] RIP: 0010:[<0000000000000000>]  [<          (null)>]           (null)".to_owned(),
            null,
        ),
        (
            format!("BUG: unable to handle page fault for address: ffffffffc0a0f000\n[    5.1] {fetch}RIP: 0010:0xffffffffc0a0f000"),
            "BAD JUMP: the kernel jumped to address 0xffffffffc0a0f000, where there is no code",
        ),
        (
            "BUG: kernel NULL pointer dereference, address: 0000000000000010\n[    5.1] RIP: 0010:zeta_read+0x10/0x20".to_owned(),
            "NULL POINTER: zeta_read() used a NULL pointer (address 0x10)",
        ),
    ];
    for (fault, sentence) in rows {
        let log =
            format!("[    5.1] {fault}\n[    5.1] Call Trace:\n[    5.1]  zeta_call+0x10/0x20\n");
        assert_eq!(first(&log)["summary"], sentence, "{log}");
    }
}
