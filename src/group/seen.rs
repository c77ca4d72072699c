//! Values that were seen, and how often.

/// Distinct values kept.
const MAX_VALUES: usize = 256;

/// Values of one fact over the reports of a group. Nearly every group has one: a map would take ten times the memory.
#[derive(Debug, Default)]
pub struct GroupSpan {
    /// Sorted, each with its number.
    values: Vec<(Box<str>, u64)>,
    unknown: u64,
}

impl GroupSpan {
    /// Takes in the value of one report; `None` where it is not known.
    pub fn add(&mut self, value: Option<&str>) {
        let Some(value) = value else {
            self.unknown += 1;
            return;
        };
        match self
            .values
            .binary_search_by(|(known, _)| known.as_ref().cmp(value))
        {
            Ok(at) => self.values[at].1 += 1,
            Err(at) if self.values.len() < MAX_VALUES => {
                // A vector starts with room for four, of which most groups use one.
                if self.values.is_empty() {
                    self.values.reserve_exact(1);
                }
                self.values.insert(at, (value.into(), 1));
            }
            Err(_) => {}
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
        // Reversed, because the last of equal ones is taken.
        let frequent = self.values.iter().rev().max_by_key(|(_, count)| *count);
        frequent
            .map(|(value, _)| value.to_string())
            .unwrap_or_default()
    }

    /// All values, sorted.
    pub fn into_sorted(self) -> Vec<String> {
        self.values
            .into_iter()
            .map(|(value, _)| value.into())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::GroupSpan;

    #[test]
    fn of_equally_frequent_values_the_first_by_name() {
        let mut seen = GroupSpan::default();
        for value in [Some("c"), Some("b"), None, Some("b"), Some("a"), Some("a")] {
            seen.add(value);
        }
        assert_eq!(seen.most_frequent(), "a");
        assert_eq!((seen.distinct(), seen.unknown()), (3, 1));
        assert_eq!(seen.into_sorted(), ["a", "b", "c"]);
    }
}
