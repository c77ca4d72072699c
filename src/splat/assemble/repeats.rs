//! Reports that the log holds twice: a script prints `dmesg` after the boot that the console has shown.

use crate::boot::Boots;
use crate::line::kind::Header;
use crate::line::{Caller, LogLine};
use crate::splat::Splat;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Headers remembered.
const MAX_HEADERS: usize = 4096;

/// The headers of a log.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    /// Boot, time and a hash of the text of each, and its line.
    seen: HashMap<(usize, u64, u64), u64>,
    /// Lines of headers that came before.
    lines: HashSet<u64>,
    /// Lines of headers of which nothing else was given: what comes again may be whole.
    alone: HashSet<u64>,
    /// The last line without any framing: a prompt, a command.
    unframed: u64,
}

impl Repeats {
    /// Takes in a line of the log.
    pub fn line(&mut self, line: &LogLine<'_>) {
        if !line.framing.present && !line.text.trim().is_empty() {
            self.unframed = line.number;
        }
    }

    /// Takes in a header. It came before where one had the same time and text, and somebody's words are between.
    /// A CPU whose clock does not run yet gives all of its lines one time, and may warn in one place more than once.
    /// `is_anew`: the one before was given up.
    pub fn note(&mut self, header: &Header<'_>, line: &LogLine<'_>, boots: &Boots, is_anew: bool) {
        let Some(time) = line.framing.time_us.filter(|time| *time > 0) else {
            return;
        };
        // A bound for hostile logs. What is forgotten is reported twice at worst.
        if self.seen.len() >= MAX_HEADERS {
            self.seen.clear();
            self.lines.clear();
            self.alone.clear();
        }
        // In a log without a banner no boot is known at the first header, and one is at the next: they are the same
        // boot.
        let key = (
            boots.all().len().max(1),
            time,
            hash(&header.text, line.framing.caller),
        );
        let before = self.seen.insert(key, line.number);
        let is_one = |before: u64| before < self.unframed && !self.alone.contains(&before);
        if !is_anew && before.is_some_and(is_one) {
            self.lines.insert(line.number);
        }
    }

    /// A report is given away.
    pub fn given(&mut self, splat: &Splat) {
        if splat.truncated && splat.frames.is_empty() && splat.rip.is_none() {
            self.alone.insert(splat.header_line);
        }
    }

    /// True for a report that came before.
    pub fn has(&self, splat: &Splat) -> bool {
        self.lines.contains(&splat.header_line)
    }
}

fn hash(text: &str, caller: Option<Caller>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (text, caller).hash(&mut hasher);
    hasher.finish()
}
