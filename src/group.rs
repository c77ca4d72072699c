//! Groups: the reports of one bug, however many logs it is in.
//!
//! In: reports, one after the other. Out: [`Group`]s, one a signature, the most frequent first. What is
//! kept of a report is bounded, whatever the number of reports.

mod seen;

use crate::grammar::PathName;
use crate::release::version;
use crate::report::{self, Report};
use crate::splat::SourceSpan;
use seen::GroupSpan;
use serde::Serialize;
use std::collections::HashMap;

/// Signatures kept apart; a tree with more of them is not a tree of logs. Reports of further ones are
/// counted as [`Groups::ungrouped`].
const MAX_GROUPS: usize = 1 << 16;

/// Former signatures kept of one group.
const MAX_FORMER: usize = 16;

/// On how many machines a bug was seen. Machines are distinguished by what the firmware calls them
/// (`Hardware name:`, `DMI:`): two of one model look like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Machines {
    /// Every report names the same hardware.
    One,
    /// Two reports name different hardware.
    Many,
}

/// What late clears of one signature have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ClearGroup {
    /// Through which path.
    pub path: PathName,
    /// X86_FEATURE_ name.
    pub feature: Option<String>,
    /// Who asked.
    pub requester: Option<String>,
}

/// The reports of one signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Group {
    /// [`Report::signature`] of each.
    pub signature: String,
    /// [`Report::former_signatures`] of them; the first 16.
    #[serde(skip)]
    pub former_signatures: Vec<String>,
    /// The title that most of them have.
    pub title: String,
    /// The kind that most of them have.
    pub kind: String,
    /// Number of reports.
    pub count: u64,
    /// Releases of the kernels in the order of their versions; the first 256 that were seen.
    pub kernels: Vec<String>,
    /// Names of the hardware, sorted; the first 256 that were seen.
    pub hardware: Vec<String>,
    /// One machine or many; null where some reports do not name theirs and the others agree.
    pub machines: Option<Machines>,
    /// Where the first report is, in the order in which they came.
    pub first: SourceSpan,
    /// Where the last one is.
    pub last: SourceSpan,
    /// Number of the first report among all, counted from 1.
    #[serde(skip)]
    pub first_number: u64,
    /// Number of the last one.
    #[serde(skip)]
    pub last_number: u64,
    /// Only for late clears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_clear: Option<ClearGroup>,
    /// No earlier run has seen it; only where a database knows of some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// Events among its reports, without quotes and cross-posts; only where a database tells them apart.
    #[serde(skip)]
    pub events: Option<u64>,
    /// What that knows of it, this run included.
    #[serde(skip)]
    pub seen: Option<report::Seen>,
}

impl Group {
    /// What its reports are called: the title, or what makes late clears one bug.
    pub fn name(&self) -> String {
        match &self.late_clear {
            Some(clear) => clear.name(),
            None => self.title.clone(),
        }
    }

    /// The path of late clears.
    pub fn path(&self) -> Option<PathName> {
        self.late_clear.as_ref().map(|clear| clear.path)
    }
}

impl ClearGroup {
    fn name(&self) -> String {
        let path = match self.path {
            PathName::Ap => "AP path",
            PathName::Bsp => "BSP path",
            PathName::Other => "neither AP nor BSP path",
            PathName::Unknown => "unknown path",
        };
        let feature = self.feature.as_deref().unwrap_or("an unknown feature");
        let requester = self.requester.as_ref().map(|name| format!(" by {name}"));
        let requester = requester.unwrap_or_default();
        format!("late clear of {feature}{requester}, {path}")
    }
}

/// Reports being grouped.
#[derive(Debug)]
pub struct Groups {
    all: HashMap<String, KeptReport>,
    most: usize,
    ungrouped: u64,
    /// Reports so far.
    count: u64,
}

impl Default for Groups {
    fn default() -> Groups {
        Groups::up_to(MAX_GROUPS)
    }
}

/// What is kept of the reports of one signature.
#[derive(Debug)]
struct KeptReport {
    former: Vec<String>,
    count: u64,
    titles: GroupSpan,
    kinds: GroupSpan,
    kernels: GroupSpan,
    hardware: GroupSpan,
    first: SourceSpan,
    last: SourceSpan,
    first_number: u64,
    last_number: u64,
    late_clear: Option<ClearGroup>,
}

impl Groups {
    /// No more than so many groups.
    pub fn up_to(most: usize) -> Groups {
        Groups {
            all: HashMap::new(),
            most,
            ungrouped: 0,
            count: 0,
        }
    }

    /// Takes in a report.
    pub fn add(&mut self, report: &Report) {
        self.count += 1;
        if let Some(kept) = self.all.get_mut(&report.signature) {
            kept.add(report, self.count);
        } else if self.all.len() < self.most {
            let mut kept = KeptReport::new(report, self.count);
            kept.add(report, self.count);
            self.all.insert(report.signature.clone(), kept);
        } else {
            self.ungrouped += 1;
        }
    }

    /// Reports that no group was kept for.
    pub fn ungrouped(&self) -> u64 {
        self.ungrouped
    }

    /// The groups: the most frequent first, equally frequent ones by signature.
    pub fn into_sorted(self) -> Vec<Group> {
        let mut groups: Vec<_> = self
            .all
            .into_iter()
            .map(|(signature, kept)| kept.into_group(signature))
            .collect();
        // A map has no order; the same reports must give the same output.
        groups.sort_by(|a, b| {
            let frequent = b.count.cmp(&a.count);
            frequent.then_with(|| a.signature.cmp(&b.signature))
        });
        groups
    }
}

impl KeptReport {
    fn new(report: &Report, number: u64) -> KeptReport {
        let clear = report.warned_clear().map(|verdict| ClearGroup {
            path: verdict.path,
            feature: verdict.feature.as_ref().and_then(|f| f.name.clone()),
            requester: verdict.requester.clone(),
        });
        KeptReport {
            former: Vec::new(),
            count: 0,
            titles: GroupSpan::default(),
            kinds: GroupSpan::default(),
            kernels: GroupSpan::default(),
            hardware: GroupSpan::default(),
            first: report.splat.source.clone(),
            last: SourceSpan::default(),
            first_number: number,
            last_number: number,
            late_clear: clear,
        }
    }

    fn add(&mut self, report: &Report, number: u64) {
        self.count += 1;
        self.last_number = number;
        for former in &report.former_signatures {
            if self.former.len() < MAX_FORMER && !self.former.contains(former) {
                self.former.push(former.clone());
            }
        }
        self.titles.add(Some(&report.title));
        self.kinds.add(Some(&report.splat.kind));
        self.kernels.add(report.platform.release.as_deref());
        self.hardware.add(report.platform.hardware.as_deref());
        self.last.clone_from(&report.splat.source);
    }

    fn into_group(self, signature: String) -> Group {
        let machines = match self.hardware.distinct() {
            0 => None,
            // The reports without a name may be of other machines.
            1 if self.hardware.unknown() > 0 => None,
            1 => Some(Machines::One),
            _ => Some(Machines::Many),
        };
        let mut kernels = self.kernels.into_sorted();
        // By version: as text 6.12 would come before 6.9.
        kernels.sort_by_cached_key(|release| version(release));
        Group {
            signature,
            former_signatures: self.former,
            title: self.titles.most_frequent(),
            kind: self.kinds.most_frequent(),
            count: self.count,
            kernels,
            hardware: self.hardware.into_sorted(),
            machines,
            first: self.first,
            last: self.last,
            first_number: self.first_number,
            last_number: self.last_number,
            late_clear: self.late_clear,
            new: None,
            events: None,
            seen: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::Analyzer;
    use crate::grammar::Grammar;
    use crate::report::Incidents;

    /// A log with one warning of `function` on a machine.
    fn log(function: &str, release: &str, hardware: Option<&str>) -> String {
        let hardware = hardware.map(|name| format!("[    1.0] Hardware name: {name}\n"));
        format!(
            "[    1.0] WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 {function}+0x10/0x20\n\
             [    1.0] CPU: 1 PID: 7 Comm: x Not tainted {release} #1\n\
             {}[    1.0] RIP: 0010:{function}+0x10/0x20\n\
             [    1.0] Call Trace:\n\
             [    1.0]  caller+0x1/0x2\n\
             [    1.0] ---[ end trace 0000000000000000 ]---\n",
            hardware.unwrap_or_default()
        )
    }

    fn groups(logs: &[(&str, String)]) -> Vec<Group> {
        let analyzer = Analyzer::new(Grammar::builtin(), None).expect("built");
        let mut groups = Groups::default();
        for (path, log) in logs {
            let mut incidents = Incidents::default();
            let mut take = |report| groups.add(&report);
            analyzer.read_all(*path, log.as_bytes(), &mut incidents, &mut take);
        }
        groups.into_sorted()
    }

    #[test]
    fn the_reports_of_one_bug_on_two_kernels_of_one_machine() {
        let groups = groups(&[
            ("a", log("foo", "6.2.0", Some("Box"))),
            ("b", log("bar", "6.1.0", None)),
            ("c", log("foo.isra.0", "6.1.0", Some("Box"))),
        ]);
        assert_eq!(groups.len(), 2);
        let (foo, bar) = (&groups[0], &groups[1]);
        assert_eq!((foo.count, bar.count), (2, 1));
        assert_eq!(foo.title, "WARNING in foo");
        assert_eq!(foo.kernels, ["6.1.0", "6.2.0"]);
        assert_eq!(foo.hardware, ["Box"]);
        assert_eq!(foo.machines, Some(Machines::One));
        assert_eq!(
            (foo.first.path.as_str(), foo.last.path.as_str()),
            ("a", "c")
        );
        assert_eq!(bar.machines, None);
        assert_eq!(bar.late_clear, None);
    }

    #[test]
    fn what_is_not_kept_apart_is_counted() {
        let analyzer = Analyzer::new(Grammar::builtin(), None).expect("built");
        let mut groups = Groups::up_to(2);
        for function in ["a", "b", "c", "a"] {
            let log = log(function, "6.1.0", None);
            let mut take = |report| groups.add(&report);
            analyzer.read_all("x", log.as_bytes(), &mut Incidents::default(), &mut take);
        }
        assert_eq!(groups.ungrouped(), 1);
        assert_eq!(groups.into_sorted().len(), 2);
    }

    #[test]
    fn machines_that_do_not_tell_their_name_may_be_the_same_or_not() {
        let one_known = [("a", Some("Box")), ("b", None)];
        let two_known = [("a", Some("Box")), ("b", Some("Pizza Box")), ("c", None)];
        let of = |seen: &[(&'static str, Option<&str>)]| {
            let logs: Vec<_> = seen
                .iter()
                .map(|(path, name)| (*path, log("foo", "6.1.0", *name)))
                .collect();
            groups(&logs)[0].machines
        };
        assert_eq!(of(&one_known), None);
        assert_eq!(of(&two_known), Some(Machines::Many));
    }
}
