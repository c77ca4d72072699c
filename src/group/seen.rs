//! Values that were seen, and how often.

use std::collections::BTreeMap;

/// Distinct values kept.
const MAX_VALUES: usize = 256;

/// Values of one fact over the reports of a group.
#[derive(Debug, Default)]
pub struct Seen {
    values: BTreeMap<String, u64>,
    unknown: u64,
}

impl Seen {
    /// Takes in the value of one report; `None` where it is not known.
    pub fn add(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.unknown += 1;
            return;
        };
        if let Some(count) = self.values.get_mut(value) {
            *count += 1;
        } else if self.values.len() < MAX_VALUES {
            self.values.insert(value.to_owned(), 1);
        }
    }

    /// Distinct values.
    pub fn distinct(&self) -> usize {
        self.values.len()
    }

    /// Reports whose value is not known.
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// The value that most reports have; of equally frequent ones the first by name.
    pub fn most_frequent(&self) -> String {
        let frequent = self.values.iter().rev().max_by_key(|(_, count)| **count);
        frequent.map(|(value, _)| value.clone()).unwrap_or_default()
    }

    /// All values, sorted.
    pub fn into_sorted(self) -> Vec<String> {
        self.values.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Seen;

    #[test]
    fn of_equally_frequent_values_the_first_by_name() {
        let mut seen = Seen::default();
        for value in [Some("c"), Some("b"), None, Some("b"), Some("a"), Some("a")] {
            seen.add(value);
        }
        assert_eq!(seen.most_frequent(), "a");
        assert_eq!((seen.distinct(), seen.unknown()), (3, 1));
        assert_eq!(seen.into_sorted(), ["a", "b", "c"]);
    }
}
