//! Reads texts for what they say of single CPUs.
//!
//! Few lines of a log do: a search finds those that may, and only from there to the end of a listing each line is
//! looked at.

use super::columns::{Columns, listed};
use super::rdmsr::{COMMAND, Listing};
use super::{CpuTable, KERNEL, NamedWord, Printed, Said, Subject};
use crate::grammar::{CpuListing, CpuStatement, Grammar, Pattern};
use crate::line::{LogLine, quote};
use aho_corasick::AhoCorasick;
use memchr::{memchr, memchr_iter, memrchr};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of a line that are read; a line of flags has 2,500.
const MAX_LINE: usize = 16 << 10;

/// A listing that is open.
enum Open<'g> {
    Of {
        listing: &'g CpuListing,
        cpu: u32,
        /// The list of words that a mailer may have broken.
        set: Option<(String, String, u64)>,
    },
    Rdmsr(Listing),
    Columns(Columns<'g>),
}

/// Gathers what texts say.
pub struct ListingReader<'g> {
    grammar: &'g Grammar,
    finder: AhoCorasick,
    table: CpuTable,
    path: Arc<str>,
    /// Physical line that comes next.
    number: u64,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    open: Option<Open<'g>>,
    /// Listings of this text that count, and how many each has begun.
    counted: HashMap<&'g str, u32>,
    /// The line at hand is the last one and has no end: it may have been cut off.
    may_be_cut: bool,
}

impl<'g> ListingReader<'g> {
    /// With these rules.
    ///
    /// # Errors
    /// Where the literals of the rules are too many to search for.
    pub fn new(grammar: &'g Grammar) -> Result<ListingReader<'g>, aho_corasick::BuildError> {
        Ok(ListingReader {
            grammar,
            finder: grammar.cpu_literals.finder(grammar, COMMAND)?,
            table: CpuTable::default(),
            path: Arc::from(""),
            number: 1,
            pending: Vec::new(),
            open: None,
            counted: HashMap::new(),
            may_be_cut: false,
        })
    }

    /// What was gathered.
    pub fn finish(self) -> CpuTable {
        self.table
    }

    /// Reads a whole text; `path` is what its lines are said to be of.
    pub fn text(&mut self, path: &str, bytes: &[u8]) {
        self.begin(path);
        self.push(bytes);
        self.end();
    }

    /// Begins a text that comes in chunks.
    pub fn begin(&mut self, path: &str) {
        self.path = Arc::from(path);
        self.number = 1;
        self.counted.clear();
    }

    /// Takes in the next bytes of it.
    pub fn push(&mut self, chunk: &[u8]) {
        let whole = memrchr(b'\n', chunk).map_or(0, |feed| feed + 1);
        if whole > 0 && self.pending.is_empty() {
            self.lines(&chunk[..whole]);
        } else if whole > 0 {
            let mut lines = std::mem::take(&mut self.pending);
            lines.extend_from_slice(&chunk[..whole]);
            self.lines(&lines);
        }
        // The end of a line without end is passed over.
        let room = MAX_LINE.saturating_sub(self.pending.len());
        let rest = &chunk[whole..];
        self.pending
            .extend_from_slice(&rest[..rest.len().min(room)]);
    }

    /// The text ended.
    pub fn end(&mut self) {
        let last = std::mem::take(&mut self.pending);
        self.may_be_cut = !last.is_empty();
        self.lines(&last);
        self.close();
        self.may_be_cut = false;
    }

    fn lines(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            // Inside a listing every line counts, however little it looks like one.
            if self.open.is_none() {
                let found = self.finder.find(&bytes[at..]);
                let hit = found.map_or(bytes.len(), |found| at + found.start());
                // No line feed is in a literal, so that its line begins where the last one ended.
                let begin = memrchr(b'\n', &bytes[at..hit]).map_or(at, |feed| at + feed + 1);
                self.number += memchr_iter(b'\n', &bytes[at..begin]).count() as u64;
                at = begin;
                if hit == bytes.len() {
                    break;
                }
            }
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |feed| at + feed);
            self.line(self.number, &bytes[at..end.min(at + MAX_LINE)]);
            at = end + 1;
            self.number += 1;
        }
    }

    fn line(&mut self, number: u64, raw: &[u8]) {
        let (_, content) = quote::strip(raw.strip_suffix(b"\r").unwrap_or(raw));
        let text = String::from_utf8_lossy(content);
        let trimmed = text.trim_end();
        if self.goes_on(number, trimmed) {
            return;
        }
        self.close();
        if self.begins(trimmed) {
            return;
        }
        let line = LogLine::parse(number, raw);
        let rules = &self.grammar.cpu_lines;
        let rule = rules
            .iter()
            .find(|rule| line.text.contains(&rule.literal) && rule.pattern.is_match(&line.text));
        if let Some(rule) = rule {
            self.statement(rule, number, &line.text);
        }
    }

    /// True where a line belongs to the open listing.
    fn goes_on(&mut self, number: u64, line: &str) -> bool {
        match &mut self.open {
            None => false,
            Some(Open::Rdmsr(listing)) => match listing.value(line.trim()) {
                Some((cpu, value)) => {
                    match (listing.msr, listing.bits) {
                        (msr, Some(bits)) => self.bits((cpu, msr), bits, &value, number),
                        (msr, None) => self.register(cpu, msr, &value, number),
                    }
                    true
                }
                None => self.cannot_be_read(number, line),
            },
            Some(Open::Columns(columns)) => {
                let values = columns.values(line);
                let source = columns.rule.name.clone();
                let is_row = values.is_some();
                for (cpu, name, value) in values.into_iter().flatten() {
                    let subject = Subject::Field(source.clone(), name);
                    self.add(Said::plain(cpu, subject, &value), number);
                }
                is_row
            }
            Some(Open::Of { listing, cpu, set }) => {
                let (listing, cpu) = (*listing, *cpu);
                // The next CPU's part: it is opened by the same test as the first one.
                if listing.begins.is_match(line) {
                    return false;
                }
                if let Some(field) = listing.field.captures(line) {
                    let part = |name| field.name(name).map_or("", |group| group.as_str());
                    let (name, value) = (part("name").to_owned(), part("value").to_owned());
                    self.field(listing, cpu, (name, value, number));
                    return true;
                }
                let more = listing.more.as_ref();
                if let Some(more) = more.and_then(|more| more.captures(line)) {
                    if let (Some((_, words, _)), Some(word)) = (set, more.name("value")) {
                        words.push_str(word.as_str());
                        words.push('\n');
                    }
                    return true;
                }
                match set {
                    Some((_, words, _)) if is_words(line) => {
                        words.push(' ');
                        words.push_str(line.trim());
                        true
                    }
                    _ => false,
                }
            }
        }
    }

    /// The field before is whole.
    fn field(&mut self, listing: &'g CpuListing, cpu: u32, field: (String, String, u64)) {
        let may_be_cut = std::mem::take(&mut self.may_be_cut);
        self.write_set();
        self.may_be_cut = may_be_cut;
        if listing.sets.contains(&field.0) {
            self.open = Some(Open::Of {
                listing,
                cpu,
                set: Some(field),
            });
        } else {
            self.write(listing, cpu, &field);
        }
    }

    fn write_set(&mut self) {
        if let Some(Open::Of { listing, cpu, set }) = &mut self.open {
            let (listing, cpu) = (*listing, *cpu);
            if let Some(field) = set.take() {
                self.write(listing, cpu, &field);
            }
        }
    }

    fn write(
        &mut self,
        listing: &CpuListing,
        cpu: u32,
        (name, value, line): &(String, String, u64),
    ) {
        let value = value.trim_matches([' ', '\t']);
        let line_is = |pattern: &Pattern| pattern.is_match(&format!("{name}: {value}"));
        if listing.empty.as_ref().is_some_and(line_is) {
            self.table.leave_empty(cpu);
            return;
        }
        let unknown = listing.unknown.as_ref();
        if unknown.is_some_and(|unknown| unknown.is_match(value)) {
            return;
        }
        let value = listing.comparable(name, value);
        let subject = Subject::Field(listing.name.clone(), name.clone());
        // The names are those of the row, which its first CPU makes.
        let words = match self.table.row(&subject) {
            Some(_) => Vec::new(),
            None => self.words(listing, name),
        };
        let said = Said {
            unit: listing.unit,
            cpu,
            subject,
            value: &value,
            is_set: listing.sets.contains(name),
            is_own: listing.own.contains(name),
            says: None,
            register: None,
            words: &words,
            may_be_cut: false,
        };
        self.add(said, *line);
    }

    /// The registers in a field's value whose bits are features. The names are those of the newest kernel: CPUID itself
    /// does not change.
    fn words(&self, listing: &CpuListing, field: &str) -> Vec<NamedWord> {
        let table = self.grammar.features().for_release(None);
        let name = |number| Some(table.feature(number)?.name);
        let words = listing.words.iter().filter(|word| word.field == field);
        words
            .map(|word| NamedWord {
                register: word.register.clone(),
                names: (0..32)
                    .filter_map(|bit| {
                        Some((bit, name(word.word.checked_mul(32)?.checked_add(bit)?)?))
                    })
                    .collect(),
            })
            .collect()
    }

    fn close(&mut self) {
        self.write_set();
        self.open = None;
    }

    /// True where a line begins a listing.
    fn begins(&mut self, line: &str) -> bool {
        if line.contains(COMMAND)
            && let Some(listing) = Listing::begun_by(self.grammar, line)
        {
            self.open = Some(Open::Rdmsr(listing));
            return true;
        }
        let mut rules = self.grammar.cpu_listings.iter();
        let begun = rules.find_map(|rule| {
            let groups = line
                .contains(&rule.literal)
                .then(|| rule.begins.captures(line))??;
            let Some(cpu) = groups.name("cpu") else {
                return Some((rule, None));
            };
            let cpu: u32 = cpu.as_str().parse().ok()?;
            // Some programs count from 1.
            Some((rule, Some(cpu.checked_sub(rule.first)?)))
        });
        let Some((listing, cpu)) = begun else {
            self.open = Columns::begun_by(self.grammar, line).map(Open::Columns);
            return self.open.is_some();
        };
        let cpu = cpu.unwrap_or_else(|| {
            let next = self.counted.entry(&listing.name).or_default();
            *next += 1;
            *next - 1
        });
        let set = None;
        self.open = Some(Open::Of { listing, cpu, set });
        true
    }

    /// True for rdmsr's error in the middle of its listing.
    fn cannot_be_read(&mut self, number: u64, line: &str) -> bool {
        let grammar = self.grammar;
        let mut rules = grammar.cpu_lines.iter();
        let rule = rules.find(|rule| rule.value.is_some() && rule.pattern.is_match(line));
        let Some(rule) = rule.filter(|rule| rule.pattern.group_names().iter().any(|n| n == "msr"))
        else {
            return false;
        };
        let cpu = self.statement(rule, number, line);
        if let (Some(cpu), Some(Open::Rdmsr(listing))) = (cpu, &mut self.open) {
            listing.skip(cpu);
        }
        true
    }

    /// What a line says; gives its CPU.
    fn statement(&mut self, rule: &CpuStatement, number: u64, line: &str) -> Option<u32> {
        let groups = rule.pattern.captures(line)?;
        let cpus = match (groups.name("cpu"), groups.name("cpus")) {
            (Some(cpu), _) => vec![cpu.as_str().parse().ok()?],
            (None, Some(cpus)) => listed(cpus.as_str())?,
            (None, None) => return None,
        };
        let cpu = *cpus.first()?;
        let value = match &rule.value {
            Some(value) => value.as_str(),
            None => groups.name("value")?.as_str(),
        };
        if let Some(msr) = groups.name("msr") {
            let msr = msr.as_str();
            let number_of = match msr.strip_prefix("0x") {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => self.grammar.register_named(msr).map(|msr| msr.number),
            };
            if let Some(msr) = number_of {
                // One spelling for all programs: `0x05` and `0x5` are the same value.
                let hex = value.strip_prefix("0x");
                let hex = hex.and_then(|hex| u64::from_str_radix(hex, 16).ok());
                let value = hex.map_or(value.to_owned(), |hex| format!("{hex:#x}"));
                self.register(cpu, msr, &value, number);
                return Some(cpu);
            }
        }
        let source = rule.source.as_deref().unwrap_or(KERNEL);
        for cpu in &cpus {
            let said = Said {
                says: rule.says.as_deref(),
                ..Said::plain(
                    *cpu,
                    Subject::Field(source.to_owned(), rule.name.clone()),
                    value,
                )
            };
            self.add(said, number);
        }
        Some(cpu)
    }

    /// A part of a register: it is compared as such, since the rest is not known.
    fn bits(&mut self, (cpu, msr): (u32, u32), (high, low): (u8, u8), value: &str, line: u64) {
        let name = match high == low {
            true => format!("bit {low}"),
            false => format!("bits {high}:{low}"),
        };
        let subject = Subject::Field(format!("MSR {msr:#x}"), name);
        self.add(Said::plain(cpu, subject, value), line);
    }

    fn register(&mut self, cpu: u32, msr: u32, value: &str, line: u64) {
        let register = self.grammar.register(msr);
        let said = Said {
            is_own: register.is_some_and(|msr| msr.own),
            register,
            ..Said::plain(cpu, Subject::Msr(msr), value)
        };
        self.add(said, line);
    }

    fn add(&mut self, said: Said<'_>, line: u64) {
        let printed = Printed {
            path: Arc::clone(&self.path),
            line,
        };
        let may_be_cut = self.may_be_cut;
        self.table.add(Said { may_be_cut, ..said }, &printed);
    }
}

/// The rest of a list of flags that a mailer broke.
fn is_words(line: &str) -> bool {
    let is_word = |word: &str| {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        word.bytes().all(is_part)
    };
    !line.trim().is_empty() && line.split_ascii_whitespace().all(is_word)
}
