//! Reports in the words of old kernels, of seldom architectures and of other tools, through the binary.

mod common;

use common::splats;
use serde_json::Value;

#[test]
fn red_hat_s_taint_behind_a_header_before_3_11() {
    let log = "WARNING: at drivers/net/zeta.c:261 zeta_watchdog+0x26b/0x280() (Tainted: P  W  ---------------   )\n\
               Hardware name: ProLiant BL460c G6\n\
               Pid: 0, comm: swapper Tainted: P  W  ---------------    2.6.32-220.el6.x86_64 #1\n\
               Call Trace:\n \
               [<ffffffff8145a1b2>] zeta_watchdog+0x26b/0x280\n";
    let found = splats(log);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["title"], "WARNING in zeta_watchdog");
    assert_eq!(found[0]["kernel"]["release"], "2.6.32-220.el6.x86_64");
    assert_eq!(found[0]["frames"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_registers_of_crash_8() {
    let log = "       PANIC: \"kernel BUG at fs/zetafs/inode.c:1812!\"\n\
               PID: 91822    TASK: ffff9c1b3fd1acc0  CPU: 17   COMMAND: \"db\"\n \
               #0 [ffffb0c5407e7bd0] invalid_op at ffffffff8aa00d64\n    \
               [exception RIP: zetafs_evict+432]\n    \
               RIP: ffffffffc0a1b2c0  RSP: ffffb0c5407e7c80  RFLAGS: 00010202\n    \
               RAX: 0000000000000001  RBX: ffff9a5c04b1e000  RCX: 0000000000000000\n \
               #1 [ffffb0c5407e7c98] evict at ffffffff8a35b0c1\n";
    let found = splats(log);
    assert_eq!(found[0]["title"], "kernel BUG in zetafs_evict");
    assert_eq!(found[0]["registers"]["rbx"], "ffff9a5c04b1e000");
    assert_eq!(found[0]["registers"]["rsp"], "ffffb0c5407e7c80");
    assert_eq!(found[0]["panicked"], true);
    assert_ne!(found[0]["corrupted"], true);
}

#[test]
fn the_link_of_a_panic_screen_holds_a_log() {
    let link = include_str!("siblings/panic-screen.txt");
    let found = splats(link);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0]["title"],
        "kernel panic: VFS: Unable to mount root fs on unknown-block(NUM,NUM)"
    );
    assert_eq!(found[0]["comm"], "swapper/0");
    assert_eq!(found[0]["frames"].as_array().map(Vec::len), Some(6));
}

#[test]
fn a_panic_that_reboots_ends_with_the_word_of_it() {
    let log = "[    1.0] Kernel panic - not syncing: Fatal exception\n[    1.0] Rebooting in 10 seconds..\n";
    let found = splats(log);
    assert_eq!(found[0]["title"], "kernel panic: Fatal exception");
    assert_ne!(found[0]["truncated"], true);
}

#[test]
fn powerpc_s_instructions_behind_the_registers_of_the_program() {
    let log = "[ 302.1] BUG: Kernel NULL pointer dereference on read at 0x00000020\n\
               [ 302.1] NIP:  c00800000e3a0114 LR: c00800000e3a0100 CTR: c0000000008b7aa0\n\
               [ 302.1] NIP [c00800000e3a0114] phi_store+0x54/0x130 [phi]\n\
               [ 302.1] Call Trace:\n\
               [ 302.1] [c00000001b2dfb00] [c0000000007a3f14] dev_attr_store+0x34/0x60\n\
               [ 302.1] --- interrupt: 3000 at 0x7fff9b7c1234\n\
               [ 302.1] NIP:  00007fff9b7c1234 LR: 0000000000000000 CTR: 0000000000000000\n\
               [ 302.1] NIP [00007fff9b7c1234] 0x7fff9b7c1234\n\
               [ 302.1] --- interrupt: 3000\n\
               [ 302.1] Code: 60000000 7c0802a6 <e9230020> 2c290000\n\
               [ 302.1] ---[ end trace 0000000000000000 ]---\n";
    let found = splats(log);
    assert_eq!(found[0]["code"]["trap_offset"], 8);
    assert_eq!(found[0]["registers"]["nip"], "c00800000e3a0114");
}

#[test]
fn a_photo_of_the_last_screen_is_a_report() {
    let log = " ? zeta_go+0x30/0x90\n zeta_ioctl+0x6b/0x120 [zeta]\n __x64_sys_ioctl+0x94/0xd0\n \
               RIP: 0033:0x7f8a1c70e8aa\nRAX: ffffffffffffffda RBX: 0000000000000003 RCX: 00007f8a1c70e8aa\n \
               </TASK>\nCR2: 0000000000000038\n---[ end trace 0000000000000000 ]---\n";
    let found = splats(log);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["kind"], "headless");
    assert_eq!(found[0]["culprit"]["function"], "zeta_ioctl");
    assert_eq!(found[0]["source"]["first_line"], 1);
}

#[test]
fn i386_before_3_8_names_cpu_and_place_on_two_lines() {
    let log = "[   50.1] BUG: unable to handle kernel NULL pointer dereference at 00000010\n\
               [   50.1] IP: [<f8a1b2c3>] zeta_go+0x13/0x40 [zeta]\n\
               [   50.1] Pid: 1411, comm: zetad Not tainted (2.6.32-5-686 #1) Latitude D630\n\
               [   50.1] EIP: 0060:[<f8a1b2c3>] EFLAGS: 00010246 CPU: 1\n\
               [   50.1] EIP is at zeta_go+0x13/0x40 [zeta]\n\
               [   50.1] EAX: 00000000 EBX: f6a1b2c3 ECX: 00000000 EDX: 00000001\n\
               [   50.1] Call Trace:\n\
               [   50.1]  [<c10a2b3c>] vfs_read+0x7a/0xd8\n\
               [   50.1] Code: 8b 40 10 89\n";
    let found = splats(log);
    assert_eq!(found[0]["cpu"], 1);
    assert_eq!(found[0]["at"]["function"], "zeta_go");
    assert_eq!(found[0]["registers"]["ebx"], "f6a1b2c3");
    assert_eq!(found[0]["code"]["bytes"], "8b 40 10 89");
}

#[test]
fn the_dot_in_front_of_powerpc_s_functions_is_none_of_a_name() {
    let log = "[   10.1] Unable to handle kernel paging request for data at address 0x00000038\n\
               [   10.1] NIP: c00000000012a2b4 LR: c00000000012a290 CTR: 0000000000000000\n\
               [   10.1] NIP [c00000000012a2b4] .zeta_go+0x34/0x90\n\
               [   10.1] Call Trace:\n\
               [   10.1] [c000000fa2b43c00] [c0000000002a2b3c] .vfs_read+0x100/0x1a0\n\
               [   10.1] ---[ end trace 1b75b31a2719ed1c ]---\n";
    let found = splats(log);
    assert_eq!(
        found[0]["title"],
        "BUG: unable to handle kernel paging request in zeta_go"
    );
    assert_eq!(found[0]["culprit"]["function"], "zeta_go");
}

const KASAN: &str = "\
[   71.334210] BUG: KASAN: slab-use-after-free in zeta_poll+0x7c/0x1d0 [zeta]
[   71.334230] Read of size 8 at addr ffff888104f3a428 by task zetad/914
[   71.334240] CPU: 2 UID: 0 PID: 914 Comm: zetad Not tainted 6.11.0-rc4-00123-gabcdef012345 #7 PREEMPT(voluntary)
[   71.334246] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.3-debian-1.16.3-2 04/01/2014
[   71.334250] Call Trace:
[   71.334254]  <TASK>
[   71.334280]  zeta_poll+0x7c/0x1d0 [zeta]
[   71.334290]  do_sys_poll+0x3f5/0x9a0
[   71.334307]  __x64_sys_poll+0x77/0x7f
[   71.334313]  </TASK>
[   71.334318] Allocated by task 914:
[   71.334332]  __kasan_kmalloc+0x8f/0xa0
[   71.334337]  zeta_open+0x58/0x210 [zeta]
[   71.334438] ==================================================================
";

/// What a log says of a report, in whatever shape it is pasted.
fn facts(report: &Value) -> Vec<Value> {
    let frames = report["frames"].as_array().map_or(0, Vec::len);
    let release = &report["kernel"]["release"];
    let known = [
        "title",
        "corrupted",
        "truncated",
        "cpu",
        "pid",
        "comm",
        "hardware",
        "signature",
    ];
    let mut facts: Vec<_> = known.iter().map(|name| report[name].clone()).collect();
    facts.extend([release.clone(), frames.into()]);
    facts
}

/// Holds a log's only report against that of the log as the kernel printed it.
fn assert_same(shape: &str, log: impl AsRef<[u8]>, printed: &str) {
    let (found, plain) = (splats(log), splats(printed));
    assert_eq!(found.len(), 1, "{shape}");
    assert_eq!(facts(&found[0]), facts(&plain[0]), "{shape}");
}

#[test]
fn editors_and_formats_that_put_marks_into_a_log() {
    let markdown = |line: &str| {
        let marked = |c: char| "[]<>_*#".contains(c).then_some('\\');
        let chars = line.chars().flat_map(|c| marked(c).into_iter().chain([c]));
        chars.collect::<String>()
    };
    let lines = |change: &dyn Fn(&str) -> String| {
        let lines = KASAN.lines().map(|line| change(line) + "\n");
        lines.collect::<String>()
    };
    assert_same("Markdown", lines(&markdown), KASAN);
    assert_same("underscores", KASAN.replace('_', "\\_"), KASAN);
    let yaml =
        |line: &str| format!("- {{dt: '2024-05-02T10:01:11.334', lvl: target, msg: '{line}'}}");
    assert_same("YAML", lines(&yaml), KASAN);
    assert_same(
        "a table",
        lines(&|line| format!("10:01,h1,\"{line}\"")),
        KASAN,
    );
    let string = format!("{{\"log\": \"{}\"}}", KASAN.replace('\n', "\\r\\n"));
    assert_same("a string", string, KASAN);
}

#[test]
fn colours_that_part_the_words_of_a_header() {
    let coloured = KASAN.replace("] BUG: K", "] \u{1b}[0m\u{1b}[33mBUG\u{1b}[0m\u{1b}[1m: K");
    assert_same(
        "dmesg --color",
        coloured.replace("[   71", "\u{1b}[32m[   71"),
        KASAN,
    );
}

#[test]
fn two_bytes_a_character_without_a_mark() {
    let bytes = |of: fn(u16) -> [u8; 2]| KASAN.encode_utf16().flat_map(of).collect::<Vec<_>>();
    assert_same("UTF-16LE", bytes(u16::to_le_bytes), KASAN);
    assert_same("UTF-16BE", bytes(u16::to_be_bytes), KASAN);
}

/// A line broken at blanks so that no piece is wider.
fn broken(line: &str, width: usize) -> String {
    let mut rows = vec![String::new()];
    for word in line.split(' ') {
        let row = rows.last_mut().expect("one");
        if !row.is_empty() && row.len() + 1 + word.len() > width {
            row.truncate(row.trim_end().len());
            rows.push(word.to_owned());
        } else {
            row.extend((!row.is_empty()).then_some(' '));
            row.push_str(word);
        }
    }
    rows.join("\n") + "\n"
}

#[test]
fn lines_broken_at_margins_narrower_than_a_mailer_s() {
    for width in [56, 60, 64, 68] {
        let log: String = KASAN.lines().map(|line| broken(line, width)).collect();
        assert_same(&format!("{width} columns"), log, KASAN);
    }
}

#[test]
fn lines_that_a_terminal_broke_in_the_middle_of_a_word() {
    let rows = |line: &str| {
        let rows = line.as_bytes().chunks(80);
        let rows = rows.map(|row| String::from_utf8_lossy(row).into_owned() + "\n");
        rows.collect::<String>()
    };
    let log: String = KASAN.lines().map(rows).collect();
    assert_same("80 columns", log, KASAN);
}

#[test]
fn a_chat_s_fences_on_the_first_and_the_last_line() {
    let log = KASAN.split("[   71.334318]").next().expect("a beginning");
    assert_same("fences", format!("```{}```", log.trim_end()), log);
}

#[test]
fn a_shell_that_shows_what_it_runs_takes_no_frame_away() {
    let log = KASAN.replace("[   71.334290]", "+ ./run-test.sh --all\n[   71.334290]");
    assert_same("set -x", log, KASAN);
}

#[test]
fn a_panic_behind_an_oops_has_no_stack_and_is_whole() {
    for reason in [
        "Fatal exception in interrupt",
        "Attempted to kill init! exitcode=0x0000000b",
    ] {
        let log = format!(
            "[    8.1] general protection fault: 0000 [#1] SMP\n\
             [    8.1] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 4.19.0-26-amd64 #1\n\
             [    8.1] RIP: e030:zeta_flush+0x1a2/0x1f0\n\
             [    8.1] Call Trace:\n\
             [    8.1]  zeta_set+0x3a/0x60\n\
             [    8.1] ---[ end trace 8b0e3cf7f2ad2c1f ]---\n\
             [    8.1] Kernel panic - not syncing: {reason}\n"
        );
        let found = splats(&log);
        let marks: Vec<_> = found
            .iter()
            .map(|s| (&s["corrupted"], &s["truncated"]))
            .collect();
        assert_eq!(
            marks,
            [(&Value::Bool(false), &Value::Bool(false)); 2],
            "{reason}"
        );
        assert_eq!(found[0]["panicked"], true);
        let alone = splats(log.lines().last().unwrap_or_default());
        assert_eq!(alone[0]["truncated"], true, "{reason}");
    }
}

#[test]
fn frames_of_chromeos_name_the_hash_of_their_module() {
    let log = "[ 12.1] kernel BUG at drivers/zeta/core.c:63!\n\
               [ 12.1] RIP: 0010:zeta_evict+0x44/0x80 [zeta (HASH:a1b2 3)]\n\
               [ 12.1] Call Trace:\n\
               [ 12.1]  zeta_put+0xd2/0x1a0 [zeta (HASH:a1b2 3)]\n\
               [ 12.1] ---[ end trace 1234567890abcdef ]---\n";
    let found = splats(log);
    assert_eq!(found[0]["title"], "kernel BUG in zeta_evict");
    assert_eq!(found[0]["frames"][0]["module"], "zeta");
}

#[test]
fn all_names_that_lkp_has_for_a_report() {
    let names = |log: &str| splats(log)[0]["ids"]["lkp_all"].clone();
    let locks = "[   27.1] WARNING: possible circular locking dependency detected\n\
                 [   27.1] 6.8.0 #45 Not tainted\n\
                 [   27.1] ------------------------------------------------------\n\
                 [   27.1] getty/4382 is trying to acquire lock:\n\
                 [   27.1] 81bdb92c (zeta_owner){-.-.}-{0:0}, at: zeta_unlock+0x1d6/0x38d [zeta]\n\
                 [   27.1] but task is already holding lock:\n\
                 [   27.1] e9518da0 (&zq->lock){-.-.}-{2:2}, at: zq_lock+0xf/0x1f\n\
                 [   27.1] stack backtrace:\n\
                 [   27.1] CPU: 0 PID: 4382 Comm: getty Not tainted 6.8.0 #45\n\
                 [   27.1] Call Trace:\n\
                 [   27.1]  zeta_unlock+0x1d6/0x38d\n";
    let circular = "WARNING:possible_circular_locking_dependency_detected";
    let both = format!(
        "{circular}_getty_is_trying_to_acquire_lock:at:zeta_unlock_but_task_is_already_holding_lock:at:zq_lock"
    );
    assert_eq!(names(locks), serde_json::json!([circular, both]));
    let oops = "[   51.5] kernel BUG at mm/zeta.c:63!\n\
                [   51.5] RIP: 0010:zeta_unmap+0x33/0xb3\n\
                [   51.5] RSP: 0018:ffffc900006f7e30 EFLAGS: 00000246\n";
    assert_eq!(
        names(oops),
        serde_json::json!(["kernel_BUG_at_mm/zeta.c", "RIP:zeta_unmap"])
    );
}

#[test]
fn exceptions_of_x86_that_are_seldom() {
    for name in [
        "alignment check",
        "invalid TSS",
        "simd exception",
        "overflow",
        "Oops: segment not present",
    ] {
        let log = format!(
            "[   14.1] {name}: 0000 [#1] PREEMPT SMP\n\
             [   14.1] CPU: 1 PID: 811 Comm: zetad Not tainted 6.6.8 #4\n\
             [   14.1] RIP: 0010:zeta_go+0x4/0x40\n\
             [   14.1] Call Trace:\n\
             [   14.1]  vfs_write+0xc8/0x450\n\
             [   14.1] ---[ end trace 0000000000000000 ]---\n"
        );
        let found = splats(log);
        assert_eq!(found.len(), 1, "{name}");
        let name = name.trim_start_matches("Oops: ");
        assert_eq!(found[0]["title"], format!("{name} in zeta_go"));
        assert_ne!(found[0]["corrupted"], true);
    }
}

#[test]
fn a_stack_that_overflowed_on_powerpc_is_a_report_before_the_panic() {
    let log = "[   88.1] Kernel stack overflow in process zetad[900], r1=c00000001a2b0010\n\
               [   88.1] CPU: 3 PID: 900 Comm: zetad Not tainted 6.6.8 #4\n\
               [   88.1] NIP:  c00000000012a2b4 LR: c00000000012a290 CTR: 0000000000000000\n\
               [   88.1] NIP [c00000000012a2b4] zeta_go+0x34/0x90\n\
               [   88.1] Call Trace:\n\
               [   88.1] [c000000fa2b43c00] [c0000000002a2b3c] vfs_read+0x100/0x1a0\n\
               [   88.1] Kernel panic - not syncing: kernel stack overflow\n";
    let found = splats(log);
    assert_eq!(found[0]["title"], "kernel stack overflow in zeta_go");
    assert_eq!(
        (&found[0]["pid"], &found[0]["panicked"]),
        (&900.into(), &true.into())
    );
}

#[test]
fn the_task_whose_counters_are_wrong() {
    let found = splats(
        "[   80.1] BUG: Bad rss-counter state mm:00000000a1b2c3d4 type:MM_ANONPAGES val:1 Comm:zeta d Pid:900\n",
    );
    assert_eq!(
        (&found[0]["comm"], &found[0]["pid"]),
        (&"zeta d".into(), &900.into())
    );
}

/// Mails are full of the words of headers: subjects of commits, syzbot's titles, and what people say of a crash.
#[test]
fn what_a_mail_says_of_reports_is_none() {
    let mail = "From: a@b\nSubject: [GIT PULL] fixes\nDate: Mon, 5 Jan 2026 12:00:00 +0000\n\n\
                A. U. Thor (6):\n      \
                BUG: unable to handle page fault: handle it\n      \
                kernel BUG at fs/x.c: remove\n      \
                Oops: general protection fault: clean up\n\n\
                Hi,\n\n\
                WARNING: possible circular locking dependency detected shows up when I boot it.\n\
                UBSAN: array-index-out-of-bounds is what we see in some drivers.\n\
                BUG: this is a bug in my opinion.\n\n\
                Oops: how did that happen?\n\n\
                Ref  Crashes Repro Title\n\
                <1>  2546    Yes   WARNING in zeta_free_urb\n\
                <2>  72      No    BUG: unable to handle kernel paging request in zeta_foo\n";
    assert_eq!(splats(mail), [Value::Null; 0]);
}
