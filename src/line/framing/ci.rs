//! What job runners put after their clock.

use super::Mark;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n};
use nom::character::complete::{char, one_of};
use nom::combinator::map;
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
