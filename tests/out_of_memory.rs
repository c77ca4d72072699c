//! What the OOM killer says, in the words of each release of the kernel, through the binary.

mod common;

use common::splat;
use serde_json::Value;

/// What dump_header() prints before the victim is named.
const DEMAND: &str = "\
[  100.1] asker invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0
[  100.1] CPU: 2 PID: 77 Comm: asker Not tainted 4.4.0-31-generic #50
[  100.1] Call Trace:
[  100.1]  [<ffffffff813f1143>] dump_stack+0x63/0x90
[  100.1]  [<ffffffff8120a5b1>] dump_header+0x5a/0x1c5
[  100.1] Mem-Info:
[  100.1] Node 0 DMA: 1*4kB (U) 0*8kB = 4kB
[  100.1] 1000000 pages RAM
";

const CHOSEN: &str = "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,\
                      task_memcg=/user.slice,task=(zeta d),pid=1240,uid=1000";

fn stamped(lines: &[&str]) -> String {
    lines
        .iter()
        .map(|line| format!("[  100.2] {line}\n"))
        .collect()
}

#[test]
fn the_victim_is_the_task_that_was_killed_and_not_its_parent() {
    // What is chosen, what is killed, and the words of the title.
    let rows = [
        (
            "Out of memory: kill process 12 (init) score 9 or a child",
            "Killed process 1240 (zeta d)",
            "Out of memory",
        ),
        (
            "Out of memory: Kill process 12 (init) score 9 or sacrifice child",
            "Killed process 1240 (zeta d) vsz:80kB, anon-rss:40kB, file-rss:0kB",
            "Out of memory",
        ),
        (
            "Out of memory: Kill process 12 (init) score 9 or sacrifice child",
            "Killed process 1240, UID 48, (zeta d) total-vm:80kB, anon-rss:40kB, file-rss:0kB",
            "Out of memory",
        ),
        (
            "Out of memory: Kill process 12 (init) score 9 or sacrifice child",
            "Killed process 1240 (zeta d), UID 48, total-vm:80kB, anon-rss:40kB, file-rss:0kB, shmem-rss:0kB",
            "Out of memory",
        ),
        (
            "Memory cgroup out of memory: Kill process 12 (init) score 9 or sacrifice child",
            "Killed process 1240 (zeta d) total-vm:80kB, anon-rss:40kB, file-rss:0kB, shmem-rss:0kB",
            "Memory cgroup out of memory",
        ),
        (
            "No available memory (MPOL_BIND): kill process 12 (init) score 9 or a child",
            "Killed process 1240 (zeta d)",
            "No available memory (MPOL_BIND)",
        ),
    ];
    for (chosen, killed, title) in rows {
        for demand in ["", DEMAND] {
            let found = splat(&(demand.to_owned() + &stamped(&[chosen, killed])));
            assert_eq!(
                found["title"],
                format!("{title}: killed zeta d"),
                "{killed}"
            );
            let summary = found["summary"].as_str().expect("a summary");
            assert!(summary.contains("killed zeta d (PID 1240)"), "{summary}");
            assert_eq!(
                summary.contains("which used 40kB"),
                killed.contains("anon-rss"),
                "{summary}"
            );
            // Who asked for memory is known by the first line only.
            let asker = (!demand.is_empty()).then_some("asker");
            assert_eq!(found["comm"].as_str(), asker);
            assert_eq!(found["memory"].is_null(), demand.is_empty());
        }
    }
}

#[test]
fn a_victim_is_known_by_any_line_that_names_it() {
    let killed = splat(stamped(&[
        "Killed process 1240 (zeta d) total-vm:80kB, anon-rss:40kB, file-rss:0kB",
    ]));
    assert_eq!(killed["title"], "Out of memory: killed zeta d");
    // A control group's memory is said by the line before.
    let summary = killed["summary"].as_str().expect("a summary");
    assert!(
        summary.contains("of the machine or of a control group"),
        "{summary}"
    );

    let chosen = splat(&(DEMAND.to_owned() + &stamped(&[CHOSEN])));
    assert_eq!(chosen["level"], "report");
    assert_eq!(chosen["title"], "Out of memory: killed (zeta d)");
    assert_eq!(
        (&chosen["pid"], chosen["memory"].is_null()),
        (&Value::from(77), false)
    );
    let summary = chosen["summary"].as_str().expect("a summary");
    assert!(
        summary.contains("chose to kill (zeta d) (PID 1240)"),
        "{summary}"
    );
}

#[test]
fn one_kill_is_one_report_whatever_the_kernel_says_of_it() {
    let killed = "Killed process 1240 ((zeta d)) total-vm:80kB, anon-rss:40kB, file-rss:0kB";
    let since_5_1 =
        format!("Out of memory: {killed}, shmem-rss:0kB, UID:1000 pgtables:1740kB oom_score_adj:0");
    let of_5_0 = [
        CHOSEN,
        "Out of memory: Kill process 1240 ((zeta d)) score 9 or sacrifice child",
        killed,
    ];
    for lines in [&[CHOSEN, &since_5_1][..], &of_5_0[..]] {
        let found = splat(&(DEMAND.to_owned() + &stamped(lines)));
        assert_eq!(found["title"], "Out of memory: killed (zeta d)");
        assert_eq!(found["kernel"]["release"], "4.4.0-31-generic");
    }
}

#[test]
fn a_kill_that_somebody_asked_for_says_nothing_of_the_memory() {
    let demand = DEMAND.replace("order=0", "order=-1");
    let killed =
        "Out of memory: Killed process 1240 (zetad) total-vm:80kB, anon-rss:40kB, file-rss:0kB";
    let found = splat(&(demand + &stamped(&[killed])));
    let summary = found["summary"].as_str().expect("a summary");
    assert!(
        summary.contains("SysRq-f") && !summary.contains("no memory was left"),
        "{summary}"
    );
}

#[test]
fn vmalloc_and_old_kernels_say_in_words_of_their_own_that_no_page_could_be_had() {
    let rows = [
        (
            "(sd-pam): vmalloc error: size 8388608, page order 0, failed to allocate pages, mode:0xdc2(GFP_KERNEL|__GFP_HIGHMEM), nodemask=(null)",
            "8388608 bytes of memory",
        ),
        (
            "(sd-pam): page allocation failure. order:1, mode:0x20",
            "2 pages in a row",
        ),
        (
            "(sd-pam): page allocation failure: order:1, mode:0x40cc0(GFP_KERNEL|__GFP_COMP), nodemask=(null)",
            "2 pages in a row",
        ),
    ];
    for (line, size) in rows {
        let found = splat(stamped(&[line]));
        assert_eq!(
            (&found["kind"], &found["comm"]),
            (&"page-allocation".into(), &"(sd-pam)".into())
        );
        let summary = found["summary"].as_str().expect("a summary");
        assert!(
            summary.contains("(sd-pam) asked for") && summary.contains(size),
            "{summary}"
        );
    }
}

#[test]
fn a_comm_that_has_colons_parentheses_or_blanks_is_whole() {
    let comms = [
        "kworker/u8:3",
        "kworker/u16:3-events_unbound",
        "(sd-pam)",
        "Web Content",
        "a#b",
        "a:b: c",
        "a)b(",
        "ünï-1",
    ];
    for comm in comms {
        for line in [
            format!(
                "{comm}: page allocation failure: order:0, mode:0x24010c0(GFP_KERNEL), nodemask=(null)"
            ),
            format!("INFO: task {comm}:88 blocked for more than 122 seconds."),
            format!("watchdog: BUG: soft lockup - CPU#0 stuck for 134s! [{comm}:7643]"),
            format!("BUG: Bad page state in process {comm}  pfn:2a0d5"),
            format!(
                "BUG: Bad rss-counter state mm:0000000002d98df7 type:MM_ANONPAGES val:512 Comm:{comm} Pid:17"
            ),
            format!("BUG: scheduling while atomic: {comm}/77/0x00000002"),
        ] {
            assert_eq!(splat(stamped(&[&line]))["comm"], comm, "{line}");
        }
        let victim =
            format!("Out of memory: Killed process 12 ({comm}) total-vm:80kB, anon-rss:40kB");
        let found = splat(stamped(&[&victim]));
        let summary = found["summary"].as_str().expect("a summary");
        assert!(
            summary.contains(&format!("killed {comm} (PID 12), which used 40kB")),
            "{summary}"
        );
    }
}

#[test]
fn the_second_line_of_a_hung_task_names_the_kernel() {
    for (line, release) in [
        (
            "      Tainted: G        W  OE      6.12.10-amd64 #1",
            "6.12.10-amd64",
        ),
        (
            "      Not tainted 6.1.0-18-amd64 #1 Debian 6.1.76-1",
            "6.1.0-18-amd64",
        ),
        (
            "      Tainted: G        W         -------- -  - 4.18.0-513.el8.x86_64 #1",
            "4.18.0-513.el8.x86_64",
        ),
        (
            "      Not tainted 3.10.0-1160.el7.x86_64 #1",
            "3.10.0-1160.el7.x86_64",
        ),
    ] {
        let head = "INFO: task zetad:88 blocked for more than 122 seconds.";
        assert_eq!(
            splat(stamped(&[head, line]))["kernel"]["release"],
            release,
            "{line}"
        );
    }
}

/// Its own call trace is the panic's; what asked for memory and the state of it were printed before.
#[test]
fn a_panic_for_want_of_memory_is_one_report_with_the_state_of_the_memory() {
    for reason in [
        "Out of memory: system-wide panic_on_oom is enabled",
        "Out of memory: compulsory panic_on_oom is enabled",
        "System is deadlocked on memory",
    ] {
        let panic = [
            &format!("Kernel panic - not syncing: {reason}"),
            "CPU: 2 PID: 77 Comm: asker Not tainted 4.4.0-31-generic #50",
            "Call Trace:",
            " [<ffffffff813f1143>] dump_stack+0x63/0x90",
            " [<ffffffff8118d2b1>] panic+0xd3/0x215",
            " [<ffffffff81194c5a>] out_of_memory+0x2fa/0x4b0",
            &format!("---[ end Kernel panic - not syncing: {reason} ]---"),
        ];
        let report = splat(format!("{DEMAND}{}", stamped(&panic)));
        assert_eq!(report["kind"], "panic");
        assert_eq!(report["title"], format!("kernel panic: {reason}"));
        assert_eq!(report["memory"]["ram"], 4_096_000_000_u64, "{report}");
        assert_eq!(report["panicked"], true);
        assert_eq!(report["culprit"]["function"], "out_of_memory");
        assert_eq!(
            report["stacks"][1]["label"],
            "asker invoked oom-killer: gfp_mask=0x201da, order=0, oom_score_adj=0"
        );
    }
}

/// Another task's panic in the middle of it has nothing to do with memory.
#[test]
fn a_panic_for_another_reason_takes_no_state_of_the_memory() {
    let log = format!(
        "{DEMAND}{}",
        stamped(&["Kernel panic - not syncing: sysrq triggered crash"])
    );
    let report = splat(&log);
    assert_eq!(report["memory"], Value::Null);
    assert_eq!(report["comm"], Value::Null);
}
