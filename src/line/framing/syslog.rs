//! What syslog daemons put between the clock and the text.

use super::Mark;
use super::kernel::level_name;
use nom::branch::alt;
use nom::bytes::complete::{escaped, is_not, tag, take_till1, take_while1};
use nom::character::complete::{anychar, char, digit1};
use nom::combinator::{map, opt, recognize, verify};
use nom::multi::{many0_count, many1};
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

/// `<4>1 2026-11-23T14:20:48.123456+01:00 host kernel - - - `: RFC 5424, 6. What follows is text.
pub fn rfc5424(input: &str) -> IResult<&str, Mark> {
    let priority =
        delimited(char('<'), digit1, char('>')).map_opt(|digits: &str| digits.parse::<u16>().ok());
    let field = || terminated(take_till1(|c| c == ' '), char(' '));
    let name = take_while1(|c: char| c.is_ascii_graphic() && !"=]\"".contains(c));
    let value = escaped(is_not("\\\""), '\\', anychar);
    let parameter = (char(' '), name, tag("=\""), opt(value), char('"'));
    let id = take_while1(|c: char| c.is_ascii_graphic() && !"=]\"".contains(c));
    let element = recognize((char('['), id, many0_count(parameter), char(']')));
    let data = alt((tag("-"), recognize(many1(element))));
    let mark = opt(char('\u{feff}'));
    // Version, stamp, host, application, process, message.
    (
        priority,
        tag("1 "),
        (field(), field(), field(), field(), field()),
        data,
        opt(char(' ')),
        mark,
    )
        .map(|(priority, ..)| Mark::Level((priority & 7) as u8))
        .parse(input)
}

/// `host kernel: `, `host kernel[1234]: `, `kernel: `.
pub fn kernel_tag(input: &str) -> IResult<&str, Mark> {
    map((opt(host), name), |_| Mark::Other).parse(input)
}

/// `host kern.warn kernel: `: busybox's syslogd and OpenWrt's logread.
pub fn busybox_tag(input: &str) -> IResult<&str, Mark> {
    let level = take_while1(|c: char| c.is_ascii_alphabetic()).map_opt(level_name);
    let level = delimited(tag("kern."), level, char(' '));
    map((opt(host), level, name), |(_, level, _)| Mark::Level(level)).parse(input)
}

fn host(input: &str) -> IResult<&str, &str> {
    let word = take_while1(|c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c));
    let is_level = |word: &str| word.strip_prefix("kern.").and_then(level_name).is_some();
    let other = verify(word, |word: &str| !is_level(word) && !word.ends_with(':'));
    terminated(other, char(' ')).parse(input)
}

fn name(input: &str) -> IResult<&str, &str> {
    let pid = opt(delimited(char('['), digit1, char(']')));
    let name = alt((tag("kernel"), tag("klogd")));
    recognize((name, pid, char(':'), opt(char(' ')))).parse(input)
}
