//! Text of the log on its way to a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with every control character shown as an escape (`\x1b`): a log must not be able to
/// move the cursor, set a title or clear the screen. Tabs become blanks.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\t' => safe.push(' '),
            c if is_unsafe(c) => {
                let _ = write!(safe, "\\x{:02x}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The same for text of several lines: line feeds stay.
pub fn clean_lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(clean).collect();
    lines.join("\n")
}

/// The same for JSON: serde_json escapes no more than C0. Outside of strings JSON has line feeds only.
pub fn clean_json(json: String) -> String {
    let is_plain = |byte: u8| byte < 0x7f;
    if json.bytes().all(is_plain) {
        return json;
    }
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            c if c != '\n' && is_unsafe(c) => {
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    safe
}

/// The same for XML 1.0, which has no escape for what it does not allow (2.2, Char).
pub fn clean_xml(text: &str) -> String {
    clean_lines(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// C0, DEL, C1, and the characters that reorder text (Unicode bidirectional controls).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{clean, clean_json, clean_lines, clean_xml};

    #[test]
    fn escape_codes_are_shown_and_not_sent() {
        assert_eq!(clean("a\x1b[31mb\u{9b}1m\x07"), "a\\x1b[31mb\\x9b1m\\x07");
        assert_eq!(clean("tab\there"), "tab here");
        assert_eq!(
            clean_json("\"a\u{9b}\u{202e}\"\n".to_owned()),
            "\"a\\u009b\\u202e\"\n"
        );
        assert_eq!(clean_xml("a\u{ffff}\x00\n"), "a\u{fffd}\\x00\n");
        assert_eq!(clean_lines("a\nb\x00\r\n"), "a\nb\\x00\\x0d\n");
        assert_eq!(clean("caf\u{e9}"), "caf\u{e9}");
    }
}
