//! Patterns: regular expressions that compile on first use, so that a start costs nothing.
//!
//! They work on bytes and know ASCII only: the kernel prints no other digits and letters where a
//! pattern looks for some, and Unicode's tables would take longer to build than a log takes to read.

use super::required_literals::RequiredLiterals;
use regex_automata::Span;
use regex_automata::meta;
use regex_automata::util::captures::Captures;
use regex_automata::util::{interpolate, syntax};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Searches after which a pattern is worth the automata that make it fast: building them takes
/// about as long as so many searches of a line without them.
const HOT: u32 = 200;

/// Bytes that a pattern may compile to: a file of `--grammar` with `x{1000}` in every line must not fill
/// memory.
const MAX_COMPILED: usize = 256 << 10;

/// A regular expression in the syntax of the `regex` crate.
#[derive(Debug)]
pub struct Pattern {
    /// As written in the grammar.
    pub source: String,
    /// What a text must contain to fit, known before anything is compiled.
    required: OnceLock<RequiredLiterals>,
    group_names: OnceLock<Vec<String>>,
    compiled: OnceLock<Option<Engines>>,
}

/// One pattern, compiled twice: most patterns are tried on a handful of lines of a run, where
/// building the fast automata would take longer than all else. Both give the same answers.
#[derive(Debug)]
struct Engines {
    quickly_built: meta::Regex,
    searches: AtomicU32,
    fast: OnceLock<Option<meta::Regex>>,
}

/// Where a pattern fits a text.
pub struct MatchedGroups<'t> {
    text: &'t str,
    captures: Captures,
}

/// One group of it.
#[derive(Clone, Copy)]
pub struct MatchedGroup<'t> {
    text: &'t str,
    span: Span,
}

impl<'t> MatchedGroups<'t> {
    /// The group of that name, if it took part.
    pub fn name(&self, name: &str) -> Option<MatchedGroup<'t>> {
        self.captures
            .get_group_by_name(name)
            .map(|span| self.group(span))
    }

    /// The whole match (0), or a group by its number.
    pub fn get(&self, index: usize) -> Option<MatchedGroup<'t>> {
        self.captures.get_group(index).map(|span| self.group(span))
    }

    fn group(&self, span: Span) -> MatchedGroup<'t> {
        let text = self.text;
        MatchedGroup { text, span }
    }

    /// Adds `with` to `out`, with every `${name}` in it replaced by its group.
    fn expand(&self, with: &str, out: &mut Vec<u8>) {
        let append = |index, out: &mut Vec<u8>| {
            if let Some(span) = self.captures.get_group(index) {
                out.extend_from_slice(&self.text.as_bytes()[span]);
            }
        };
        let number = |name: &str| {
            let pattern = self.captures.pattern()?;
            self.captures.group_info().to_index(pattern, name)
        };
        interpolate::bytes(with.as_bytes(), append, number, out);
    }
}

impl<'t> MatchedGroup<'t> {
    /// Its text; empty where the pattern cut a character of several bytes in two.
    pub fn as_str(&self) -> &'t str {
        // Patterns know bytes, not characters, and a text may hold any.
        self.text.get(self.span.range()).unwrap_or_default()
    }

    /// Offset in the text, in bytes.
    pub fn start(&self) -> usize {
        self.span.start
    }

    /// Offset after the group, in bytes.
    pub fn end(&self) -> usize {
        self.span.end
    }
}

impl Pattern {
    /// A pattern, not yet compiled.
    pub fn new(source: impl Into<String>) -> Pattern {
        Pattern {
            source: source.into(),
            required: OnceLock::new(),
            group_names: OnceLock::new(),
            compiled: OnceLock::new(),
        }
    }

    /// Named and numbered groups where the pattern fits `text`.
    pub fn captures<'t>(&self, text: &'t str) -> Option<MatchedGroups<'t>> {
        let regex = self.regex_for(text)?;
        let mut captures = regex.create_captures();
        regex.captures(text, &mut captures);
        captures
            .is_match()
            .then_some(MatchedGroups { text, captures })
    }

    /// True where the pattern fits.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex_for(text)
            .is_some_and(|regex| regex.is_match(text))
    }

    /// Offset of the first place where the pattern fits.
    pub fn find(&self, text: &str) -> Option<usize> {
        self.regex_for(text)?.find(text).map(|found| found.start())
    }

    /// `text` with every place where the pattern fits replaced; `$name` is a group.
    pub fn replace_all<'t>(&self, text: &'t str, with: &str) -> Cow<'t, str> {
        // Most texts have nothing to replace, and need no copy.
        let Some(regex) = self.regex_for(text).filter(|regex| regex.is_match(text)) else {
            return Cow::Borrowed(text);
        };
        let mut out = Vec::with_capacity(text.len());
        let mut copied = 0;
        for captures in regex.captures_iter(text) {
            let Some(place) = captures.get_match() else {
                continue;
            };
            out.extend_from_slice(&text.as_bytes()[copied..place.start()]);
            copied = place.end();
            MatchedGroups { text, captures }.expand(with, &mut out);
        }
        out.extend_from_slice(&text.as_bytes()[copied..]);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// The first place where the pattern fits, written as `with`; `${name}` is a group.
    pub fn extract(&self, text: &str, with: &str) -> Option<String> {
        let groups = self.captures(text)?;
        let mut out = Vec::new();
        groups.expand(with, &mut out);
        Some(String::from_utf8_lossy(&out).into_owned())
    }

    /// Names of its groups.
    pub fn group_names(&self) -> &[String] {
        self.group_names.get_or_init(|| {
            // Only a pattern with a group needs to be compiled to learn their names.
            let regex = self.source.contains("(?").then(|| self.regex()).flatten();
            let names = regex
                .into_iter()
                .flat_map(|regex| regex.group_info().all_names());
            let names = names.filter_map(|(_, _, name)| name.map(str::to_owned));
            names.collect()
        })
    }

    /// The reason why it does not compile.
    pub(super) fn check(&self) -> Result<(), String> {
        compile(&self.source, true)
            .map(drop)
            .map_err(|error| reason(&error))
    }

    /// `None` where the text lacks what the pattern needs, so that nothing has to be compiled.
    fn regex_for(&self, text: &str) -> Option<&meta::Regex> {
        // Asked first: a pattern whose words are not there is never compiled.
        self.required().is_in(text.as_bytes()).then_some(())?;
        self.regex()
    }

    /// Texts that fit contain one of these; `None` where any text may fit.
    pub(super) fn literals(&self) -> Option<Vec<String>> {
        let literals = self.required().literals();
        let texts: Option<Vec<_>> = literals
            .map(|literal| String::from_utf8(literal.to_vec()).ok())
            .collect();
        texts.filter(|texts| !texts.is_empty())
    }

    fn required(&self) -> &RequiredLiterals {
        self.required
            .get_or_init(|| RequiredLiterals::of(&self.source))
    }

    /// `None` for a pattern that does not compile; [`Pattern::check`] has said so before.
    fn regex(&self) -> Option<&meta::Regex> {
        let engines = self.compiled.get_or_init(|| {
            Some(Engines {
                quickly_built: compile(&self.source, false).ok()?,
                searches: AtomicU32::new(0),
                fast: OnceLock::new(),
            })
        });
        let engines = engines.as_ref()?;
        if let Some(fast) = engines.fast.get() {
            return fast.as_ref();
        }
        // The count only chooses between engines that give the same answers: no order between threads is needed.
        if engines.searches.fetch_add(1, Ordering::Relaxed) < HOT {
            return Some(&engines.quickly_built);
        }
        let build = || compile(&self.source, true).ok();
        engines.fast.get_or_init(build).as_ref()
    }
}

/// Without `fast` only what every search needs is built.
fn compile(source: &str, fast: bool) -> Result<meta::Regex, Box<meta::BuildError>> {
    let config = meta::Config::new()
        .utf8_empty(false)
        .nfa_size_limit(Some(MAX_COMPILED))
        .hybrid_cache_capacity(2 << 20)
        .hybrid(fast)
        .dfa(fast)
        .onepass(fast);
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(source)
        .map_err(Box::new)
}

/// Why a pattern does not compile, as far down as the error says.
fn reason(error: &meta::BuildError) -> String {
    match (error.syntax_error(), error.size_limit()) {
        (Some(syntax), _) => syntax.to_string(),
        (None, Some(limit)) => format!("it grows over {limit} bytes; make its repetitions fewer"),
        (None, None) => error.to_string(),
    }
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
