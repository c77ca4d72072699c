//! Functions and lines that play the same part in every report.

use super::Pattern;
use super::memo::Memo;
use serde::Deserialize;
use std::sync::Arc;

/// Functions that play one part.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameSet {
    /// The part: `noise` frames are the machinery that prints a report.
    pub name: String,
    /// Why they are in the set.
    pub why: String,
    /// Functions, without clone suffixes; a `*` matches anything.
    pub functions: Vec<String>,
    /// True where they are never what a report is about.
    #[serde(default)]
    pub machinery: bool,
    /// The one name that all of them go by in a title.
    pub called: Option<String>,
}

impl FrameSet {
    /// True where `function` is in the set.
    pub fn has(&self, function: &str) -> bool {
        self.functions.iter().any(|glob| fits(glob, function))
    }
}

/// `name`, `start*`, `*end`, `*part*`, `*part*part*`: a star matches anything.
pub(super) fn fits(glob: &str, function: &str) -> bool {
    // The first byte settles nearly every pair.
    match (glob.as_bytes(), function.as_bytes()) {
        ([b'*', ..], _) => {}
        ([first, ..], [other, ..]) if first == other => {}
        _ => return glob == function,
    }
    let Some((start, rest)) = glob.split_once('*') else {
        return glob == function;
    };
    let Some(mut left) = function.strip_prefix(start) else {
        return false;
    };
    // The last part must be at the end; those between may be anywhere, in their order.
    let (parts, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in parts.split('*').filter(|part| !part.is_empty()) {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(end)
}

/// Prefixes that wrappers of one function differ in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrappers {
    /// Short name.
    pub name: String,
    /// Why the functions are one.
    pub why: String,
    /// The prefixes.
    pub prefixes: Vec<String>,
}

/// A function without the longest prefix of a wrapper.
pub fn unwrapped<'a>(wrappers: &[Wrappers], printed: &'a str) -> &'a str {
    let prefixes = wrappers.iter().flat_map(|set| &set.prefixes);
    let shortest = prefixes
        .filter_map(|prefix| printed.strip_prefix(prefix.as_str()))
        .min_by_key(|rest| rest.len());
    shortest.unwrap_or(printed)
}

/// What a landmark is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LandmarkUse {
    /// A place that a walk through a report goes to.
    #[default]
    Place,
    /// Begins a call trace: the frames of the one before end here, and without a frame after it
    /// the report is damaged.
    Trace,
    /// Shows that two reports were mixed.
    Damage,
    /// Begins a message that is no report but dumps a stack.
    Intruder,
    /// Says that somebody asked where CPUs or tasks are: what follows is no report.
    Request,
    /// Begins a dump of a CPU or a task, which somebody or a report asked for.
    Dump,
    /// Says what is wrong, right in front of the header of the report or of its "cut here".
    Preamble,
    /// Goes on with a preamble.
    PreambleRest,
}

/// What a line says of a dump of CPUs or tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dump {
    /// Somebody asked for it, and no report.
    Asked,
    /// One of a CPU or a task begins.
    Begun,
}

/// Whose stack the frames after a landmark are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackOf {
    /// The report's own.
    Own,
    /// Another one, which the landmark names: where an object was allocated, where another lock was taken.
    Other,
    /// The one of another CPU or task that shows its state: the beginning of its call trace still comes.
    Dump,
    /// As `dump`, of a task that helps to judge the report: it is the report's own only where no other one is.
    Aside,
}

impl StackOf {
    /// True where the beginning of the call trace still comes.
    pub fn waits(self) -> bool {
        matches!(self, StackOf::Dump | StackOf::Aside)
    }
}

/// A line of a report that is known by its form. Groups `function` and `outer` are candidates for
/// the function that a report is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Landmark {
    /// Short name, which walks use.
    pub name: String,
    /// Which kernel code prints it, and what it says.
    pub why: String,
    /// Its form.
    pub pattern: Pattern,
    /// What it is for.
    #[serde(default, rename = "use")]
    pub purpose: LandmarkUse,
    /// True where the trace that it begins may lack frames.
    #[serde(default)]
    pub may_be_empty: bool,
    /// Whose stack begins there.
    pub stack: Option<StackOf>,
    /// What was found in lines that fit.
    #[serde(skip)]
    found: Memo<Arc<[String]>>,
}

impl Landmark {
    /// The functions that a line names as candidates; `None` where it is not this landmark.
    pub fn functions(&self, line: &str) -> Option<Arc<[String]>> {
        if !self.pattern.is_match(line) {
            return None;
        }
        let groups = || {
            let captures = self.pattern.captures(line);
            let group = |name| Some(captures.as_ref()?.name(name)?.as_str().to_owned());
            ["function", "outer"]
                .into_iter()
                .filter_map(group)
                .collect()
        };
        Some(self.found.get(line, groups))
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (glob, function, fit) in [
            ("down", "down", true),
            ("down", "down_read", false),
            ("rb_*", "rb_erase", true),
            ("rb_*", "arb_erase", false),
            ("*readl", "__readl", true),
            ("*kasan*", "__kasan_report", true),
            ("*kasan*", "kaslr", false),
            ("*read_once*nocheck*", "__read_once_word_nocheck", true),
            ("*read_once*nocheck*", "__nocheck_read_once", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(glob, function), fit, "{glob} {function}");
        }
    }
}
