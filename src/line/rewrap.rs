//! Lines that a mailer broke: puts them together again.
//!
//! A mailer breaks at 72 to 78 columns; people who quote a log mark the second half with `+`.
//! The second half has no framing of its own. [`joined`] decides from the two halves alone.

use super::LogLine;

/// Narrowest width at which mailers break.
const MAILER_WIDTH: usize = 72;

/// A broken line is at least and at most this wide: a wider one in the same mail shows that the
/// mailer let lines be, a narrower one ended by itself.
const BROKEN_WIDTHS: std::ops::RangeInclusive<usize> = 60..=80;

/// The line that `first` and `next` were before a mailer broke them; `None` where they are two.
pub fn joined(first: &LogLine<'_>, next: &LogLine<'_>) -> Option<LogLine<'static>> {
    if next.framing.present || next.text.trim().is_empty() || first.text.trim().is_empty() {
        return None;
    }
    let tail = if let Some(tail) = next.text.strip_prefix('+') {
        tail
    } else if first.quote == next.quote && broken_between(first, &next.text) {
        next.text.as_ref()
    } else {
        return None;
    };
    let mut line = first.clone().into_owned();
    line.text = format!("{} {}", first.text.trim_end(), tail.trim_start()).into();
    line.width = first.width + next.width;
    Some(line)
}

/// A break inside an open parenthesis, or one that a mailer had to make because the next word
/// did not fit.
fn broken_between(first: &LogLine<'_>, next: &str) -> bool {
    if has_open_parenthesis(&first.text) && next.contains(')') {
        return true;
    }
    let next_word = next.split_whitespace().next().map_or(0, str::len);
    first.framing.present
        && BROKEN_WIDTHS.contains(&first.width)
        && first.width + 1 + next_word > MAILER_WIDTH
}

/// True where a `(` has no `)`, as in the first half of a decoded frame.
pub fn has_open_parenthesis(text: &str) -> bool {
    text.matches('(').count() > text.matches(')').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(first: &str, next: &str) -> Option<String> {
        let first = LogLine::parse(1, first.as_bytes());
        let next = LogLine::parse(2, next.as_bytes());
        joined(&first, &next).map(|line| line.text.into_owned())
    }

    #[test]
    fn a_quoted_frame_continued_with_a_plus() {
        let text = join("> [ 0.05][ T0] init_intel (a.h:1 b.c:2", "> +b.c:3)");
        assert_eq!(text.as_deref(), Some("init_intel (a.h:1 b.c:2 b.c:3)"));
    }

    #[test]
    fn a_register_line_broken_at_the_margin() {
        let text = join(
            "[    0.008282] RDX: 0000000000000001 RSI: 0000000000000070 RDI:",
            "ffffcd5fc00bfe08",
        );
        assert!(text.is_some_and(|t| t.ends_with("RDI: ffffcd5fc00bfe08")));
    }

    #[test]
    fn two_lines_of_their_own_stay_two() {
        assert_eq!(
            join("[ 0.1] init_intel+0x1/0x2", "[ 0.1] identify_cpu+0x1/0x2"),
            None
        );
        assert_eq!(join("[ 0.1] Call Trace:", "prose of a mail"), None);
    }
}
