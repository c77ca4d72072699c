//! What is printed of single CPUs: listings of programs, and lines of their own.

use super::{Grammar, Pattern};
use aho_corasick::{AhoCorasick, BuildError};
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::OnceLock;

/// The search for all literals of these tables, built once: a scan asks for it in each log with a late clear.
#[derive(Debug, Default)]
pub struct CpuLiterals(OnceLock<AhoCorasick>);

impl CpuLiterals {
    /// The search for the literals of a grammar, and for one more.
    ///
    /// # Errors
    /// Where they are too many.
    pub fn finder(&self, grammar: &Grammar, more: &str) -> Result<AhoCorasick, BuildError> {
        if let Some(built) = self.0.get() {
            return Ok(built.clone());
        }
        let listings = grammar.cpu_listings.iter().map(|rule| &rule.literal);
        let lines = grammar.cpu_lines.iter().map(|rule| &rule.literal);
        let columns = grammar.cpu_columns.iter().map(|rule| &rule.literal);
        let literals = listings.chain(columns).chain(lines).map(String::as_str);
        let built = AhoCorasick::new(literals.chain([more]))?;
        // Another thread may have been first: both searches are the same.
        Ok(self.0.get_or_init(|| built).clone())
    }
}

/// What is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountedUnit {
    /// Logical CPUs, as the kernel numbers them.
    #[default]
    Cpu,
    /// Sockets for processors, which hold many CPUs or none, in the order of the listing.
    Socket,
}

impl CountedUnit {
    /// What one is called.
    pub fn word(self) -> &'static str {
        match self {
            CountedUnit::Cpu => "CPU",
            CountedUnit::Socket => "socket",
        }
    }
}

/// A listing: a line that names the CPU, then lines of names and values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuListing {
    /// Whose it is, as a person knows it.
    pub name: String,
    /// In each line that may begin it.
    pub literal: String,
    /// What it lists.
    #[serde(default)]
    pub unit: CountedUnit,
    /// The line that names the CPU: group `cpu`; without one they are counted.
    pub begins: Pattern,
    /// What it calls the first CPU.
    #[serde(default)]
    pub first: u32,
    /// A line of it: groups `name` and `value`.
    pub field: Pattern,
    /// A line that goes on with the field before: group `value`, one of a set.
    pub more: Option<Pattern>,
    /// Values that say nothing.
    pub unknown: Option<Pattern>,
    /// A line `NAME: VALUE` which says that the socket is empty.
    pub empty: Option<Pattern>,
    /// Fields that are lists of words, compared word by word.
    #[serde(default)]
    pub sets: Vec<String>,
    /// Fields that differ from CPU to CPU by their nature.
    #[serde(default)]
    pub own: Vec<String>,
    /// Parts of other fields that do.
    #[serde(default)]
    pub own_parts: Vec<OwnPart>,
    /// Registers that are words of the kernel's features.
    #[serde(default)]
    pub words: Vec<FeatureWord>,
}

/// A register of CPUID whose bits are features.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureWord {
    /// The field.
    pub field: String,
    /// The register in its value.
    pub register: String,
    /// The word of the kernel's features that it is (`enum cpuid_leafs`).
    pub word: u32,
}

/// A part of a field that differs from CPU to CPU by its nature: it is not compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPart {
    /// The fields.
    pub fields: Vec<String>,
    /// Which part it is: group `own`.
    pub pattern: Pattern,
}

impl CpuListing {
    /// The value of a field with `?` in the place of what each CPU has of its own.
    pub fn comparable<'v>(&self, name: &str, value: &'v str) -> Cow<'v, str> {
        let mut shown = Cow::Borrowed(value);
        let of_field = |part: &&OwnPart| part.fields.iter().any(|field| field == name);
        for part in self.own_parts.iter().filter(of_field) {
            let captures = part.pattern.captures(value);
            let own =
                captures.and_then(|groups| groups.name("own").map(|own| own.start()..own.end()));
            if let Some(own) = own {
                let hidden = "?".repeat(own.len());
                shown.to_mut().replace_range(own, &hidden);
            }
        }
        shown
    }
}

/// A table with a line for each CPU, and the names of its columns above.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuColumns {
    /// Whose it is, as a person knows it.
    pub name: String,
    /// In the line with the names.
    pub literal: String,
    /// That line.
    pub begins: Pattern,
    /// Names of the columns that are compared. The one called `CPU` names the CPU.
    pub columns: Vec<String>,
    /// Values that say nothing.
    pub unknown: Option<Pattern>,
}

/// A line that says something of one CPU, or of several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuStatement {
    /// What it is about.
    pub name: String,
    /// In each such line.
    pub literal: String,
    /// Whose line it is, as a person knows it; absent for the kernel's.
    pub source: Option<String>,
    /// Groups `cpu` or `cpus` (`0-3,8`), and `value`; `msr` is the number (hex with 0x) or the name of a register.
    pub pattern: Pattern,
    /// The value, where the line itself is it.
    pub value: Option<String>,
    /// What it means that the line was printed; absent where only the comparison says something.
    pub says: Option<String>,
}
