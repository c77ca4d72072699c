//! One event is one report and one incident, and no report swallows another one: logs of `tests/one_event/` through
//! the real binary.

#[path = "common/mod.rs"]
mod common;

use common::{ksplat, stdout};
use serde_json::Value;
use std::path::Path;

/// A report: kind, title, number of its incident, PID and name of its task, and whether the machine died of it.
type Row<'a> = (&'a str, &'a str, u64, Option<i64>, Option<&'a str>, bool);

fn splats(log: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/one_event");
    let output = ksplat(&folder).args(["--format", "json", log]).output();
    let output = output.expect("the binary runs");
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    document["splats"].as_array().expect("a list").clone()
}

fn row(splat: &Value) -> Row<'_> {
    (
        splat["kind"].as_str().expect("a kind"),
        splat["title"].as_str().expect("a title"),
        splat["incident"].as_u64().expect("a number"),
        splat["pid"].as_i64(),
        splat["comm"].as_str(),
        splat["panicked"] == true,
    )
}

#[test]
fn each_log_has_its_reports() {
    let oops = "BUG: unable to handle kernel NULL pointer dereference in";
    let poison = "BUG kmalloc-NUM: Poison overwritten";
    let rows: &[(&str, &[Row<'_>])] = &[
        (
            "hung-owner-rwsem",
            &[(
                "hung-task",
                "INFO: task hung in zeta_close",
                0,
                Some(88),
                Some("task88"),
                false,
            )],
        ),
        (
            "hung-task-taint",
            &[(
                "hung-task",
                "INFO: task hung in zeta_tx_hold",
                0,
                Some(1351),
                Some("zeta_sync"),
                false,
            )],
        ),
        (
            "hung-task-panic",
            &[
                // The CPU line of khungtaskd behind it is not that of the task.
                (
                    "hung-task",
                    "INFO: task hung in zeta_a",
                    0,
                    Some(88),
                    Some("task88"),
                    true,
                ),
                (
                    "panic",
                    "kernel panic: hung_task: blocked tasks",
                    0,
                    Some(33),
                    Some("khungtaskd"),
                    true,
                ),
            ],
        ),
        ("slub-first-byte", &[("slab", poison, 0, None, None, false)]),
        (
            "slub-warning",
            &[("slab", poison, 0, Some(77), Some("task77"), false)],
        ),
        (
            "slub-4.9",
            &[(
                "slab",
                "BUG kmalloc-NUM: Object padding overwritten",
                0,
                Some(77),
                Some("t"),
                false,
            )],
        ),
        (
            "kcfi",
            &[(
                "cfi",
                "CFI failure in zeta_call",
                0,
                Some(77),
                Some("task77"),
                false,
            )],
        ),
        (
            "kcfi-permissive",
            &[(
                "cfi",
                "CFI failure in zeta_call",
                0,
                Some(77),
                Some("zetad"),
                false,
            )],
        ),
        (
            "arm64-panic-oops",
            &[
                (
                    "oops",
                    &format!("{oops} zeta_ioctl"),
                    0,
                    Some(26470),
                    Some("zetactl"),
                    true,
                ),
                (
                    "panic",
                    "kernel panic: Oops: Fatal exception",
                    0,
                    None,
                    None,
                    true,
                ),
            ],
        ),
        (
            "hard-lockup-warn",
            &[(
                "hard-lockup",
                "hard lockup in zeta_ratelimit_mt",
                0,
                Some(0),
                Some("swapper/3"),
                false,
            )],
        ),
        (
            "hard-lockup-warn-4.9",
            &[(
                "hard-lockup",
                "hard lockup in zeta_spin",
                0,
                Some(0),
                Some("swapper/3"),
                false,
            )],
        ),
        (
            "ppc-self-lockup",
            &[(
                "hard-lockup",
                "hard lockup in zeta_poll_loop",
                0,
                Some(363),
                Some("zetad"),
                false,
            )],
        ),
        (
            "ppc-other-cpus",
            &[(
                "hard-lockup",
                "hard lockup in zeta_poll_loop",
                0,
                Some(363),
                Some("zetad"),
                false,
            )],
        ),
        (
            "panicked-oops",
            &[
                (
                    "oops",
                    &format!("{oops} zeta_read_ring"),
                    0,
                    Some(4711),
                    Some("zetactl"),
                    true,
                ),
                (
                    "panic",
                    "kernel panic: Fatal exception",
                    0,
                    None,
                    None,
                    true,
                ),
            ],
        ),
        (
            "panicked-last-line",
            &[(
                "oops",
                &format!("{oops} zeta_spin"),
                0,
                Some(77),
                Some("zetad"),
                true,
            )],
        ),
        (
            "panicked-on-warn",
            &[
                (
                    "warning",
                    "WARNING in zeta_flush",
                    0,
                    Some(903),
                    Some("kworker/1:2"),
                    true,
                ),
                (
                    "panic",
                    "kernel panic: kernel: panic_on_warn set ...",
                    0,
                    Some(903),
                    Some("kworker/1:2"),
                    true,
                ),
            ],
        ),
        (
            "spl-panic",
            &[(
                "spl-panic",
                "SPL PANIC in zfs_range_tree_remove_impl",
                0,
                Some(11931),
                Some("z_wr_iss"),
                false,
            )],
        ),
        (
            "crash-header",
            &[(
                "oops",
                &format!("{oops} zeta_read"),
                0,
                Some(11978),
                Some("zetatape"),
                true,
            )],
        ),
        (
            "rcu-nmi-backtrace",
            &[(
                "rcu-stall",
                "INFO: rcu detected stall in zeta_loop",
                0,
                Some(77),
                Some("zetad"),
                false,
            )],
        ),
        (
            "rcu-tasks-trace",
            &[(
                "rcu-stall",
                "INFO: rcu detected stall in zeta_loop",
                0,
                None,
                None,
                false,
            )],
        ),
    ];
    for (log, wanted) in rows {
        let all = splats(&format!("{log}.log"));
        let got: Vec<_> = all.iter().map(row).collect();
        assert_eq!(got, *wanted, "{log}");
    }
}

#[test]
fn a_stall_without_a_stack_swallows_nothing() {
    for (log, next) in [
        ("stall-then-panic", "panic"),
        ("stall-then-soft-lockup", "soft-lockup"),
        ("stall-then-head-only", "soft-lockup"),
    ] {
        let all = splats(&format!("{log}.log"));
        let kinds: Vec<_> = all.iter().map(|splat| splat["kind"].as_str()).collect();
        assert_eq!(kinds, [Some("rcu-stall"), Some(next)], "{log}");
    }
}

#[test]
fn errors_of_one_device_at_one_time_are_one_incident() {
    let incidents = |log| {
        splats(log)
            .iter()
            .map(|s| s["incident"].as_u64())
            .collect::<Vec<_>>()
    };
    assert!(
        incidents("btrfs-one-abort.log")
            .iter()
            .all(|incident| *incident == Some(0))
    );
    assert_eq!(incidents("btrfs-two-devices.log"), [Some(0), Some(1)]);
}

#[test]
fn a_panic_is_that_of_the_report_with_its_printk_caller() {
    let all = splats("panic-of-one-caller.log");
    let rows: Vec<_> = all
        .iter()
        .map(row)
        .map(|row| (row.0, row.2, row.5))
        .collect();
    assert_eq!(
        rows,
        [("oops", 0, true), ("warning", 1, false), ("panic", 0, true)]
    );
}

#[test]
fn the_line_of_the_panic_is_named() {
    let all = splats("panicked-oops.log");
    assert!(all.iter().all(|splat| splat["panic_line"] == 24));
    assert_eq!(splats("panicked-last-line.log")[0]["panic_line"], 12);
    // That no line says so is no proof.
    assert!(splats("kcfi.log")[0].get("panicked").is_none());
}

/// `xfs_error_report()` prints the CPU and its stack, which belong neither to the oops before it nor to nobody.
#[test]
fn an_internal_error_of_xfs_keeps_its_stack() {
    let splats = splats("xfs-internal-error.log");
    let error = &splats[0];
    assert_eq!(error["title"], "XFS: Internal error in xfs_create");
    assert_eq!(error["cpu"], 1);
    assert_eq!(error["comm"], "copier");
    assert_eq!(error["frames"].as_array().map(Vec::len), Some(8));
    assert_eq!(splats[1]["incident"], error["incident"]);
}
