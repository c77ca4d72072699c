//! ksplat's own text, read as a log: a ticket or a job's log holds it beside the log itself.
//!
//! It is known by the place under a headline, `  console.log:164-190  WARNING: …`: what is indented below it was read
//! from that log.

use crate::line::LogLine;

/// Lines that a mailer may have put together.
const MAX_GAP: u64 = 3;

/// Lines between the headline and the place: the headline and the title may be broken.
const MAX_HEADLINE: u64 = 4;

/// Lines between the title of a mail (`--format mail`) and the line with the place.
const MAX_MAIL: u64 = 16;

/// The state between lines.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// The last line of a block; 0 before the first one.
    last: u64,
    /// The last one of them that is not empty.
    last_text: u64,
    /// True where the line that was just read has the place of a mail.
    in_mail: bool,
}

impl Own {
    /// True for a line of a block.
    pub fn has(&mut self, line: &LogLine<'_>) -> bool {
        let text = line.text.as_ref();
        let goes_on = self.last > 0 && line.number.saturating_sub(self.last) <= MAX_GAP;
        let is_empty = text.trim().is_empty();
        // A number in front of the text, as the lines of the proof have it, may be taken for that of a listing.
        let is_inside = goes_on && (is_empty || text.starts_with(' ') || self.is_marked(line));
        let is_mail = is_mail_place(text);
        let is_own = !line.framing.present && (is_inside || is_mail || holds_place(text));
        // What comes after that of a mail is the log itself.
        self.last = if is_own && !is_mail { line.number } else { 0 };
        self.in_mail = is_mail;
        if is_own && !is_empty {
            self.last_text = line.number;
        }
        is_own
    }

    /// The mark of the frame that decided, `    > init_intel+0x1/0x2`, looks as a mail's quoting does. A quote of a
    /// mail is after an empty line or in the first column's prose, never right below a line of a block.
    fn is_marked(&self, line: &LogLine<'_>) -> bool {
        line.quote == 1 && self.last_text + 1 == line.number
    }

    /// True where a report from `first` to `last` is the headline of the block that was just entered at `line`. Those
    /// of a mail are followed by what looks as lines of a report: who ran, which kernel.
    pub fn is_headline(&self, first: u64, last: u64, line: u64) -> bool {
        let reach = if self.in_mail { MAX_MAIL } else { MAX_HEADLINE };
        let is_near = (1..=reach).contains(&line.saturating_sub(first));
        is_near && (self.in_mail || first == last)
    }
}

/// `  console.log:164-190  `, `  AP path · console.log:164-190`.
fn holds_place(text: &str) -> bool {
    let Some(inside) = text
        .strip_prefix("  ")
        .filter(|text| !text.starts_with(' '))
    else {
        return false;
    };
    // The folder's name may hold blanks, so each part of the line is looked at, up to a bound.
    let part = |separator| inside.split(separator).take(MAX_PARTS).any(is_place);
    part("  ") || part(" \u{b7} ")
}

/// `log:       console.log:164-190`.
fn is_mail_place(text: &str) -> bool {
    let place = text.strip_prefix("log:  ");
    place.is_some_and(|place| is_place(place.trim()))
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
    fn the_mark_of_a_frame_is_no_quote() {
        let log = "  a.log:1-23\n\n  Call trace\n    > f+0x1/0x2\n      g+0x1/0x2\n\n> BUG: x";
        let mut own = Own::default();
        let lines = (1..).zip(log.lines());
        let is_own = lines.map(|(number, text)| own.has(&LogLine::parse(number, text.as_bytes())));
        assert_eq!(
            is_own.collect::<Vec<_>>(),
            [true, true, true, true, true, true, false]
        );
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
