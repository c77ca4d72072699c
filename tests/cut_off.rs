//! A report that is cut off before the end of its call trace, and another one after it: each has its own lines.

use ksplat::stages::analyzer::Analyzer;
use ksplat::stages::grammar::Grammar;
use ksplat::stages::report::{Incidents, Report};
use std::path::Path;

/// What is printed later, by another task. The dump that somebody asked for is no report.
const NEXT: [&str; 5] = [
    "\
INFO: task alphad:4333 blocked for more than 120 seconds.
      Not tainted 6.6.13-amd64 #1
\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.
task:alphad          state:D stack:0     pid:4333  ppid:1      flags:0x00000002
Call Trace:
 <TASK>
 __schedule+0x3f4/0xb40
 schedule+0x5e/0xd0
 alpha_wait+0x90/0x150 [alpha]
 do_syscall_64+0x60/0x90
 </TASK>",
    "\
sysrq: Show Blocked State
task:alphad          state:D stack:0     pid:4333  ppid:1      flags:0x00000002
Call Trace:
 <TASK>
 __schedule+0x3f4/0xb40
 alpha_wait+0x90/0x150 [alpha]
 do_syscall_64+0x60/0x90
 </TASK>",
    "\
------------[ cut here ]------------
WARNING: CPU: 0 PID: 4333 at drivers/alpha/core.c:99 alpha_go+0x22/0x40 [alpha]
Modules linked in: alpha
CPU: 0 PID: 4333 Comm: alphad Not tainted 6.6.13-amd64 #1
Hardware name: ACME Box/Board, BIOS 1.2 01/02/2023
RIP: 0010:alpha_go+0x22/0x40 [alpha]
Code: 0f 1f 44 00 00 48 8b 47 08 <0f> 0b 8b 40 08 c3
RSP: 0018:ffffc900001c7be0 EFLAGS: 00010246
RAX: 0000000000000001 RBX: ffff888100000002 RCX: 0000000000000041
Call Trace:
 <TASK>
 alpha_ioctl+0x73/0x180 [alpha]
 do_syscall_64+0x60/0x90
 </TASK>
---[ end trace 0000000000000000 ]---",
    "\
==================================================================
BUG: KASAN: slab-use-after-free in alpha_read+0x3c/0x60 [alpha]
Read of size 8 at addr ffff888107a3c010 by task alphad/4333

CPU: 0 PID: 4333 Comm: alphad Not tainted 6.6.13-amd64 #1
Hardware name: ACME Box/Board, BIOS 1.2 01/02/2023
Call Trace:
 <TASK>
 dump_stack_lvl+0x48/0x70
 print_report+0xcf/0x670
 kasan_report+0xc1/0x100
 alpha_read+0x3c/0x60 [alpha]
 </TASK>

Allocated by task 4333:
 kasan_save_stack+0x20/0x40
 alpha_open+0x20/0x40 [alpha]
==================================================================",
    "\
alphad invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 0 PID: 4333 Comm: alphad Not tainted 6.6.13-amd64 #1
Hardware name: ACME Box/Board, BIOS 1.2 01/02/2023
Call Trace:
 <TASK>
 dump_header+0x4a/0x211
 out_of_memory+0x1fd/0x4c0
 alpha_alloc+0x10/0x20 [alpha]
 </TASK>
Mem-Info:
oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),task=alphad,pid=4333,uid=0
Out of memory: Killed process 4333 (alphad) total-vm:400kB, anon-rss:300kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:40kB oom_score_adj:0",
];

/// Seconds between the two: more than two CPUs that print at once ever have.
const PAUSES: [u64; 2] = [5, 300];

struct Reader(Analyzer);

/// What is compared: kind, title, task and the functions of the trace.
type Said = (String, String, Option<i32>, Vec<Option<String>>);

impl Reader {
    fn read(&self, log: &str) -> Vec<Said> {
        let mut all = Vec::new();
        let take = &mut |report: Report| all.push(said(&report));
        let incidents = &mut Incidents::default();
        self.0.read_all("log", log.as_bytes(), incidents, take);
        all
    }
}

fn said(report: &Report) -> Said {
    let splat = &report.splat;
    let frames = splat.frames.iter();
    let frames = frames.map(|frame| frame.code.function.as_ref().map(ToString::to_string));
    (
        splat.kind.clone(),
        report.title.clone(),
        splat.pid,
        frames.collect(),
    )
}

/// With stamps from a second on.
fn stamped<'l>(lines: impl IntoIterator<Item = &'l str>, second: u64) -> String {
    let stamp = |(number, line)| format!("[{second:5}.{number:06}] {line}\n");
    (0..).zip(lines).map(stamp).collect()
}

/// The reports of the corpus, without their stamps.
fn reports() -> Vec<(String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/reports");
    let cases = std::fs::read_dir(folder).expect("the corpus");
    let logs = cases.filter_map(|case| {
        let case = case.ok()?;
        let log = std::fs::read_to_string(case.path().join("log")).ok()?;
        let text = |line: &str| match line.split_once("] ") {
            Some((stamp, text)) if stamp.starts_with('[') => text.to_owned(),
            _ => line.to_owned(),
        };
        let name = case.file_name().to_string_lossy().into_owned();
        Some((name, log.lines().map(text).collect()))
    });
    logs.collect()
}

#[test]
fn the_next_report_keeps_its_trace() {
    let reader = Reader(Analyzer::new(Grammar::builtin(), None).expect("few literals"));
    let reports = reports();
    assert!(reports.len() > 5);
    for (name, lines) in &reports {
        let whole = reader.read(&stamped(lines.iter().map(String::as_str), 100));
        let [(.., own)] = whole.as_slice() else {
            panic!("{name}: one report");
        };
        let trace = lines.iter().position(|line| line.contains("Call Trace:"));
        // Before the trace, and in it.
        for cut in 1..trace.map_or(1, |trace| trace + 4) {
            let before = stamped(lines[..cut].iter().map(String::as_str), 100);
            for (next, pause) in NEXT
                .iter()
                .flat_map(|next| PAUSES.map(|pause| (next, pause)))
            {
                let after = stamped(next.lines(), 100 + pause);
                let alone = reader.read(&after);
                let log = before.clone() + &after;
                let found = reader.read(&log);
                for report in &alone {
                    assert!(
                        found.contains(report),
                        "{name}: {report:?} is lost in\n{log}"
                    );
                }
                for report in found.iter().filter(|report| !alone.contains(report)) {
                    assert!(
                        own.starts_with(&report.3),
                        "{name}: {report:?} took lines of the next one\n{log}"
                    );
                }
            }
        }
    }
}
