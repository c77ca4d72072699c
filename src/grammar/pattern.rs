//! Patterns: regular expressions that compile on first use, so that a start costs nothing.

use regex::{Captures, Regex};
use serde::{Deserialize, Deserializer};
use std::sync::OnceLock;

/// A regular expression in the syntax of the `regex` crate.
#[derive(Debug)]
pub struct Pattern {
    /// As written in the grammar.
    pub source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern, not yet compiled.
    pub fn new(source: impl Into<String>) -> Pattern {
        Pattern {
            source: source.into(),
            compiled: OnceLock::new(),
        }
    }

    /// Named and numbered groups where the pattern fits `text`.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(text)
    }

    /// True where the pattern fits.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// Names of its groups.
    pub fn group_names(&self) -> Vec<String> {
        let names = self
            .regex()
            .map(|regex| regex.capture_names().flatten().map(str::to_owned).collect());
        names.unwrap_or_default()
    }

    /// The reason why it does not compile.
    pub(super) fn check(&self) -> Result<(), String> {
        Regex::new(&self.source)
            .map(drop)
            .map_err(|e| e.to_string())
    }

    /// `None` for a pattern that does not compile; [`Pattern::check`] has told that before.
    fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| compile(&self.source).ok())
            .as_ref()
    }
}

/// Compiles a pattern whose `\d` and `\b` mean ASCII: the kernel prints no other digits, and the
/// tables of Unicode's digits and letters would take longer to build than a log takes to read.
fn compile(source: &str) -> Result<Regex, regex::Error> {
    let mut ascii = String::with_capacity(source.len() + 32);
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            ascii.push(c);
            continue;
        }
        match chars.next() {
            Some('d') => ascii.push_str("[0-9]"),
            Some('b') => ascii.push_str(r"(?-u:\b)"),
            escaped => {
                ascii.push('\\');
                ascii.extend(escaped);
            }
        }
    }
    Regex::new(&ascii)
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        String::deserialize(deserializer).map(Pattern::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn digits_are_ascii_and_a_literal_backslash_stays() {
        let pattern = Pattern::new(r"^\d+[\d.]\b\\d$");
        assert!(pattern.is_match(r"12.3\d") || pattern.is_match(r"123\d"));
        assert!(!Pattern::new(r"\d").is_match("\u{0663}"));
    }
}
