//! Registers whose names are counted: a row names the first one, and the width of a word
//! says how many follow (`GPR04: c000… c000…`, `$ 4   : 00000000 00000001`, `r04-07  00000000 00000001`, `a00: 00000000 …`,
//! `Krnl GPRS: 0000…`).

use crate::line::kind::Register;
use compact_str::format_compact;

/// Digits of a register: 32 or 64 bits.
const WIDTHS: [usize; 2] = [8, 16];

/// Words of a row that goes on with the one before.
const ROW: usize = 4;

/// What a row begins with, the registers that it counts, and how many of them there are.
const ROWS: &[(&str, &str, u32)] = &[
    ("GPR", "gpr", 32),       // powerpc: __show_regs()
    ("$", "$", 32),           // mips: __show_regs()
    ("r", "r", 32),           // parisc: PRINTREGS(); hexagon: show_regs()
    ("sr", "sr", 8),          // parisc
    ("a", "a", 16),           // xtensa: show_regs()
    ("Krnl GPRS", "gpr", 16), // s390: show_registers()
];

/// The register that a row of s390 ends with, the last one excepted: the next row has no name.
const GOES_ON: [&str; 3] = ["gpr3", "gpr7", "gpr11"];

/// Reads a register line.
pub fn registers(text: &str) -> Option<Vec<Register>> {
    let (head, values) = head(text.trim())?;
    let (letters, digits) = split_number(head);
    let (_, name, count) = ROWS.iter().find(|(row, ..)| *row == letters)?;
    let first = match digits {
        "" if letters == "Krnl GPRS" => 0,
        digits => digits.parse().ok().filter(|first| first < count)?,
    };
    let values = values.split_whitespace();
    let values = values.map(|value| value.strip_prefix("0x").unwrap_or(value));
    let values = values.take_while(|value| is_whole(value));
    let named: Vec<_> = (first..*count)
        .zip(values)
        .map(|(n, value)| (format_compact!("{name}{n}"), value.into()))
        .collect();
    (!named.is_empty()).then_some(named)
}

/// `GPR04` of `GPR04: …`, `r04` of `r04-07  …`.
fn head(text: &str) -> Option<(&str, &str)> {
    let end = text.find([':', '-'])?;
    let (head, rest) = text.split_at(end);
    let values = match rest.strip_prefix('-') {
        Some(rest) => rest.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => &rest[1..],
    };
    values
        .starts_with([' ', '\t'])
        .then(|| (head.trim_end(), values))
}

/// `$ 4` is `$` and `4`.
fn split_number(head: &str) -> (&str, &str) {
    let end = head.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (letters, digits) = head.split_at(end);
    (letters.trim_end(), digits)
}

/// The words of a row without a name, after a row that ends with the register `last`; none where it is none.
pub fn next_row(last: Option<&str>, words: &[&str]) -> Vec<Register> {
    let row = GOES_ON.iter().position(|name| Some(*name) == last);
    let fits = words.len() == ROW && words.iter().all(|word| is_whole(word));
    let Some(row) = row.filter(|_| fits) else {
        return Vec::new();
    };
    let numbers = (row + 1) * ROW..;
    let named = numbers.zip(words);
    let entry = |(n, word): (usize, &&str)| (format_compact!("gpr{n}"), (*word).into());
    named.map(entry).collect()
}

fn is_whole(value: &str) -> bool {
    WIDTHS.contains(&value.len()) && value.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{next_row, registers};

    #[test]
    fn rows_of_every_architecture() {
        for (line, first, last) in [
            (
                "GPR04: c000000002957d20 0000000000000001 c00000000024a60c 00000000",
                "gpr4",
                "gpr7",
            ),
            ("$ 4   : 8064ffc4 00000001 00000001 2a624a29", "$4", "$7"),
            ("$24   : 00000000 77e2f000                  ", "$24", "$25"),
            ("r08-11  10f3f350 00000000 00000000 00000000", "r8", "r11"),
            ("sr04-07  00000000 00000000 00000000 00000000", "sr4", "sr7"),
            (
                "a08: 00000000 00000001 00000002 00000003 00000004 00000005 00000006 00000007",
                "a8",
                "a15",
            ),
            (
                "Krnl GPRS: 00000000800025a0 0000000000000001 0000000000000047 0000000000000000",
                "gpr0",
                "gpr3",
            ),
        ] {
            let all = registers(line).unwrap_or_else(|| panic!("no register line: {line}"));
            let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!((names[0], names[names.len() - 1]), (first, last), "{line}");
        }
        for text in [
            "GPR99: 00000000",
            "a16: 00000000",
            "r1-2 is prose",
            "$5: cheap",
        ] {
            assert!(registers(text).is_none(), "{text}");
        }
    }

    #[test]
    fn s390_names_only_the_first_row() {
        let words = [
            "0000000000000039",
            "0affffff010ada5f",
            "0000000000000000",
            "00000001000025a0",
        ];
        let row = next_row(Some("gpr3"), &words);
        assert_eq!(row[0], ("gpr4".into(), words[0].into()));
        assert_eq!(row[3].0, "gpr7");
        assert!(next_row(Some("gpr15"), &words).is_empty());
        assert!(next_row(Some("rdi"), &words).is_empty());
        assert!(next_row(Some("gpr3"), &words[1..]).is_empty());
    }
}
