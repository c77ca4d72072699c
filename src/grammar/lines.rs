//! What lines of reports begin with, and where a mailer breaks them.
//!
//! In: `[[line]]` and `[[halves]]` of the grammar. Out: the rules that fit a line, found by its first byte.

use super::Pattern;
use memchr::memmem::Finder;
use serde::Deserialize;
use std::collections::HashSet;

/// How a line is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineForm {
    /// It belongs to reports and carries nothing more to keep.
    #[default]
    Text,
    /// It may be of anybody: the rule only says something of broken lines.
    Foreign,
    /// The mark in front of a WARN() or BUG().
    CutHere,
    /// The mark after a report.
    End,
    /// CPU, task and kernel, by the rules of `[[who]]` that have `head`.
    Cpu,
    /// The machine's name.
    Hardware,
    /// A place in the code after a segment selector (x86).
    Rip,
    /// A place in the code.
    Place,
    /// A name and a place, a place after its address, or an address among other registers.
    PlaceOrRegisters,
    /// An address, and the place in parentheses.
    AddressAndPlace,
    /// A place as crash(8) prints it, with a decimal offset.
    CrashRip,
    /// Instructions.
    Code,
    /// Begins a call trace.
    Trace,
    /// The next line looks like a frame and is none.
    Aside,
    /// Begins or ends a stack within a call trace.
    Section,
    /// Registers.
    Registers,
    /// Registers that a function of the call trace saved: they are not the CPU's.
    SavedRegisters,
    /// What a symbolizer draws around its disassembly.
    Ruler,
}

/// What of a line a person wants to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// Nothing: it says the same of every report, or is shown elsewhere.
    #[default]
    None,
    /// Its text.
    Text,
    /// Its text, and the blanks in front.
    Columns,
}

/// Lines of reports that begin alike.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRule {
    /// Short name.
    pub name: String,
    /// Which kernel code prints them.
    pub why: String,
    /// What the lines begin with, blanks aside.
    pub starts: Vec<String>,
    /// What they must fit as well, where their beginning is that of other lines too.
    pub pattern: Option<Pattern>,
    /// How they are read.
    #[serde(default, rename = "is")]
    pub form: LineForm,
    /// What of the lines a person wants to see.
    #[serde(default)]
    pub detail: Detail,
    /// True where a mailer breaks them at its margin.
    #[serde(default)]
    pub long: bool,
    /// True where the second half of a broken line never begins so.
    #[serde(default)]
    pub whole: bool,
}

/// What words of a rule say of two lines that may have been one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Halves {
    /// Which words they are.
    pub name: HalvesName,
    /// What they say.
    pub why: String,
    /// The words.
    pub words: Vec<String>,
}

/// Which words of broken lines a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HalvesName {
    /// No line ends with them.
    Open,
    /// Only a second half begins with them.
    Second,
    /// A place in the code comes after them.
    BeforePlace,
    /// A line that is only one of them names a place next.
    OnlyPlace,
    /// Headers: no second half begins with them.
    Headers,
    /// The header of a WARN().
    Warn,
    /// Lists of names begin with them: any word may go on with one.
    Names,
    /// The taints begin with them.
    Taints,
    /// Headers of a WARN() whose second half names a place in the code.
    WarnWithPlace,
}

/// The words of one table of [`Halves`], for the searches that are made in every line near a report.
#[derive(Debug)]
struct WordTable {
    name: HalvesName,
    words: Vec<String>,
    set: HashSet<String>,
    finders: Vec<Finder<'static>>,
}

impl WordTable {
    fn new(table: Halves) -> WordTable {
        let finder = |word: &String| Finder::new(word).into_owned();
        WordTable {
            name: table.name,
            set: table.words.iter().cloned().collect(),
            finders: table.words.iter().map(finder).collect(),
            words: table.words,
        }
    }
}

/// All rules, by the first byte of what lines begin with.
#[derive(Debug, Default)]
pub struct LineRules {
    rules: Vec<LineRule>,
    halves: Vec<WordTable>,
    /// Index of the rule and of its beginning, in the order of the rules; 256 lists.
    by_byte: Vec<Vec<(usize, usize)>>,
}

impl LineRules {
    pub(super) fn new(rules: Vec<LineRule>, halves: Vec<Halves>) -> LineRules {
        // By the first byte, since this is asked of every line of a report, and there are hundreds
        // of beginnings.
        let mut by_byte = vec![Vec::new(); 256];
        for (rule, at) in rules.iter().enumerate() {
            for (index, start) in at.starts.iter().enumerate() {
                if let Some(first) = start.as_bytes().first() {
                    by_byte[usize::from(*first)].push((rule, index));
                }
            }
        }
        LineRules {
            rules,
            halves: halves.into_iter().map(WordTable::new).collect(),
            by_byte,
        }
    }

    /// The rules that fit a line without leading blanks, each with the beginning that fits.
    pub fn of<'g>(&'g self, line: &str) -> impl Iterator<Item = (&'g LineRule, &'g str)> {
        self.beginnings(line).filter(move |(rule, start)| {
            let fits = |pattern: &Pattern| pattern.is_match(line);
            line.starts_with(start) && rule.pattern.as_ref().is_none_or(fits)
        })
    }

    /// As [`LineRules::of`]; the blank that ends a beginning may be where the line was broken.
    pub fn of_half<'g>(&'g self, line: &str) -> impl Iterator<Item = &'g LineRule> {
        self.beginnings(line)
            .filter(move |(_, start)| line.starts_with(start) || line == start.trim_end())
            .map(|(rule, _)| rule)
    }

    fn beginnings<'g>(&'g self, line: &str) -> impl Iterator<Item = (&'g LineRule, &'g str)> {
        // An empty line has no first byte and fits no rule.
        let first = line.as_bytes().first();
        let at = first.and_then(|first| self.by_byte.get(usize::from(*first)));
        at.into_iter().flatten().map(|&(rule, start)| {
            let rule = &self.rules[rule];
            (rule, rule.starts[start].as_str())
        })
    }

    fn tables(&self, name: HalvesName) -> impl Iterator<Item = &WordTable> {
        self.halves.iter().filter(move |table| table.name == name)
    }

    /// True for one of the words of a table.
    pub fn is_word(&self, name: HalvesName, word: &str) -> bool {
        self.tables(name).any(|table| table.set.contains(word))
    }

    /// True where one of the words is in a text.
    pub fn has_word(&self, name: HalvesName, text: &str) -> bool {
        let is_in = |finder: &Finder<'_>| finder.find(text.as_bytes()).is_some();
        self.tables(name)
            .any(|table| table.finders.iter().any(is_in))
    }

    /// True where a text begins with one of the words, or is one but for the blank at its end, where the line may
    /// have been broken.
    pub fn begins_with(&self, name: HalvesName, text: &str) -> bool {
        let first = text.as_bytes().first();
        let fits = |word: &String| {
            word.as_bytes().first() == first
                && (text.starts_with(word.as_str()) || text == word.trim_end())
        };
        self.tables(name).any(|table| table.words.iter().any(fits))
    }
}

#[cfg(test)]
mod tests {
    use crate::grammar::{Grammar, HalvesName, LineForm};

    #[test]
    fn the_first_rule_that_fits_comes_first() {
        let grammar = Grammar::builtin();
        let form = |line: &str| grammar.lines.of(line).map(|(rule, _)| rule.form).next();
        assert_eq!(form("------------[ cut here ]---"), Some(LineForm::CutHere));
        assert_eq!(form("---[ end trace 0 ]---"), Some(LineForm::End));
        assert_eq!(form("pc : f+0x1/0x2"), Some(LineForm::PlaceOrRegisters));
        assert_eq!(form("no line of a report"), None);
        assert_eq!(form(""), None);
    }

    #[test]
    fn the_blank_of_a_beginning_may_be_where_it_was_broken() {
        let grammar = Grammar::builtin();
        assert_eq!(grammar.lines.of("RIP:").count(), 0);
        assert!(grammar.lines.of_half("RIP:").all(|rule| rule.long));
        assert!(grammar.lines.is_word(HalvesName::Open, "in"));
    }
}
