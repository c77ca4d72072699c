//! What printk and dmesg put in front.

use super::{Mark, clock};
use crate::line::{Caller, Source};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of, space0, space1};
use nom::combinator::{map, opt, peek, recognize, verify};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// `[    0.055225] `: seconds since boot (kernel/printk/printk.c, `print_time()`). The blank
/// after is a separator, save before a caller tag. Also `[    0.055225,1] ` with a CPU (Android's
/// last_kmsg; Amlogic puts an `@`), `[   12.345678s]` (Huawei), `[    0.055225 <    0.000010>] ` (dmesg -d;
/// journalctl -o short-delta puts a blank or a `*` after the number) and `[    0.055225 ]` (LKP's logs). A mailer
/// that did not know the character set may have put other characters for the blanks in front.
pub fn uptime(input: &str) -> IResult<&str, Mark<'_>> {
    let cpu = recognize(pair(one_of(",@"), digit1));
    let unit = recognize(char('s'));
    let since_last = recognize((space1, char('<'), seconds, opt(one_of(" *")), char('>')));
    let inside = terminated(seconds, opt(alt((cpu, unit, since_last))));
    let garbage = take_while_m_n(0, MAX_GARBAGE, |c: char| !c.is_ascii());
    let stamp = delimited(
        (char('['), space0, garbage, space0),
        inside,
        pair(space0, char(']')),
    );
    map(terminated(stamp, opt(char(' '))), Mark::Time).parse(input)
}

/// The same in its usual form, with six digits after the point and nothing else inside: the stamp of
/// nearly every line, read without trying others.
pub fn usual_uptime(line: &str) -> Option<(&str, u64)> {
    let inside = line.strip_prefix('[')?;
    let blanks = inside.bytes().take_while(|byte| *byte == b' ').count();
    let (seconds, rest) = digits(&inside[blanks..], 1..=MAX_SECONDS)?;
    let (micros, rest) = digits(rest.strip_prefix('.')?, 6..=6)?;
    let rest = rest.strip_prefix(']')?;
    let time = seconds * 1_000_000 + micros;
    Some((rest.strip_prefix(' ').unwrap_or(rest), time))
}

/// Characters that are no ASCII in front of a stamp's seconds: no stamp has more blanks.
const MAX_GARBAGE: usize = 8;

/// Digits of seconds since boot that are looked at; as microseconds they fit 64 bits.
const MAX_SECONDS: usize = 12;

/// The number that a text begins with, of so many digits, none more, and what follows.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<(u64, &str)> {
    let (mut number, mut read) = (0, 0);
    // One digit more than allowed is read, so that a longer number is refused and not cut.
    for byte in text.bytes().take(count.end() + 1) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = 10 * number + u64::from(digit);
        read += 1;
    }
    count.contains(&read).then(|| (number, &text[read..]))
}

/// `    0.055225`, as microseconds.
fn seconds(input: &str) -> IResult<&str, u64> {
    let parts = pair(terminated(digit1, char('.')), digit1);
    preceded(space0, parts)
        .map_opt(|(whole, fraction)| micros(whole, fraction))
        .parse(input)
}

/// Seconds and their decimal fraction as microseconds; `None` beyond 64 bits.
fn micros(whole: &str, fraction: &str) -> Option<u64> {
    // Fewer digits than six come from tools that print milliseconds; more than six are cut.
    let digits = fraction.bytes().chain(*b"000000").take(6);
    let micros = digits.fold(0, |micros, digit| micros * 10 + u64::from(digit - b'0'));
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(micros)
}

/// Offset of the first stamp of the kernel's own form, six digits after the point, with the level
/// in front of it.
pub fn stamp_at(text: &str) -> Option<usize> {
    let mut starts = memchr::memchr_iter(b'[', text.as_bytes());
    // What does not read on where it is no stamp: a line of nothing but brackets is not read from each of them on.
    let at = starts.find(|at| usual_uptime(&text[*at..]).is_some())?;
    let before = &text.as_bytes()[at.saturating_sub(LEVEL)..at];
    let level = memchr::memrchr(b'<', before).map(|level| at - before.len() + level);
    let level = level.filter(|level| &text[*level..at] == level_text(&text[*level..at]));
    Some(level.unwrap_or(at))
}

/// Bytes of the longest level in front of a stamp, `<191>`.
const LEVEL: usize = 5;

/// The `<4>` that a text begins with; empty where there is none.
fn level_text(text: &str) -> &str {
    let digits = take_while_m_n(1, 3, |c: char| c.is_ascii_digit());
    let level: IResult<&str, &str> = recognize(delimited(char('<'), digits, char('>'))).parse(text);
    level.map_or("", |(_, level)| level)
}

/// `[    T0] `, `[  C3] `, squeezed or not (`CONFIG_PRINTK_CALLER`), `[    T0 ] ` in LKP's logs.
pub fn caller(input: &str) -> IResult<&str, Mark<'_>> {
    let tag = delimited(pair(char('['), space0), caller_id, pair(space0, char(']')));
    map(terminated(tag, opt(char(' '))), Mark::Caller).parse(input)
}

/// `T0`, `C3`.
pub fn caller_id(input: &str) -> IResult<&str, Caller> {
    pair(one_of("TC"), digit1)
        // The task's number, or the CPU's where no task runs (kernel/printk/printk.c,
        // print_caller()).
        .map_opt(|(kind, number)| {
            let number: u32 = str::parse(number).ok()?;
            Some(match kind {
                'T' => Caller::Task(number),
                _ => Caller::Cpu(number),
            })
        })
        .parse(input)
}

/// `    0.031400    T0 `: stamp and caller without their brackets, as some scripts leave them. Only with the
/// caller: a number alone is text.
pub fn stamp_without_brackets(input: &str) -> IResult<&str, Mark<'_>> {
    let fraction = take_while_m_n(6, 6, |c: char| c.is_ascii_digit());
    let time = pair(terminated(digit1, char('.')), fraction)
        .map_opt(|(whole, fraction)| micros(whole, fraction));
    let caller = delimited(space1, caller_id, char(' '));
    map(preceded(space0, pair(time, caller)), |(time, caller)| {
        Mark::Stamp(time, caller)
    })
    .parse(input)
}

/// `1717.272016][ T5005] `, `1717.272016] `: the stamp that a cut went through, at the head of a log.
pub fn cut_stamp(input: &str) -> IResult<&str, Mark<'_>> {
    let fraction = take_while_m_n(6, 6, |c: char| c.is_ascii_digit());
    let time = pair(terminated(digit1, char('.')), fraction)
        .map_opt(|(whole, fraction)| micros(whole, fraction));
    let end = (char(']'), peek(one_of(" [")), opt(char(' ')));
    map(terminated(time, end), Mark::Time).parse(input)
}

/// `[] `, `[...] `, `[xxx.xxxxxx] `: a stamp that somebody emptied before showing the log.
pub fn emptied(input: &str) -> IResult<&str, Mark<'_>> {
    let nothing = take_while(|c: char| ".\u{2026}xX#*".contains(c));
    map((char('['), space0, nothing, tag("] ")), |_| Mark::Other).parse(input)
}

/// `<4>`: facility and level in one number, as /proc/kmsg and `dmesg -r` give it. Tables number their rows so, too,
/// with a blank after: the line of a kernel that begins with a blank is no header. The second half of a `Code:` line may
/// begin with the byte that is marked.
pub fn level_number(input: &str) -> IResult<&str, Mark<'_>> {
    let number = take_while_m_n(1, 3, |c: char| c.is_ascii_digit());
    let mut level =
        delimited(char('<'), number, char('>')).map_opt(|digits: &str| digits.parse().ok());
    let (rest, (level, source)) = level.parse(input).map(|(rest, n)| (rest, level_of(n)))?;
    if begins_with_byte(rest) {
        return Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Verify,
        )));
    }
    let is_sure = source == Source::Program || !rest.starts_with(' ');
    let source = if is_sure { source } else { Source::Unknown };
    Ok((rest, Mark::Level(level, source)))
}

/// ` 8b 40 18`: a byte of instructions and another one.
fn begins_with_byte(text: &str) -> bool {
    let is_byte = |byte: &[u8]| byte[0] == b' ' && byte[1..].iter().all(u8::is_ascii_hexdigit);
    let bytes = text.as_bytes().chunks_exact(3).take(2);
    bytes.len() == 2 && bytes.clone().all(is_byte)
}

/// The level in a priority, and who wrote the line by its facility: 0 is the kernel's alone
/// (kernel/printk/printk.c, `devkmsg_write()`).
pub fn level_of(priority: u32) -> (u8, Source) {
    let source = if priority < 8 {
        Source::Kernel
    } else {
        Source::Program
    };
    ((priority & 7) as u8, source)
}

/// `kern  :warn  : `, as `dmesg -x` prints it (util-linux, sys-utils/dmesg.c).
pub fn facility_level(input: &str) -> IResult<&str, Mark<'_>> {
    let column = || pair(space0, char(':'));
    (facility, column(), level, column(), opt(char(' ')))
        .map(|(source, _, level, ..)| Mark::Level(level, source))
        .parse(input)
}

/// `192.0.2.20: kern: warning: [2024-01-28T16:36:11.454041804Z]: `: talosctl dmesg, with the node or without.
pub fn talos(input: &str) -> IResult<&str, Mark<'_>> {
    let node = take_while1(|c: char| !c.is_whitespace() && c != '[');
    let node = opt(terminated(verify(node, |n: &str| n.ends_with(':')), space1));
    let stamp = (tag(": ["), clock::iso_stamp, tag("]:"), opt(char(' ')));
    let with_node = (node, facility, tag(": "), level, stamp);
    let without = (
        facility,
        tag(": "),
        level,
        (tag(": ["), clock::iso_stamp, tag("]:"), opt(char(' '))),
    );
    alt((
        without.map(|(source, _, level, _)| Mark::Level(level, source)),
        with_node.map(|(_, source, _, level, _)| Mark::Level(level, source)),
    ))
    .parse(input)
}

/// A syslog facility by its name: only `kern` is the kernel's.
fn facility(input: &str) -> IResult<&str, Source> {
    word.map_opt(facility_source).parse(input)
}

/// Whose lines have that facility; `None` for a word that names none.
pub fn facility_source(name: &str) -> Option<Source> {
    let is_known = FACILITIES.contains(&name) || name.starts_with("local");
    is_known.then_some(match name {
        "kern" => Source::Kernel,
        _ => Source::Program,
    })
}

fn level(input: &str) -> IResult<&str, u8> {
    word.map_opt(level_name).parse(input)
}

fn word(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric()).parse(input)
}

const FACILITIES: [&str; 12] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp",
];

/// The number of a level (include/linux/kern_levels.h) by its names in dmesg and syslog.
pub fn level_name(name: &str) -> Option<u8> {
    const LEVELS: [&[&str]; 8] = [
        &["emerg", "panic"],
        &["alert"],
        &["crit"],
        &["err", "error"],
        &["warn", "warning"],
        &["notice"],
        &["info"],
        &["debug"],
    ];
    let level = LEVELS.iter().position(|names| names.contains(&name))?;
    u8::try_from(level).ok()
}

/// `[Mon Nov 23 14:20:48 2026] `, as `dmesg -T` prints it in the user's language; with -d also the seconds since
/// the last.
pub fn wall_clock(input: &str) -> IResult<&str, Mark<'_>> {
    let since_last = (space1, char('<'), seconds, char('>'));
    let inside = terminated(clock::named_date_with_year, opt(since_last));
    let stamp = delimited(char('['), inside, char(']'));
    // Not the time of a report, which is that since boot: a date does not say when the boot was.
    map(terminated(stamp, opt(char(' '))), |stamp| {
        Mark::Clock(stamp, Source::Kernel)
    })
    .parse(input)
}

/// `[<    0.000010>] ` (dmesg --time-format=delta), `[  +0.000010] ` (reltime).
pub fn delta(input: &str) -> IResult<&str, Mark<'_>> {
    let plain = (char('<'), seconds, char('>'));
    let relative = (space0, char('+'), seconds);
    let inside = alt((recognize(plain), recognize(relative)));
    map((char('['), inside, char(']'), opt(char(' '))), |_| {
        Mark::Of(Source::Kernel)
    })
    .parse(input)
}

/// `[Nov23 14:20] `: the first line of a minute (dmesg --time-format=reltime).
pub fn minute(input: &str) -> IResult<&str, Mark<'_>> {
    let inside = (
        clock::name_before_day,
        space0,
        digit1,
        char(' '),
        digit1,
        char(':'),
        digit1,
    );
    map((char('['), inside, char(']'), opt(char(' '))), |_| {
        Mark::Of(Source::Kernel)
    })
    .parse(input)
}

/// Blanks that Markdown or a report puts in front of a stamp.
pub fn indented(input: &str) -> IResult<&str, Mark<'_>> {
    let own = alt((uptime, preceded(level_number, uptime)));
    let of_dmesg = alt((wall_clock, delta, minute, facility_level));
    let of_loggers = alt((clock::iso, clock::classic, clock::weekday_iso));
    let stamp = alt((own, of_dmesg, of_loggers));
    map(terminated(space1, peek(stamp)), |_| Mark::Other).parse(input)
}
