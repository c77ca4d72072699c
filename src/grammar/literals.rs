//! The search for header literals: which kinds may begin at a line, in one pass over it.

use super::Kind;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use std::sync::OnceLock;

/// Finds the kinds whose literal a line contains. Built on first use.
#[derive(Debug, Default)]
pub struct KindFinder {
    built: OnceLock<Option<Built>>,
}

#[derive(Debug)]
struct Built {
    finder: AhoCorasick,
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
        // Nearly every line ends here, at the speed of the automaton's own prefilter.
        if !built.finder.is_match(text) {
            return Vec::new();
        }
        let hits = built.finder.find_overlapping_iter(text);
        let mut found: Vec<_> = hits
            .filter_map(|hit| built.owners.get(hit.pattern().as_usize()).copied())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Finds the lines that may tell something of a boot. Built on first use.
#[derive(Debug, Default)]
pub struct NoteFinder {
    built: OnceLock<Option<AhoCorasick>>,
}

impl NoteFinder {
    /// True where `text` contains one of `literals`, which are the same at every call.
    pub fn may_tell<'l>(&self, literals: impl Iterator<Item = &'l str>, text: &str) -> bool {
        let build = || automaton(literals);
        let built = self.built.get_or_init(build).as_ref();
        built.is_none_or(|finder| finder.is_match(text))
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
        finder: automaton(literals.map(String::as_str))?,
        owners: owners.collect(),
    })
}

/// Lines are short: an automaton that is built fast beats one that searches fast.
fn automaton<'l>(literals: impl Iterator<Item = &'l str>) -> Option<AhoCorasick> {
    let kind = Some(AhoCorasickKind::NoncontiguousNFA);
    AhoCorasick::builder().kind(kind).build(literals).ok()
}
