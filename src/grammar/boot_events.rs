//! What a line says of its boot.
//!
//! In: a line's text. Out: [`BootEvents`]. One search finds the literals of all rules, and the answer is
//! remembered, since boots of one kernel say the same.

use super::literals::LineFinder;
use super::memo::Memo;
use super::{Fact, FactField, Grammar, Milestone, MilestoneName, Word};
use std::sync::Arc;

/// What a line says.
#[derive(Debug, Default)]
pub struct BootEvents {
    /// It has the literal of a milestone.
    pub may_be_milestone: bool,
    /// All that it says, facts first.
    pub all: Vec<BootEvent>,
}

/// One thing that a line says.
#[derive(Debug)]
pub enum BootEvent {
    /// A fact and its value.
    Fact(FactField, String),
    /// A milestone, and the CPU that it speaks of.
    Milestone(MilestoneName, Option<u32>),
    /// Name of the word rule, and the /proc/cpuinfo flag that the line names.
    Word(String, Option<String>),
    /// It names a function whose WARN is a late clear.
    Site,
}

/// The search for the literals of all rules, and what it found before.
#[derive(Debug, Default)]
pub struct BootEventFinder {
    finder: LineFinder,
    known: Memo<Arc<BootEvents>>,
}

impl Grammar {
    /// What a line says of its boot; `None` where it has the literal of no rule.
    pub fn boot_events(&self, line: &str) -> Option<Arc<BootEvents>> {
        let literals = || {
            let milestones = self.milestone_literals();
            let sites = self.sites.iter().map(|site| site.function.as_str());
            let all = milestones.chain(self.note_literals()).chain(sites);
            Some(all.map(str::to_owned).collect())
        };
        let rules = self.boot_events.finder.found(literals, line)?;
        // Most lines end here, before anything is remembered of them.
        if rules.is_empty() {
            return None;
        }
        let work_out = || Arc::new(self.work_out(&rules, line));
        Some(self.boot_events.known.get(line, work_out))
    }

    /// `rules` are numbers of those whose literals are in the line: milestones, facts, words, sites.
    fn work_out(&self, rules: &[usize], line: &str) -> BootEvents {
        let facts = self.milestones.len();
        let words = facts + self.facts.len();
        let sites = words + self.words.len();
        let mut events = BootEvents::default();
        for rule in rules {
            let found = match *rule {
                rule if rule >= sites => Some(BootEvent::Site),
                rule if rule >= words => self.words[rule - words].in_line(line),
                rule if rule >= facts => self.facts[rule - facts].in_line(line),
                rule => {
                    events.may_be_milestone = true;
                    self.milestones[rule].in_line(line)
                }
            };
            events.all.extend(found);
        }
        // Facts first: a banner begins the boot that the rest is of.
        events.all.sort_by_key(|event| match event {
            BootEvent::Fact(..) => 0,
            BootEvent::Milestone(..) => 1,
            BootEvent::Word(..) => 2,
            BootEvent::Site => 3,
        });
        events
            .all
            .dedup_by(|a, b| matches!((a, b), (BootEvent::Site, BootEvent::Site)));
        events
    }
}

impl Milestone {
    fn in_line(&self, line: &str) -> Option<BootEvent> {
        let captures = self.pattern.captures(line)?;
        let cpu = captures.name("cpu").and_then(|m| m.as_str().parse().ok());
        Some(BootEvent::Milestone(self.name, cpu))
    }
}

impl Fact {
    fn in_line(&self, line: &str) -> Option<BootEvent> {
        let value = self.pattern.captures(line)?.name("value")?;
        Some(BootEvent::Fact(self.field, value.as_str().to_owned()))
    }
}

impl Word {
    fn in_line(&self, line: &str) -> Option<BootEvent> {
        let captures = self.pattern.captures(line)?;
        let flag = captures.name("flag").map(|m| m.as_str().to_owned());
        Some(BootEvent::Word(self.name.clone(), flag))
    }
}
