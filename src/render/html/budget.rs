//! Which reports a page shows in full; its table counts the others.

use super::anchor;
use crate::report::Report;
use std::collections::{HashMap, HashSet};

/// Reports of one bug that are shown, as long as the page has few.
const OF_A_BUG: usize = 12;

/// A page with more than so many shows only the first of each further bug.
const FEW: usize = 1000;

/// Reports on a page, and bytes of their markup: what a browser opens without a wait.
const MOST: usize = 20_000;
const BYTES: usize = 64 << 20;

/// What was shown so far.
#[derive(Debug, Default)]
pub struct Budget {
    of_bug: HashMap<String, usize>,
    ids: HashSet<String>,
    bytes: usize,
}

impl Budget {
    /// Asks for room for a report; false where there is none. A file that was named twice is shown once.
    pub fn takes(&mut self, report: &Report) -> bool {
        if self.ids.len() >= MOST || self.bytes >= BYTES {
            return false;
        }
        let of_a_bug = match self.ids.len() < FEW {
            true => OF_A_BUG,
            false => 1,
        };
        let shown = self.of_bug.entry(report.signature.clone()).or_default();
        let has_room = *shown < of_a_bug && self.ids.insert(anchor::splat(report));
        *shown += usize::from(has_room);
        has_room
    }

    /// So much markup was written.
    pub fn spend(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Reports that have room.
    pub fn taken(&self) -> usize {
        self.ids.len()
    }

    /// True where the splat of that id is on the page.
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}
