//! ksplat's own text, read as a log: a ticket or a job's log holds it beside the log itself.
//!
//! It is known by the place under a headline, `  console.log:164-190  WARNING: …`: what is indented below it was read
//! from that log.

use crate::line::LogLine;

/// Lines that a mailer may have put together.
const MAX_GAP: u64 = 3;

/// Lines between the headline and the place.
const MAX_HEADLINE: u64 = 2;

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// The last line of a block; 0 before the first one.
    last: u64,
}

impl Own {
    /// True for a line of a block.
    pub fn has(&mut self, line: &LogLine<'_>) -> bool {
        let text = line.text.as_ref();
        let goes_on = self.last > 0 && line.number.saturating_sub(self.last) <= MAX_GAP;
        let is_inside =
            goes_on && (text.trim().is_empty() || text.starts_with("  ") || is_marked_frame(line));
        let is_own = !line.framing.present && (is_inside || holds_place(text));
        self.last = if is_own { line.number } else { 0 };
        is_own
    }

    /// True where a line at `first` may be the headline of the block that was just entered at `line`.
    pub fn is_headline(first: u64, line: u64) -> bool {
        (1..=MAX_HEADLINE).contains(&line.saturating_sub(first))
    }
}

/// `    > f+0x1/0x2`: the frame at fault looks as a quoted line does, but for the blanks in front.
fn is_marked_frame(line: &LogLine<'_>) -> bool {
    line.quote == 1 && line.width.saturating_sub(line.text.len()) >= "    > ".len()
}

/// `  console.log:164-190  `, `  AP path · console.log:164-190`.
fn holds_place(text: &str) -> bool {
    let Some(inside) = text
        .strip_prefix("  ")
        .filter(|text| !text.starts_with(' '))
    else {
        return false;
    };
    let part = |separator| inside.split(separator).take(MAX_PARTS).any(is_place);
    part("  ") || part(" \u{b7} ")
}

/// Parts of a line that may be the place.
const MAX_PARTS: usize = 4;

/// `console.log:164-190`.
fn is_place(part: &str) -> bool {
    let lines = part.rsplit_once(':').filter(|(path, _)| !path.is_empty());
    let ends = lines.and_then(|(_, lines)| lines.split_once('-'));
    let number = |text: &str| text.parse::<u64>().ok();
    ends.is_some_and(|(first, last)| number(first).is_some() && number(first) <= number(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_goes_from_its_place_to_the_next_line_in_the_first_column() {
        let log = "x\n  a/b.log:1-23  BUG: x\n  context   CPU 2\n\n  call trace\n      f+0x1/0x2\n\n1 splat\n      g";
        let mut own = Own::default();
        let lines = (1..).zip(log.lines());
        let own: Vec<_> = lines
            .filter(|(number, text)| own.has(&LogLine::parse(*number, text.as_bytes())))
            .map(|(number, _)| number)
            .collect();
        assert_eq!(own, [2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn lines_of_a_kernel_hold_no_place() {
        for text in [
            "  f+0x1/0x2",
            "  pci 0000:00:1f.0: x",
            "  mem 10:20-3",
            "    a.log:1-2",
            "a.log:1-2  x",
            "  node 0: 0-3",
        ] {
            assert!(!holds_place(text), "{text}");
        }
        assert!(holds_place(
            "  certain \u{b7} WARNING in f \u{b7} console.log:164-190"
        ));
    }
}
