//! The TOML form of the feature tables.
//!
//! In: the text of the files in `grammars/cpu-features/` (their header comments describe the
//! rows). Out: a checked [`FeatureDb`], or the first line that is wrong.

use serde::Deserialize;
use toml::Spanned;

use super::release::Version;
use super::{FeatureDb, FeatureError, Row, Size};

/// Numbers above this are no feature bits of any kernel; keeps arithmetic on them small.
const MAX_WORDS: u32 = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    feature: Vec<FeatureRow>,
    #[serde(default)]
    bug: Vec<BugRow>,
    #[serde(default)]
    kernel: Vec<KernelRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureRow {
    number: Spanned<String>,
    name: String,
    flag: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BugRow {
    bit: Spanned<String>,
    name: String,
    flag: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KernelRow {
    since: Spanned<String>,
    ncapints: u32,
    nbugints: u32,
}

impl From<BugRow> for FeatureRow {
    fn from(bug: BugRow) -> Self {
        FeatureRow {
            number: bug.bit,
            name: format!("BUG_{}", bug.name),
            flag: bug.flag,
            since: bug.since,
            until: bug.until,
        }
    }
}

/// A file and its text, to say where something is wrong.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
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
    source: Source<'a>,
    offset: usize,
}

pub(super) fn parse(files: &[(&str, &str)]) -> Result<FeatureDb, FeatureError> {
    let (mut features, mut bugs, mut kernels) = (Vec::new(), Vec::new(), Vec::new());
    for &(file, text) in files {
        let source = Source { file, text };
        let rows: File = toml::from_str(text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            source.error(offset, e.message())
        })?;
        for row in rows.feature {
            features.push(place(source, row)?);
        }
        for row in rows.bug {
            bugs.push(place(source, row.into())?);
        }
        for row in rows.kernel {
            kernels.push(size(source, &row)?);
        }
    }
    kernels.sort_by_key(|size: &Size| size.since);
    if kernels.is_empty() {
        let (file, text) = files.first().copied().unwrap_or_default();
        let reason = "no kernel rows in any file: add at least one (since, ncapints, nbugints)";
        return Err(Source { file, text }.error(0, reason));
    }
    Ok(FeatureDb {
        features: sorted(features)?,
        bugs: sorted(bugs)?,
        kernels,
    })
}

fn place(source: Source<'_>, row: FeatureRow) -> Result<Placed<'_>, FeatureError> {
    let offset = row.number.span().start;
    let error = |reason: String| source.error(offset, reason);
    let number = number(row.number.get_ref()).ok_or_else(|| {
        error(format!(
            "\"{}\" is no bit number: write WORD*32+BIT",
            row.number.get_ref()
        ))
    })?;
    let bound = |text: Option<&str>, open: Version, end: bool| match text {
        None => Ok(open),
        Some(text) => version(text, end)
            .ok_or_else(|| error(format!("\"{text}\" is no version: write X.Y or X.Y.Z"))),
    };
    let since = bound(row.since.as_deref(), Version::MIN, false)?;
    let until = bound(row.until.as_deref(), Version::MAX, true)?;
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

fn size(source: Source<'_>, row: &KernelRow) -> Result<Size, FeatureError> {
    let error = |reason: &str| source.error(row.since.span().start, reason);
    if row.ncapints > MAX_WORDS || row.nbugints > MAX_WORDS {
        return Err(error("ncapints and nbugints count words: at most 1024"));
    }
    let since = version(row.since.get_ref(), false);
    Ok(Size {
        since: since.ok_or_else(|| error("`since` is no version: write X.Y or X.Y.Z"))?,
        ncapints: row.ncapints,
        nbugints: row.nbugints,
    })
}

/// Sorts rows by number and version, and refuses two that speak of the same number and release.
fn sorted(mut rows: Vec<Placed<'_>>) -> Result<Vec<Row>, FeatureError> {
    rows.sort_by_key(|placed| (placed.row.number, placed.row.since));
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
        (version, false, "") if end => Some(version.series_end()),
        (version, _, "") => Some(version),
        _ => None,
    }
}
