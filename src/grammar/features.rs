//! Names of CPU features by kernel version.
//!
//! In: the tables of `grammars/cpu-features/` and a kernel's release. Out: for a feature number
//! (word * 32 + bit) its X86_FEATURE_ or X86_BUG_ name and its /proc/cpuinfo flag, and back.
//! Linux-defined bits move between versions, and bug bits start where the feature words end, so
//! a release that leaves several kernels open gets only the answers they agree on.

mod parse;
pub(crate) mod release;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use super::builtin::{Builtin, builtin};
use release::{Release, Version};

/// A feature or bug bit of a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Word * 32 + bit, as `do_clear_cpu_cap()` takes it.
    pub number: u32,
    /// `VMX` for X86_FEATURE_VMX, `BUG_SRSO` for X86_BUG_SRSO.
    pub name: String,
    /// The name in /proc/cpuinfo (`flags`; `bugs` for a bug); `None` where the kernel hides it.
    pub flag: Option<String>,
}

impl Feature {
    /// Index into `x86_capability[]`.
    pub fn word(&self) -> u32 {
        self.number / 32
    }

    /// Bit in that word.
    pub fn bit(&self) -> u32 {
        self.number % 32
    }

    /// The macro in arch/x86/include/asm/cpufeatures.h: `X86_FEATURE_VMX`, `X86_BUG_SRSO`.
    pub fn symbol(&self) -> String {
        let kind = if self.name.starts_with("BUG_") {
            "X86_"
        } else {
            "X86_FEATURE_"
        };
        format!("{kind}{}", self.name)
    }
}

/// How well the tables cover a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// The release names one kernel version, and the tables cover it.
    Exact,
    /// The release fits several covered versions (Debian's `6.1.0-47-amd64`, linux-next, commits
    /// on top of a release): answers hold in all of them.
    Several,
    /// Newer than the newest covered version, whose answers are given.
    Newer,
    /// Older than the oldest covered version: answers are those of [`Coverage::Unknown`].
    Older,
    /// No release, or one without a version: answers hold in all covered versions.
    Unknown,
}

/// Something is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct FeatureError {
    /// File, as named by the caller.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub reason: String,
}

/// The tables: every covered version.
#[derive(Debug)]
pub struct FeatureDb {
    /// Sorted by number, then version; no two overlap.
    features: Vec<Row>,
    /// Likewise; the number is counted from the first bug word.
    bugs: Vec<Row>,
    /// Sorted by version; never empty.
    kernels: Vec<Size>,
}

/// A meaning of a bit, from one version to another (both included).
#[derive(Debug)]
struct Row {
    number: u32,
    name: String,
    flag: Option<String>,
    since: Version,
    until: Version,
}

/// Length of `x86_capability[]` in words, from a version up to the next row.
#[derive(Debug, Clone, Copy)]
struct Size {
    since: Version,
    ncapints: u32,
    nbugints: u32,
}

const BUILTIN: [Builtin; 4] = [
    builtin!("cpu-features/kernels"),
    builtin!("cpu-features/cpuid"),
    builtin!("cpu-features/linux"),
    builtin!("cpu-features/bugs"),
];

/// Words of x86_capability[] that are not of CPUID: CPUID_LNX_1 to CPUID_LNX_5 (arch/x86/include/asm/cpufeature.h).
const LINUX_WORDS: [u32; 5] = [3, 7, 8, 11, 21];

/// Where the tables are in a folder of grammars.
pub(super) const FOLDER: &str = "cpu-features";

impl FeatureDb {
    /// The tables that ksplat ships, parsed at first use.
    pub fn builtin() -> &'static FeatureDb {
        static DB: OnceLock<FeatureDb> = OnceLock::new();
        DB.get_or_init(|| {
            FeatureDb::builtin_with(&[]).expect("the tests parse the built-in tables")
        })
    }

    /// Those tables with `(path, TOML text)` pairs laid over them: a file with the name of a table
    /// takes its place, any other adds to them.
    ///
    /// # Errors
    /// As [`FeatureDb::parse`].
    pub(super) fn builtin_with(files: &[(String, String)]) -> Result<FeatureDb, FeatureError> {
        let replaced = |table: &Builtin| {
            let name = table.name.rsplit('/').next();
            let names = files.iter().map(|(path, _)| path.rsplit('/').next());
            names.into_iter().any(|other| other == name)
        };
        let kept = BUILTIN.iter().filter(|table| !replaced(table));
        let files = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()));
        parse::tables(kept, files)
    }

    /// Reads tables from `(file name, TOML text)` pairs; rows of all files together form one
    /// database.
    ///
    /// # Errors
    /// A [`FeatureError`] for malformed TOML, unknown fields, bad numbers and versions, two rows
    /// that give a number two meanings in one release, or no `kernel` row at all.
    pub fn parse(files: &[(&str, &str)]) -> Result<FeatureDb, FeatureError> {
        parse::tables([], files.iter().copied())
    }

    /// The table for a release as `uname -r` prints it. An `-rcN` of a series counts as the
    /// series; linux-next, and commits on top of a release, as that series and the next.
    pub fn for_release(&self, release: Option<&str>) -> FeatureTable<'_> {
        let (oldest, newest) = self.bounds();
        let all = (oldest, newest.series_end());
        let (coverage, (low, high)) = match release.and_then(Release::parse) {
            None => (Coverage::Unknown, all),
            Some(known) if known.version() < oldest => (Coverage::Older, all),
            Some(known) if known.version() > newest.series_end() => {
                (Coverage::Newer, (newest, newest))
            }
            Some(Release::Exact(version)) => (Coverage::Exact, (version, version)),
            Some(Release::Series(version)) => (Coverage::Several, (version, version.series_end())),
            Some(Release::Onward(version)) => match self.series_after(version) {
                Some(next) => (Coverage::Several, (version, next)),
                None => (Coverage::Newer, (newest, newest)),
            },
        };
        FeatureTable {
            db: self,
            low,
            high,
            coverage,
        }
    }

    /// The first and the last version that has a row; the last one is for its whole series.
    fn bounds(&self) -> (Version, Version) {
        let first = self.kernels.first().map_or(Version::MIN, |k| k.since);
        let last = self.kernels.last().map_or(Version::MIN, |k| k.since);
        (first, last)
    }

    fn series_after(&self, version: Version) -> Option<Version> {
        let end = version.series_end();
        self.kernels.iter().map(|k| k.since).find(|&s| s > end)
    }
}

/// The feature numbers of one kernel, or of all those that a release may be of.
#[derive(Debug, Clone, Copy)]
pub struct FeatureTable<'db> {
    db: &'db FeatureDb,
    low: Version,
    high: Version,
    coverage: Coverage,
}

impl FeatureTable<'_> {
    /// What the kernel calls a number; `None` where it has no such bit or the tables do not say.
    pub fn feature(&self, number: u32) -> Option<Feature> {
        if number / 32 < self.shortest() {
            return self.lookup(&self.db.features, 0, |row| row.number == number);
        }
        let size = self.size()?;
        let base = size.ncapints * 32;
        let bit = number.checked_sub(base)?;
        if bit >= size.nbugints * 32 {
            return None;
        }
        self.lookup(&self.db.bugs, base, |row| row.number == bit)
    }

    /// The bit with a [`Feature::name`] (`VMX`, `BUG_SRSO`).
    pub fn by_name(&self, name: &str) -> Option<Feature> {
        let bug = || {
            let base = self.size()?.ncapints * 32;
            self.lookup(&self.db.bugs, base, |row| row.name == name)
        };
        self.lookup(&self.db.features, 0, |row| row.name == name)
            .filter(|feature| feature.word() < self.shortest())
            .or_else(bug)
    }

    /// The feature of a word of the `flags` line in /proc/cpuinfo. Bugs have a line of their
    /// own, and `monitor` is on both.
    pub fn by_flag(&self, flag: &str) -> Option<Feature> {
        self.lookup(&self.db.features, 0, |row| {
            row.flag.as_deref() == Some(flag)
        })
        .filter(|feature| feature.word() < self.shortest())
    }

    /// A feature as the kernel prints it, by its name where that is known: a flag stays, `18*32+31` is
    /// SPEC_CTRL_SSBD. The kernel pads the bit with a blank (`x86_cap_name()`).
    pub fn named(&self, printed: &str) -> String {
        let feature = FeatureTable::number(printed).and_then(|number| self.feature(number));
        feature.map_or_else(|| printed.replace(' ', ""), |feature| feature.name)
    }

    /// The number of a feature as the kernel writes it: `4*32+ 5` is 133.
    pub fn number(printed: &str) -> Option<u32> {
        let (word, bit) = printed.split_once("*32+")?;
        let (word, bit): (u32, u32) = (word.trim().parse().ok()?, bit.trim().parse().ok()?);
        word.checked_mul(32)?.checked_add(bit)
    }

    /// The names of all features and bugs of the kernel.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let rows = self.db.features.iter().chain(&self.db.bugs);
        let held = rows.filter(|row| row.since <= self.low && self.high <= row.until);
        held.map(|row| row.name.as_str())
    }

    /// MAX_FEATURE_BITS of the kernel: no number reaches it. `None` where the release leaves it
    /// open.
    pub fn max_feature_bits(&self) -> Option<u32> {
        let size = self.size()?;
        Some((size.ncapints + size.nbugints) * 32)
    }

    /// Whether a number surely is an X86_BUG_ bit.
    pub fn is_bug(&self, number: u32) -> bool {
        self.size().is_some_and(|size| {
            (size.ncapints..size.ncapints + size.nbugints).contains(&(number / 32))
        })
    }

    /// Whether Linux itself chose the number, and another vendor's kernel may have chosen another: that of a bug, or of a
    /// bit in one of Linux's own words. Bits of other words are those of CPUID.
    pub fn is_numbered_by_linux(&self, number: u32) -> bool {
        let word = number / 32;
        LINUX_WORDS.contains(&word) || word >= self.shortest()
    }

    /// Whether the kernel is surely of the series `X.Y`, or of a later one.
    pub fn is_since(&self, series: &str) -> bool {
        Version::split_from(series).is_some_and(|(version, _, _)| self.low >= version)
    }

    /// Whether the kernel surely is a release before the series `X.Y`.
    pub fn is_before(&self, series: &str) -> bool {
        let split = Version::split_from(series);
        self.coverage == Coverage::Exact && split.is_some_and(|(version, _, _)| self.high < version)
    }

    /// Whether the kernel surely is of the series `X.Y`.
    pub fn is_of(&self, series: &str) -> bool {
        let split = Version::split_from(series);
        let covered = matches!(self.coverage, Coverage::Exact | Coverage::Several);
        covered
            && split.is_some_and(|(version, _, _)| {
                self.low >= version && self.high <= version.series_end()
            })
    }

    /// How well the tables cover the release.
    pub fn covered(&self) -> Coverage {
        self.coverage
    }

    fn lookup(&self, rows: &[Row], base: u32, wanted: impl Fn(&Row) -> bool) -> Option<Feature> {
        let holds = |row: &&Row| row.since <= self.low && self.high <= row.until && wanted(row);
        rows.iter().find(holds).map(|row| Feature {
            number: base + row.number,
            name: row.name.clone(),
            flag: row.flag.clone(),
        })
    }

    /// Sizes in force somewhere between `low` and `high`.
    fn sizes(&self) -> impl Iterator<Item = &Size> {
        let kernels = &self.db.kernels;
        let at_low = kernels.partition_point(|k| k.since <= self.low);
        let sizes = kernels.iter().skip(at_low.saturating_sub(1));
        sizes.take_while(|k| k.since <= self.high)
    }

    /// The size, where all kernels in question have the same.
    fn size(&self) -> Option<Size> {
        let mut sizes = self.sizes();
        let first = *sizes.next()?;
        sizes
            .all(|s| (s.ncapints, s.nbugints) == (first.ncapints, first.nbugints))
            .then_some(first)
    }

    /// Words that are feature words in every kernel in question.
    fn shortest(&self) -> u32 {
        self.sizes().map(|s| s.ncapints).min().unwrap_or(0)
    }
}
