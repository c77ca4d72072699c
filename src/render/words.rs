//! Words and numbers as every form of the output writes them.

use std::fmt::Write;

/// `1 line`, `2 lines`.
pub fn count(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{ending}")
}

/// `FILE:LINE`, as far as it is known.
pub fn place(file: Option<&str>, line: Option<u32>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.to_owned(),
        _ => String::new(),
    }
}

/// An enum value as the JSON spells it.
pub fn kebab<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Breaks at blanks; lines after the first are indented, and have as much text as that.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    broken(text, [width, width], indent)
}

/// The same where no line is wider than `width`, indent and all.
pub fn hanging(text: &str, width: usize, indent: usize) -> String {
    broken(text, [width, width.saturating_sub(indent)], indent)
}

/// `widths`: of the first line, and of the text of all others.
fn broken(text: &str, [first, others]: [usize; 2], indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    let mut width = first;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            let _ = write!(out, "\n{:indent$}", "");
            column = 0;
            width = others;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{hanging, wrap};

    #[test]
    fn a_hanging_text_is_nowhere_wider_than_it_may_be() {
        assert_eq!(hanging("ab cde fg hi", 6, 2), "ab cde\n  fg\n  hi");
    }

    #[test]
    fn long_words_stand_alone_and_nothing_is_lost() {
        assert_eq!(wrap("a bb ccc", 4, 2), "a bb\n  ccc");
        assert_eq!(wrap("abcdefgh i", 4, 0), "abcdefgh\ni");
    }
}
