//! Excerpts: the physical lines that a report is made of, as the log has them.
//!
//! In: the lines that the pipeline looks at. Out: an [`Excerpt`] for a span of lines and for single lines
//! of evidence, which may be far in front of it. Only kept where somebody asks for it
//! ([`crate::analyzer::Analyzer::with_excerpts`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Lines that a report may be made of. Longer ones lose their beginning.
const MAX_RECENT: usize = 2048;

/// Lines that say something by themselves: what a boot is judged by.
const MAX_TELLING: usize = 4096;

/// Bytes kept of one line; printk's own limit is 1024 (`PRINTKRB_RECORD_MAX`) without framing.
const MAX_LINE: usize = 1200;

/// Lines shown in front of a splat.
const CONTEXT: u64 = 3;

/// Lines of a span that are shown; the rest is left out of its middle.
const MAX_HEAD: u64 = 320;
const MAX_TAIL: u64 = 80;

/// A physical line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExcerptLine {
    /// Counted from 1, within the input or the member.
    pub number: u64,
    /// Without its line feed; bytes that are no UTF-8 are replaced, overlong lines are cut.
    pub text: String,
}

/// Lines in the order of the log, with gaps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excerpt {
    /// As far as they were kept.
    pub lines: Vec<ExcerptLine>,
}

/// Remembers lines.
#[derive(Debug, Default)]
pub struct Keeper {
    recent: VecDeque<ExcerptLine>,
    telling: BTreeMap<u64, String>,
}

impl Keeper {
    /// Takes in a line. One that says something by itself is kept for as long as there is room.
    pub fn line(&mut self, number: u64, raw: &[u8], telling: bool) {
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        let cut = raw.get(..MAX_LINE).unwrap_or(raw);
        let text = String::from_utf8_lossy(cut).into_owned();
        if telling && self.telling.len() < MAX_TELLING {
            // Kept apart: a milestone may be thousands of lines in front of the report that it
            // judges.
            self.telling.insert(number, text.clone());
        }
        if self.recent.len() >= MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(ExcerptLine { number, text });
    }

    /// The lines from `first` to `last` with those right before them, and those of `evidence`.
    pub fn excerpt(&self, first: u64, last: u64, evidence: &BTreeSet<u64>) -> Excerpt {
        // Both ends: the header is at the beginning, and the trace's end at the other.
        let head = first.saturating_sub(CONTEXT)..=last.min(first.saturating_add(MAX_HEAD));
        let tail = last.saturating_sub(MAX_TAIL).max(first)..=last;
        let wanted =
            |line: &u64| head.contains(line) || tail.contains(line) || evidence.contains(line);
        let told = self.telling.iter();
        let told = told.map(|(number, text)| (*number, text));
        let recent = self.recent.iter().map(|line| (line.number, &line.text));
        let found: BTreeMap<u64, &String> = told.chain(recent).filter(|(n, _)| wanted(n)).collect();
        let lines = found.into_iter().map(|(number, text)| ExcerptLine {
            number,
            text: text.clone(),
        });
        Excerpt {
            lines: lines.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(excerpt: &Excerpt) -> Vec<u64> {
        excerpt.lines.iter().map(|line| line.number).collect()
    }

    fn keeper(lines: u64, telling: u64) -> Keeper {
        let mut keeper = Keeper::default();
        for number in 1..=lines {
            let raw = format!("line {number}\r");
            keeper.line(number, raw.as_bytes(), number == telling);
        }
        keeper
    }

    #[test]
    fn a_splat_with_the_milestone_long_before_it() {
        let keeper = keeper(9000, 17);
        let excerpt = keeper.excerpt(8000, 8002, &BTreeSet::from([17, 18]));
        assert_eq!(numbers(&excerpt), [17, 7997, 7998, 7999, 8000, 8001, 8002]);
        assert_eq!(excerpt.lines[0].text, "line 17");
    }

    #[test]
    fn the_middle_of_a_long_splat_is_left_out() {
        let keeper = keeper(1500, 0);
        let excerpt = keeper.excerpt(100, 1400, &BTreeSet::from([700]));
        let shown = numbers(&excerpt);
        assert_eq!(
            shown.len() as u64,
            CONTEXT + MAX_HEAD + 1 + 1 + MAX_TAIL + 1
        );
        assert!(shown.contains(&700) && !shown.contains(&701));
        assert_eq!(shown.last(), Some(&1400));
    }

    #[test]
    fn hostile_lines_cost_a_bounded_memory() {
        let mut keeper = Keeper::default();
        for number in 1..=10_000 {
            keeper.line(number, &[0xff; 4096], true);
        }
        assert_eq!(keeper.recent.len(), MAX_RECENT);
        assert_eq!(keeper.telling.len(), MAX_TELLING);
        assert!(
            keeper
                .recent
                .iter()
                .all(|line| line.text.len() <= 3 * MAX_LINE)
        );
    }
}
