//! What proves that something was put in front of every line of a log.
//!
//! In: `[[margin]]` of the grammar. Out: whether a text holds the beginning of a report, and whether it is a line that only
//! reports have.

use crate::literals::LiteralIndex;
use serde::Deserialize;
use std::sync::OnceLock;

/// Words that say the same of margins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginWords {
    /// What they say.
    pub name: MarginSign,
    /// Which kernel code prints them, and what follows from it.
    pub why: String,
    /// The words.
    pub words: Vec<String>,
}

/// What words say of a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarginSign {
    /// Reports begin with them: what comes before may be a margin.
    Beginning,
    /// Only lines of reports begin with them: what comes before is a margin.
    Proof,
    /// Only lines of reports end with them.
    ProvingEnd,
}

/// The words of all tables.
#[derive(Debug, Default)]
pub struct Margins {
    tables: Vec<MarginWords>,
    beginnings: OnceLock<LiteralIndex>,
}

impl Margins {
    pub(super) fn new(tables: Vec<MarginWords>) -> Margins {
        Margins {
            tables,
            beginnings: OnceLock::new(),
        }
    }

    /// Where the first beginning of a report is in a text; `None` for nearly every text.
    pub fn beginning_in(&self, text: &str) -> Option<usize> {
        let words = || self.words(MarginSign::Beginning);
        let index = || LiteralIndex::new(words().map(str::to_owned).collect());
        if !self.beginnings.get_or_init(index).is_any_in(text) {
            return None;
        }
        words().filter_map(|word| text.find(word)).min()
    }

    /// True for a line that only reports have, blanks aside. The line that names CPU and task is one as well:
    /// [`super::LineForm::Cpu`].
    pub fn is_proof(&self, text: &str) -> bool {
        let text = text.trim();
        let mut proofs = self.words(MarginSign::Proof);
        let mut ends = self.words(MarginSign::ProvingEnd);
        proofs.any(|proof| text.starts_with(proof)) || ends.any(|end| text.ends_with(end))
    }

    fn words(&self, name: MarginSign) -> impl Iterator<Item = &str> {
        let tables = self.tables.iter().filter(move |table| table.name == name);
        tables.flat_map(|table| table.words.iter().map(String::as_str))
    }
}
