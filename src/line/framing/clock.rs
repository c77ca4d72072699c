//! Clocks that loggers put in front. They tell the time of day, never the time since boot.

use super::Mark;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of, space0, space1};
use nom::combinator::{map, opt, recognize, verify};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// `2026-11-23T14:20:48.123456+01:00 `: rsyslog, journalctl -o short-iso, dmesg --time-format=iso
/// (a comma before the fraction), GitHub and GitLab jobs, LAVA.
pub fn iso(input: &str) -> IResult<&str, Mark> {
    map(terminated(iso_stamp, space1), |_| Mark::Other).parse(input)
}

/// `Nov 23 14:20:48 `: syslog, journalctl -o short and short-precise; with the weekday in front and
/// the year behind where OpenWrt's logread prints it.
pub fn classic(input: &str) -> IResult<&str, Mark> {
    map(
        terminated(alt((weekday_date, month_date)), char(' ')),
        |_| Mark::Other,
    )
    .parse(input)
}

/// `Mon 2026-11-23 14:20:48 UTC `: journalctl -o short-full.
pub fn weekday_iso(input: &str) -> IResult<&str, Mark> {
    let zone = take_while1(|c: char| c.is_ascii_alphanumeric() || "+-:".contains(c));
    map(
        (weekday, char(' '), iso_stamp, char(' '), zone, char(' ')),
        |_| Mark::Other,
    )
    .parse(input)
}

/// `1795443648.123456 `: journalctl -o short-unix. Ten digits are the years 2001 to 2286.
pub fn unix(input: &str) -> IResult<&str, Mark> {
    map((digits(10), char('.'), digits(6), char(' ')), |_| {
        Mark::Other
    })
    .parse(input)
}

/// `[2026-11-23T14:20:48.123Z] `, `[14:20:48.123] `: Jenkins, tio, picocom, minicom.
pub fn bracketed(input: &str) -> IResult<&str, Mark> {
    let inside = alt((iso_stamp, clock));
    map((delimited(char('['), inside, char(']')), space0), |_| {
        Mark::Other
    })
    .parse(input)
}

/// `14:20:48.123456  `: LAVA and KernelCI in their short form.
pub fn time_of_day(input: &str) -> IResult<&str, Mark> {
    map(terminated(clock, alt((tag(" | "), space1))), |_| {
        Mark::Other
    })
    .parse(input)
}

/// `2026-11-23T14:20:48.123456+01:00`, or with a blank for the `T`.
fn iso_stamp(input: &str) -> IResult<&str, &str> {
    let date = (digits(4), one_of("-/"), digits(2), one_of("-/"), digits(2));
    recognize((date, one_of("T "), clock, opt(zone))).parse(input)
}

fn zone(input: &str) -> IResult<&str, &str> {
    let offset = (one_of("+-"), digits(2), opt(char(':')), opt(digits(2)));
    alt((tag("Z"), recognize(offset))).parse(input)
}

/// `14:20:48`, with or without a fraction.
fn clock(input: &str) -> IResult<&str, &str> {
    let time = (digits(2), char(':'), digits(2), char(':'), digits(2));
    recognize(pair(time, opt(pair(one_of(".,"), digit1)))).parse(input)
}

/// `Nov 23 14:20:48`.
fn month_date(input: &str) -> IResult<&str, &str> {
    recognize((month, space1, digit1, char(' '), clock)).parse(input)
}

/// `Mon Nov 23 14:20:48 2026`.
pub fn weekday_date(input: &str) -> IResult<&str, &str> {
    recognize((
        weekday,
        char(' '),
        month_date,
        preceded(char(' '), digits(4)),
    ))
    .parse(input)
}

pub fn month(input: &str) -> IResult<&str, &str> {
    verify(three_letters, |name: &str| MONTHS.contains(&name)).parse(input)
}

fn weekday(input: &str) -> IResult<&str, &str> {
    verify(three_letters, |name: &str| WEEKDAYS.contains(&name)).parse(input)
}

fn three_letters(input: &str) -> IResult<&str, &str> {
    take_while_m_n(3, 3, |c: char| c.is_ascii_alphabetic()).parse(input)
}

fn digits<'a>(
    count: usize,
) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    take_while_m_n(count, count, |c: char| c.is_ascii_digit())
}
