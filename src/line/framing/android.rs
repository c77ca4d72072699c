//! Android: logcat, and what phone makers add to printk.

use super::Mark;
use crate::line::Source;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_until, take_while, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of, space0, space1};
use nom::combinator::{map, opt, recognize, verify};
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

/// `11-23 14:20:48.123  1234  1234 W kernel  : ` (logcat -v threadtime; with -v uid also a user; the
/// clock in another form with -v year, zone, epoch or monotonic).
pub fn logcat(input: &str) -> IResult<&str, Mark<'_>> {
    let name = recognize((
        take_while1(|c: char| c.is_ascii_alphabetic()),
        take_while(|c: char| c.is_ascii_alphanumeric() || c == '_'),
    ));
    let user = opt(terminated(name, space1));
    let ids = (digit1, space1, digit1, space1);
    let level = terminated(priority, char(' '));
    map(
        (
            date,
            space1,
            opt((user, ids)),
            level,
            take_while1(is_tag),
            space0,
            tag(": "),
        ),
        |(_, _, _, level, name, _, _)| Mark::Level(level, source_of(name)),
    )
    .parse(input)
}

/// `W/kernel  ( 1234): ` (logcat -v brief), with the date in front (-v time); `W/kernel  : ` (-v tag).
pub fn brief(input: &str) -> IResult<&str, Mark<'_>> {
    let pid = delimited((char('('), space0), digit1, tag("): "));
    let with_pid = terminated(take_while1(is_tag), (space0, pid));
    // Without a PID `I/word: ` may be prose, so only the kernel's own tag counts.
    let without = terminated(tag("kernel"), (space0, tag(": ")));
    map(
        (
            opt(terminated(date, space1)),
            priority,
            char('/'),
            alt((with_pid, without)),
        ),
        |(_, level, _, name)| Mark::Level(level, source_of(name)),
    )
    .parse(input)
}

/// `I[0:      swapper/0:    0] ` (Samsung), `(0)[0:swapper/0]`, `<0>.(0)[0:swapper]` (MediaTek):
/// the processor and the task that called printk.
pub fn processor(input: &str) -> IResult<&str, Mark<'_>> {
    let inside = delimited(char('['), take_while1(|c| c != ']'), char(']'));
    let samsung = (
        space0,
        opt(one_of("IWEDF")),
        verify(inside, is_cpu_and_task),
        opt(char(' ')),
    );
    let number = (
        opt(delimited(char('<'), digit1, char('>'))),
        opt(one_of(".-")),
        char('('),
        digit1,
        char(')'),
    );
    let mediatek = (
        space0,
        number,
        char('['),
        digit1,
        char(':'),
        take_until("]"),
        char(']'),
    );
    map(alt((recognize(samsung), recognize(mediatek))), |_| {
        Mark::Other
    })
    .parse(input)
}

/// `2:        zetactl: 4711`: CPU, task, PID. The task's name may have colons.
fn is_cpu_and_task(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts = text.split_once(':');
    // From both ends, because the name between them may hold colons (`kworker/0:1`).
    let parts = parts.and_then(|(cpu, rest)| Some((cpu, rest.rsplit_once(':')?)));
    parts.is_some_and(|(cpu, (task, pid))| {
        is_number(cpu) && !task.trim().is_empty() && is_number(pid.trim_start())
    })
}

/// `[pid:4711,cpu2,zetactl]` (HiSilicon, Cix), `c2   4711 ` (UNISOC), `[20240128_16:36:11.454041]@2 ` (Xiaomi): the task
/// and the processor, or the time of day, that vendors' kernels print after the stamp.
pub fn task_of_vendor(input: &str) -> IResult<&str, Mark<'_>> {
    let rest = take_while1(|c| c != ']');
    let hisilicon = (
        space0,
        tag("[pid:"),
        digit1,
        tag(",cpu"),
        digit1,
        char(','),
        rest,
    );
    let hisilicon = recognize((hisilicon, char(']')));
    let unisoc = recognize((char('c'), digit1, space1, digit1, char(' ')));
    let time = take_while1(|c: char| c.is_ascii_digit() || "_:.".contains(c));
    let xiaomi = recognize((char('['), time, tag("]@"), digit1, char(' ')));
    map(alt((hisilicon, unisoc, xiaomi)), |_| Mark::Other).parse(input)
}

/// Only what logd read from the kernel has its tag.
fn source_of(name: &str) -> Source {
    match name {
        "kernel" => Source::Kernel,
        _ => Source::Program,
    }
}

fn is_tag(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}

/// `11-23 14:20:48.123`, with the year and the zone or not; or seconds: `  1795443648.123`.
fn date(input: &str) -> IResult<&str, &str> {
    let clock = take_while1(|c: char| c.is_ascii_digit() || ":.".contains(c));
    let year = opt((
        take_while_m_n(4, 4, |c: char| c.is_ascii_digit()),
        char('-'),
    ));
    let zone = opt((char(' '), one_of("+-"), digit1));
    let of_day = recognize((year, digit1, char('-'), digit1, char(' '), clock, zone));
    let seconds = recognize((space0, digit1, char('.'), digit1));
    alt((of_day, seconds)).parse(input)
}

/// Android's priority as a level of the kernel (system/logging, `kLogPriority`).
fn priority(input: &str) -> IResult<&str, u8> {
    map(one_of("VDIWEF"), |letter| match letter {
        'F' => 0,
        'E' => 3,
        'W' => 4,
        'I' => 6,
        _ => 7,
    })
    .parse(input)
}
