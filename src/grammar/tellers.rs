//! Which rules a line may be of that tells something of its boot: one search for all of them.

use super::{Fact, Grammar, Milestone, Word};

/// The rules that a line may be of that tells something of its boot.
#[derive(Debug, Default)]
pub struct Tellers<'g> {
    /// Milestones.
    pub milestones: Vec<&'g Milestone>,
    /// Facts.
    pub facts: Vec<&'g Fact>,
    /// What is said of CPU features.
    pub words: Vec<&'g Word>,
    /// True where it names a function whose WARN is a late clear.
    pub site: bool,
}

impl<'g> Tellers<'g> {
    /// Adds a rule by its number: milestones, facts, words, sites.
    fn add(&mut self, grammar: &'g Grammar, index: usize) {
        let facts = grammar.milestones.len();
        let words = facts + grammar.facts.len();
        let sites = words + grammar.words.len();
        match index {
            _ if index >= sites => self.site = true,
            _ if index >= words => self.words.push(&grammar.words[index - words]),
            _ if index >= facts => self.facts.push(&grammar.facts[index - facts]),
            _ => self.milestones.push(&grammar.milestones[index]),
        }
    }

    /// True where the line tells nothing.
    pub fn is_empty(&self) -> bool {
        let none = self.milestones.is_empty() && self.facts.is_empty();
        none && self.words.is_empty() && !self.site
    }
}

impl Grammar {
    /// The rules that a line of a boot has the literal of.
    pub fn tellers(&self, line: &str) -> Tellers<'_> {
        let milestones = self.milestone_literals();
        let sites = self.sites.iter().map(|site| site.function.as_str());
        let literals = milestones.chain(self.note_literals()).chain(sites);
        let mut tellers = Tellers::default();
        for index in self.notes.found(literals, line) {
            tellers.add(self, index);
        }
        tellers
    }
}
