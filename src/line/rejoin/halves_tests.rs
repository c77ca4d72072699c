use super::*;

fn join(first: &str, next: &str) -> Option<String> {
    let first = LogLine::parse(1, first.as_bytes());
    let next = LogLine::parse(2, next.as_bytes());
    joined(&Grammar::builtin(), &first, &next).map(|line| line.text.into_owned())
}

#[test]
fn a_quoted_frame_continued_with_a_plus() {
    let text = join("> [ 0.05][ T0] init_intel (a.h:1 b.c:2", "> +b.c:3)");
    assert_eq!(text.as_deref(), Some("init_intel (a.h:1 b.c:2 b.c:3)"));
}

#[test]
fn a_register_line_broken_at_the_margin() {
    let text = join(
        "[    0.008282] RDX: 0000000000000001 RSI: 0000000000000070 RDI:",
        "ffffcd5fc00bfe08",
    );
    assert!(text.is_some_and(|t| t.ends_with("RDI: ffffcd5fc00bfe08")));
}

#[test]
fn a_word_that_is_longer_than_what_the_stamp_leaves() {
    let stamp = "Nov 23 14:20:48 host kernel: [    0.000000]";
    let frame = join(stamp, "identify_secondary_cpu+0x12/0x40");
    assert_eq!(frame.as_deref(), Some(" identify_secondary_cpu+0x12/0x40"));
    let guess = join("[    0.000000]  ?", &format!("{}+0x1/0x2", "f".repeat(60)));
    assert!(guess.is_some_and(|text| text.starts_with(" ? f")));
    assert_eq!(join(stamp, "Welcome to a machine with a prompt"), None);
}

#[test]
fn a_line_that_names_a_function_last() {
    for (first, next) in [
        (
            "ffff8881072a0a58 (&zd->lock){+.+.}-{3:3}, at:",
            "zeta_go+0x3c/0x180 [zeta]",
        ),
        (
            "[<80709090>] (zeta_work) from [<8013fd6c>]",
            "(process_one_work+0x250/0x57c)",
        ),
        (
            "BUG: KASAN: slab-use-after-free in",
            "zeta_hci_rx+0x1a5/0x310",
        ),
    ] {
        let whole = join(&format!("[   55.100011] {first}"), next);
        assert_eq!(whole, Some(format!("{first} {next}")));
    }
}

#[test]
fn the_second_line_of_a_hung_task_is_whole() {
    let tainted = LogLine::parse(1, b">       Tainted: P           OE      6.8.12-4-pve #1");
    let next = LogLine::parse(
        2,
        b"> \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.",
    );
    assert!(continued(&Grammar::builtin(), &tainted, &next).is_none());
}

#[test]
fn a_header_at_the_margin_is_whole_where_its_words_do_not_tell_else() {
    let freed = "[   12.5] INFO: Freed in fasync_free_rcu+0x14/0x20 age=120 cpu=1 pid=0";
    assert_eq!(go_on(freed, " -- System halted"), None);
}

fn go_on(first: &str, next: &str) -> Option<String> {
    let first = LogLine::parse(1, first.as_bytes());
    let next = LogLine::parse(2, next.as_bytes());
    assert!(may_be_continued(&Grammar::builtin(), &first));
    continued(&Grammar::builtin(), &first, &next).map(|line| line.text.into_owned())
}

#[test]
fn lines_of_a_report_after_the_stamp_of_a_logger() {
    let stamp = "Nov 23 14:20:48 host kernel: [    0.000000]";
    for (first, next) in [
        ("RIP:", "0010:do_clear_cpu_cap+0xde/0x130"),
        ("------------[ cut here", "]------------"),
        ("---[ end trace", "0000000000000000 ]---"),
        (
            "WARNING: CPU: 1 PID: 0 at",
            "arch/x86/kernel/cpu/cpuid-deps.c:117 f+0x1/0x2",
        ),
        (
            "Foo: WARNING: Spectre v2",
            "mitigation leaves CPU vulnerable",
        ),
    ] {
        let whole = go_on(&format!("{stamp} {first}"), next);
        assert_eq!(whole, Some(format!("{first} {next}")));
    }
}

#[test]
fn a_quoted_line_broken_by_the_mailer_of_the_answer() {
    let first = "> [    0.000000] FS:  0000000000000000(0000) GS:ffff88ee1f300000(0000)";
    let whole = go_on(first, "knlGS:0000000000000000");
    assert!(whole.is_some_and(|text| text.ends_with(") knlGS:0000000000000000")));
    let first = "> [    0.000000] RAX: 0000000000000000 RBX: ffffcf13400c3dc8 RCX: 00";
    assert_eq!(go_on(first, "Hm, interesting."), None);
}

#[test]
fn bytes_without_end_are_no_line() {
    let mut line = LogLine::parse(1, b"Code: 0f").into_owned();
    let next = LogLine::parse(2, b"0f 0b");
    let mut pieces = 0;
    let grammar = Grammar::builtin();
    while let Some(whole) = continued(&grammar, &line, &next) {
        line = whole;
        pieces += 1;
    }
    assert!(pieces > 1000 && line.text.len() < 2 * MAX_JOINED);
}

#[test]
fn two_lines_of_their_own_stay_two() {
    assert_eq!(
        join("[ 0.1] init_intel+0x1/0x2", "[ 0.1] identify_cpu+0x1/0x2"),
        None
    );
    assert_eq!(join("[ 0.1] Call Trace:", "prose of a mail"), None);
}

/// Lines of logs without stamps that are as wide as a mailer's margin.
#[test]
fn wide_lines_that_lack_nothing_stay_two() {
    for (first, next) in [
        (
            "Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.12.0-1 04/01/2014",
            "task: ffff880066be2280 task.stack: ffff880066be8000",
        ),
        (
            " Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.12.0-1 04/01/2014",
            "==================================================================",
        ),
        (
            "WARNING: possible circular locking dependency detected",
            "4.12.0-rc2-next-20170525+ #1 Not tainted",
        ),
        (
            "WARNING: fs/jfs/jfs_dmap.c:2867 at dbAdjTree+0x454/0x4e0, CPU#0: jfsCommit/112",
            "usb 1-1: config 1 interface 0 altsetting 0 has 1 endpoint descriptor",
        ),
        (
            "WARNING: CPU: 1 PID: 7 at drivers/gpu/drm/zeta/zeta.c:12 zeta_check+0x10/0x20",
            "Modules linked in: zeta",
        ),
    ] {
        assert_eq!(go_on(first, next), None, "{first}");
    }
    let module = go_on(
        "WARNING: CPU: 1 PID: 7 at drivers/gpu/drm/zeta/zeta.c:12 zeta_check+0x10/0x20",
        "[zeta]",
    );
    assert!(module.is_some_and(|whole| whole.ends_with("+0x10/0x20 [zeta]")));
}
