//! Values that contradict each other: several are printed of one CPU.

use super::compare::words_of;
use super::{CpuTable, Printed, Row, Said};
use std::collections::{BTreeMap, BTreeSet};

/// CPUs of which the same values are printed, and more than one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction<'t> {
    /// What it is about.
    pub row: &'t Row,
    /// The CPUs.
    pub cpus: BTreeSet<u32>,
    /// The values, each with the place where it is printed of the first of them.
    pub values: &'t [(String, Printed)],
}

impl Contradiction<'_> {
    /// Each value with its place; of lists of words what the others lack.
    pub fn said(&self) -> Vec<(String, &Printed)> {
        let values = self.values.iter();
        values
            .map(|(value, printed)| (self.telling(value), printed))
            .collect()
    }

    fn telling(&self, value: &str) -> String {
        if !self.row.is_set {
            return value.to_owned();
        }
        let sets = self.values.iter().map(|(value, _)| words_of(value));
        let common = sets.reduce(|all, words| &all & &words).unwrap_or_default();
        let own: Vec<_> = words_of(value).difference(&common).copied().collect();
        match own.is_empty() {
            true => "no more".to_owned(),
            false => format!("also {}", own.join(" ")),
        }
    }
}

/// Values that are kept of one CPU: two contradict each other, and more of them say no more.
const MAX_VALUES: usize = 8;

/// Adds a value that is not there yet; gives the bytes that it takes.
pub(super) fn note(all: &mut Vec<(String, Printed)>, said: &Said<'_>, printed: &Printed) -> usize {
    let is_known = all.iter().any(|(value, _)| said.is_same(value));
    if is_known || all.len() >= MAX_VALUES {
        return 0;
    }
    all.push((said.value.to_owned(), printed.clone()));
    // The order of the inputs says nothing of which value is true.
    all.sort();
    said.value.len() + printed.path.len()
}

impl Row {
    /// A second value of a CPU: it has none from now on.
    pub(super) fn contradict(&mut self, said: &Said<'_>, printed: &Printed) -> usize {
        let mut all = Vec::new();
        for agreed in &mut self.values {
            if agreed.cpus.remove(&said.cpu) {
                let place = self.places.remove(&said.cpu);
                let place = place.unwrap_or_else(|| agreed.printed.clone());
                all.push((agreed.value.clone(), place));
            }
            // What is left was printed elsewhere first.
            let first = agreed.cpus.first().and_then(|cpu| self.places.get(cpu));
            if let Some(first) = first {
                agreed.printed.clone_from(first);
            }
        }
        self.values.retain(|agreed| !agreed.cpus.is_empty());
        let bytes = note(&mut all, said, printed);
        self.contradicted.insert(said.cpu, all);
        bytes
    }

    /// All that is printed: CPU, value and place.
    pub(super) fn printed(&self) -> impl Iterator<Item = (u32, &str, &Printed)> {
        let agreed = self.values.iter().flat_map(|agreed| {
            let cpus = agreed.cpus.iter();
            cpus.map(|cpu| {
                let place = self.places.get(cpu).unwrap_or(&agreed.printed);
                (*cpu, agreed.value.as_str(), place)
            })
        });
        let contradicted = self.contradicted.iter().flat_map(|(cpu, all)| {
            let values = all.iter();
            values.map(|(value, printed)| (*cpu, value.as_str(), printed))
        });
        agreed.chain(contradicted)
    }

    /// CPUs of which several values are printed, by those values.
    pub fn contradictions(&self) -> Vec<Contradiction<'_>> {
        let mut of_values: BTreeMap<Vec<&str>, Contradiction<'_>> = BTreeMap::new();
        for (cpu, values) in &self.contradicted {
            let key = values.iter().map(|(value, _)| value.as_str()).collect();
            let same = of_values.entry(key).or_insert_with(|| Contradiction {
                row: self,
                cpus: BTreeSet::new(),
                values,
            });
            same.cpus.insert(*cpu);
        }
        of_values.into_values().collect()
    }
}

impl CpuTable {
    /// All contradictions, in the order in which their subjects are printed.
    pub fn contradictions(&self) -> Vec<Contradiction<'_>> {
        self.rows.iter().flat_map(Row::contradictions).collect()
    }
}
