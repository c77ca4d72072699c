//! Milestones that a boot is expected to pass, and how far one came that did not.
//!
//! In: the lines of a text, and its boots. Out: each boot with what it lacks and the last line that it printed.

use crate::boot::{Boots, LastLine};
use crate::grammar::MilestoneName;
use std::collections::VecDeque;

/// Lines that are remembered: a decoder may hold some back, so that a boot is known some lines after its banner.
const KEEP: usize = 8;

/// Bytes of a line that are remembered.
const MAX_LINE: usize = 512;

/// The lines of late.
#[derive(Debug, Default)]
pub struct Expected {
    lines: VecDeque<LastLine>,
    /// Boots so far.
    boots: usize,
}

impl Expected {
    /// Takes in a line, before it is read.
    pub fn line(&mut self, number: u64, raw: &[u8]) {
        let text = raw.trim_ascii_end();
        if text.is_empty() {
            return;
        }
        if self.lines.len() >= KEEP {
            self.lines.pop_front();
        }
        let text = String::from_utf8_lossy(&text[..text.len().min(MAX_LINE)]);
        self.lines.push_back(LastLine {
            number,
            text: text.into_owned(),
        });
    }

    /// The line was read: where a boot began, the one before it has ended.
    pub fn look(&mut self, boots: &mut Boots) {
        let count = boots.all().len();
        if count > self.boots {
            // Lines of the next boot may be remembered already, since the decoder lags.
            let begun = boots
                .all()
                .get(self.boots)
                .map_or(0, |boot| boot.first_line);
            if let Some(ended) = self.boots.checked_sub(1) {
                boots.end(ended, self.last_before(begun));
            }
            self.boots = count;
        }
    }

    /// The text ended. Where it has no boot that it names, it is of one that is not known.
    pub fn finish(&mut self, boots: &mut Boots, is_kernel: bool, wanted: &[MilestoneName]) {
        self.look(boots);
        let Some(last) = self.lines.back() else {
            return;
        };
        // Without a boot there would be nothing to say "lacks" of.
        if is_kernel && boots.all().is_empty() {
            boots.claim(1);
        }
        let count = boots.all().len();
        if let Some(ended) = count.checked_sub(1) {
            boots.end(ended, Some(last.clone()));
        }
        boots.hold_against(wanted);
    }

    fn last_before(&self, line: u64) -> Option<LastLine> {
        let mut lines = self.lines.iter().rev();
        lines.find(|last| last.number < line).cloned()
    }
}
