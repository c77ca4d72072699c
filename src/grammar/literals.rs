//! The search for header literals: which kinds may begin at a line, in one pass over it.

use super::Kind;
use crate::literals::{LiteralSearch, shortest};
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Finds the kinds whose literal a line contains. Built on first use.
#[derive(Debug, Default)]
pub struct KindFinder {
    built: OnceLock<Option<Built>>,
}

#[derive(Debug)]
struct Built {
    finder: Automaton,
    /// Literal to index of its kind.
    owners: Vec<usize>,
}

impl KindFinder {
    /// Indexes into `kinds`, ascending, of those that `text` has a literal of.
    pub fn candidates(&self, kinds: &[Kind], text: &str) -> Vec<usize> {
        let built = self.built.get_or_init(|| build(kinds));
        let Some(built) = built else {
            return Vec::new();
        };
        // The vector search comes first: the automaton reads each byte by itself.
        if !built.finder.may_be_in(text) {
            return Vec::new();
        }
        let literals = built.finder.found(text).into_iter();
        let mut found: Vec<_> = literals
            .filter_map(|literal| built.owners.get(literal).copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Finds the lines that have any of some literals. Built on first use.
#[derive(Debug, Default)]
pub struct LineFinder {
    /// `None` where any line may be wanted.
    built: OnceLock<Option<Automaton>>,
}

impl LineFinder {
    /// False where `text` has none of `literals`, which are the same at every call: `None` where any text may
    /// be wanted.
    pub fn may_be_in(&self, literals: impl FnOnce() -> Option<Vec<String>>, text: &str) -> bool {
        let built = self.built.get_or_init(|| Automaton::new(literals()?));
        let may_be_in = |automaton: &Automaton| automaton.may_be_in(text);
        built.as_ref().is_none_or(may_be_in)
    }

    /// Numbers of the literals that `text` has, ascending; none before the first [`LineFinder::may_be_in`].
    pub fn found(&self, text: &str) -> Vec<usize> {
        let built = self.built.get().and_then(Option::as_ref);
        built.map_or_else(Vec::new, |automaton| automaton.found(text))
    }
}

/// `None` only where the automaton would outgrow its limits, which no list of literals that fits
/// into a grammar file does.
fn build(kinds: &[Kind]) -> Option<Built> {
    let literals = kinds.iter().flat_map(|kind| &kind.literals);
    let owners = kinds
        .iter()
        .enumerate()
        .flat_map(|(index, kind)| kind.literals.iter().map(move |_| index));
    Some(Built {
        finder: Automaton::new(literals.cloned().collect())?,
        owners: owners.collect(),
    })
}

/// Searches after which literals are worth windows for the vector search: most runs look at a handful of
/// lines.
const HOT: u32 = 500;

#[derive(Debug)]
struct Automaton {
    literals: Vec<String>,
    all: AhoCorasick,
    searches: AtomicU32,
    any: OnceLock<Option<LiteralSearch>>,
}

impl Automaton {
    fn new(literals: Vec<String>) -> Option<Automaton> {
        // The form that is built fastest: most runs look at few lines.
        let all = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(&literals)
            .ok()?;
        Some(Automaton {
            literals,
            all,
            searches: AtomicU32::new(0),
            any: OnceLock::new(),
        })
    }

    /// False where a text contains no literal: nearly everywhere.
    fn may_be_in(&self, text: &str) -> bool {
        match self.any() {
            Some(any) => any.is_in(text),
            None => self.all.is_match(text),
        }
    }

    /// Numbers of the literals that a text contains, ascending.
    fn found(&self, text: &str) -> Vec<usize> {
        // Overlapping: `BUG:` is a part of longer literals, whose kinds are wanted too.
        let hits = self.all.find_overlapping_iter(text);
        let mut found: Vec<_> = hits.map(|hit| hit.pattern().as_usize()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The search that passes over the lines without any literal; `None` while there were few searches.
    fn any(&self) -> Option<&LiteralSearch> {
        if let Some(any) = self.any.get() {
            return any.as_ref();
        }
        if self.searches.fetch_add(1, Ordering::Relaxed) < HOT {
            return None;
        }
        let literals = self.literals.iter().map(String::as_str).collect();
        let build = || LiteralSearch::new(&shortest(literals)).ok();
        self.any.get_or_init(build).as_ref()
    }
}
