//! Mail quoting: `> `, `>`, `| ` in front of a line, at any depth.

/// Takes the quote marks off a line; gives their number and the rest.
pub fn strip(line: &[u8]) -> (usize, &[u8]) {
    // A row of a table ends with a bar: its first one is no mark.
    let is_row = line.trim_ascii_end().ends_with(b"|");
    let mut rest = line;
    let mut depth = 0;
    while let Some(inner) = strip_one(rest, is_row) {
        rest = inner;
        depth += 1;
    }
    (depth, rest)
}

/// `>` is a mark wherever it leads; after blanks, and `|` everywhere, only with a blank after, since code and
/// memory dumps use them too.
fn strip_one(line: &[u8], is_row: bool) -> Option<&[u8]> {
    let inner = line.trim_ascii_start();
    match (inner, line.len() - inner.len()) {
        ([b'>', b' ', rest @ ..], _) | ([b'>', rest @ ..], 0) => Some(rest),
        ([b'|', b' ', rest @ ..], _) if !is_row => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn depth_counts_marks_with_and_without_blanks() {
        assert_eq!(strip(b"> >> [x"), (3, &b"[x"[..]));
        assert_eq!(strip(b"| > x"), (2, &b"x"[..]));
        assert_eq!(strip(b"|x"), (0, &b"|x"[..]));
        assert_eq!(strip(b"  | x"), (1, &b"x"[..]));
        assert_eq!(strip(b"    > x"), (1, &b"x"[..]));
    }

    #[test]
    fn tables_and_memory_dumps_are_no_quotes() {
        for line in [
            "| BUG:KASAN:x_in_y | 0 | 12 |",
            "| a |",
            "  >ffff8880: fb",
            "  |x",
        ] {
            assert_eq!(strip(line.as_bytes()), (0, line.as_bytes()));
        }
    }

    #[test]
    fn the_blanks_of_a_frame_stay() {
        assert_eq!(
            strip(b">  init_intel+0x1/0x2"),
            (1, &b" init_intel+0x1/0x2"[..])
        );
    }
}
