//! Markdown's escapes: an editor, or a converter of web pages, has put a `\` in front of every sign that would be a
//! mark.

use crate::line::framing;
use std::borrow::Cow;

/// Signs that may be escaped (CommonMark, "Backslash escapes"), without quotation marks and slashes, which other
/// languages escape likewise.
const SIGNS: &[u8] = b"[]()<>{}_*#+-.!|`~=&";

/// The text of a line without its escapes.
///
/// A line has them where a word goes on after an escaped `_`, or begins with two, or an escaped bracket is closed by another one. What
/// begins with `\_` is a path of ACPI's, which the kernel prints like that.
pub(super) fn unescaped(line: &str) -> Cow<'_, str> {
    let bytes = line.as_bytes();
    if memchr::memchr(b'\\', bytes).is_none() || !is_escaped(bytes) {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, behind) = (&rest[..at], &rest[at + 1..]);
        text.push_str(before);
        let sign = behind.bytes().next();
        if !sign.is_some_and(|sign| SIGNS.contains(&sign)) {
            text.push('\\');
        }
        rest = behind;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// A line without the fence of a block of code that is on it: chats have the first and the last line so. People fence a
/// log by one mark as well, which only a time distinguishes from words in a text.
pub(super) fn unfenced(line: &str) -> &str {
    let behind = line.trim_start().strip_prefix(FENCE).unwrap_or(line);
    let behind = behind.trim_end().strip_suffix(FENCE).unwrap_or(behind);
    let marked = behind
        .strip_prefix('`')
        .filter(|text| !text.starts_with('`'));
    let fenced = marked.filter(|text| framing::begins(text));
    fenced.map_or(behind, |text| {
        text.trim_end().strip_suffix('`').unwrap_or(text)
    })
}

const FENCE: &str = "```";

/// True for a text that has none of both.
pub(super) fn is_none(text: &str) -> bool {
    let is_escaped =
        || memchr::memchr(b'\\', text.as_bytes()).is_some() && is_escaped(text.as_bytes());
    !text.trim_end().ends_with(FENCE) && !is_escaped()
}

fn is_escaped(line: &[u8]) -> bool {
    let is_inside = |word: &[u8]| word[0].is_ascii_alphanumeric() && word[1..] == *b"\\_";
    let is_twice = |four: &[u8]| four == b"\\_\\_";
    let place = |pair: &[u8]| line.windows(2).position(|two| two == pair);
    let has_pair = |open, close| {
        let (open, close) = (place(open), place(close));
        open.is_some() && open < close
    };
    has_pair(b"\\[", b"\\]")
        || has_pair(b"\\<", b"\\>")
        || line.windows(3).any(is_inside)
        || line.windows(4).any(is_twice)
}

#[cfg(test)]
mod tests {
    use super::{unescaped, unfenced};

    #[test]
    fn fences_on_the_first_and_the_last_line() {
        for (line, inner) in [
            ("```[   12.1] BUG: x", "[   12.1] BUG: x"),
            ("[   12.1]  </TASK>```", "[   12.1]  </TASK>"),
            ("```", ""),
            (" f+0x1/0x2 ``", " f+0x1/0x2 ``"),
        ] {
            assert_eq!(unfenced(line), inner);
        }
    }

    #[test]
    fn escaped_signs_lose_their_mark() {
        for (line, plain) in [
            (
                r"\[   12.100000\] RIP: 0010:zeta\_go+0x1/0x2 \[zeta\]",
                "[   12.100000] RIP: 0010:zeta_go+0x1/0x2 [zeta]",
            ),
            (r" zeta\_read+0x1/0x2", " zeta_read+0x1/0x2"),
            (r" \<TASK\>", " <TASK>"),
            (r" \_\_fput+0x1/0x2", " __fput+0x1/0x2"),
            (r"a\_b C:\x", r"a_b C:\x"),
        ] {
            assert_eq!(unescaped(line), plain);
        }
    }

    #[test]
    fn paths_of_acpi_and_of_windows_stay() {
        for line in [
            r"ACPI Error: Aborting method \_SB.PCI0.LPCB due to previous error",
            r"ACPI: \_PR_.CP00: Found 2 idle states (\_SB_)",
            r"C:\(x) \] \[",
            r"\n \x20 a\.b",
        ] {
            assert_eq!(unescaped(line), line);
        }
    }
}
