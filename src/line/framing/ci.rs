//! What job runners put after their clock, and kubectl in front of a node's messages.

use super::Mark;
use crate::line::Source;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, digit1, one_of, space0, space1};
use nom::combinator::{map, opt};
use nom::{IResult, Parser};

/// `00O `, `01E `, `00O+`: number and kind of the stream, and whether the line goes on (GitLab runner).
pub fn gitlab_stream(input: &str) -> IResult<&str, Mark<'_>> {
    let number = take_while_m_n(2, 2, |c: char| c.is_ascii_hexdigit());
    map((number, one_of("OE"), one_of(" +")), |_| Mark::Other).parse(input)
}

/// `stdout F `, `stderr P `: the log of a container (Kubernetes CRI).
pub fn container_stream(input: &str) -> IResult<&str, Mark<'_>> {
    map(
        (
            alt((tag("stdout"), tag("stderr"))),
            char(' '),
            one_of("FP"),
            char(' '),
        ),
        |_| Mark::Other,
    )
    .parse(input)
}

/// `  Warning  Ext4Error  2m13s (x2 over 2m13s)  kernel-monitor  `: events of a node (`kubectl describe node`), from
/// node-problem-detector's monitor of the kernel's log.
pub fn node_event(input: &str) -> IResult<&str, Mark<'_>> {
    let kind = alt((tag("Warning"), tag("Normal")));
    let reason = take_while1(|c: char| c.is_ascii_alphanumeric());
    let age = || take_while1(|c: char| c.is_ascii_alphanumeric());
    let often = (tag(" (x"), digit1, tag(" over "), age(), char(')'));
    let columns = (
        space0,
        kind,
        space1,
        reason,
        space1,
        age(),
        opt(often),
        space1,
    );
    map((columns, tag("kernel-monitor"), space1), |_| {
        Mark::Of(Source::Kernel)
    })
    .parse(input)
}
