//! A whole log in one string of JSON, YAML or a program: its lines end with `\n`, written out.

use crate::line::framing;

/// How a line ends there, with the beginning of the next one's stamp.
const END: &str = "\\n[";

/// A line of Windows, or of a serial console, ends with a carriage return before that.
const RETURN: &str = "\\r";

/// How journald's JSON names a message: its decoder reads that itself.
const OF_JOURNAL: &str = "\"MESSAGE\"";

/// The lines of a log in a string; `None` for a text that holds none. Only a second line with a stamp of the kernel's
/// own shows one.
pub(super) fn rows(text: &str) -> Option<impl Iterator<Item = String>> {
    let begins_line =
        |(at, _): (usize, &str)| framing::of_console(&text[at + END.len() - 1..]).is_some();
    let is_log = text.match_indices(END).any(begins_line) && !text.contains(OF_JOURNAL);
    let plain = |row: &str| {
        let row = row.strip_suffix(RETURN).unwrap_or_else(|| without_end(row));
        row.replace("\\\"", "\"").replace("\\t", "\t")
    };
    is_log.then(|| text.split("\\n").map(plain))
}

/// Without the end of the string and of what it is in, which may follow the last line.
fn without_end(row: &str) -> &str {
    let inner = row.trim_end().trim_end_matches(['}', ']', ',', ' ']);
    let inner = inner
        .strip_suffix('"')
        .filter(|inner| !inner.ends_with('\\'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(row)
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn the_lines_of_a_log_in_a_string() {
        let text = r#"{"text": "[    1.000000] a \"b\"\n[    1.000001] c\n"}"#;
        let found: Vec<_> = rows(text).expect("a log").collect();
        assert_eq!(
            found,
            [r#"{"text": "[    1.000000] a "b""#, "[    1.000001] c", ""]
        );
        let text = r"x\r\n[    1.000000] a\r\n[    1.000001] b\r\n";
        let found: Vec<_> = rows(text).expect("a log").collect();
        assert_eq!(found, ["x", "[    1.000000] a", "[    1.000001] b", ""]);
        for text in ["a\\nb", "a\\n[b]", r#"{"MESSAGE":"a\n[    1.000001] c"}"#] {
            assert!(rows(text).is_none(), "{text}");
        }
    }
}
