//! Logs in the shapes in which people paste them: broken by mailers, printed twice, with a prompt in front, of
//! more than one boot.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::{Grammar, Level};
use ksplat::stages::report::Incidents;

/// Titles of the reports of a log, and whether they were called corrupted.
fn reports(log: &str) -> Vec<(String, bool)> {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("the grammar is tested");
    let mut all = Vec::new();
    let mut take = |report: ksplat::stages::report::Report| {
        if report.level == Level::Report {
            all.push((report.title, report.corrupted));
        }
    };
    let mut sequence = Incidents::default();
    analyzer.read_all(Origin::default(), log.as_bytes(), &mut sequence, &mut take);
    all
}

fn titles(log: &str) -> Vec<String> {
    reports(log).into_iter().map(|(title, _)| title).collect()
}

const OOPS: &str = "\
BUG: kernel NULL pointer dereference, address: 0000000000000038
Oops: 0000 [#1] SMP
RIP: 0010:zeta_read+0x2c/0x90
Call Trace:
 vfs_read+0x6b/0x120
---[ end trace 0000000000000000 ]---
";
const OOPS_TITLE: &str = "BUG: unable to handle kernel NULL pointer dereference in zeta_read";

/// The same lines behind a prefix.
fn behind(prefix: &str, lines: &str) -> String {
    let lines = lines.lines();
    lines.map(|line| format!("{prefix}{line}\n")).collect()
}

#[test]
fn headers_that_a_mailer_broke() {
    let tail = "\
Call Trace:
 __schedule+0x1/0x2
 schedule+0x1/0x2
 zeta_wait+0x1/0x2
";
    let hung = "INFO: task hung in zeta_wait";
    for head in [
        "INFO: task kworker/u8:1:77 blocked for more\nthan 120 seconds.\n",
        "INFO: task kworker/u8:1:77 blocked\nfor more than 120 seconds.\n",
        "INFO: tasINFO: task kworker/u8:1:77 blocked for more than 120 seconds.\n",
    ] {
        assert_eq!(
            reports(&format!("{head}{tail}")),
            [(hung.to_owned(), false)]
        );
    }
    let stamped = format!(
        "[  500.1] INFO: task kworker/u8:1:77 blocked for more\nthan 120 seconds.\n{}",
        behind("[  500.2] ", tail)
    );
    assert_eq!(titles(&stamped), [hung]);
    let warning = "\
WARNING:
CPU: 0 PID: 76 at
drivers/base/zeta.c:613
zeta_load+0x37c/0x480
RIP: 0010:zeta_load+0x37c/0x480
Call Trace:
 vfs_read+0x4a0/0x6a0
---[ end trace 0a1b2c3d4e5f6071 ]---
";
    assert_eq!(titles(warning), ["WARNING in zeta_load"]);
    let oops = "> [   10.0] BUG: unable to handle kernel NULL\n> pointer dereference at 0000000000000010\n";
    let rest = behind("> [   10.1] ", &OOPS.replace("BUG: kernel", "#PF: kernel"));
    assert_eq!(titles(&format!("{oops}{rest}")), [OOPS_TITLE]);
}

#[test]
fn a_task_with_a_line_feed_in_its_name() {
    let log = "[   12.1] INFO: task ab\n[   12.2] cd:1808 blocked for more than 143 seconds.\n[   12.3] Call Trace:\n\
               [   12.4]  schedule+0x1/0x2\n[   12.5]  zeta_flush+0x1/0x2\n";
    assert_eq!(titles(log), ["INFO: task hung in zeta_flush"]);
}

#[test]
fn a_prompt_in_front_of_a_header() {
    for prompt in ["buildroot login: ", "root@host:~# ", "/ # "] {
        assert_eq!(titles(&format!("{prompt}{OOPS}")), [OOPS_TITLE], "{prompt}");
    }
}

#[test]
fn only_the_header_has_a_stamp() {
    let log = format!("half of a li[   12.500000][   T38] {OOPS}");
    assert_eq!(reports(&log), [(OOPS_TITLE.to_owned(), false)]);
}

#[test]
fn what_dmesg_prints_again_is_one_report() {
    let log = behind("[   12.500000] ", OOPS);
    let again = format!("{log}/ # dmesg --level=alert\n{log}/ # \n");
    assert_eq!(titles(&again), [OOPS_TITLE]);
    let later = log.replace("12.5", "13.5");
    assert_eq!(titles(&format!("{log}/ # ./crash again\n{later}")).len(), 2);
    let other_boot = "[    0.000000] Linux version 6.12.1 (a@b) (gcc) #1 SMP\n[    1.0] Run /init as init process\n";
    let boots = format!("{other_boot}{log}\nreset\n{other_boot}{log}");
    assert_eq!(titles(&boots).len(), 2);
}

#[test]
fn only_a_second_start_without_a_word_is_unexpected() {
    const START: &str = "Booting the kernel.\n";
    const BOOT: &str = "[    0.000000] Linux version 6.12.1 (a@b) (gcc) #1 SMP\n[    1.2] Run /init as init process\n";
    for start in [
        START,
        "Booting the kernel (entry_offset: 0x0000000001000080).\n",
        "Uncompressing Linux... done, booting the kernel.\n",
    ] {
        assert!(titles(&format!("{start}{BOOT}")).is_empty(), "{start}");
        let twice = format!("{start}{BOOT}{start}{BOOT}");
        assert_eq!(titles(&twice), ["unexpected kernel reboot"], "{start}");
    }
    for end in [
        "[   93.1] reboot: Restarting system",
        "[   93.1] Restarting system.",
        "[   93.1] kexec_core: Starting new kernel",
        "[   93.1] sysrq: Resetting",
    ] {
        let log = format!("{START}{BOOT}{end}\n{START}{BOOT}");
        assert!(titles(&log).is_empty(), "{end}");
    }
}

#[test]
fn another_program_s_words_are_no_report() {
    for prefix in [
        "Mar  3 10:11:13 host myapp[901]: ",
        "мар  3 10:11:13 host myapp[901]: ",
        "2026-03-03T10:11:13.123456+01:00 host myapp[901]: ",
        "Mar  3 10:11:13 host myapp: ",
        "[   12.300000] myapp[901]: ",
        "[   12.300000] systemd[1]: foo.service: ",
        "user  :warn  : [   12.300000] ",
        "12,345,12300000,-;",
        "<12>[   12.300000] ",
        "Mon Nov 23 14:20:48 2026 daemon.err myapp[901]: ",
        "Mon Nov 23 14:20:48 2026 user.err kernel: ",
        "03-03 10:11:13.123  1234  1250 W myapp   : ",
        "W/myapp   ( 1234): ",
    ] {
        for text in [
            "WARNING: CPU: 0 PID: 1 at lib/x.c:1 x+0x1/0x2",
            "WARNING: something",
            "INFO: task foo:12 blocked for more than 120 seconds.",
            "BUG: unable to handle kernel of truth",
            "general protection fault: 0000 [#1] fake",
            "Kernel panic - not syncing: test",
        ] {
            let log = format!("{prefix}{text}\n");
            assert!(titles(&log).is_empty(), "{log}: {:?}", titles(&log));
        }
    }
}
