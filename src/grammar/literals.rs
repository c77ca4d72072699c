//! The search for literals in a line: which kinds may begin there, and whether a rule may fit.

use super::Kind;
use crate::literals::LiteralIndex;
use std::sync::OnceLock;

/// Finds the kinds whose literal a line contains. Built on first use.
#[derive(Debug, Default)]
pub struct KindFinder {
    built: OnceLock<Built>,
}

#[derive(Debug)]
struct Built {
    index: LiteralIndex,
    /// Literal to index of its kind.
    owners: Vec<usize>,
}

impl KindFinder {
    /// Indexes into `kinds`, ascending, of those that `text` has a literal of.
    pub fn candidates(&self, kinds: &[Kind], text: &str) -> Vec<usize> {
        let built = self.built.get_or_init(|| build(kinds));
        let literals = built.index.all_in(text).into_iter();
        // The literals of a kind are numbered one after another.
        let mut found: Vec<_> = literals.map(|literal| built.owners[literal]).collect();
        found.dedup();
        found
    }
}

/// Finds the lines that have any of some literals. Built on first use.
#[derive(Debug, Default)]
pub struct LineFinder {
    /// `None` where any line may be wanted.
    built: OnceLock<Option<LiteralIndex>>,
}

impl LineFinder {
    /// False where `text` has none of `literals`, which are the same at every call: `None` where any text may
    /// be wanted.
    pub fn may_be_in(&self, literals: impl FnOnce() -> Option<Vec<String>>, text: &str) -> bool {
        let index = self.index(literals);
        index.is_none_or(|index| index.is_any_in(text))
    }

    /// Numbers of the literals that `text` has, ascending, as [`LineFinder::may_be_in`] numbers them; none where any text
    /// may be wanted.
    pub fn found(
        &self,
        literals: impl FnOnce() -> Option<Vec<String>>,
        text: &str,
    ) -> Option<Vec<usize>> {
        Some(self.index(literals)?.all_in(text))
    }

    fn index(&self, literals: impl FnOnce() -> Option<Vec<String>>) -> Option<&LiteralIndex> {
        let built = self.built.get_or_init(|| literals().map(LiteralIndex::new));
        built.as_ref()
    }
}

fn build(kinds: &[Kind]) -> Built {
    let literals = kinds.iter().flat_map(|kind| &kind.literals);
    let owners = kinds
        .iter()
        .enumerate()
        .flat_map(|(index, kind)| kind.literals.iter().map(move |_| index));
    Built {
        index: LiteralIndex::new(literals.cloned().collect()),
        owners: owners.collect(),
    }
}
