//! The subject line: folded (RFC 5322, 2.2.3), encoded where it is not ASCII (RFC 2047).

use crate::render::clean::clean;
use crate::render::words::wrap;
use std::fmt::Write;

/// A longer subject is cut.
const MAX_CHARS: usize = 240;

/// Columns of the folded line; the first has `Subject: ` in front.
const WIDTH: usize = 68;

/// Characters of an encoded word between its marks, which together may have 75.
const MAX_WORD: usize = 60;

/// The value of the header.
pub fn encode(title: &str) -> String {
    let title: String = clean(title).chars().take(MAX_CHARS).collect();
    // What looks like an encoded word would be decoded.
    if title.is_ascii() && !title.contains("=?") {
        return wrap(&title, WIDTH, 1);
    }
    encoded(&title)
}

/// Text as encoded words, a line each (RFC 2047).
pub fn encoded(text: &str) -> String {
    let mut words = vec![String::new()];
    for c in text.chars() {
        let code = quoted(c);
        match words.last_mut() {
            // A character never goes on in the next word (RFC 2047, 5).
            Some(word) if word.len() + code.len() <= MAX_WORD => word.push_str(&code),
            _ => words.push(code),
        }
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("=?utf-8?q?{word}?="))
        .collect();
    words.join("\n ")
}

/// The "Q" encoding of one character.
fn quoted(c: char) -> String {
    match c {
        ' ' => "_".to_owned(),
        c if c.is_ascii_alphanumeric() => c.to_string(),
        c => {
            let mut out = String::new();
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(out, "={byte:02X}");
            }
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::encode;
    use mail_parser::MessageParser;

    fn read_back(title: &str) -> Option<String> {
        let mail = format!("Subject: {}\n\nx\n", encode(title));
        let message = MessageParser::default().parse(mail.as_bytes())?;
        message.subject().map(str::to_owned)
    }

    #[test]
    fn a_mail_reader_sees_the_title() {
        let long = "WARNING in a_function_with_a_long_name ".repeat(4);
        for title in ["BUG: a", "caf\u{e9} =?utf-8?q?x?= \u{1f600}", long.trim()] {
            assert_eq!(read_back(title).as_deref(), Some(title));
        }
        assert!(encode(&long).lines().all(|line| line.len() <= 78));
    }

    #[test]
    fn a_title_cannot_add_a_header() {
        assert_eq!(encode("a\r\nBcc: b"), "a\\x0d\\x0aBcc: b");
    }
}
