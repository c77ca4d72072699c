//! Text of the log on its way to a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with every control character shown as an escape (`\x1b`): a log must not be able to
/// move the cursor, set a title or clear the screen. Tabs become blanks.
pub fn clean(text: &str) -> Cow<'_, str> {
    // Nearly every text is safe and needs no copy.
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
                // Beyond the first plane as two (RFC 8259, 7).
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(safe, "\\u{unit:04x}");
                }
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

/// How a form of the output writes a character so that nobody takes it for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// `\x3a`, as [`clean`] does.
    Text,
    /// `&#58;`.
    Xml,
    /// `\u003a`; only inside of strings.
    Json,
}

impl Escape {
    fn write(self, c: char) -> String {
        let code = u32::from(c);
        match self {
            Escape::Text => format!("\\x{code:02x}"),
            Escape::Xml => format!("&#{code};"),
            Escape::Json => format!("\\u{code:04x}"),
        }
    }
}

/// Output of which a CI job takes no line for a command. Those of GitHub's begin with `::` after blanks, or hold `##[`
/// anywhere (actions/runner, src/Runner.Common/ActionCommand.cs).
pub fn without_commands(text: String, escape: Escape) -> String {
    // Two quick searches spare the walk through all lines.
    if !text.contains("::") && !text.contains("##[") {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let blanks = line.len() - line.trim_start().len();
        let (blanks, rest) = line.split_at(blanks);
        out.push_str(blanks);
        if rest.starts_with("::") {
            out.push_str(&escape.write(':'));
            out.push_str(&rest[1..]);
        } else {
            out.push_str(rest);
        }
    }
    out.replace("##[", &format!("#{}[", escape.write('#')))
}

/// C0, DEL, C1, and what is not seen but changes what is: the characters of format (Unicode 16.0, general category
/// Cf: bidirectional controls, joiners, marks of byte order, tags) and the separators of lines and paragraphs (Zl, Zp).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || c >= '\u{ad}'
            && matches!(c,
                '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0001}'
                | '\u{e0020}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{Escape, clean, clean_json, clean_lines, clean_xml, without_commands};

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

    #[test]
    fn what_is_not_seen_is_shown() {
        for c in [
            '\u{ad}',
            '\u{61c}',
            '\u{200b}',
            '\u{2028}',
            '\u{2029}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let shown = format!("a\\x{:02x}b", u32::from(c));
            assert_eq!(clean(&format!("a{c}b")), shown);
        }
        assert_eq!(
            clean_json("\"\u{200b}\u{e0041}\"".to_owned()),
            "\"\\u200b\\udb40\\udc41\""
        );
        assert_eq!(
            clean("\u{2026}\u{4e2d}\u{1f600}"),
            "\u{2026}\u{4e2d}\u{1f600}"
        );
    }

    #[test]
    fn no_line_is_a_command() {
        let text = "::error::x\n  ::add-mask::y\na ::b\nz ##[error]q\n::\n".to_owned();
        assert_eq!(
            without_commands(text, Escape::Text),
            "\\x3a:error::x\n  \\x3a:add-mask::y\na ::b\nz #\\x23[error]q\n\\x3a:\n"
        );
        let one = |escape| without_commands("::a ##[b".to_owned(), escape);
        assert_eq!(one(Escape::Xml), "&#58;:a #&#35;[b");
        assert_eq!(one(Escape::Json), "\\u003a:a #\\u0023[b");
    }
}
