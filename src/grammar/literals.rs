//! The search for header literals: which kinds may begin at a line, in one pass over it.

use super::Kind;
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
        let literals = built.finder.found(text).into_iter();
        let mut found: Vec<_> = literals
            .filter_map(|literal| built.owners.get(literal).copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Finds the lines that may tell something of a boot. Built on first use.
#[derive(Debug, Default)]
pub struct NoteFinder {
    built: OnceLock<Option<Automaton>>,
}

impl NoteFinder {
    /// Numbers of those of `literals`, which are the same at every call, that `text` contains: ascending.
    pub fn found<'l>(&self, literals: impl Iterator<Item = &'l str>, text: &str) -> Vec<usize> {
        let build = || Automaton::new(literals.map(str::to_owned).collect());
        let Some(automaton) = self.built.get_or_init(build) else {
            return Vec::new();
        };
        automaton.found(text)
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

/// Searches after which an automaton is worth building that searches fast instead of one that is built
/// fast: most runs look at a handful of lines.
const HOT: u32 = 500;

#[derive(Debug)]
struct Automaton {
    literals: Vec<String>,
    quickly_built: AhoCorasick,
    searches: AtomicU32,
    fast: OnceLock<Option<AhoCorasick>>,
}

impl Automaton {
    fn new(literals: Vec<String>) -> Option<Automaton> {
        Some(Automaton {
            quickly_built: build_as(AhoCorasickKind::NoncontiguousNFA, &literals)?,
            literals,
            searches: AtomicU32::new(0),
            fast: OnceLock::new(),
        })
    }

    /// Numbers of the literals that a text contains, ascending.
    fn found(&self, text: &str) -> Vec<usize> {
        let finder = self.get();
        // Nearly every line ends here, at the speed of the automaton's own prefilter.
        if !finder.is_match(text) {
            return Vec::new();
        }
        let hits = finder.find_overlapping_iter(text);
        let mut found: Vec<_> = hits.map(|hit| hit.pattern().as_usize()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn get(&self) -> &AhoCorasick {
        let is_hot = || self.searches.fetch_add(1, Ordering::Relaxed) >= HOT;
        let fast = match self.fast.get() {
            Some(fast) => fast.as_ref(),
            None if is_hot() => {
                let build = || build_as(AhoCorasickKind::DFA, &self.literals);
                self.fast.get_or_init(build).as_ref()
            }
            None => None,
        };
        fast.unwrap_or(&self.quickly_built)
    }
}

fn build_as(kind: AhoCorasickKind, literals: &[String]) -> Option<AhoCorasick> {
    AhoCorasick::builder().kind(Some(kind)).build(literals).ok()
}
