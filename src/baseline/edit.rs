//! Changing a baseline: entries come and go, whatever people wrote stays.

use super::{Baseline, Known};
use crate::group::Group;
use std::collections::HashSet;
use std::fmt;
use toml_edit::{ArrayOfTables, Item, Table, value};

/// The top of a new file.
const HEAD: &str = "\
# Splats that are known, for `ksplat check`. An entry may have a reason, a link, and a date after which it
# counts as new again (expires = 2027-01-31).
";

impl Baseline {
    /// An empty one, to be written to a new file.
    pub fn new() -> Baseline {
        let mut baseline = Baseline::default();
        baseline.document.set_trailing(HEAD);
        baseline
    }

    /// Adds an entry for a group whose signature it lacks; the reason is left to people.
    pub fn add(&mut self, group: &Group) {
        if self.index.contains_key(&group.signature) {
            return;
        }
        let known = Known {
            signature: group.signature.clone(),
            title: group.name(),
            reason: None,
            expires: None,
            link: None,
        };
        let mut table = Table::new();
        table["signature"] = value(&known.signature);
        table["title"] = value(&known.title);
        table["reason"] = value("");
        // What stands behind the last entry comes before the new one.
        let before = self.document.trailing().as_str().unwrap_or_default();
        table.decor_mut().set_prefix(format!("{before}\n"));
        self.document.set_trailing("");
        if let Some(entries) = self.entries() {
            entries.push(table);
            self.index.insert(known.signature.clone(), self.known.len());
            self.known.push(known);
        }
    }

    /// Drops the entries that `keep` does not hold.
    pub fn prune(&mut self, keep: &HashSet<String>) {
        let kept = |known: &Known| keep.contains(&known.signature);
        let dropped: Vec<_> = (0..self.known.len())
            .filter(|index| !kept(&self.known[*index]))
            .collect();
        if let Some(entries) = self.entries() {
            for index in dropped.iter().rev() {
                entries.remove(*index);
            }
        }
        self.known.retain(kept);
        let signatures = self.known.iter().map(|known| known.signature.clone());
        self.index = signatures.zip(0..).collect();
    }

    /// The entries of the file, which are in the order of `known`.
    fn entries(&mut self) -> Option<&mut ArrayOfTables> {
        let known = self.document.entry("known");
        let known = known.or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        known.as_array_of_tables_mut()
    }
}

impl fmt::Display for Baseline {
    /// The file.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splat::SourceSpan;

    fn group(signature: &str) -> Group {
        Group {
            signature: signature.to_owned(),
            title: format!("title of {signature}"),
            kind: "warning".to_owned(),
            count: 1,
            kernels: Vec::new(),
            hardware: Vec::new(),
            machines: None,
            first: SourceSpan::default(),
            last: SourceSpan::default(),
            late_clear: None,
        }
    }

    const OURS: &str = "# ours\n\
        \n\
        [[known]]\n\
        signature = \"a\" # flaky\n\
        reason = \"see below\"\n\
        \n\
        # the board in rack 3\n\
        [[known]]\n\
        signature = \"b\"\n\
        link = \"https://example.org\"\n\
        # the end\n";

    #[test]
    fn a_new_entry_leaves_the_rest_as_it_was() {
        let mut baseline = Baseline::parse("x", OURS).expect("a baseline");
        baseline.add(&group("c"));
        baseline.add(&group("b"));
        let added = "\n[[known]]\nsignature = \"c\"\ntitle = \"title of c\"\nreason = \"\"\n";
        assert_eq!(baseline.to_string(), format!("{OURS}{added}"));
        Baseline::parse("x", &baseline.to_string()).expect("still a baseline");
    }

    #[test]
    fn pruning_drops_an_entry_with_its_own_lines_only() {
        let mut baseline = Baseline::parse("x", OURS).expect("a baseline");
        baseline.prune(&["a".to_owned()].into());
        assert_eq!(
            baseline.to_string(),
            "# ours\n\n[[known]]\nsignature = \"a\" # flaky\nreason = \"see below\"\n# the end\n"
        );
    }

    #[test]
    fn a_new_file_begins_with_what_it_is() {
        let mut baseline = Baseline::new();
        baseline.add(&group("c"));
        let text = baseline.to_string();
        assert!(text.starts_with("# Splats that are known"));
        let again = Baseline::parse("x", &text).expect("a baseline");
        assert_eq!(again.known.len(), 1);
    }
}
