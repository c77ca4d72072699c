//! What node-problem-detector, kola and LKP look for is told: a line for each row of docs/monitors.md.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::{Grammar, Level};
use ksplat::stages::report::Incidents;

const NOTICE: Level = Level::Notice;
const REPORT: Level = Level::Report;

const ROWS: &[(&str, &str, Level)] = &[
    (
        "Out of memory: Killed process 4711 (java) total-vm:1024kB, anon-rss:512kB, file-rss:0kB, shmem-rss:0kB",
        "out-of-memory",
        REPORT,
    ),
    (
        "INFO: task docker:4711 blocked for more than 120 seconds.",
        "hung-task",
        REPORT,
    ),
    (
        "unregister_netdevice: waiting for lo to become free. Usage count = 1",
        "unregister-netdevice",
        REPORT,
    ),
    (
        "BUG: unable to handle kernel NULL pointer dereference at 0000000000000010",
        "oops",
        REPORT,
    ),
    ("divide error: 0000 [#1] SMP", "oops", REPORT),
    (
        "EXT4-fs error (device sda1): ext4_lookup:1855: inode #2: comm ls: deleted inode referenced",
        "filesystem-error",
        NOTICE,
    ),
    (
        "EXT4-fs warning (device sda1): ext4_end_bio:343: I/O error 10 writing to inode 12",
        "filesystem-error",
        NOTICE,
    ),
    (
        "Buffer I/O error on dev sdb1, logical block 0, async page read",
        "buffer-error",
        NOTICE,
    ),
    (
        "XFS (sdb1): Log I/O Error (0x2) detected at xlog_ioend_work+0x5e/0xa0 [xfs] (fs/xfs/xfs_log.c:1378). Shutting down filesystem.",
        "filesystem",
        REPORT,
    ),
    (
        "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0",
        "edac-corrected",
        NOTICE,
    ),
    (
        "EXT4-fs (sda1): Remounting filesystem read-only",
        "filesystem-read-only",
        NOTICE,
    ),
    (
        "{1}[Hardware Error]: event severity: recoverable",
        "hardware-error",
        REPORT,
    ),
    (
        "{1}[Hardware Error]: event severity: corrected",
        "hardware-error-logged",
        NOTICE,
    ),
    (
        "sd 0:0:0:0: rejecting I/O to offline device",
        "scsi",
        NOTICE,
    ),
    (
        "zetad[4711]: segfault at 10 ip 00007f2b1c0a3f20 sp 00007ffd0c2f8b10 error 4 in libc.so.6[7f2b1c028000+175000]",
        "segfault",
        NOTICE,
    ),
    (
        "BUG kmalloc-64 (Not tainted): Poison overwritten",
        "slab",
        REPORT,
    ),
    (
        "INFO: trying to register non-static key.",
        "lockdep",
        REPORT,
    ),
    ("[ BUG: bad contention detected! ]", "lockdep", REPORT),
    (
        "Unknown interrupt or fault at: c1000000 00000060 c1000000",
        "oops",
        REPORT,
    ),
    (
        "kobject (00000000b2c4a9c1): invalid kobject pointer!",
        "kobject",
        REPORT,
    ),
    (
        "Out of memory and no killable processes...",
        "out-of-memory",
        REPORT,
    ),
    ("pagealloc: single bit error", "page-poison", REPORT),
    ("low stack detected by irq handler", "irq-stack", REPORT),
    (
        "neighbour: Destroying alive neighbour 00000000b2c4a9c1",
        "neighbour",
        REPORT,
    ),
    (
        "genirq: Flags mismatch irq 16. 00000080 (zeta) vs. 00000000 (eta)",
        "shared-interrupt",
        NOTICE,
    ),
    (
        "CPU3: Core temperature above threshold, cpu clock throttled (total events = 1)",
        "thermal",
        NOTICE,
    ),
    (
        "GUP no longer grows the stack in zetad (811): 7ffc0-7ffd0 (7ffb0)",
        "gup-stack",
        NOTICE,
    ),
    (
        "softdog: Initiating system reboot",
        "watchdog-reboot",
        NOTICE,
    ),
    (
        "rootfs image is not initramfs (no cpio magic); looks like an initrd",
        "initramfs",
        NOTICE,
    ),
    (
        "IP-Config: Auto-configuration of network failed",
        "no-network-root",
        NOTICE,
    ),
    (
        "sysctl duplicate entry: /kernel//zeta",
        "duplicate-name",
        NOTICE,
    ),
    (
        "zetad[811] bad frame in 32bit sigreturn frame:f0 ip:1 sp:2 orax:3",
        "segfault",
        NOTICE,
    ),
    (
        "[drm:intel_dp_aux [i915]] *ERROR* dp aux hw did not signal timeout!",
        "drm-error",
        NOTICE,
    ),
];

#[test]
fn each_pattern_has_its_kind_and_level() {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    for (line, kind, level) in ROWS {
        let log = format!("[   12.500000] {line}\n");
        let mut all = Vec::new();
        let take = &mut |report| all.push(report);
        analyzer.read_all(
            Origin::default(),
            log.as_bytes(),
            &mut Incidents::default(),
            take,
        );
        let got: Vec<_> = all
            .iter()
            .map(|report| (report.splat.kind.as_str(), report.level))
            .collect();
        assert_eq!(got, [(*kind, *level)], "{line}");
    }
}
