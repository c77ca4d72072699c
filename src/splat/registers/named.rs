//! Registers of arm, arm64 and riscv: `x29: ffff800012345678 x28: …`, `sp : 8bdfc010  ip : …`
//! (arch/arm/kernel/process.c, arch/arm64/kernel/process.c, arch/riscv/kernel/process.c).

use crate::splat::types::Register;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, hex_digit1, space0, space1};
use nom::combinator::{map, recognize, verify};
use nom::multi::separated_list1;
use nom::sequence::{delimited, separated_pair};
use nom::{IResult, Parser};

/// Names without a number.
const NAMES: &[&str] = &[
    "sp", "lr", "fp", "ip", "gp", "tp", "ra", "psr", "pstate", "epc", "status", "badaddr", "cause",
];

/// Letters that numbered registers begin with.
const LETTERS: &str = "xrsta";

/// Reads a register line.
pub fn registers(text: &str) -> Option<Vec<Register>> {
    let register = separated_pair(name, (space0, char(':'), space0), value);
    let (rest, found) = separated_list1(space1, register).parse(text.trim()).ok()?;
    let entry = |(name, value): (&str, &str)| (name.into(), value.into());
    rest.trim()
        .is_empty()
        .then(|| found.into_iter().map(entry).collect())
}

fn name(input: &str) -> IResult<&str, &str> {
    let letter = verify(take_while_m_n(1, 1, |c: char| c.is_ascii()), |l: &str| {
        LETTERS.contains(l)
    });
    let number = take_while_m_n(1, 2, |c: char| c.is_ascii_digit());
    let word = take_while1(|c: char| c.is_ascii_lowercase());
    alt((
        recognize((letter, number)),
        verify(word, |word: &str| NAMES.contains(&word)),
    ))
    .parse(input)
}

/// A whole word of the machine, `[<…>]`, or a place in the code.
fn value(input: &str) -> IResult<&str, &str> {
    let word = || verify(hex_digit1, |digits: &str| matches!(digits.len(), 8 | 16));
    let place = take_while1(|c: char| c.is_ascii_graphic());
    let place = verify(place, |place: &str| place.contains("+0x"));
    alt((
        place,
        delimited(tag("[<"), word(), tag(">]")),
        map(word(), |word| word),
    ))
    .parse(input)
}

#[cfg(test)]
mod tests {
    use super::registers;

    #[test]
    fn lines_of_arm_arm64_and_riscv() {
        for (line, name, value) in [
            (
                "x29: ffff0000401f7c40 x28: 0000000000000007 ",
                "x28",
                "0000000000000007",
            ),
            (
                "sp : 8bdfc010  ip : 8bdfc020  fp : 8bdfc01c",
                "ip",
                "8bdfc020",
            ),
            ("r3 : 8bdfc000  r2 : 00000000", "r3", "8bdfc000"),
            (
                "lr : process_srcu+0x10/0xa0",
                "lr",
                "process_srcu+0x10/0xa0",
            ),
            (
                " gp : ffffffff8588a060 tp : ffffffe0123a5000 t0 : 0000000000000010",
                "t0",
                "0000000000000010",
            ),
        ] {
            let all = registers(line).unwrap_or_else(|| panic!("no register line: {line}"));
            assert!(
                all.contains(&(name.into(), value.into())),
                "{line}: {all:?}"
            );
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in ["sp : cut", "status: ok", "x is 3", "ip : 10.0.0.1", ""] {
            assert!(registers(text).is_none(), "{text}");
        }
    }
}
