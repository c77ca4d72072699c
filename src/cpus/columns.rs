//! Tables with a line for each CPU, as `lscpu -e` prints them, and lists of CPUs.

use super::MAX_CPUS;
use crate::grammar::{CpuColumns, Grammar};

/// The column that names the CPU.
const CPU: &str = "CPU";

/// A table that is being read.
pub struct Columns<'g> {
    pub rule: &'g CpuColumns,
    names: Vec<String>,
    cpu: usize,
}

impl<'g> Columns<'g> {
    /// Reads the line with the names of the columns.
    pub fn begun_by(grammar: &'g Grammar, line: &str) -> Option<Columns<'g>> {
        let mut rules = grammar.cpu_columns.iter();
        let rule = rules.find(|rule| line.contains(&rule.literal) && rule.begins.is_match(line))?;
        let names: Vec<String> = line.split_ascii_whitespace().map(str::to_owned).collect();
        let cpu = names.iter().position(|name| name == CPU)?;
        Some(Columns { rule, names, cpu })
    }

    /// Takes a line: the CPU, and each column that is compared with its value; `None` where the table is over.
    pub fn values(&self, line: &str) -> Option<Vec<(u32, String, String)>> {
        let cells: Vec<&str> = line.split_ascii_whitespace().collect();
        if cells.len() != self.names.len() {
            return None;
        }
        let cpu: u32 = cells[self.cpu].parse().ok()?;
        let unknown = |value: &str| {
            let pattern = self.rule.unknown.as_ref();
            pattern.is_some_and(|pattern| pattern.is_match(value))
        };
        let named = self.names.iter().zip(&cells);
        let compared =
            named.filter(|(name, value)| self.rule.columns.contains(name) && !unknown(value));
        let values = compared.map(|(name, value)| (cpu, name.clone(), (*value).to_owned()));
        Some(values.collect())
    }
}

/// The CPUs of a list as the kernel and util-linux write it: `0-3,8`.
pub fn listed(text: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if last >= MAX_CPUS || all.len() >= MAX_CPUS as usize {
            return None;
        }
        all.extend(first..=last);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(listed("0-2,8"), Some(vec![0, 1, 2, 8]));
        assert_eq!(listed("7"), Some(vec![7]));
        for wrong in ["", "a", "1-", "0-99999", "3-1,x"] {
            assert_eq!(listed(wrong), None, "{wrong}");
        }
    }
}
