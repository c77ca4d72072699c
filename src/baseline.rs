//! Baselines: the splats that a project knows of, for CI.
//!
//! In: a TOML file that people write and read, and the groups of a scan. Out: what is new, what is known, and
//! the file with new entries, its comments and reasons untouched. An entry may list several signatures
//! (`signature = ["…", "…"]`): a bug whose signature has changed is known by the former one as well, until
//! `--update` writes down the new one. Instead of a signature an entry may have only a title, or a regular
//! expression (`pattern`) that is looked for in titles and signatures.
//!
//! ```toml
//! [[known]]
//! signature = "late-clear:ap:VMX:init_ia32_feat_ctl"
//! title = "late clear of VMX by init_ia32_feat_ctl, AP path"
//! reason = "the lab's X299 board locks the MSR on CPU 1; a BIOS update is under way"
//! expires = 2027-01-31                     # the last day on which it is accepted
//! link = "https://lore.kernel.org/r/…"
//! ```

mod edit;

use crate::group::Group;
use crate::report::Report;
use jiff::civil::Date;
use regex::Regex;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use toml_edit::DocumentMut;

/// A file that is no baseline.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path}:{line}: {reason}; an entry is [[known]] with signature, title or pattern, and reason, expires (a date) and link"
)]
pub struct BaselineError {
    /// The file.
    pub path: String,
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// A splat that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BaselineBug {
    /// As [`Report::signature`], or one of [`Report::former_signatures`]; several where one entry means
    /// several bugs. None where the title or the pattern says what is known.
    pub signatures: Vec<String>,
    /// For people; compared only where there is neither a signature nor a pattern.
    pub title: String,
    /// Found in a title or a signature of what is known.
    pub pattern: Option<BaselinePattern>,
    /// Why it is accepted.
    pub reason: Option<String>,
    /// The last day on which it is accepted.
    pub expires: Option<Date>,
    /// Where more is written.
    pub link: Option<String>,
}

impl BaselineBug {
    /// Its name: the first of its signatures, else the pattern, else the title.
    pub fn name(&self) -> &str {
        let pattern = self.pattern.as_ref().map(|pattern| pattern.0.as_str());
        let signature = self.signatures.first().map(String::as_str);
        signature.or(pattern).unwrap_or(&self.title)
    }

    /// True where no signature says what is known, and its title or its pattern fits the bug.
    fn fits(&self, bug: &Sighting<'_>) -> bool {
        match &self.pattern {
            Some(BaselinePattern(regex)) => {
                regex.is_match(bug.title) || regex.is_match(bug.signature)
            }
            None => self.signatures.is_empty() && self.title == bug.title,
        }
    }
}

/// A regular expression; patterns of the same text are equal.
#[derive(Debug, Clone)]
pub struct BaselinePattern(Regex);

impl PartialEq for BaselinePattern {
    fn eq(&self, other: &BaselinePattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for BaselinePattern {}

/// What a bug is known by.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// As [`Report::signature`].
    pub signature: &'a str,
    /// As [`Report::former_signatures`].
    pub former: &'a [String],
    /// Its title; that of a late clear names the feature.
    pub title: &'a str,
}

impl<'a> From<&'a Report> for Sighting<'a> {
    fn from(report: &'a Report) -> Sighting<'a> {
        Sighting {
            signature: &report.signature,
            former: &report.former_signatures,
            title: &report.title,
        }
    }
}

impl<'a> From<&'a Group> for Sighting<'a> {
    fn from(group: &'a Group) -> Sighting<'a> {
        Sighting {
            signature: &group.signature,
            former: &group.former_signatures,
            title: &group.title,
        }
    }
}

/// What a baseline says of a splat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaselineStatus<'b> {
    /// The baseline lacks it.
    New,
    /// It was accepted up to a day that is over: it counts as new.
    Expired(&'b BaselineBug),
    /// It is accepted.
    Known(&'b BaselineBug),
}

impl BaselineStatus<'_> {
    /// True where it is accepted.
    pub fn is_known(self) -> bool {
        matches!(self, BaselineStatus::Known(_))
    }

    /// As JSON spells it.
    pub fn name(self) -> &'static str {
        match self {
            BaselineStatus::New => "new",
            BaselineStatus::Expired(_) => "expired",
            BaselineStatus::Known(_) => "known",
        }
    }
}

/// A scan held against a baseline.
#[derive(Debug)]
pub struct Comparison<'b> {
    /// All groups, in the order of the scan.
    pub groups: Vec<(Group, BaselineStatus<'b>)>,
    /// Entries whose splat was not seen.
    pub unseen: Vec<&'b BaselineBug>,
}

impl Comparison<'_> {
    /// True where the baseline lacks something.
    pub fn has_new(&self) -> bool {
        let mut standings = self.groups.iter().map(|(_, standing)| standing);
        standings.any(|standing| *standing == BaselineStatus::New)
    }

    /// True where an entry is past its date.
    pub fn has_expired(&self) -> bool {
        let mut standings = self.groups.iter().map(|(_, standing)| standing);
        standings.any(|standing| matches!(standing, BaselineStatus::Expired(_)))
    }
}

/// A baseline.
#[derive(Debug, Default)]
pub struct Baseline {
    document: DocumentMut,
    known: Vec<BaselineBug>,
    /// Index in `known` by signature.
    index: HashMap<String, usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineFile {
    #[serde(default)]
    known: Vec<toml::Spanned<BaselineEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaselineEntry {
    signature: Option<toml::Spanned<Signatures>>,
    #[serde(default)]
    title: String,
    pattern: Option<toml::Spanned<String>>,
    reason: Option<String>,
    expires: Option<toml::Spanned<toml::Value>>,
    link: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Signatures {
    One(String),
    Several(Vec<String>),
}

impl BaselineEntry {
    /// What it says.
    ///
    /// # Errors
    /// Where it says nothing, or what cannot be read, with the place in the text; `at` is its own.
    fn known(self, at: usize) -> Result<BaselineBug, (usize, String)> {
        let expires = self.expires.map(|value| {
            let at = value.span().start;
            // Not left out: an entry whose date was mistyped would be accepted for ever.
            date(value.get_ref()).ok_or_else(|| (at, "expires is no date (2027-01-31)".to_owned()))
        });
        let pattern = self.pattern.map(|text| {
            let regex = Regex::new(text.get_ref());
            let reason = |error: regex::Error| one_line(&format!("pattern: {error}"));
            regex
                .map(BaselinePattern)
                .map_err(|error| (text.span().start, reason(error)))
        });
        let signatures = match self.signature {
            Some(signature) => {
                let at = signature.span().start;
                let all = signature.into_inner().into_all();
                if all.is_empty() {
                    return Err((at, "signature is an empty list".to_owned()));
                }
                all
            }
            // Such an entry would accept nothing, or by a later version everything.
            None if pattern.is_none() && self.title.is_empty() => {
                return Err((at, "neither signature nor title nor pattern".to_owned()));
            }
            None => Vec::new(),
        };
        Ok(BaselineBug {
            signatures,
            title: self.title,
            pattern: pattern.transpose()?,
            reason: self.reason.filter(|reason| !reason.is_empty()),
            expires: expires.transpose()?,
            link: self.link,
        })
    }
}

impl Signatures {
    fn into_all(self) -> Vec<String> {
        match self {
            Signatures::One(signature) => vec![signature],
            Signatures::Several(all) => all,
        }
    }
}

impl Baseline {
    /// Reads a baseline; `path` is its name in messages.
    ///
    /// # Errors
    /// Where the text is no TOML, or has fields that a baseline has not.
    pub(crate) fn parse(path: &str, text: &str) -> Result<Baseline, BaselineError> {
        let fail = |at: usize, reason: String| BaselineError {
            path: path.to_owned(),
            line: 1 + text[..at].matches('\n').count(),
            reason,
        };
        let file: BaselineFile = toml::from_str(text).map_err(|error| {
            fail(
                error.span().map_or(0, |span| span.start),
                one_line(error.message()),
            )
        })?;
        // Read twice: serde knows the places of errors, toml_edit keeps comments and blanks.
        let document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| fail(0, one_line(error.message())))?;
        let entries = document.get("known");
        // An inline list has no room for comments, and could not be edited entry by entry.
        if entries.is_some_and(|entries| !entries.is_array_of_tables()) {
            return Err(fail(0, "the entries are in one list".to_owned()));
        }
        let entries = file.known.into_iter();
        let known = entries.map(|entry| {
            let at = entry.span().start;
            entry.into_inner().known(at)
        });
        let known: Result<Vec<_>, _> = known.collect();
        let known = known.map_err(|(at, reason)| fail(at, reason))?;
        Ok(Baseline {
            index: index(&known),
            document,
            known,
        })
    }

    /// Accepts these signatures, and nothing else.
    pub(crate) fn of_signatures(signatures: impl IntoIterator<Item = String>) -> Baseline {
        let known = signatures.into_iter().map(|signature| BaselineBug {
            signatures: vec![signature],
            ..BaselineBug::default()
        });
        let known: Vec<_> = known.collect();
        Baseline {
            index: index(&known),
            document: DocumentMut::new(),
            known,
        }
    }

    /// The entry of a bug: by its signature, by a former one, else the first whose title or pattern fits.
    fn entry<'b>(&self, bug: impl Into<Sighting<'b>>) -> Option<usize> {
        let bug = bug.into();
        let former = bug.former.iter().map(String::as_str);
        let all = std::iter::once(bug.signature).chain(former);
        let mut found = all.filter_map(|signature| self.index.get(signature));
        found
            .next()
            .copied()
            .or_else(|| self.known.iter().position(|known| known.fits(&bug)))
    }

    /// What it says of a bug.
    pub(crate) fn standing<'b>(
        &self,
        bug: impl Into<Sighting<'b>>,
        today: Date,
    ) -> BaselineStatus<'_> {
        let Some(known) = self.entry(bug).map(|index| &self.known[index]) else {
            return BaselineStatus::New;
        };
        match known.expires {
            // The last day itself still counts.
            Some(last) if last < today => BaselineStatus::Expired(known),
            _ => BaselineStatus::Known(known),
        }
    }

    /// Holds the groups of a scan against it.
    pub(crate) fn compare(&self, groups: Vec<Group>, today: Date) -> Comparison<'_> {
        // Before the groups are handed over: what no group used is an entry that may be dropped.
        let entries = groups.iter().filter_map(|group| self.entry(group));
        let seen: HashSet<usize> = entries.collect();
        let unseen = self.known.iter().enumerate();
        let unseen = unseen.filter(|(index, _)| !seen.contains(index));
        Comparison {
            unseen: unseen.map(|(_, known)| known).collect(),
            groups: groups
                .into_iter()
                .map(|group| {
                    let standing = self.standing(&group, today);
                    (group, standing)
                })
                .collect(),
        }
    }
}

/// Where each signature is.
fn index(known: &[BaselineBug]) -> HashMap<String, usize> {
    let entries = known.iter().zip(0..);
    let all = entries.flat_map(|(known, index)| {
        let signatures = known.signatures.iter();
        signatures.map(move |signature| (signature.clone(), index))
    });
    all.collect()
}

/// A TOML date, or one in quotes.
fn date(value: &toml::Value) -> Option<Date> {
    match value {
        toml::Value::Datetime(date) if date.time.is_none() => date.to_string().parse().ok(),
        toml::Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn one_line(message: &str) -> String {
    message.lines().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    const TEXT: &str = "# ours\n\
        [[known]]\n\
        signature = \"a\"\n\
        reason = \"old\"\n\
        expires = 2026-05-01\n\
        \n\
        [[known]]\n\
        signature = \"b\" # keep\n\
        title = \"B\"\n";

    fn bug<'a>(signature: &'a str, former: &'a [String]) -> Sighting<'a> {
        Sighting {
            signature,
            former,
            title: "WARNING in x",
        }
    }

    #[test]
    fn an_entry_has_a_title_or_a_pattern_instead_of_a_signature() {
        let of = |entry: &str| Baseline::parse("x", &format!("[[known]]\n{entry}\n"));
        let standing = |entry| {
            let baseline = of(entry).expect("a baseline");
            baseline
                .standing(bug("warning:x", &[]), date(2026, 5, 1))
                .name()
        };
        assert_eq!(standing("title = \"WARNING in x\""), "known");
        assert_eq!(standing("title = \"WARNING in y\""), "new");
        assert_eq!(standing("pattern = \"^WARNING in [x-z]$\""), "known");
        assert_eq!(standing("pattern = \"^warning:\""), "known");
        assert_eq!(
            standing("pattern = \"KASAN\"\ntitle = \"WARNING in x\""),
            "new"
        );
        // Where there is a signature the title is for people.
        assert_eq!(
            standing("signature = \"a\"\ntitle = \"WARNING in x\""),
            "new"
        );
        for (entry, reason) in [
            ("reason = \"y\"", "neither signature"),
            ("pattern = \"(\"", "pattern: "),
        ] {
            let error = of(entry).expect_err("none").to_string();
            assert!(
                error.contains(reason) && error.lines().count() == 1,
                "{error}"
            );
        }
    }

    #[test]
    fn an_entry_is_known_up_to_its_last_day() {
        let baseline = Baseline::parse("x", TEXT).expect("a baseline");
        let standing = |signature, day| baseline.standing(bug(signature, &[]), day).name();
        assert_eq!(standing("a", date(2026, 5, 1)), "known");
        assert_eq!(standing("a", date(2026, 5, 2)), "expired");
        assert_eq!(standing("b", date(2999, 1, 1)), "known");
        assert_eq!(standing("c", date(2026, 5, 1)), "new");
    }

    #[test]
    fn an_entry_lists_signatures_and_a_bug_is_known_by_a_former_one() {
        let text = "[[known]]\nsignature = [\"a\", \"b\"]\n\n[[known]]\nsignature = \"old\"\n";
        let baseline = Baseline::parse("x", text).expect("a baseline");
        let standing = |signature, former: &[&str]| {
            let former: Vec<_> = former.iter().map(ToString::to_string).collect();
            let bug = bug(signature, &former);
            baseline.standing(bug, date(2026, 5, 1)).name()
        };
        assert_eq!(standing("a", &[]), "known");
        assert_eq!(standing("b", &[]), "known");
        assert_eq!(standing("new", &["older", "old"]), "known");
        assert_eq!(standing("new", &["older"]), "new");
        let error = Baseline::parse("x", "[[known]]\nsignature = []\n").expect_err("none");
        assert!(
            error
                .to_string()
                .starts_with("x:2: signature is an empty list")
        );
    }

    #[test]
    fn errors_name_the_line_and_the_mend() {
        let error = |text: &str| {
            Baseline::parse("base.toml", text)
                .expect_err(text)
                .to_string()
        };
        let unknown = error("[[known]]\nsignature = \"a\"\nexpire = 2026-05-01\n");
        assert!(
            unknown.starts_with("base.toml:3: unknown field `expire`"),
            "{unknown}"
        );
        let nothing = error("[[known]]\nreason = \"x\"\n");
        assert!(
            nothing.starts_with("base.toml:1: neither signature nor title nor pattern"),
            "{nothing}"
        );
        let day = error("[[known]]\nsignature = \"a\"\nexpires = \"soon\"\n");
        assert!(day.starts_with("base.toml:3: expires is no date"), "{day}");
        for text in [
            "[[known]",
            "known = 1",
            "x = 1",
            "known = [{signature = 'a'}]",
        ] {
            assert_eq!(error(text).lines().count(), 1);
        }
    }
}
