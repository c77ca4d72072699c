//! Changing a baseline: entries come and go, whatever people wrote stays.

use super::{Baseline, BaselineBug, index};
use crate::group::Group;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use toml_edit::{ArrayOfTables, Item, Table, Value, value};

/// The top of a new file.
const HEAD: &str = "\
# Splats that are known, for `ksplat check`. An entry may have a reason, a link, and a date after which it
# counts as new again (expires = 2027-01-31).
";

impl Baseline {
    /// An empty one, to be written to a new file.
    pub(crate) fn new() -> Baseline {
        let mut baseline = Baseline::default();
        baseline.document.set_trailing(HEAD);
        baseline
    }

    /// Adds an entry for each group that it lacks; the reason is left to people. Each goes in front of the first
    /// entry whose signature is greater, so that a sorted file stays sorted, and what two people add merges.
    pub(crate) fn add<'g>(&mut self, groups: impl IntoIterator<Item = &'g Group>) {
        let lacks = |group: &&Group| self.entry(*group).is_none();
        let mut new: Vec<_> = groups.into_iter().filter(lacks).collect();
        // Sorted, so that two runs write the same file.
        new.sort_by(|a, b| a.signature.cmp(&b.signature));
        new.dedup_by(|a, b| a.signature == b.signature);
        if new.is_empty() {
            return;
        }
        let mut old = self.take_entries().into_iter().peekable();
        let mut all = Vec::new();
        for group in new {
            while let Some(entry) = old.next_if(|old| old.0.name() <= group.signature.as_str()) {
                all.push(entry);
            }
            let mut entry = new_entry(group);
            // The head of the file belongs to its top, whichever entry comes first.
            let prefix = match old.peek_mut() {
                Some((_, next)) if all.is_empty() => head_of(next),
                Some(_) => "\n".to_owned(),
                // What is after the last entry comes before the new one.
                None => {
                    let before = self.document.trailing().as_str().unwrap_or_default();
                    let prefix = format!("{before}\n");
                    self.document.set_trailing("");
                    prefix
                }
            };
            entry.1.decor_mut().set_prefix(prefix);
            all.push(entry);
        }
        all.extend(old);
        self.put_entries(all);
    }

    /// Writes the signatures of these groups into the entries that know them by a former one, whose place they take.
    pub(crate) fn rename<'g>(&mut self, groups: impl IntoIterator<Item = &'g Group>) {
        let mut renamed: BTreeMap<usize, (Vec<String>, HashSet<String>)> = BTreeMap::new();
        for group in groups {
            let former = group.former_signatures.iter();
            let by_former = former
                .filter_map(|former| self.index.get(former))
                .next()
                .copied();
            // An entry with the new signature makes the old one a bug of its own.
            let by_former = by_former.filter(|_| !self.index.contains_key(&group.signature));
            if let Some(entry) = by_former {
                let (new, old) = renamed.entry(entry).or_default();
                new.push(group.signature.clone());
                old.extend(group.former_signatures.iter().cloned());
            }
        }
        if renamed.is_empty() {
            return;
        }
        let mut all = self.take_entries();
        for (index, (mut new, old)) in renamed {
            let (known, table) = &mut all[index];
            new.sort();
            new.dedup();
            known
                .signatures
                .retain(|signature| !old.contains(signature));
            known.signatures.extend(new);
            set_signatures(table, &known.signatures);
        }
        self.put_entries(all);
    }

    /// Drops the entries with these names.
    pub(crate) fn prune(&mut self, unseen: &HashSet<String>) {
        let mut left = Vec::new();
        // What people wrote above an entry and its own comment is of the file.
        let mut head = String::new();
        for (known, mut table) in self.take_entries() {
            // By name: an entry with several signatures stays while any of them is seen.
            if unseen.contains(known.name()) {
                let above = head_of(&mut table);
                // Blank lines alone are those between two entries.
                head += if above.trim().is_empty() { "" } else { &above };
                continue;
            }
            if !head.is_empty() {
                let own = table.decor().prefix().and_then(|prefix| prefix.as_str());
                let own = own.unwrap_or_default().trim_start_matches('\n');
                let prefix = std::mem::take(&mut head) + own;
                table.decor_mut().set_prefix(prefix);
            }
            left.push((known, table));
        }
        if !head.is_empty() {
            let end = self.document.trailing().as_str().unwrap_or_default();
            let end = head + end;
            self.document.set_trailing(end);
        }
        self.put_entries(left);
    }

    fn take_entries(&mut self) -> Vec<(BaselineBug, Table)> {
        let tables: Vec<_> = self
            .entries()
            .map_or(Vec::new(), |entries| entries.iter().cloned().collect());
        std::mem::take(&mut self.known)
            .into_iter()
            .zip(tables)
            .collect()
    }

    fn put_entries(&mut self, all: Vec<(BaselineBug, Table)>) {
        let (known, tables): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        self.index = index(&known);
        self.known = known;
        if let Some(entries) = self.entries() {
            entries.clear();
            tables.into_iter().for_each(|table| entries.push(table));
        }
    }

    /// The entries of the file, which are in the order of `known`.
    fn entries(&mut self) -> Option<&mut ArrayOfTables> {
        let known = self.document.entry("known");
        let known = known.or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        known.as_array_of_tables_mut()
    }
}

fn new_entry(group: &Group) -> (BaselineBug, Table) {
    let known = BaselineBug {
        signatures: vec![group.signature.clone()],
        title: group.name(),
        pattern: None,
        reason: None,
        expires: None,
        link: None,
    };
    let mut table = Table::new();
    table["signature"] = value(known.name());
    table["title"] = value(&known.title);
    table["reason"] = value("");
    (known, table)
}

/// Takes what is at the top of the file away from its first entry, whose own comment ends at a blank line
/// above it.
fn head_of(first: &mut Table) -> String {
    let prefix = first.decor().prefix().and_then(|prefix| prefix.as_str());
    let prefix = prefix.unwrap_or_default().to_owned();
    let own = prefix.rfind("\n\n").map_or(0, |at| at + 2);
    let (head, own) = prefix.split_at(own);
    first.decor_mut().set_prefix(format!("\n{own}"));
    head.to_owned()
}

/// One as a text, several as a list; the comment after them stays.
fn set_signatures(table: &mut Table, signatures: &[String]) {
    let mut new = match signatures {
        [one] => Value::from(one),
        several => Value::from_iter(several),
    };
    if let Some(old) = table.get("signature").and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    table["signature"] = Item::Value(new);
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
            first_number: 1,
            last_number: 1,
            signature: signature.to_owned(),
            former_signatures: Vec::new(),
            title: format!("title of {signature}"),
            kind: "warning".to_owned(),
            count: 1,
            kernels: Vec::new(),
            hardware: Vec::new(),
            machines: None,
            first: SourceSpan::default(),
            last: SourceSpan::default(),
            late_clear: None,
            new: None,
            events: None,
            seen: None,
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
        baseline.add([&group("c"), &group("b"), &group("c")]);
        let added = "\n[[known]]\nsignature = \"c\"\ntitle = \"title of c\"\nreason = \"\"\n";
        assert_eq!(baseline.to_string(), format!("{OURS}{added}"));
        Baseline::parse("x", &baseline.to_string()).expect("still a baseline");
    }

    #[test]
    fn entries_of_two_people_stand_in_one_order() {
        let mut one = Baseline::new();
        one.add([&group("m"), &group("x")]);
        let mut other = Baseline::parse("x", &one.to_string()).expect("a baseline");
        one.add([&group("b")]);
        one.add([&group("p")]);
        other.add([&group("p"), &group("b")]);
        assert_eq!(one.to_string(), other.to_string());
        let text = one.to_string();
        assert!(text.starts_with("# Splats that are known"), "{text}");
        let names: Vec<_> = one.known.iter().map(BaselineBug::name).collect();
        assert_eq!(names, ["b", "m", "p", "x"]);
        let again = Baseline::parse("x", &text).expect("a baseline");
        assert_eq!(again.known, one.known);
    }

    #[test]
    fn a_comment_stays_with_its_entry() {
        let ours = "# the file\n\n# of b\n[[known]]\nsignature = \"b\"\n";
        let mut baseline = Baseline::parse("x", ours).expect("a baseline");
        baseline.add([&group("a")]);
        assert_eq!(
            baseline.to_string(),
            "# the file\n\n[[known]]\nsignature = \"a\"\ntitle = \"title of a\"\nreason = \"\"\n\n# of b\n\
             [[known]]\nsignature = \"b\"\n"
        );
    }

    #[test]
    fn what_is_said_of_the_file_outlives_its_first_entry() {
        let ours = "# the file\n# ask Ann\n\n# of a\n[[known]]\nsignature = \"a\"\n\n# of b\n[[known]]\nsignature = \"b\"\n";
        let prune = |names: &[&str]| {
            let mut baseline = Baseline::parse("x", ours).expect("a baseline");
            baseline.prune(&names.iter().map(|name| (*name).to_owned()).collect());
            baseline.to_string()
        };
        let head = "# the file\n# ask Ann\n\n";
        assert_eq!(
            prune(&["a"]),
            format!("{head}# of b\n[[known]]\nsignature = \"b\"\n")
        );
        assert_eq!(
            prune(&["b"]),
            format!("{head}# of a\n[[known]]\nsignature = \"a\"\n")
        );
        assert_eq!(prune(&["a", "b"]).trim_end(), head.trim_end());
    }

    #[test]
    fn a_new_signature_takes_the_place_of_the_former_one() {
        let mut baseline = Baseline::parse("x", OURS).expect("a baseline");
        let renamed = |name: &str| Group {
            former_signatures: vec!["a".to_owned()],
            ..group(name)
        };
        baseline.rename([&renamed("z")]);
        assert_eq!(
            baseline.to_string(),
            OURS.replace("signature = \"a\" # flaky", "signature = \"z\" # flaky")
        );
        let mut baseline = Baseline::parse("x", OURS).expect("a baseline");
        baseline.rename([&renamed("z"), &renamed("y")]);
        assert_eq!(
            baseline.to_string(),
            OURS.replace("\"a\" # flaky", "[\"y\", \"z\"] # flaky")
        );
        baseline.rename([&renamed("z")]);
        baseline.add([&renamed("z")]);
        assert_eq!(baseline.known.len(), 2);
    }

    #[test]
    fn pruning_drops_an_entry_with_its_own_lines_only() {
        let mut baseline = Baseline::parse("x", OURS).expect("a baseline");
        baseline.prune(&["b".to_owned()].into());
        assert_eq!(
            baseline.to_string(),
            "# ours\n\n[[known]]\nsignature = \"a\" # flaky\nreason = \"see below\"\n# the end\n"
        );
    }

    #[test]
    fn a_new_file_begins_with_what_it_is() {
        let mut baseline = Baseline::new();
        baseline.add([&group("c")]);
        let text = baseline.to_string();
        assert!(text.starts_with("# Splats that are known"));
        let again = Baseline::parse("x", &text).expect("a baseline");
        assert_eq!(again.known.len(), 1);
    }
}
