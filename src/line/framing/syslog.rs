//! What syslog daemons put between the clock and the text.

use super::Mark;
use super::kernel::{facility_source, level_name, level_of};
use crate::line::Source;
use nom::branch::alt;
use nom::bytes::complete::{escaped, is_not, tag, take_till1, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, digit1, space0, space1};
use nom::combinator::{map, opt, recognize, verify};
use nom::multi::{many0_count, many1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// `<4>1 2026-11-23T14:20:48.123456+01:00 host kernel - - - `: RFC 5424, 6. What follows is text.
pub fn rfc5424(input: &str) -> IResult<&str, Mark<'_>> {
    let priority = delimited(char('<'), digit1, char('>'))
        .map_opt(|digits: &str| digits.parse().ok().map(level_of));
    let field = || terminated(take_till1(|c| c == ' '), char(' '));
    let name = take_while1(|c: char| c.is_ascii_graphic() && !"=]\"".contains(c));
    let value = escaped(is_not("\\\""), '\\', anychar);
    let parameter = (char(' '), name, tag("=\""), opt(value), char('"'));
    let id = take_while1(|c: char| c.is_ascii_graphic() && !"=]\"".contains(c));
    let element = recognize((char('['), id, many0_count(parameter), char(']')));
    let data = alt((tag("-"), recognize(many1(element))));
    // A message in UTF-8 begins with a byte order mark (RFC 5424, 6.4).
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
        .map(|((level, source), _, (_, _, name, ..), ..)| match name {
            "kernel" | "klogd" => Mark::Level(level, Source::Kernel),
            _ => Mark::Level(level, source),
        })
        .parse(input)
}

/// `host kernel: `, `host kernel[1234]: `, `kernel: `; people blank the host. Tables have `kernel` and two blanks.
pub fn kernel_tag(input: &str) -> IResult<&str, Mark<'_>> {
    let behind_host = preceded(host, tag_or_column);
    map(preceded(space0, alt((tag_or_column, behind_host))), |_| {
        Mark::Of(Source::Kernel)
    })
    .parse(input)
}

fn tag_or_column(input: &str) -> IResult<&str, &str> {
    alt((name, tag("kernel  "))).parse(input)
}

/// `kernel: `, `host kernel: ` where people cut the date off; ` kernel:` below the line that wall(1) puts first.
pub fn bare_kernel_tag(input: &str) -> IResult<&str, Mark<'_>> {
    let word = take_while1(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let host = terminated(word, char(' '));
    let tag = (space0, opt(host), name);
    map(tag, |_| Mark::Of(Source::Kernel)).parse(input)
}

/// `host kern.warn kernel: `: busybox's syslogd and OpenWrt's logread. What programs write to /dev/kmsg has another
/// facility, as logread shows it. Behind a host `user` may be either's: glibc's openlog() takes LOG_KERN, which is 0,
/// for none, so that busybox's klogd sends the kernel's lines as a user's.
pub fn busybox_tag(input: &str) -> IResult<&str, Mark<'_>> {
    let word = || take_while1(|c: char| c.is_ascii_alphanumeric());
    let facility = recognize(verify(word(), |name: &str| facility_source(name).is_some()));
    let level = delimited(char('.'), word().map_opt(level_name), char(' '));
    let tag = (opt(host), facility, level, name);
    tag.map_opt(|(host, facility, level, _)| {
        let source = match (host, facility) {
            (Some(_), "user") => Source::Unknown,
            _ => facility_source(facility)?,
        };
        Some(Mark::Level(level, source))
    })
    .parse(input)
}

/// True for `host openvpn[812]: ` and `openvpn[812]: `: only programs have a PID in their tag. Without one a tag looks
/// as a driver's name does (`watchdog: `).
pub fn has_program_tag(text: &str) -> bool {
    let tag = |text: &str| {
        let (name, rest) = text.split_once('[')?;
        let (pid, rest) = rest.split_once(']')?;
        let is_name = !name.is_empty() && !name.contains([' ', ':']) && !is_kernel(name);
        let is_pid = !pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit());
        Some(is_name && is_pid && rest.starts_with(": "))
    };
    // The line of a program may be of any length, and its tag is at the beginning.
    let text = prefix_of(text, MAX_TAG).trim_start();
    let behind_host = || text.split_once(' ').map(|(_, rest)| rest.trim_start());
    tag(text) == Some(true) || behind_host().and_then(tag) == Some(true)
}

/// Bytes of a host's name and a program's that are looked at.
const MAX_TAG: usize = 160;

/// At most so many bytes of a text.
fn prefix_of(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn is_kernel(name: &str) -> bool {
    matches!(name, "kernel" | "klogd")
}

fn host(input: &str) -> IResult<&str, &str> {
    let word = take_while_m_n(1, MAX_HOST, |c: char| !c.is_whitespace());
    let is_level = |word: &str| {
        let parts = word.split_once('.');
        parts.is_some_and(|(facility, level)| {
            facility_source(facility).is_some() && level_name(level).is_some()
        })
    };
    let other = verify(word, |word: &str| !is_level(word) && !word.ends_with(':'));
    terminated(other, space1).parse(input)
}

/// Characters of a host's name (POSIX, `HOST_NAME_MAX`, is smaller than Linux' limit of names in DNS).
const MAX_HOST: usize = 253;

fn name(input: &str) -> IResult<&str, &str> {
    let pid = opt(delimited(char('['), digit1, char(']')));
    let name = alt((tag("kernel"), tag("klogd")));
    recognize((name, pid, char(':'), opt(char(' ')))).parse(input)
}
