//! What one input says: its incidents in the order of the log, boot by boot.
//!
//! In: reports, one after the other. Out: their blocks as markup, and the stops of each boot's timeline.

use super::budget::Budget;
use super::incident::Incident;
use super::list::PageList;
use super::page::Scene;
use super::timeline::SplatStop;
use crate::grammar::Level;
use crate::render::clean::clean_lines;
use crate::report::Report;

/// Blocks of a boot that are seen at once.
pub const BLOCKS: u64 = 40;

/// The blocks of one boot, as far as they come one after the other.
pub struct Segment {
    /// The boot's index.
    pub boot: Option<usize>,
    /// Its blocks.
    pub blocks: PageList,
}

/// An input, while it is read.
#[derive(Default)]
pub struct Story {
    /// The input.
    pub path: String,
    /// What was written.
    pub segments: Vec<Segment>,
    /// What can be marked on timelines.
    pub stops: Vec<SplatStop>,
    /// What is complete and not written.
    waiting: Vec<Incident>,
    at_hand: Option<Incident>,
    /// Notices among the reports of the incident at hand.
    notices: Vec<Incident>,
}

impl Story {
    /// Takes in a report, as far as there is room for it; gives whether an incident began.
    pub fn add(&mut self, report: Report, budget: &mut Budget) -> bool {
        let incident = self.at_hand.as_mut().filter(|known| known.has(&report));
        let has_room = incident.as_ref().is_none_or(|known| known.has_room());
        let is_shown = has_room && budget.takes(&report);
        if is_shown {
            self.path.clone_from(&report.splat.source.path);
            self.stops.push(SplatStop::of(&report));
        }
        if let Some(incident) = incident {
            incident.add(report, is_shown);
            return false;
        }
        if !is_shown {
            return false;
        }
        let begun = Incident::new(report);
        // A notice between two reports of a crash does not end it.
        if begun.first.level == Level::Notice && self.at_hand.is_some() {
            self.notices.push(begun);
        } else if begun.first.level == Level::Notice {
            self.waiting.push(begun);
        } else {
            self.close();
            self.at_hand = Some(begun);
            return true;
        }
        false
    }

    /// True where nothing of it is shown.
    pub fn is_empty(&self) -> bool {
        self.stops.is_empty()
    }

    /// Nothing more comes for the incident at hand.
    pub fn close(&mut self) {
        self.waiting.extend(self.at_hand.take());
        self.waiting.append(&mut self.notices);
    }

    /// Writes what is complete.
    pub fn write(&mut self, scene: &Scene, budget: &mut Budget) {
        for incident in std::mem::take(&mut self.waiting) {
            let is_notice = incident.first.level == Level::Notice;
            let scene = Scene {
                open: scene.open && !is_notice,
                ..*scene
            };
            let block = clean_lines(&incident.render(&scene).into_string());
            budget.spend(block.len());
            let boot = incident.first.splat.boot;
            match self.segments.last_mut().filter(|last| last.boot == boot) {
                Some(last) => last.blocks.push(&block, BLOCKS),
                None => {
                    let mut blocks = PageList::default();
                    blocks.push(&block, BLOCKS);
                    self.segments.push(Segment { boot, blocks });
                }
            }
        }
    }
}
