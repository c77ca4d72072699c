//! Stalls and lockups, as routers print them and as syslogd shows them on every terminal, through the binary.

mod common;

use common::splats;
use serde_json::Value;

/// arch/arm/lib/backtrace.S, as a page that renders Markdown shows it: what is between ] and ( makes a link.
const ROUTER: &str = "\
[86808.0] INFO: rcu_sched self-detected stall on CPU { 0}  (t=6000 jiffies g=195730 c=195729 q=1744)
[86808.1] CPU: 0 PID: 3338 Comm: zetad Tainted: P             3.10.32 #1
[86808.1] Backtrace:
[86808.1] [<c0019e08>](dump_backtrace+0x0/0x118) from [<c001a16c>](show_stack+0x18/0x1c)
[86808.1]  r6:c04558b8 r5:000006d0 r4:c04506f8 r3:00000000
[86808.1] [<c001a154>](show_stack+0x0/0x1c) from [<c00705e0>](rcu_check_callbacks+0x230/0x6e8)
[86808.1] [<c00703b0>](rcu_check_callbacks+0x0/0x6e8) from [<c0030fac>](update_process_times+0x48/0x74)
[86808.1] [<c0030f64>](update_process_times+0x0/0x74) from [<c005cd74>](tick_sched_timer+0x1d8/0x200)
";

#[test]
fn the_tick_that_notices_a_stall_is_not_what_stalls() {
    let found = &splats(ROUTER)[0];
    assert_eq!(found["title"], "INFO: rcu detected stall");
    assert_eq!(found["culprit"], Value::Null);
    let frames = found["frames"].as_array().expect("a list");
    assert_eq!(frames.len(), 5);
    assert_eq!(
        (&frames[4]["function"], &frames[4]["offset"]),
        (&"tick_sched_timer".into(), &0x1d8.into())
    );
    assert_eq!(frames[4]["address"], "00000000c005cd74");
}

/// What a function saved is not what the CPU had.
#[test]
fn registers_that_functions_saved_are_not_those_of_the_report() {
    assert_eq!(splats(ROUTER)[0]["registers"], serde_json::json!({}));
}

#[test]
fn a_stall_goes_by_one_signature_whatever_its_numbers_are() {
    let of = |numbers: (&str, &str)| {
        let head = ROUTER.lines().next().expect("a line");
        let log = head
            .replace("g=195730", numbers.0)
            .replace("{ 0}", numbers.1);
        splats(&log)[0]["signature"].clone()
    };
    assert_eq!(of(("g=195730", "{ 0}")), of(("g=71", "{ 1 3}")));
    let lockup = |what: &str| {
        splats(format!(
            "[  5.1] watchdog: BUG: soft lockup - CPU#3 stuck for {what}\n"
        ))[0]["signature"]
            .clone()
    };
    assert_eq!(lockup("22s! [java:81590]"), lockup("158s! [zeta d:7]"));
}

#[test]
fn the_line_of_syslogd_is_not_of_the_report() {
    let log = "\
Message from syslogd@h1 at Apr 15 10:22:13 ...
 kernel:NMI watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [java:102195]

Message from syslogd@h1 at Apr 15 10:22:13 ...
 kernel:NMI watchdog: BUG: soft lockup - CPU#1 stuck for 33s! [java:81590]
";
    let found = splats(log);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["details"], Value::Null);
    assert_eq!(found[1]["pid"], 81590);
}

/// People cut out what is between two reports: the next line may be of another hour.
#[test]
fn an_hour_later_it_is_another_incident() {
    let log = |second: &str| {
        format!(
            "[   24.7] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:\n\
             [{second}] watchdog: BUG: soft lockup - CPU#24 stuck for 26s! [qemu:26]\n"
        )
    };
    let incidents = |second: &str| {
        let found = splats(log(second));
        (found[0]["incident"].clone(), found[1]["incident"].clone())
    };
    assert_eq!(incidents("   90.2"), (0.into(), 0.into()));
    assert_eq!(incidents(" 4796.2"), (0.into(), 1.into()));
}

/// Kernels without kallsyms of modules print addresses: the function that called the module is not at fault.
#[test]
fn code_of_a_module_without_names_is_the_module_s() {
    let log = "\
[  817.6] rcu: INFO: rcu_sched self-detected stall on CPU
[  817.6] CPU: 1 PID: 1325 Comm: napi/phy0-539 Tainted: G           O       6.6.119 #0
[  817.6] RIP: 0010:0xffffffffa081d01b [mt76@000000001b568c21+0x1a000]
[  817.6] Call Trace:
[  817.6]  <TASK>
[  817.6]  0xffffffffa081d9ac [mt76@000000001b568c21+0x1a000]
[  817.6]  __napi_poll+0x25/0x1a0
[  817.6]  </TASK>
";
    let found = &splats(log)[0];
    assert_eq!(found["culprit"], Value::Null);
    assert_eq!(
        found["summary"],
        "CPU STUCK: the module mt76 kept a CPU busy for so long that the rest of the kernel waits"
    );
}
