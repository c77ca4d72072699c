//! Logs as people paste them into trackers, forums and chats, through the binary: cut, mixed up, without names.

mod common;

use common::splats;
use serde_json::Value;

/// Title and kind of each report.
fn titles(log: impl AsRef<[u8]>) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = splats(log);
    found
        .iter()
        .map(|report| (text(&report["title"]), text(&report["kind"])))
        .collect()
}

fn frames(report: &Value) -> usize {
    report["frames"].as_array().map_or(0, Vec::len)
}

/// The state of a CPU and its call trace, as a lockup prints them.
const STATE: &str = "\
Mar 03 01:36:33 h1 kernel: RIP: 0010:zeta_wait+0x11e/0x4f0 [zeta]
Mar 03 01:36:33 h1 kernel: RSP: 0018:ffffbd7940c0fd70 EFLAGS: 00000202
Mar 03 01:36:33 h1 kernel: RAX: 0000000000000001 RBX: 0000000000000246 RCX: 0000000000000001
Mar 03 01:36:33 h1 kernel: Call Trace:
Mar 03 01:36:33 h1 kernel:  <TASK>
Mar 03 01:36:33 h1 kernel:  zeta_flush+0x24/0x40 [zeta]
Mar 03 01:36:33 h1 kernel:  process_one_work+0x174/0x330
Mar 03 01:36:33 h1 kernel:  </TASK>
";

const OTHERS: &str = "Mar 03 01:36:34 h1 kernel: eth0: link up\n";

#[test]
fn a_lockup_that_lost_its_head_has_no_end_marker_either() {
    for log in [
        STATE.to_owned(),
        format!("{STATE}{}", OTHERS.repeat(30)),
        format!("{}{STATE}{}", OTHERS.repeat(900), OTHERS.repeat(900)),
        format!(
            "{STATE}Mar 03 01:36:35 h1 kernel: Kernel panic - not syncing: softlockup: hung tasks\n"
        ),
    ] {
        let found = splats(&log);
        assert_eq!(found[0]["kind"], "headless");
        assert_eq!(found[0]["culprit"]["function"], "zeta_wait");
        assert_eq!(found[0]["truncated"], true);
        assert_eq!(frames(&found[0]), 2);
    }
    let panicked =
        format!("{STATE}Mar 03 01:36:35 h1 kernel: Kernel panic - not syncing: Fatal exception\n");
    assert_eq!(splats(panicked)[0]["panicked"], true);
}

#[test]
fn a_dump_that_somebody_asked_for_is_no_report() {
    for asked in [
        "sysrq: Show Regs",
        "SysRq : Show backtrace of all active CPUs",
        "NMI backtrace for cpu 3",
    ] {
        let log = format!(
            "Mar 03 01:36:33 h1 kernel: {asked}\n{STATE}{}",
            OTHERS.repeat(30)
        );
        assert_eq!(titles(log), [], "{asked}");
    }
    let of_program = STATE.replace("0010:zeta_wait+0x11e/0x4f0 [zeta]", "0033:0x55d0c3e9d6e2");
    assert_eq!(titles(of_program.replace("0018:", "002b:")), []);
}

#[test]
fn a_hung_task_whose_first_line_is_cut_off() {
    let log = "\
[156240.161] \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.
[156240.169] zetad           D ffff88021fc12ec0     0 10467      1 0x00000000
[156240.212] Call Trace:
[156240.215]  [<ffffffff8154881e>] ? schedule_preempt_disabled+0xe/0x20
[156240.229]  [<ffffffff8154a41b>] ? mutex_lock+0x1b/0x2a
[156240.235]  [<ffffffff814465ba>] ? zeta_net_ns+0x9a/0x160
[156240.290] INFO: task zetaw:24523 blocked for more than 120 seconds.
[156240.300]       Not tainted 3.16.0-4-amd64 #1
[156240.310] \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.
[156240.320] zetaw           D ffff88021fc12ec0     0 24523      2 0x00000000
[156240.350] Call Trace:
[156240.351]  [<ffffffff81548819>] schedule+0x29/0x70
[156240.352]  [<ffffffff814465ba>] zeta_cleanup+0x9a/0x160
";
    let found = splats(log);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["title"], "INFO: task hung in zeta_net_ns");
    assert_eq!(
        (&found[0]["comm"], &found[0]["pid"]),
        (&"zetad".into(), &10467.into())
    );
    assert_eq!(found[1]["title"], "INFO: task hung in zeta_cleanup");
}

#[test]
fn a_lockup_of_a_program_is_whole_without_a_call_trace() {
    let x86 = "\
[53021.3] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [zetad:1716]
[53021.3] CPU: 1 PID: 1716 Comm: zetad Not tainted 5.12.0 #2
[53021.4] RIP: 0033:0x55d0c3e9d6e2
[53021.4] RSP: 002b:00007ffec1e70bf8 EFLAGS: 00000246
";
    let riscv = "\
[53021.3] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [zetad:1716]
[53021.3] CPU: 1 PID: 1716 Comm: zetad Not tainted 5.12.0 #2
[53021.4] epc : 0000000000cc9d6e ra : 0000000000d80428 sp : 0000003fffe6f8a0
[53021.4] status: 0000000200004020 badaddr: 0000000000000000 cause: 8000000000000005
";
    for log in [x86, riscv] {
        assert_eq!(splats(log)[0]["truncated"], false, "{log}");
    }
    let kernel = riscv.replace("0000000000cc9d6e", "ffffffff80405f16");
    assert_eq!(splats(kernel)[0]["truncated"], true);
}

#[test]
fn frames_of_kernels_without_names() {
    let mips = "\
[438087.4] CPU 2 Unable to handle kernel paging request at virtual address 00000000, epc == 8056fdb0, ra == 80570718
[438087.4] Oops[#1]:
[438087.4] CPU: 2 PID: 1188 Comm: zetad Not tainted 5.10.111 #0
[438087.4] epc   : 8056fdb0 0x8056fdb0
[438087.4] Call Trace:
[438087.5] [<8056fdb0>] 0x8056fdb0
[438087.5] [<80570718>] 0x80570718
[438087.5] ---[ end trace 92750d3eb1480a4a ]---
";
    assert_eq!(frames(&splats(mips)[0]), 2);
    let arm64 = "\
[   26.7] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000458
[   26.7] pc : 0xffffffc078f78a18 [zeta@00000000936acc78+0xe000]
[   26.8] Call trace:
[   26.8]  0xffffffc078f78a18 [zeta@00000000936acc78+0xe000]
[   26.8]  0xffffffc08005a134
[   26.9] ---[ end trace 0000000000000000 ]---
";
    let found = splats(arm64);
    assert_eq!(frames(&found[0]), 2);
    assert_eq!(found[0]["frames"][0]["module"], "zeta");
}

#[test]
fn two_consoles_print_each_line_twice() {
    let log = "\
[  349.1] Unable to handle kernel paging request for data at address 0x00000000
[  349.1] Oops: Kernel access of bad area, sig: 11 [#1]
[  349.1] CPU: 24 PID: 3519 Comm: zetad Not tainted 4.9.0 #1
[  349.1] NIP [c00000000069d168] zeta_crash+0x38/0x60
[  349.1] Call Trace:
[  349.1] [c000003fdb8efd10] [c00000000069e388] zeta_write+0xd8/0x270
[  349.1] ---[ end trace 4456a1917aa7e1d7 ]---
";
    let twice: String = log
        .lines()
        .map(|line| format!("{line}\n{line}\n"))
        .collect();
    let found = splats(twice);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["corrupted"], false);
}

/// arch/arm/kernel/traps.c, dump_backtrace_entry(): each line has the place of the caller, up to 5.14 with addresses.
#[test]
fn arm_s_frames_have_the_places_that_the_lines_before_them_show() {
    let of_old = |called: &str, address: &str, caller: &str| {
        format!("[    1.1] [<{address}>] ({called}) from [<80100000>] ({caller})\n")
    };
    let today =
        |called: &str, _: &str, caller: &str| format!("[    1.1]  {called} from {caller}\n");
    for is_old in [true, false] {
        let line = |called, address, caller| match is_old {
            true => of_old(called, address, caller),
            false => today(called, address, caller),
        };
        let log = [
            "[    1.0] INFO: task zetad:5 blocked for more than 120 seconds.\n".to_owned(),
            line("__schedule", "80700000", "schedule+0x50/0xa8"),
            line("schedule", "80700050", "zeta_wait+0x1c/0x40 [zeta]"),
            line("zeta_wait [zeta]", "bf00001c", "zeta_read+0x8/0x10 [zeta]"),
            // the line of zeta_read is lost
            line("vfs_read", "80300044", "ksys_read+0x60/0xe0"),
        ];
        let found = &splats(log.concat())[0];
        let frames = found["frames"].as_array().expect("a list").iter();
        let places: Vec<_> = frames
            .map(|frame| {
                (
                    frame["function"].clone(),
                    frame["offset"].clone(),
                    frame["module"].clone(),
                )
            })
            .collect();
        let at =
            |function: &str, offset, module: Option<&str>| (function.into(), offset, module.into());
        assert_eq!(
            places,
            [
                at("__schedule", Value::Null, None),
                at("schedule", 0x50.into(), None),
                at("zeta_wait", 0x1c.into(), Some("zeta")),
                at("zeta_read", 8.into(), Some("zeta")),
                at("vfs_read", Value::Null, None),
                at("ksys_read", 0x60.into(), None),
            ]
        );
    }
}

#[test]
fn arm_s_first_frame_is_no_second_trace() {
    let log = "\
[    7.6] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(1,0)
[    7.6] CPU: 2 PID: 1 Comm: swapper/0 Not tainted 6.10.14 #1
[    7.6] Call trace:
[    7.6]  unwind_backtrace from show_stack+0x10/0x14
[    7.6]  show_stack from panic+0x10c/0x388
[    7.6]  panic from mount_root_generic+0x2a0/0x2a8
[    7.6]  mount_root_generic from prepare_namespace+0x1fc/0x254
";
    let found = splats(log);
    assert_eq!(found[0]["corrupted"], false);
    assert_eq!(found[0]["culprit"]["function"], "mount_root_generic");
}

#[test]
fn what_wall_shows_on_every_terminal() {
    let log = "\
Message from syslogd@h1 at Jul 12 23:36:55 ...
 kernel:PANIC at zeta.c:1819:zeta_dirty()

Message from syslogd@h1 at Aug  9 15:16:53 ...
 kernel:unregister_netdevice: waiting for lo to become free. Usage count = 1
";
    let found = titles(log);
    assert_eq!(found[0].0, "SPL PANIC in zeta_dirty");
    assert_eq!(found[1].1, "unregister-netdevice");
}

#[test]
fn a_zfs_of_old_names_the_function_in_front() {
    let log = "SPLError: 14243:0:(zeta.c:484:zeta_free()) SPL PANIC\n\
               SPL: Showing stack for process 14243\n";
    assert_eq!(titles(log)[0].0, "SPL PANIC in zeta_free");
}

const OOPS: &str = "\
BUG: kernel NULL pointer dereference, address: 0000000000000018
Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI
CPU: 5 UID: 1000 PID: 4711 Comm: zeta worker Tainted: G        W  OE      6.11.0-9-generic #9-Ubuntu
RIP: 0010:zeta_poll+0x7c/0x1d0 [zeta]
RSP: 0018:ffffb5d80a3b7c40 EFLAGS: 00010246
Call Trace:
 <TASK>
 zeta_flush+0x58/0x210 [zeta]
 do_sys_poll+0x3f5/0x9a0
 </TASK>
---[ end trace 0000000000000000 ]---
";

/// What it is, and what it makes of a line.
type Shape = (&'static str, fn(&str) -> String);

#[test]
fn what_loggers_shells_and_terminals_put_around_each_line() {
    let shapes: [Shape; 12] = [
        ("colours without their ESC", |line| {
            format!("[32m[  123.456000] [0m[31m{line}[0m")
        }),
        ("cat -v", |line| {
            format!("^[[32m[  123.456000] ^[[0m^[[1;31m{line}^[[0m")
        }),
        ("rsyslog", |line| {
            format!("Nov 23 14:20:48 h1 kernel: #033[32m[  123.456000] #033[0m{line}#033[0m")
        }),
        ("printf", |line| {
            format!("\\033[32m[  123.456000] \\033[0m{line}")
        }),
        ("Loki", |line| {
            format!("2026-11-23T14:20:48+01:00 {{host=\"h1\"}} [  123.456000] {line}")
        }),
        ("logfmt", |line| {
            format!("level=warn msg=\"[  123.456000] {line}\" source=kmsg")
        }),
        ("a table", |line| {
            format!("| 2026-11-23 14:20:48 | h1 | [  123.456000] {line} |")
        }),
        ("rows that go on", |line| {
            format!("813,14:20:48,Guest,\"[  123.456000] {line}\n\",d71ed218,,,,")
        }),
        ("fluentd", |line| {
            let message = serde_json::json!({ "priority": "4", "message": line });
            format!("2026-11-23 14:20:48.123 +0100 kernel: {message}")
        }),
        ("wall", |line| format!(" kernel:{line}")),
        ("a stamp that was cut", |line| {
            format!("123.456000][ T4711] {line}")
        }),
        ("a pager", |line| {
            line.strip_suffix(" [zeta]")
                .map_or(line.to_owned(), |cut| format!("{cut} [ze>"))
        }),
    ];
    for (name, shape) in shapes {
        let log: String = OOPS.lines().map(|line| shape(line) + "\n").collect();
        let found = splats(log);
        assert_eq!(found.len(), 1, "{name}");
        let title = "BUG: unable to handle kernel NULL pointer dereference in zeta_poll";
        assert_eq!(found[0]["title"], title, "{name}");
        assert_eq!(found[0]["kernel"]["release"], "6.11.0-9-generic", "{name}");
        assert_eq!(
            (&found[0]["comm"], frames(&found[0])),
            (&"zeta worker".into(), 2),
            "{name}"
        );
    }
}

#[test]
fn the_comm_of_a_line_that_a_pager_cut_off() {
    let log = OOPS
        .replace("6.11.0-9-generic #9-Ubuntu", "6.11.0>")
        .replace("zeta worker", "CPU 0/KVM");
    let found = splats(log);
    assert_eq!(
        (&found[0]["comm"], &found[0]["pid"]),
        (&"CPU 0/KVM".into(), &4711.into())
    );
    assert_eq!(found[0]["kernel"]["taint"], "WOE");
    assert_eq!(found[0]["kernel"]["release"], Value::Null);
}

#[test]
fn narrow_windows_part_what_names_the_kernel_and_a_lock() {
    let bytes = "[  123.456063] Code: 0f 1f 44 00 00 55 48 89 e5 41 54 53 48 89 fb 48 8b 47 10\n<48> 8b 40 18\n";
    let cpu = "[  123.456035] CPU: 5 UID: 1000 PID: 4711 Comm: zeta worker Tainted: G        W  OE      6.11.0-9-generic\n\
               #9-Ubuntu\n";
    let log = format!("[  123.456000] Oops: Oops: 0000 [#1] PREEMPT SMP NOPTI\n{cpu}{bytes}");
    let found = splats(log);
    assert_eq!(found[0]["kernel"]["release"], "6.11.0-9-generic");
    assert_eq!(found[0]["code"]["trap_offset"], 19);
    let lock = "\
WARNING: possible circular locking dependency detected
6.8.0 #12 Not tainted
------------------------------------------------------
zetad/4382 is trying to acquire lock:
ffff888101bdb92c (zeta_owner){-.-.}-{3:3}, at:
zeta_unlock+0x1d6/0x38d [zeta]
but task is already holding lock:
ffff8881e9518da0 (&zq->lock){-.-.}-{2:2}, at:
zq_lock+0xf/0x1f
stack backtrace:
CPU: 0 PID: 4382 Comm: zetad Not tainted 6.8.0 #12
Call Trace:
 zeta_unlock+0x1d6/0x38d [zeta]
 zeta_close+0x1d6/0x38d [zeta]
";
    assert_eq!(titles(lock)[0].0, "possible deadlock in zeta_unlock");
}

#[test]
fn a_log_whose_line_feeds_were_lost() {
    let messages = OOPS
        .lines()
        .map(|line| format!("Aug 08 03:49:55 h1 kernel: {line}"));
    let log = messages.collect::<Vec<_>>().join(" ");
    let found = splats(format!("`{log}`\n"));
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["pid"], frames(&found[0])), (&4711.into(), 2));
}

#[test]
fn functions_that_a_rule_skips_are_named_nowhere() {
    let log = "\
[330583.1] BUG: Bad page state in process zetad  pfn:14256
[330583.2] CPU: 0 PID: 6114 Comm: zetad Not tainted 4.1.6+ #810
[330583.3] [<c0016d88>] (unwind_backtrace) from [<c0013b50>] (show_stack+0x20/0x24)
[330583.4] [<c0013b50>] (show_stack) from [<c058692c>] (dump_stack+0x20/0x28)
[330583.5] [<c058692c>] (dump_stack) from [<c00ec4f0>] (bad_page+0xc8/0x128)
";
    assert_eq!(titles(log)[0].0, "BUG: Bad page state");
}

#[test]
fn old_xfs_names_no_device() {
    let log = "\
Oct 14 15:00:04 h1 kernel: XFS: Internal error XFS_WANT_CORRUPTED_RETURN at line 342 of file fs/xfs/xfs_alloc.c.  Caller 0xffffffffa01e76c2
Oct 14 15:00:04 h1 kernel:
Oct 14 15:00:04 h1 kernel: Pid: 1124, comm: xfsalloc/6 Not tainted 2.6.32-358.el6.x86_64 #1
Oct 14 15:00:04 h1 kernel: Call Trace:
Oct 14 15:00:04 h1 kernel: [<ffffffffa02110cf>] ? xfs_error_report+0x3f/0x50 [xfs]
Oct 14 15:00:04 h1 kernel: [<ffffffffa01e76c2>] ? xfs_alloc_ag_vextent_size+0x482/0x630 [xfs]
";
    let found = splats(log);
    assert_eq!(found[0]["title"], "XFS: Internal error");
    assert_eq!((&found[0]["pid"], frames(&found[0])), (&1124.into(), 2));
}

#[test]
fn what_arm64_may_not_do_with_memory() {
    let log = "\
[   53.4] Unable to handle kernel execute from non-executable memory at virtual address ffff0000c1b5e2c8
[   53.4] Internal error: Oops: 000000008600000f [#1] PREEMPT SMP
[   53.4] CPU: 1 UID: 0 PID: 461 Comm: zetad Not tainted 6.11.0-rc6 #1
[   53.4] pc : 0xffff0000c1b5e2c8
[   53.4] Call trace:
[   53.4]  0xffff0000c1b5e2c8
[   53.4]  zeta_go (kernel/zeta/core.c:5832)
[   53.4] ---[ end trace 0000000000000000 ]---
";
    let title = "BUG: unable to handle kernel execute from non-executable memory in zeta_go";
    assert_eq!(titles(log)[0].0, title);
}

/// lockdep's header ends with a word that other headers go on after (`rcu_sched detected stalls on`).
#[test]
fn the_kernel_in_the_line_after_lockdep_s_header_without_stamps() {
    for kernel in ["5.15.1 #1 Tainted: G           O", "6.8.0 #12 Not tainted"] {
        let log = format!(
            "WARNING: possible recursive locking detected\n{kernel}\n--------------------------------------------\n\
             zetad/315 is trying to acquire lock:\nc426b840 (&z->sem){{+.+.}}-{{3:3}}, at: zeta_ioctl+0x1cc/0xe1c [zeta]\n\n\
             but task is already holding lock:\nc426be40 (&z->sem){{+.+.}}-{{3:3}}, at: zeta_ioctl+0x1b0/0xe1c [zeta]\n"
        );
        let found = &splats(log)[0];
        let release = kernel.split(' ').next().expect("a release");
        assert_eq!(found["kernel"]["release"], release);
        assert_eq!(
            found["ids"]["lkp"],
            "WARNING:possible_recursive_locking_detected"
        );
    }
}

/// People quote the first line in front of the whole log: what follows it must not be lost, nor counted twice.
#[test]
fn a_header_that_is_quoted_in_front_of_its_own_log() {
    let stamped = |line: &str| format!("[   10.5] {line}\n");
    let log: String = OOPS.lines().map(stamped).collect();
    let header = log.lines().next().expect("a header");
    for between in ["Full log:\n\n", "", "Hm.\n\n> old\n"] {
        let log = format!("I see this:\n\n{header}\n{between}{log}");
        let found = splats(&log);
        assert_eq!(found.len(), 1, "{log}");
        assert_eq!(found[0]["pid"], 4711);
    }
    // Without the stamp.
    let bare = OOPS.lines().next().expect("a header");
    assert_eq!(splats(format!("{bare}\n\n{log}")).len(), 1);
    // So far in front that the quote was a report of its own before the log came.
    let prose = "Some words of mine.\n".repeat(40);
    let found = splats(format!("{header}\n{prose}{log}"));
    assert_eq!(found.last().map(|splat| &splat["pid"]), Some(&4711.into()));
}
