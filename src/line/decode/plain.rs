//! Plain lines: printk's stamp and its text, with nothing that any decoder has to look at.
//!
//! Nearly every line of a console log is one. Here it is known by its bytes, in one pass; the long way
//! through all framings and formats would give the same.

use super::{html, markdown, runs, terminal};
use crate::line::{LogLine, framing};

/// Reads a line that the long way would read alike; `None` where it might not.
pub(super) fn read(number: u64, raw: &[u8]) -> Option<LogLine<'_>> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    // Without a branch for each byte the compiler looks at many at once.
    let is_harmless = |all, byte: &u8| all & is_harmless(*byte);
    if raw.first() != Some(&b'[') || !raw.iter().fold(true, is_harmless) {
        return None;
    }
    let (framing, text) = framing::of_console(str::from_utf8(raw).ok()?)?;
    is_text(text).then_some(LogLine {
        number,
        quote: 0,
        framing,
        width: raw.len(),
        text: text.into(),
    })
}

/// Printable ASCII without what entities begin with, and tabulators.
fn is_harmless(byte: u8) -> bool {
    (byte.wrapping_sub(b' ') <= b'~' - b' ') & (byte != b'&') | (byte == b'\t')
}

/// True for a text that neither begins with a framing nor holds another message.
fn is_text(text: &str) -> bool {
    let begins_with_framing = || may_begin_with_framing(text) && framing::begins(text);
    let is_one_message = !framing::holds_stamp(text)
        && !text.starts_with(runs::NOTE)
        && !runs::may_hold_intruder(text);
    !text.is_empty()
        && !terminal::holds_spelled_colour(text)
        && is_one_message
        && !html::holds_tag(text)
        && markdown::is_none(text)
        && !begins_with_framing()
}

/// False for what no layer of [`framing`] begins with: the usual texts.
fn may_begin_with_framing(text: &str) -> bool {
    let text = text.as_bytes();
    let begin = text.iter().position(|byte| *byte != b' ');
    let words = &text[begin.unwrap_or(text.len())..];
    match words {
        [b'<', mark, ..] => mark.is_ascii_digit(),
        // Any word may be the name of a host.
        [b'-', b'-', ..] | [b'?' | b'=' | b'#', ..] => begins_with_name(words),
        [first, ..] if first.is_ascii_alphabetic() => {
            begins_with_date(words) || begins_with_name(words)
        }
        _ => true,
    }
}

/// A date has a time of day after it; GitLab's `00O ` has none.
fn begins_with_date(words: &[u8]) -> bool {
    matches!(words, [_, _, b'O' | b'E', b' ' | b'+', ..]) || framing::may_hold_clock(words)
}

/// `kernel:`, `host kern.warn kernel:`, `kern  :warn  :`, `W/kernel(`, `I[0: swapper`, `c2   4711 `, `stdout F `.
fn begins_with_name(words: &[u8]) -> bool {
    let is_tag = |name: &[u8]| name.starts_with(b"kern") || name.starts_with(b"klogd");
    let second =
        || memchr::memchr2(b' ', b'\t', words).map(|blank| words[blank..].trim_ascii_start());
    let is_processor = words[0] == b'c' && words.get(1).is_some_and(u8::is_ascii_digit);
    matches!(words.get(1), Some(b'/' | b'['))
        || is_processor
        || words.starts_with(b"std")
        || is_tag(words)
        || second().is_some_and(is_tag)
        || words[0].is_ascii_lowercase() && has_two_columns(words)
}

/// `user  :info  :`.
fn has_two_columns(words: &[u8]) -> bool {
    let mut columns = words.splitn(3, |byte| *byte == b':');
    let is_word = |column: &[u8]| column.trim_ascii().iter().all(u8::is_ascii_alphanumeric);
    let (one, two) = (columns.next(), columns.next());
    columns.next().is_some() && one.is_some_and(is_word) && two.is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn lines_of_a_console_are_plain() {
        for line in [
            "[    0.055225] smpboot: x86: Booting SMP configuration:",
            "[    0.055225][    T0]  identify_cpu+0x14a/0x560",
            "[    0.055225]  ? identify_cpu+0x14a/0x560",
            "[    0.055225] RIP: 0010:do_clear_cpu_cap+0xde/0x130\r",
            "[    0.055225] ---end",
        ] {
            assert!(read(1, line.as_bytes()).is_some(), "{line}");
        }
    }

    #[test]
    fn lines_that_others_must_look_at_are_not() {
        for line in [
            "x",
            "[    0.055225] a\x1b[0m",
            "[    0.055225] caf\u{e9}",
            "[    0.055225]  &lt;TASK>",
            "[    0.055225] half[    0.055226] x",
            "[    0.055225] Nov 23 14:20:48 host kernel: x",
            "[    0.055225] host kernel: x",
            "[    0.055225] kern  :warn  : x",
            "[    0.055225] W/kernel( 1234): x",
            "[    0.055225] stdout F x",
            "[    0.055225] 14:20:48 x",
            "[    0.055225] x 2024/04/30 11:12:13 executing program",
            "[    0.055225] ** 5 printk messages dropped ** x",
            "[    0.055225] ",
        ] {
            assert!(read(1, line.as_bytes()).is_none(), "{line}");
        }
    }
}
