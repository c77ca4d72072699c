//! Registers of x86: `RAX: … RBX: …`, `FS:  …(0000) GS:…` (arch/x86/kernel/process_64.c and
//! process_32.c, `__show_regs()`).

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, hex_digit1, space0};
use nom::combinator::{map, opt};
use nom::multi::many1;
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// Names that may stand on a register line, in order; anything else is no register line.
const NAMES: &[&str] = &[
    "CR0", "CR2", "CR3", "CR4", "CS", "DR0", "DR1", "DR2", "DR3", "DR6", "DR7", "DS", "EAX", "EBP",
    "EBX", "ECX", "EDI", "EDX", "EFLAGS", "ES", "ESI", "ESP", "FS", "GS", "ORIG_RAX", "PKRU",
    "R08", "R09", "R10", "R11", "R12", "R13", "R14", "R15", "RAX", "RBP", "RBX", "RCX", "RDI",
    "RDX", "RSI", "RSP", "SS", "knlGS",
];

/// One printed register: selector before the value (`RSP: 0018:ffff…`), value, selector behind
/// (`GS:ffff…(0000)`).
struct Printed<'a> {
    name: &'a str,
    selector: Option<&'a str>,
    value: &'a str,
}

/// Reads a register line; `None` where it is none.
pub fn registers(text: &str) -> Option<Vec<(String, String)>> {
    let (rest, found) = many1(delimited(space0, register, space0))
        .parse(text.trim())
        .ok()?;
    // A line that was cut ends in a name without a value; other text shows it is no register line.
    if !rest.is_empty() && !is_cut_name(rest) {
        return None;
    }
    let mut entries = Vec::with_capacity(found.len() + 1);
    for printed in found.iter().filter(|printed| is_whole(printed)) {
        enter(printed, &mut entries);
    }
    Some(entries)
}

/// False for a value that a cut line shortened: registers print as 4, 8 or 16 digits, the general
/// ones of x86-64 as 16.
fn is_whole(printed: &Printed<'_>) -> bool {
    match printed.value.len() {
        16 => true,
        4 | 8 => !printed.name.starts_with('R'),
        _ => false,
    }
}

/// The stack segment of `RSP: 0018:…`: its two low bits are the privilege level.
pub fn is_user_selector(selector: &str) -> bool {
    u16::from_str_radix(selector, 16).is_ok_and(|s| s & 3 == 3)
}

fn register(input: &str) -> IResult<&str, Printed<'_>> {
    let (rest, name) = name(input)?;
    let (rest, _) = pair(char(':'), space0).parse(rest)?;
    let selector = opt(terminated(hex_digit1, char(':')));
    let behind = opt(delimited(char('('), hex_digit1, char(')')));
    map(
        (selector, hex_digit1, behind),
        move |(selector, value, _)| Printed {
            name,
            selector,
            value,
        },
    )
    .parse(rest)
}

fn name(input: &str) -> IResult<&str, &str> {
    let word = take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_');
    nom::combinator::verify(word, |word: &str| NAMES.binary_search(&word).is_ok()).parse(input)
}

fn is_cut_name(rest: &str) -> bool {
    let cut = alt((terminated(name, preceded(char(':'), opt(tag(" ")))), name));
    nom::combinator::all_consuming(cut).parse(rest).is_ok()
}

fn enter(printed: &Printed<'_>, entries: &mut Vec<(String, String)>) {
    let name = printed.name.to_ascii_lowercase();
    if let Some(selector) = printed.selector {
        let segment = match name.starts_with(['r', 'e']) {
            true => "ss",
            false => "cs",
        };
        entries.push((segment.to_owned(), selector.to_owned()));
    }
    entries.push((name, printed.value.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        registers(text).unwrap_or_else(|| panic!("no register line: {text}"))
    }

    fn value(text: &str, name: &str) -> Option<String> {
        read(text)
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    }

    #[test]
    fn the_names_are_in_the_order_that_the_search_relies_on() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn the_lines_of_x86_64() {
        let rsp = "RSP: 0000:ffffc900001f7cd0 EFLAGS: 00010002 ORIG_RAX: 0000000000000139";
        assert_eq!(value(rsp, "rsp").as_deref(), Some("ffffc900001f7cd0"));
        assert_eq!(value(rsp, "ss").as_deref(), Some("0000"));
        let fs = "FS:  0000000000000000(0000) GS:ffff888817c80000(0000) knlGS:0000000000000000";
        assert_eq!(value(fs, "gs").as_deref(), Some("ffff888817c80000"));
        assert_eq!(
            value("CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033", "cr0").as_deref(),
            Some("0000000080050033")
        );
    }

    #[test]
    fn a_line_cut_in_the_middle_keeps_what_is_whole() {
        assert_eq!(read("RAX: 0000000000000003 RBX:").len(), 1);
        assert_eq!(read("RAX: 0000000000000003 RBX").len(), 1);
        assert_eq!(read("RAX: 0000000000000003 RBX: 00000000").len(), 1);
    }

    #[test]
    fn other_text_is_none() {
        for text in ["CPU: 1 PID: 0", "RAX is 3", "DS: prose", "Call Trace:", ""] {
            assert!(registers(text).is_none(), "{text}");
        }
    }
}
