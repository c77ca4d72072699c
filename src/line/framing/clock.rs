//! Clocks that loggers put in front. They give the time of day, never the time since boot.
//!
//! Names of months and weekdays come from strftime() in the user's language, so a date is known by its shape:
//! a name, a day, a time. A list of languages would never be complete.

use super::Mark;
use crate::line::Source;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of, space0, space1};
use nom::combinator::{map, opt, recognize, verify};
use nom::sequence::{delimited, pair, terminated};
use nom::{IResult, Parser};

/// `2026-11-23T14:20:48.123456+01:00 `: rsyslog, journalctl -o short-iso, GitHub and GitLab jobs, LAVA. Only dmesg
/// --time-format=iso has both a `T` and a comma before the fraction.
pub fn iso(input: &str) -> IResult<&str, Mark<'_>> {
    map(terminated(iso_stamp, space1), |stamp: &str| {
        match stamp.contains('T') && stamp.contains(',') {
            true => Mark::Clock(stamp, Source::Kernel),
            false => of_logger(stamp),
        }
    })
    .parse(input)
}

/// `Nov 23 14:20:48 `: syslog, journalctl -o short and short-precise; with the weekday in front and
/// the year after where OpenWrt's logread prints it; `13.01.2025 10:51:35:600 `.
pub fn classic(input: &str) -> IResult<&str, Mark<'_>> {
    map(terminated(date, char(' ')), of_logger).parse(input)
}

/// `Mon 2026-11-23 14:20:48 UTC `: journalctl -o short-full.
pub fn weekday_iso(input: &str) -> IResult<&str, Mark<'_>> {
    let zone = take_while1(|c: char| c.is_ascii_alphanumeric() || "+-:".contains(c));
    let stamp = recognize((name, space1, iso_stamp, char(' '), zone));
    map(terminated(stamp, char(' ')), of_logger).parse(input)
}

/// `1795443648.123456 `: journalctl -o short-unix. Ten digits are the years 2001 to 2286.
pub fn unix(input: &str) -> IResult<&str, Mark<'_>> {
    let stamp = recognize((digits(10), char('.'), digits(6)));
    map(terminated(stamp, char(' ')), of_logger).parse(input)
}

/// `[2026-11-23T14:20:48.123Z] `, `[14:20:48.123] `: Jenkins, tio, picocom, minicom; Huawei's date has colons.
pub fn bracketed(input: &str) -> IResult<&str, Mark<'_>> {
    let inside = alt((iso_stamp, date, clock));
    let stamp = delimited(char('['), inside, char(']'));
    map(terminated(stamp, space0), of_logger).parse(input)
}

/// `14:20:48.123456  `: LAVA and KernelCI in their short form.
pub fn time_of_day(input: &str) -> IResult<&str, Mark<'_>> {
    map(terminated(clock, alt((tag(" | "), space1))), of_logger).parse(input)
}

/// Nothing but a clock: anybody may have written the line.
fn of_logger(stamp: &str) -> Mark<'_> {
    Mark::Clock(stamp, Source::Unknown)
}

/// `2026-11-23T14:20:48.123456+01:00`, or with a blank for the `T`.
pub fn iso_stamp(input: &str) -> IResult<&str, &str> {
    let between = || one_of("-/:");
    let date = (digits(4), between(), digits(2), between(), digits(2));
    recognize((date, one_of("T "), clock, opt(zone))).parse(input)
}

fn zone(input: &str) -> IResult<&str, &str> {
    let offset = (one_of("+-"), digits(2), opt(char(':')), opt(digits(2)));
    alt((tag("Z"), recognize(offset))).parse(input)
}

/// `14:20:48`, with or without a fraction.
fn clock(input: &str) -> IResult<&str, &str> {
    let time = (digits(2), char(':'), digits(2), char(':'), digits(2));
    recognize(pair(time, opt(pair(one_of(".,:"), digit1)))).parse(input)
}

/// Bytes in front of a time of day that its date may have.
const MAX_DATE: usize = 64;

/// False for a text that cannot begin with a date: no time of day is near.
pub fn may_hold(text: &[u8]) -> bool {
    // Any longer, and each line without a stamp would be searched to its end.
    let text = &text[..text.len().min(MAX_DATE)];
    let is_clock = |at: usize| {
        let digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
        text.get(at + 3) == Some(&b':') && digit(at + 1) && digit(at + 2)
    };
    memchr::memchr_iter(b':', text).any(is_clock)
}

/// The words of a date, in the order of any language.
#[derive(Debug, Default)]
struct DateWords {
    names: usize,
    numbers: usize,
    years: usize,
    dates: usize,
}

impl DateWords {
    /// Takes in a word; false where it is none of a date.
    fn take(&mut self, word: &str) -> bool {
        let bare = word.trim_end_matches(['.', ',']);
        let is_digits = !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_digit());
        let count = match (is_digits, bare.len()) {
            (true, 1 | 2) => &mut self.numbers,
            (true, 4) => &mut self.years,
            (true, _) => return false,
            (false, _) if numeric_date(bare).is_ok_and(|(rest, _)| rest.is_empty()) => {
                &mut self.dates
            }
            (false, _) if is_name(word) => &mut self.names,
            (false, _) => return false,
        };
        *count += 1;
        true
    }

    /// True for month and day, with weekday and year or not; the month may be a word and a number.
    fn is_date(&self) -> bool {
        let is_named = (1..=2).contains(&self.names) && (1..=2).contains(&self.numbers);
        let is_numeric = self.dates == 1 && self.names <= 1 && self.numbers == 0;
        self.years <= 1 && (is_named && self.dates == 0 || is_numeric && self.years == 0)
    }
}

/// Words in front of the time of day.
const MAX_WORDS: usize = 5;

/// `Nov 23 14:20:48`, `Mon Nov 23 14:20:48 2026`, `13.01.2025 10:51:35`.
fn date(input: &str) -> IResult<&str, &str> {
    let begin = input;
    let mut words = DateWords::default();
    let mut rest = input;
    // To read words that are no date costs more than to look for a colon between digits.
    if !may_hold(input.as_bytes()) {
        return failure(begin);
    }
    for _ in 0..MAX_WORDS {
        let (behind, word) = take_while_m_n(1, MAX_NAME, |c: char| !c.is_whitespace())(rest)?;
        if !words.take(word) {
            return failure(begin);
        }
        rest = space1(behind)?.0;
        if let Ok((behind, _)) = clock(rest) {
            let half_of_day = recognize((char(' '), one_of("AP"), char('M')));
            let (behind, _) = opt(half_of_day).parse(behind)?;
            let (behind, year) = opt(pair(char(' '), digits(4))).parse(behind)?;
            words.years += usize::from(year.is_some());
            return match words.is_date() {
                true => Ok((behind, &begin[..begin.len() - behind.len()])),
                false => failure(begin),
            };
        }
    }
    failure(begin)
}

fn failure<T>(input: &str) -> IResult<&str, T> {
    let error = nom::error::Error::new(input, nom::error::ErrorKind::Verify);
    Err(nom::Err::Error(error))
}

/// `Mon Nov 23 14:20:48 2026`.
pub fn named_date_with_year(input: &str) -> IResult<&str, &str> {
    let has_year = |date: &str| {
        let mut words = date.split_whitespace();
        words
            .next_back()
            .is_some_and(|word| digits(4).parse(word).is_ok_and(|(rest, _)| rest.is_empty()))
    };
    verify(date, has_year).parse(input)
}

/// `13.01.2025`, `2025/01/13`.
fn numeric_date(input: &str) -> IResult<&str, &str> {
    let number = || take_while_m_n(1, 4, |c: char| c.is_ascii_digit());
    let between = || one_of("./-");
    recognize((number(), between(), number(), between(), number())).parse(input)
}

/// Longest name of a month or weekday in characters.
const MAX_NAME: usize = 16;

/// A month or weekday in any language.
fn name(input: &str) -> IResult<&str, &str> {
    let word = take_while_m_n(1, MAX_NAME, |c: char| !c.is_whitespace());
    verify(word, is_name).parse(input)
}

/// `Nov` of `Nov23`: a name that ends where the day begins; `9月` begins with a number of its own.
pub fn name_before_day(input: &str) -> IResult<&str, &str> {
    let number = take_while_m_n(0, 2, |c: char| c.is_ascii_digit());
    let letters = take_while_m_n(1, MAX_NAME, |c: char| {
        c.is_alphabetic() || !c.is_ascii() || c == '.'
    });
    recognize(pair(number, letters)).parse(input)
}

/// Letters of any script, or what is left of them where the character set was lost.
fn is_name(word: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || !c.is_ascii();
    word.contains(is_letter)
        && word
            .chars()
            .all(|c| is_letter(c) || c.is_ascii_digit() || ".,'".contains(c))
}

fn digits<'a>(
    count: usize,
) -> impl Parser<&'a str, Output = &'a str, Error = nom::error::Error<&'a str>> {
    take_while_m_n(count, count, |c: char| c.is_ascii_digit())
}
