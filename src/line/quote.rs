//! Mail quoting: `> `, `>`, `| ` in front of a line, at any depth.

/// Takes the quote marks off a line; gives their number and the rest.
pub fn strip(line: &[u8]) -> (usize, &[u8]) {
    let mut rest = line;
    let mut depth = 0;
    while let Some(inner) = strip_one(rest) {
        rest = inner;
        depth += 1;
    }
    (depth, rest)
}

/// `>` is a mark wherever it leads; behind blanks, and `|` everywhere, only with a blank behind, since code and
/// memory dumps use them too. A line that ends with `|` is a row of a table.
fn strip_one(line: &[u8]) -> Option<&[u8]> {
    let inner = line.trim_ascii_start();
    match (inner, line.len() - inner.len()) {
        ([b'>', b' ', rest @ ..], _) => Some(rest),
        ([b'>', rest @ ..], 0) => Some(rest),
        ([b'|', b' ', rest @ ..], _) if !is_row(rest) => Some(rest),
        _ => None,
    }
}

fn is_row(rest: &[u8]) -> bool {
    rest.trim_ascii_end().ends_with(b"|")
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
