//! Patterns: regular expressions that compile on first use, so that a start costs nothing.

use regex::{Captures, Regex};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
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

    /// `text` with every place where the pattern fits replaced; `$name` stands for a group.
    pub fn replace_all<'t>(&self, text: &'t str, with: &str) -> Cow<'t, str> {
        match self.regex() {
            Some(regex) => regex.replace_all(text, with),
            None => Cow::Borrowed(text),
        }
    }

    /// The first place where the pattern fits, written as `with`; `${name}` stands for a group.
    pub fn extract(&self, text: &str, with: &str) -> Option<String> {
        let captures = self.captures(text)?;
        let mut out = String::new();
        captures.expand(with, &mut out);
        Some(out)
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
            .get_or_init(|| Regex::new(&self.source).ok())
            .as_ref()
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pattern, D::Error> {
        String::deserialize(deserializer).map(Pattern::new)
    }
}
