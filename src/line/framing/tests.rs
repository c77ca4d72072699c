//! Case reports: one row a framing.

use super::*;

type Row<'a> = (&'a str, Option<u64>, Option<Caller>, Option<u8>);

#[test]
fn every_layer_reads_its_own_form() {
    let task = |n| Some(Caller::Task(n));
    let cpu = |n| Some(Caller::Cpu(n));
    let rows: &[Row<'_>] = &[
        ("[    0.055225] x", Some(55_225), None, None),
        (
            "[12345.678901][    T1] x",
            Some(12_345_678_901),
            task(1),
            None,
        ),
        ("[    1.5] [  C3] x", Some(1_500_000), cpu(3), None),
        ("[ 0.055225][ T0] x", Some(55_225), task(0), None),
        ("[    0.048509 ][    T0 ] x", Some(48_509), task(0), None),
        ("    [    0.055225] x", Some(55_225), None, None),
        ("[    0.055225,1] x", Some(55_225), None, None),
        ("[    0.055225 <    0.000010>] x", Some(55_225), None, None),
        ("[    0.043841 ][    T0 ] x", Some(43_841), task(0), None),
        ("<4>[    2.000000] x", Some(2_000_000), None, Some(4)),
        ("<30>x", None, None, Some(6)),
        (
            "Jan  1 00:00:12 (none) user.warn kernel: x",
            None,
            None,
            Some(4),
        ),
        ("kern  :warn  : [    0.000001] x", Some(1), None, Some(4)),
        (
            "kern  :warn  : 2026-11-23T14:20:48,123456+01:00 x",
            None,
            None,
            Some(4),
        ),
        ("[Mon Nov 23 14:20:48 2026] x", None, None, None),
        (
            "[Mon Nov 23 14:20:48 2026 <    0.000010>] x",
            None,
            None,
            None,
        ),
        ("[<    0.000010>] x", None, None, None),
        ("[Nov23 14:20] x", None, None, None),
        ("[  +0.000010] x", None, None, None),
        (
            "2025-07-30T09:47:04.974210+02:00 lisa kernel: [ T3205] x",
            None,
            task(3205),
            None,
        ),
        ("2026-11-23T14:20:48+0100 host kernel: x", None, None, None),
        ("2026-11-23T14:20:48.1234567Z x", None, None, None),
        (
            "2026-11-23T14:20:48.123456Z 00O [    1.000000] x",
            Some(1_000_000),
            None,
            None,
        ),
        (
            "2026-11-23T14:20:48.123456789Z stdout F x",
            None,
            None,
            None,
        ),
        (
            "Nov 23 14:20:48 host kernel: [    3.000000] x",
            Some(3_000_000),
            None,
            None,
        ),
        ("Nov  3 14:20:48 host kernel: x", None, None, None),
        ("Nov 23 14:20:48.123456 host kernel: x", None, None, None),
        (
            "Nov 23 14:20:48 host kern.warn kernel: [    3.000000] x",
            Some(3_000_000),
            None,
            Some(4),
        ),
        (
            "Mon Nov 23 14:20:48 2026 kern.warn kernel: [    3.000000] x",
            Some(3_000_000),
            None,
            Some(4),
        ),
        (
            "Mon 2026-11-23 14:20:48 UTC host kernel: x",
            None,
            None,
            None,
        ),
        ("[    0.055225] host kernel: x", Some(55_225), None, None),
        ("1795443648.123456 host kernel: x", None, None, None),
        (
            "<4>1 2026-11-23T14:20:48.123456+01:00 host kernel - - - x",
            None,
            None,
            Some(4),
        ),
        (
            "<4>1 2026-11-23T14:20:48Z host kernel - - [a b=\"c\"] [    3.000000] x",
            Some(3_000_000),
            None,
            Some(4),
        ),
        ("[2026-11-23T14:20:48.123Z] x", None, None, None),
        (
            "[14:20:48.123] [    1.000000] x",
            Some(1_000_000),
            None,
            None,
        ),
        (
            "14:20:48.123456  <4>[    1.000000] x",
            Some(1_000_000),
            None,
            Some(4),
        ),
        (
            "11-23 14:20:48.123  1234  1234 W kernel  : [    1.000000] x",
            Some(1_000_000),
            None,
            Some(4),
        ),
        (
            "11-23 14:20:48.123 W/kernel  ( 1234): x",
            None,
            None,
            Some(4),
        ),
        ("W/kernel  ( 1234): x", None, None, Some(4)),
        (
            "[    1.000000] I[0:      swapper/0:    0] x",
            Some(1_000_000),
            None,
            None,
        ),
        (
            "[    1.000000]<0>.(0)[0:swapper]x",
            Some(1_000_000),
            None,
            None,
        ),
    ];
    for (line, time, caller, level) in rows {
        let (framing, text) = strip(line);
        assert_eq!(text, "x", "{line}");
        assert!(framing.present, "{line}");
        assert_eq!(
            (framing.time_us, framing.caller, framing.level),
            (*time, *caller, *level),
            "{line}"
        );
    }
}

#[test]
fn the_blank_of_a_frame_stays_behind_every_layer() {
    for line in [
        "[    1.000000]  f+0x1/0x2",
        "Nov 23 14:20:48 host kernel:  f+0x1/0x2",
        "<4>1 2026-11-23T14:20:48Z host kernel - - -  f+0x1/0x2",
        "kern  :warn  : [    0.000001]  f+0x1/0x2",
        "[    1.000000] host kernel:  f+0x1/0x2",
        "[Mon Nov 23 14:20:48 2026]  f+0x1/0x2",
        "11-23 14:20:48.123  1234  1234 W kernel  :  f+0x1/0x2",
    ] {
        assert_eq!(strip(line).1, " f+0x1/0x2", "{line}");
    }
}

#[test]
fn text_that_only_looks_like_framing_stays() {
    for line in [
        "[<ffffffff81012345>] f+0x1/0x2",
        "[c->x] a.c:1 at f",
        " <TASK>",
        "<IRQ>",
        "[T1x] y",
        "",
        "a host kernel: x",
        "12 34 x",
        "May 1 x",
        "    f+0x1/0x2",
        "CPU: 1 PID: 0 Comm: swapper/1",
        "00O x",
    ] {
        assert_eq!(strip(line).1, line);
    }
}

#[test]
fn a_stamp_beyond_64_bits_is_text() {
    let line = "[99999999999999999999.0] x";
    assert_eq!(strip(line).1, line);
}

#[test]
fn a_stamp_in_the_middle_is_found_with_its_level() {
    assert_eq!(stamp_at("login: [   12.345678] x"), Some(7));
    assert_eq!(stamp_at("half<4>[   12.345678] x"), Some(4));
    assert_eq!(stamp_at("BIOS-e820: [mem 0x0.000000]"), None);
    assert_eq!(stamp_at("took [1.5] s"), None);
}

#[test]
fn the_time_of_day_is_kept_as_each_logger_prints_it() {
    for (line, clock) in [
        ("Apr 13 06:21:17 h1 kernel: x", Some("Apr 13 06:21:17")),
        (
            "2026-11-23T14:20:48.123456+01:00 h1 kernel: x",
            Some("2026-11-23T14:20:48.123456+01:00"),
        ),
        (
            "[Thu Mar 25 00:50:20 2021] x",
            Some("Thu Mar 25 00:50:20 2021"),
        ),
        ("[14:20:48.123] [   12.345678] x", Some("14:20:48.123")),
        (
            "Mon 2026-11-23 14:20:48 UTC h1 kernel: x",
            Some("Mon 2026-11-23 14:20:48 UTC"),
        ),
        ("[   12.345678] x", None),
    ] {
        let (framing, _) = strip(line);
        let found = framing.clock;
        assert_eq!(found.as_ref().map(|clock| clock.as_str()), clock, "{line}");
    }
}

#[test]
fn events_of_a_kubernetes_node_hold_messages_of_the_kernel() {
    let text = "EXT4-fs error (device sda1): x";
    for age in ["2m13s", "2m13s (x2 over 4h)", "12d"] {
        let line = format!("  Warning  Ext4Error  {age}  kernel-monitor  {text}");
        let (framing, rest) = strip(&line);
        assert_eq!((framing.is_kernels(), rest), (true, text), "{age}");
    }
    let other = "  Normal  Pulled  2m  kubelet  Container image already present";
    assert_eq!(strip(other).1, other);
}
