//! Framing: what stands in front of the kernel's text.
//!
//! A line may carry several layers (`kern  :warn  : [    0.055225][    T0] …`). Each entry of
//! [`LAYERS`] reads one; they are taken off until none fits. A new framing is one more entry.

use super::{Caller, Framing};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of, space0};
use nom::combinator::{map, opt, recognize, verify};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// More layers than any real log has; a bound on hostile input.
const MAX_LAYERS: usize = 8;

/// What one layer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Time(u64),
    Caller(Caller),
    Level(u8),
    /// A layer that tells nothing ksplat keeps (host name, wall clock).
    Other,
}

type Layer = fn(&str) -> IResult<&str, Mark>;

/// Every layer that ksplat knows, the commonest first.
const LAYERS: &[Layer] = &[
    uptime,
    caller,
    level_number,
    facility_level,
    wall_clock,
    syslog_rfc3339,
    syslog_classic,
];

/// Takes all framing off a line.
pub fn strip(line: &str) -> (Framing, &str) {
    let mut framing = Framing::default();
    let mut rest = line;
    for _ in 0..MAX_LAYERS {
        let Some((inner, mark)) = LAYERS.iter().find_map(|layer| layer(rest).ok()) else {
            break;
        };
        framing.present = true;
        match mark {
            Mark::Time(us) => framing.time_us = Some(us),
            Mark::Caller(caller) => framing.caller = Some(caller),
            Mark::Level(level) => framing.level = Some(level),
            Mark::Other => {}
        }
        rest = inner;
    }
    (framing, rest)
}

/// `[    0.055225] `: seconds since boot (kernel/printk/printk.c, `print_time()`). The blank
/// behind is a separator, save before a caller tag.
fn uptime(input: &str) -> IResult<&str, Mark> {
    let seconds = terminated(digit1, char('.'));
    let stamp = delimited(pair(char('['), space0), pair(seconds, digit1), char(']'));
    let micros = stamp.map_opt(|(whole, fraction)| micros(whole, fraction));
    map(terminated(micros, opt(char(' '))), Mark::Time).parse(input)
}

/// Seconds and their decimal fraction as microseconds; `None` beyond 64 bits.
fn micros(whole: &str, fraction: &str) -> Option<u64> {
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let whole: u64 = whole.parse().ok()?;
    whole
        .checked_mul(1_000_000)?
        .checked_add(digits.parse().ok()?)
}

/// `[    T0] `, `[  C3] `, squeezed or not (`CONFIG_PRINTK_CALLER`).
fn caller(input: &str) -> IResult<&str, Mark> {
    let tag = pair(one_of("TC"), digit1).map_opt(|(kind, number)| {
        let number: u32 = str::parse(number).ok()?;
        Some(match kind {
            'T' => Caller::Task(number),
            _ => Caller::Cpu(number),
        })
    });
    let tag = delimited(pair(char('['), space0), tag, char(']'));
    map(terminated(tag, opt(char(' '))), Mark::Caller).parse(input)
}

/// `<4>`: facility and level in one number, as /proc/kmsg and `dmesg -r` give it.
fn level_number(input: &str) -> IResult<&str, Mark> {
    let number = take_while_m_n(1, 3, |c: char| c.is_ascii_digit());
    delimited(char('<'), number, char('>'))
        .map_opt(|digits: &str| {
            digits
                .parse::<u16>()
                .ok()
                .map(|n| Mark::Level((n & 7) as u8))
        })
        .parse(input)
}

/// `kern  :warn  : `, as `dmesg -x` prints it (util-linux, sys-utils/dmesg.c).
fn facility_level(input: &str) -> IResult<&str, Mark> {
    const LEVELS: [&str; 8] = [
        "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
    ];
    const FACILITIES: [&str; 4] = ["kern", "user", "daemon", "syslog"];
    let word = || take_while1(|c: char| c.is_ascii_alphabetic());
    let facility = verify(word(), |word: &str| FACILITIES.contains(&word));
    let level = word().map_opt(|word: &str| LEVELS.iter().position(|name| *name == word));
    let column = || pair(space0, char(':'));
    (facility, column(), level, column(), opt(char(' ')))
        .map(|(_, _, level, _, _)| Mark::Level(level as u8))
        .parse(input)
}

/// `[Mon Nov 23 14:20:48 2026] `, as `dmesg -T` prints it.
fn wall_clock(input: &str) -> IResult<&str, Mark> {
    let inside = (month_or_weekday, char(' '), syslog_date, char(' '), digit1);
    map((char('['), inside, char(']'), opt(char(' '))), |_| {
        Mark::Other
    })
    .parse(input)
}

/// `2026-11-23T14:20:48.123456+01:00 host kernel: ` (journalctl -o short-iso, rsyslog).
fn syslog_rfc3339(input: &str) -> IResult<&str, Mark> {
    let date = (digit1, char('-'), digit1, char('-'), digit1);
    let clock = take_while1(|c: char| c.is_ascii_digit() || ":.,+-Z".contains(c));
    map((date, one_of("T "), clock, kernel_tag), |_| Mark::Other).parse(input)
}

/// `Nov 23 14:20:48 host kernel: ` (classic syslog, journalctl -o short).
fn syslog_classic(input: &str) -> IResult<&str, Mark> {
    map((syslog_date, kernel_tag), |_| Mark::Other).parse(input)
}

fn month_or_weekday(input: &str) -> IResult<&str, &str> {
    take_while_m_n(3, 3, |c: char| c.is_ascii_alphabetic()).parse(input)
}

/// `Nov 23 14:20:48`, with or without a fraction.
fn syslog_date(input: &str) -> IResult<&str, &str> {
    let clock = take_while1(|c: char| c.is_ascii_digit() || c == ':' || c == '.');
    recognize((
        month_or_weekday,
        take_while1(|c| c == ' '),
        digit1,
        char(' '),
        clock,
    ))
    .parse(input)
}

/// ` host kernel: `, ` host kernel[1234]: `, and rsyslog's `[    T1]`-less variants.
fn kernel_tag(input: &str) -> IResult<&str, &str> {
    let host = take_while1(|c: char| !c.is_whitespace());
    let pid = opt(delimited(char('['), digit1, char(']')));
    let name = alt((tag("kernel"), tag("klogd")));
    recognize(preceded(
        (char(' '), host, char(' ')),
        (name, pid, char(':'), opt(char(' '))),
    ))
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row a framing: the line, and what must come out of it.
    #[test]
    fn every_layer_reads_its_own_form() {
        let task = |n| Some(Caller::Task(n));
        type Row<'a> = (&'a str, Option<u64>, Option<Caller>, Option<u8>);
        let rows: &[Row<'_>] = &[
            ("[    0.055225] x", Some(55_225), None, None),
            (
                "[12345.678901][    T1] x",
                Some(12_345_678_901),
                task(1),
                None,
            ),
            (
                "[    1.5] [  C3] x",
                Some(1_500_000),
                Some(Caller::Cpu(3)),
                None,
            ),
            ("[ 0.055225][ T0] x", Some(55_225), task(0), None),
            ("<4>[    2.000000] x", Some(2_000_000), None, Some(4)),
            ("<30>x", None, None, Some(6)),
            ("kern  :warn  : [    0.000001] x", Some(1), None, Some(4)),
            ("[Mon Nov 23 14:20:48 2026] x", None, None, None),
            (
                "2025-07-30T09:47:04.974210+02:00 lisa kernel: [ T3205] x",
                None,
                task(3205),
                None,
            ),
            (
                "Nov 23 14:20:48 host kernel: [    3.000000] x",
                Some(3_000_000),
                None,
                None,
            ),
            ("Nov  3 14:20:48 host kernel: x", None, None, None),
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
    fn text_that_only_looks_like_framing_stays() {
        for line in [
            "[<ffffffff81012345>] f+0x1/0x2",
            "[c->x] a.c:1 at f",
            " <TASK>",
            "<IRQ>",
            "[T1x] y",
            "",
        ] {
            assert_eq!(strip(line).1, line);
        }
    }

    #[test]
    fn a_stamp_beyond_64_bits_is_text() {
        let line = "[99999999999999999999.0] x";
        assert_eq!(strip(line).1, line);
    }
}
