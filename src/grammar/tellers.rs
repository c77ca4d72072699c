//! What a line says of its boot.
//!
//! In: a line's text. Out: [`Told`]. One search finds the literals of all rules, and the answer is
//! remembered, since boots of one kernel say the same.

use super::literals::LineFinder;
use super::memo::Memo;
use super::{Fact, FactField, Grammar, Milestone, MilestoneName, Word};
use std::sync::Arc;

/// What a line says.
#[derive(Debug, Default)]
pub struct Told {
    /// It has the literal of a milestone.
    pub may_be_milestone: bool,
    /// All that it says, facts first.
    pub all: Vec<Tells>,
}

/// One thing that a line says.
#[derive(Debug)]
pub enum Tells {
    /// A fact and its value.
    Fact(FactField, String),
    /// A milestone, and the CPU that it speaks of.
    Milestone(MilestoneName, Option<u32>),
    /// Name of the word rule, and the /proc/cpuinfo flag that the line names.
    Word(String, Option<String>),
    /// It names a function whose WARN is a late clear.
    Site,
}

/// The search, and what it found before.
#[derive(Debug, Default)]
pub struct Tellers {
    finder: LineFinder,
    known: Memo<Arc<Told>>,
}

impl Grammar {
    /// What a line says of its boot; `None` where it has the literal of no rule.
    pub fn told(&self, line: &str) -> Option<Arc<Told>> {
        let literals = || {
            let milestones = self.milestone_literals();
            let sites = self.sites.iter().map(|site| site.function.as_str());
            let all = milestones.chain(self.note_literals()).chain(sites);
            Some(all.map(str::to_owned).collect())
        };
        let finder = &self.tellers.finder;
        // Most lines end here, before anything is remembered of them.
        if !finder.may_be_in(literals, line) {
            return None;
        }
        let work_out = || Arc::new(self.work_out(&finder.found(line), line));
        Some(self.tellers.known.get(line, work_out))
    }

    /// `rules` are numbers of those whose literals are in the line: milestones, facts, words, sites.
    fn work_out(&self, rules: &[usize], line: &str) -> Told {
        let facts = self.milestones.len();
        let words = facts + self.facts.len();
        let sites = words + self.words.len();
        let mut told = Told::default();
        for rule in rules {
            let found = match *rule {
                rule if rule >= sites => Some(Tells::Site),
                rule if rule >= words => self.words[rule - words].in_line(line),
                rule if rule >= facts => self.facts[rule - facts].in_line(line),
                rule => {
                    told.may_be_milestone = true;
                    self.milestones[rule].in_line(line)
                }
            };
            told.all.extend(found);
        }
        // Facts first: a banner begins the boot that the rest is of.
        told.all.sort_by_key(|tells| match tells {
            Tells::Fact(..) => 0,
            Tells::Milestone(..) => 1,
            Tells::Word(..) => 2,
            Tells::Site => 3,
        });
        told.all
            .dedup_by(|a, b| matches!((a, b), (Tells::Site, Tells::Site)));
        told
    }
}

impl Milestone {
    fn in_line(&self, line: &str) -> Option<Tells> {
        let captures = self.pattern.captures(line)?;
        let cpu = captures.name("cpu").and_then(|m| m.as_str().parse().ok());
        Some(Tells::Milestone(self.name, cpu))
    }
}

impl Fact {
    fn in_line(&self, line: &str) -> Option<Tells> {
        let value = self.pattern.captures(line)?.name("value")?;
        Some(Tells::Fact(self.field, value.as_str().to_owned()))
    }
}

impl Word {
    fn in_line(&self, line: &str) -> Option<Tells> {
        let captures = self.pattern.captures(line)?;
        let flag = captures.name("flag").map(|m| m.as_str().to_owned());
        Some(Tells::Word(self.name.clone(), flag))
    }
}
