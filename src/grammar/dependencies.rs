//! Which CPU features fall with which.

use super::Grammar;
use super::features::FeatureTable;
use serde::Deserialize;

/// A feature that the kernel clears when another one is cleared (arch/x86/kernel/cpu/cpuid-deps.c).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dependency {
    /// X86_FEATURE_ name.
    pub feature: String,
    /// X86_FEATURE_ name of the one that it needs.
    pub needs: String,
    /// The first series with the pair; absent where all that warn of late clears have it.
    pub since: Option<String>,
}

impl Grammar {
    /// The features that `name` itself needs.
    pub fn needs_of<'g>(&'g self, name: &'g str) -> impl Iterator<Item = &'g str> {
        let pairs = self.dependencies.iter();
        let own = pairs.filter(move |pair| pair.feature == name);
        own.map(|pair| pair.needs.as_str())
    }

    /// All features that fall with `name` in the kernels of the table, in the order of the kernel's own.
    pub fn dependents_of<'g>(&'g self, name: &'g str, table: &FeatureTable<'_>) -> Vec<&'g str> {
        let holds = |since: &Option<String>| since.as_ref().is_none_or(|s| table.is_since(s));
        let mut fallen = vec![name];
        loop {
            // Until nothing more falls: a feature may need one that has just fallen. Circles end as
            // well.
            let before = fallen.len();
            for pair in self.dependencies.iter().filter(|pair| holds(&pair.since)) {
                let (feature, needs) = (pair.feature.as_str(), pair.needs.as_str());
                if fallen.contains(&needs) && !fallen.contains(&feature) {
                    fallen.push(feature);
                }
            }
            if fallen.len() == before {
                break;
            }
        }
        fallen.remove(0);
        fallen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_falls_with_a_feature_falls_through_all_of_its_dependents() {
        let grammar = Grammar::builtin();
        let dependents = |name, release| {
            let table = grammar.features().for_release(Some(release));
            grammar.dependents_of(name, &table).join(" ")
        };
        assert_eq!(dependents("SGX", "6.12.1"), "SGX_LC SGX1 SGX2 SGX_EDECCSSA");
        assert_eq!(dependents("VMX", "6.12.1"), "");
        assert_eq!(dependents("XFD", "6.12.1"), "AMX_TILE");
        assert_eq!(
            dependents("XFD", "6.18.1"),
            "AMX_TILE AMX_FP16 AMX_BF16 AMX_INT8"
        );
        assert_eq!(dependents("SPEC_CTRL", "6.12.1"), "");
        assert_eq!(dependents("SPEC_CTRL", "7.2.1"), "SPEC_CTRL_SSBD");
    }

    #[test]
    fn every_name_is_one_of_the_feature_tables() {
        let grammar = Grammar::builtin();
        let newest = grammar.features().for_release(Some("7.3.0"));
        let pairs = grammar.dependencies.iter();
        for name in pairs.flat_map(|pair| [&pair.feature, &pair.needs]) {
            assert!(newest.by_name(name).is_some(), "{name}");
        }
    }
}
