//! Patterns: regular expressions that compile on first use, so that a start costs nothing.
//!
//! They work on bytes and know ASCII only: the kernel prints no other digits and letters where a
//! pattern looks for some, and Unicode's tables would take longer to build than a log takes to read.

use regex::bytes::{Captures, Match, Regex, RegexBuilder};
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

/// Where a pattern fits a text.
pub struct Groups<'t>(Captures<'t>);

/// One group of it.
#[derive(Clone, Copy)]
pub struct Group<'t>(Match<'t>);

impl<'t> Groups<'t> {
    /// The group of that name, if it took part.
    pub fn name(&self, name: &str) -> Option<Group<'t>> {
        self.0.name(name).map(Group)
    }

    /// The whole match (0), or a group by its number.
    pub fn get(&self, index: usize) -> Option<Group<'t>> {
        self.0.get(index).map(Group)
    }
}

impl<'t> Group<'t> {
    /// Its text; empty where the pattern cut a character of several bytes in two.
    pub fn as_str(&self) -> &'t str {
        str::from_utf8(self.0.as_bytes()).unwrap_or_default()
    }

    /// Offset in the text, in bytes.
    pub fn start(&self) -> usize {
        self.0.start()
    }

    /// Offset behind the group, in bytes.
    pub fn end(&self) -> usize {
        self.0.end()
    }
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
    pub fn captures<'t>(&self, text: &'t str) -> Option<Groups<'t>> {
        self.regex()?.captures(text.as_bytes()).map(Groups)
    }

    /// True where the pattern fits.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex()
            .is_some_and(|regex| regex.is_match(text.as_bytes()))
    }

    /// `text` with every place where the pattern fits replaced; `$name` stands for a group.
    pub fn replace_all<'t>(&self, text: &'t str, with: &str) -> Cow<'t, str> {
        let replaced = self
            .regex()
            .map(|regex| regex.replace_all(text.as_bytes(), with.as_bytes()));
        match replaced {
            None | Some(Cow::Borrowed(_)) => Cow::Borrowed(text),
            Some(Cow::Owned(bytes)) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// The first place where the pattern fits, written as `with`; `${name}` stands for a group.
    pub fn extract(&self, text: &str, with: &str) -> Option<String> {
        let captures = self.regex()?.captures(text.as_bytes())?;
        let mut out = Vec::new();
        captures.expand(with.as_bytes(), &mut out);
        Some(String::from_utf8_lossy(&out).into_owned())
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
        compile(&self.source).map(drop).map_err(|e| e.to_string())
    }

    /// `None` for a pattern that does not compile; [`Pattern::check`] has told that before.
    fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| compile(&self.source).ok())
            .as_ref()
    }
}

fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source).unicode(false).build()
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
    fn groups_are_text_and_digits_are_ascii() {
        let pattern = Pattern::new(r"^(?<name>.*) (?<n>\d+)$");
        let groups = pattern.captures("caf\u{e9} 12").expect("fits");
        assert_eq!(groups.name("name").map(|g| g.as_str()), Some("caf\u{e9}"));
        assert_eq!(groups.name("n").map(|g| g.start()), Some(6));
        assert!(groups.name("other").is_none());
        assert!(!pattern.is_match("x \u{0663}"));
    }

    #[test]
    fn places_are_rewritten() {
        let pattern = Pattern::new(r"0x(?<digits>[0-9a-f]+)");
        assert_eq!(pattern.replace_all("at 0x1f, 0x2", "ADDR"), "at ADDR, ADDR");
        assert_eq!(
            pattern.extract("at 0x1f", "<${digits}>").as_deref(),
            Some("<1f>")
        );
    }
}
