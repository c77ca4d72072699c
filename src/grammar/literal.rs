//! Fixed parts of lines, ready to be looked for: thousands of lines are asked for the same ones.

use memchr::memmem::Finder;
use serde::{Deserialize, Deserializer};
use std::sync::OnceLock;

/// A text that a line may contain.
#[derive(Debug)]
pub struct Literal {
    text: String,
    finder: OnceLock<Finder<'static>>,
}

impl Literal {
    /// As written in the grammar.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True where a line contains it.
    pub fn is_in(&self, line: &str) -> bool {
        let build = || Finder::new(&self.text).into_owned();
        self.finder
            .get_or_init(build)
            .find(line.as_bytes())
            .is_some()
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Literal, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Literal {
            text,
            finder: OnceLock::new(),
        })
    }
}
