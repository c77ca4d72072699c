//! Logs that a symbolizer has changed: decode_stacktrace.sh, as LKP and developers send them, and syzbot's form
//! with inlined functions. The report of a bug is the same whoever decoded it.

use ksplat::stages::analyzer::{Analyzer, Origin};
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};
use regex::{Captures, Regex};
use std::fs;
use std::path::Path;

/// How a symbolizer writes a frame.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// `f (a.h:1 (discriminator 1) b.c:2) mod`
    Script,
    /// `f+0x1/0x2 (a.h:1 b.c:2) mod`
    ScriptWithOffsets,
    /// `f+0x1/0x2 a.c:1`, with inlined functions on lines of their own
    Syzbot,
}

const FORMS: [Form; 3] = [Form::Script, Form::ScriptWithOffsets, Form::Syzbot];

/// The log as a symbolizer would give it. Files and lines are made up of the names.
fn decoded(log: &str, form: Form) -> String {
    let code = Regex::new(r"([A-Za-z_][\w.$]*)\+(0x[0-9a-f]+/0x[0-9a-f]+)(?: \[(\w+)\])?")
        .expect("a pattern");
    let lines = log.lines().map(|line| match code.captures(line) {
        Some(found) => decoded_line(line, &found, form),
        None => line.to_owned(),
    });
    lines.map(|line| line + "\n").collect()
}

fn decoded_line(line: &str, found: &Captures<'_>, form: Form) -> String {
    let whole = found.get(0).expect("the match");
    let (before, after) = (&line[..whole.start()], &line[whole.end()..]);
    let number: u32 = found[1].bytes().map(u32::from).sum();
    let module = found
        .get(3)
        .map_or(String::new(), |name| format!(" {}", name.as_str()));
    let places = match number % 3 {
        0 => format!("arch/x86/a.c:{number}"),
        1 => format!(
            "./include/linux/b.h:{number} (discriminator 1) mm/c.c:{number} (discriminator 3)"
        ),
        _ => format!("include/d.h:{number} kernel/e.c:{number} kernel/f.c:{number}"),
    };
    match form {
        Form::Script => format!("{before}{} ({places}){module}{after}", &found[1]),
        Form::ScriptWithOffsets => {
            format!(
                "{before}{}+{} ({places}){module}{after}",
                &found[1], &found[2]
            )
        }
        Form::Syzbot => {
            let inlined = (0..number % 3).filter(|_| !before.ends_with("? "));
            let inlined = inlined.map(|index| {
                format!("{before}inlined_{index} include/linux/i.h:{number} [inline]{after}\n")
            });
            let line = if number.is_multiple_of(7) {
                "-1".to_owned()
            } else {
                number.to_string()
            };
            inlined.collect::<String>()
                + &format!("{before}{} mm/g.c:{line}{after}", whole.as_str())
        }
    }
}

fn reports(log: &str) -> Vec<Report> {
    let analyzer = Analyzer::new(Grammar::builtin(), None).expect("built");
    let mut all = Vec::new();
    let mut sequence = Incidents::default();
    analyzer.read_all(
        Origin::default(),
        log.as_bytes(),
        &mut sequence,
        &mut |report| all.push(report),
    );
    all
}

/// What must not depend on who decoded the log.
fn identity(report: &Report) -> String {
    let clear = report.late_clear.as_ref().map(|clear| {
        let feature = clear.feature.as_ref().and_then(|feature| feature.number);
        format!(
            "{:?} {:?} {feature:?} {:?}",
            clear.path, clear.stage, clear.requester
        )
    });
    let culprit = report.culprit.as_ref().map(|culprit| &culprit.function);
    let frames: Vec<_> = report
        .splat
        .frames
        .iter()
        .map(|frame| frame.name())
        .collect();
    format!(
        "{} | {} | {} | {culprit:?} | {} {} | {clear:?} | {frames:?}",
        report.title, report.syzbot, report.signature, report.corrupted, report.splat.truncated
    )
}

fn identities(log: &str) -> Vec<String> {
    reports(log).iter().map(identity).collect()
}

#[test]
fn late_clears_of_the_corpus_keep_title_signature_culprit_and_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut compared = 0;
    for case in fs::read_dir(folder).expect("the corpus") {
        let Ok(log) = fs::read_to_string(case.expect("readable").path().join("log")) else {
            continue;
        };
        let raw = identities(&log);
        compared += raw.len();
        for form in FORMS {
            assert_eq!(identities(&decoded(&log, form)), raw, "{form:?}");
        }
    }
    assert!(compared > 30, "only {compared} reports");
}

const OTHERS: [&str; 4] = [
    "\
[   12.1] BUG: KASAN: slab-use-after-free in mydrv_release+0x51/0x80 [mydrv]
[   12.1] Read of size 4 at addr ffff88801aa3b0c8 by task test/512
[   12.1] CPU: 0 UID: 0 PID: 512 Comm: test Not tainted 6.15.0 #3
[   12.1] Call Trace:
[   12.1]  <TASK>
[   12.1]  dump_stack_lvl+0x116/0x1f0
[   12.1]  kasan_report+0xe0/0x110
[   12.1]  mydrv_release+0x51/0x80 [mydrv]
[   12.1]  __fput+0x402/0xb70
[   12.1]  </TASK>
[   12.1] Allocated by task 511:
[   12.1]  kasan_save_stack+0x1f/0x40
[   12.1]  mydrv_open+0x21/0x80 [mydrv]
",
    "\
[   12.1] WARNING: possible circular locking dependency detected
[   12.1] 6.12.0 #1 Not tainted
[   12.1] cat/77 is trying to acquire lock:
[   12.1] ffff8881000a0a58 (&a){+.+.}-{3:3}, at: mydrv_go+0x12/0x30 [mydrv]
[   12.1] but task is already holding lock:
[   12.1] ffff8881000a0b58 (&b){+.+.}-{3:3}, at: mydrv_read+0x12/0x30 [mydrv]
[   12.1] -> #1 (&b){+.+.}-{3:3}:
[   12.1]        __mutex_lock+0x12/0x30
[   12.1]        mydrv_open+0x12/0x30 [mydrv]
[   12.1] stack backtrace:
[   12.1] Call Trace:
[   12.1]  <TASK>
[   12.1]  dump_stack_lvl+0x116/0x1f0
[   12.1]  mydrv_go+0x12/0x30 [mydrv]
[   12.1]  vfs_read+0x12/0x30
[   12.1]  </TASK>
",
    "\
[   12.1] Unable to handle kernel paging request at virtual address ffff80012345
[   12.1] Internal error: Oops: 0000000096000006 [#1] PREEMPT SMP
[   12.1] pc : mydrv_poll+0x14/0xa0
[   12.1] lr : mydrv_poll+0x10/0xa0
[   12.1] Call trace:
[   12.1]  mydrv_poll+0x14/0xa0
[   12.1]  process_one_work+0x5d/0x90
[   12.1] ---[ end trace 0000000000000000 ]---
",
    "\
[   12.1] INFO: task test:5847 blocked for more than 143 seconds.
[   12.1] Call Trace:
[   12.1]  <TASK>
[   12.1]  __schedule+0x18bc/0x4c40
[   12.1]  schedule+0x14b/0x320
[   12.1]  __mutex_lock+0x817/0x1010
[   12.1]  mydrv_ioctl+0x96/0x810
[   12.1]  do_syscall_64+0xf3/0x230
[   12.1]  </TASK>
",
];

#[test]
fn so_do_reports_of_other_kinds() {
    for log in OTHERS {
        let raw = identities(log);
        assert_eq!(raw.len(), 1, "{log}");
        for form in FORMS {
            assert_eq!(identities(&decoded(log, form)), raw, "{form:?}");
        }
    }
}

#[test]
fn a_header_for_each_inlined_function_is_one_report_that_begins_with_the_first() {
    let log = "\
------------[ cut here ]------------
WARNING: fs/buffer.c:1125 at get_slow fs/buffer.c:1125 [inline], CPU#0: test/5880
WARNING: fs/buffer.c:1125 at getblk+0x580/0x660 fs/buffer.c:1461, CPU#0: test/5880
RIP: 0010:get_slow fs/buffer.c:1125 [inline]
RIP: 0010:getblk+0x580/0x660 fs/buffer.c:1461
Call Trace:
 <TASK>
 read_super fs/ext4/super.c:269 [inline]
 fill_super+0x6f/0xf0 fs/ext4/super.c:270
 </TASK>
---[ end trace 0000000000000000 ]---
";
    let all = reports(log);
    assert_eq!(all.len(), 1);
    let report = &all[0];
    assert_eq!(report.title, "WARNING in getblk");
    assert_eq!(report.splat.source.first_line, 1);
    assert!(
        report.splat.message.is_empty(),
        "{:?}",
        report.splat.message
    );
    let frames = &report.splat.frames;
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].inlines[0].function.as_deref(), Some("read_super"));
    // The log ends after the first of them: it is a header all the same.
    let cut = log.lines().take(2).map(|line| format!("{line}\n"));
    let all = reports(&cut.collect::<String>());
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].title, "WARNING in get_slow");
}
