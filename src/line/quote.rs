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

/// `>` is a mark wherever it leads; `|` only with a blank behind, since tables and code use it too.
fn strip_one(line: &[u8]) -> Option<&[u8]> {
    match line {
        [b'>', b' ', rest @ ..] | [b'>', rest @ ..] | [b'|', b' ', rest @ ..] => Some(rest),
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
    }

    #[test]
    fn the_blanks_of_a_frame_stay() {
        assert_eq!(
            strip(b">  init_intel+0x1/0x2"),
            (1, &b" init_intel+0x1/0x2"[..])
        );
    }
}
