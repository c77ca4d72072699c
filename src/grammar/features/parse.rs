//! The TOML form of the feature tables.
//!
//! In: the text of the files in `grammars/cpu-features/` (their header comments describe the
//! rows). Out: a checked [`FeatureDb`], or the first line that is wrong.

use serde::Deserialize;
use toml::Spanned;

use super::super::builtin::Builtin;
use super::release::Version;
use super::{FeatureDb, FeatureError, Row, Size};

/// Numbers above this are no feature bits of any kernel; keeps arithmetic on them small.
const MAX_WORDS: u32 = 1024;

/// A file; its numbers are of the type `N`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(deserialize = "N: Deserialize<'de>"))]
struct FeatureFile<N> {
    #[serde(default = "Vec::new")]
    feature: Vec<FeatureRow<N>>,
    #[serde(default = "Vec::new")]
    bug: Vec<BugRow<N>>,
    #[serde(default = "Vec::new")]
    kernel: Vec<KernelRow<N>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureRow<N> {
    number: N,
    name: String,
    flag: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BugRow<N> {
    bit: N,
    name: String,
    flag: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelRow<N> {
    since: N,
    ncapints: u32,
    nbugints: u32,
}

impl<N> From<BugRow<N>> for FeatureRow<N> {
    fn from(bug: BugRow<N>) -> Self {
        FeatureRow {
            number: bug.bit,
            name: format!("BUG_{}", bug.name),
            flag: bug.flag,
            since: bug.since,
            until: bug.until,
        }
    }
}

/// A text that may know its place in the file.
trait TablePlace {
    fn text(&self) -> &str;
    fn offset(&self) -> usize;
}

impl TablePlace for Spanned<String> {
    fn text(&self) -> &str {
        self.get_ref()
    }

    fn offset(&self) -> usize {
        self.span().start
    }
}

/// In a compiled-in file, which has no errors whose place matters.
impl TablePlace for String {
    fn text(&self) -> &str {
        self
    }

    fn offset(&self) -> usize {
        0
    }
}

/// A file and its text, to say where something is wrong.
#[derive(Clone, Copy)]
struct FeatureSource<'a> {
    file: &'a str,
    text: &'a str,
}

impl FeatureSource<'_> {
    fn error(self, offset: usize, reason: impl Into<String>) -> FeatureError {
        let before = self.text.bytes().take(offset);
        FeatureError {
            file: self.file.to_owned(),
            line: before.filter(|&b| b == b'\n').count() + 1,
            reason: reason.into(),
        }
    }
}

/// A checked row and the place it came from.
struct Placed<'a> {
    row: Row,
    source: FeatureSource<'a>,
    offset: usize,
}

/// The rows of all files, as far as they were read.
#[derive(Default)]
struct Rows<'a> {
    features: Vec<Placed<'a>>,
    bugs: Vec<Placed<'a>>,
    kernels: Vec<Size>,
}

/// Reads compiled-in tables and files of TOML, each with its name, into one database.
pub(super) fn tables<'a>(
    builtin: impl IntoIterator<Item = &'a Builtin>,
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<FeatureDb, FeatureError> {
    let mut rows = Rows::default();
    for table in builtin {
        // The text of a compiled-in file is not at hand; a test has read it.
        let source = FeatureSource {
            file: table.name,
            text: "",
        };
        rows.add(source, table.read::<FeatureFile<String>>())?;
    }
    let mut last = FeatureSource { file: "", text: "" };
    for (file, text) in files {
        last = FeatureSource { file, text };
        let read: FeatureFile<Spanned<String>> = toml::from_str(text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            last.error(offset, e.message())
        })?;
        rows.add(last, read)?;
    }
    // Without them no release would have a size, and each number be out of range.
    if rows.kernels.is_empty() {
        let reason = "no kernel rows in any file: add at least one (since, ncapints, nbugints)";
        return Err(last.error(0, reason));
    }
    rows.kernels.sort_by_key(|size| size.since);
    Ok(FeatureDb {
        features: sorted(rows.features)?,
        bugs: sorted(rows.bugs)?,
        kernels: rows.kernels,
    })
}

impl<'a> Rows<'a> {
    fn add<N: TablePlace>(
        &mut self,
        source: FeatureSource<'a>,
        file: FeatureFile<N>,
    ) -> Result<(), FeatureError> {
        for row in file.feature {
            self.features.push(place(source, row)?);
        }
        for row in file.bug {
            self.bugs.push(place(source, row.into())?);
        }
        for row in file.kernel {
            self.kernels.push(size(source, &row)?);
        }
        Ok(())
    }
}

fn place<N: TablePlace>(
    source: FeatureSource<'_>,
    row: FeatureRow<N>,
) -> Result<Placed<'_>, FeatureError> {
    let offset = row.number.offset();
    let error = |reason: String| source.error(offset, reason);
    let number = number(row.number.text()).ok_or_else(|| {
        error(format!(
            "\"{}\" is no bit number: write WORD*32+BIT",
            row.number.text()
        ))
    })?;
    let bound = |text: Option<&str>, open: Version, end: bool| match text {
        None => Ok(open),
        Some(text) => version(text, end)
            .ok_or_else(|| error(format!("\"{text}\" is no version: write X.Y or X.Y.Z"))),
    };
    let since = bound(row.since.as_deref(), Version::MIN, false)?;
    let until = bound(row.until.as_deref(), Version::MAX, true)?;
    // A row that ends before it begins would never be found, and nobody would know.
    if row.name.is_empty() || until < since {
        return Err(error("a row needs a name and since <= until".to_owned()));
    }
    let row = Row {
        number,
        name: row.name,
        flag: row.flag,
        since,
        until,
    };
    Ok(Placed {
        row,
        source,
        offset,
    })
}

fn size<N: TablePlace>(
    source: FeatureSource<'_>,
    row: &KernelRow<N>,
) -> Result<Size, FeatureError> {
    let error = |reason: &str| source.error(row.since.offset(), reason);
    if row.ncapints > MAX_WORDS || row.nbugints > MAX_WORDS {
        return Err(error("ncapints and nbugints count words: at most 1024"));
    }
    let since = version(row.since.text(), false);
    Ok(Size {
        since: since.ok_or_else(|| error("`since` is no version: write X.Y or X.Y.Z"))?,
        ncapints: row.ncapints,
        nbugints: row.nbugints,
    })
}

/// Sorts rows by number and version, and refuses two that speak of the same number and release.
fn sorted(mut rows: Vec<Placed<'_>>) -> Result<Vec<Row>, FeatureError> {
    rows.sort_by_key(|placed| (placed.row.number, placed.row.since));
    // Rows are sorted, so that only neighbours can overlap.
    for (first, second) in rows.iter().zip(rows.iter().skip(1)) {
        if first.row.number == second.row.number && second.row.since <= first.row.until {
            let reason = format!(
                "{} and {} share a number in the same releases: set `until` of the first",
                first.row.name, second.row.name
            );
            return Err(second.source.error(second.offset, reason));
        }
    }
    Ok(rows.into_iter().map(|placed| placed.row).collect())
}

/// `4*32+5` as 133.
fn number(text: &str) -> Option<u32> {
    let (word, bit) = text.split_once("*32+")?;
    let (word, bit): (u32, u32) = (word.parse().ok()?, bit.parse().ok()?);
    (word < MAX_WORDS && bit < 32).then_some(word * 32 + bit)
}

fn version(text: &str, end: bool) -> Option<Version> {
    match Version::split_from(text)? {
        // `until = "6.5"` means all of the series, its stable releases too.
        (version, false, "") if end => Some(version.series_end()),
        (version, _, "") => Some(version),
        _ => None,
    }
}
