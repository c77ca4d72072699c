//! What every text that a pattern fits must contain.
//!
//! In: a regular expression. Out: the longest stretch of plain characters of each of its alternatives. Looking
//! for those first spares most patterns of a run the search, and their compilation as well.

use memchr::memmem;

/// What a text must contain to fit a pattern.
#[derive(Debug)]
pub(super) struct Needed {
    /// One of these; nothing where there is none.
    anywhere: Vec<memmem::Finder<'static>>,
    /// It must begin with this.
    beginning: Vec<u8>,
}

impl Needed {
    pub fn by(source: &str) -> Needed {
        let finder = |stretch: String| memmem::Finder::new(&stretch).into_owned();
        Needed {
            anywhere: needed(source).into_iter().map(finder).collect(),
            beginning: beginning(source).into_bytes(),
        }
    }

    /// The stretches one of which a text must contain; none where any text will do.
    pub fn stretches(&self) -> impl Iterator<Item = &[u8]> {
        self.anywhere.iter().map(memmem::Finder::needle)
    }

    /// False for a text that the pattern cannot fit.
    pub fn is_in(&self, text: &[u8]) -> bool {
        // The first byte settles nearly every pattern that is anchored.
        let begins = |first: &u8| text.first() == Some(first) && text.starts_with(&self.beginning);
        let has = |finder: &memmem::Finder<'_>| finder.find(text).is_some();
        let has_any = || self.anywhere.is_empty() || self.anywhere.iter().any(has);
        self.beginning.first().is_none_or(begins) && has_any()
    }
}

/// The plain stretch behind a `^`; empty where there is none.
fn beginning(source: &str) -> String {
    let Some(behind) = source.strip_prefix('^') else {
        return String::new();
    };
    // Without an alternative outside of groups, which `needed` knows of.
    let plain = behind.find(|c| !is_plain(c)).unwrap_or(behind.len());
    let (stretch, rest) = behind.split_at(plain);
    match rest.chars().next() {
        _ if needed(source).len() != 1 => String::new(),
        Some('?' | '*' | '{') => {
            let mut stretch = stretch.to_owned();
            stretch.pop();
            stretch
        }
        _ => stretch.to_owned(),
    }
}

/// True for a character that stands for itself.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || " :_#/,;=<>\"'&%@!~`-".contains(c)
}

/// The longest plain stretch outside of groups and classes of each alternative; empty where one has none.
fn needed(source: &str) -> Vec<String> {
    let mut stretches = Stretches::default();
    let mut rest = source.chars().peekable();
    // Flags may make a pattern fit what does not contain its characters.
    let has_flags = |(at, _): (usize, &str)| {
        let behind = source.get(at + 2..).unwrap_or_default();
        !behind.starts_with([':', '<', 'P'])
    };
    if source.match_indices("(?").any(has_flags) {
        return Vec::new();
    }
    while let Some(c) = rest.next() {
        match c {
            '|' => stretches.end_alternative(),
            '\\' => match rest.next() {
                Some(escaped) if escaped.is_ascii_punctuation() => stretches.add(escaped),
                Some('p' | 'P' | 'x' | 'u' | 'U') | None => return Vec::new(),
                Some(_) => stretches.end(),
            },
            '[' => {
                skip_class(&mut rest);
                stretches.end();
            }
            '(' => {
                skip_group(&mut rest);
                stretches.end();
            }
            '?' | '*' | '{' => {
                stretches.take_back();
                stretches.end();
                if c == '{' {
                    rest.by_ref().find(|c| *c == '}');
                }
            }
            '+' | '.' | '^' | '$' => stretches.end(),
            plain => stretches.add(plain),
        }
    }
    stretches.end_alternative();
    let all = stretches.alternatives;
    if all.iter().any(String::is_empty) {
        Vec::new()
    } else {
        all
    }
}

#[derive(Default)]
struct Stretches {
    current: String,
    longest: String,
    alternatives: Vec<String>,
}

impl Stretches {
    fn add(&mut self, c: char) {
        self.current.push(c);
    }

    /// The last character was optional.
    fn take_back(&mut self) {
        self.current.pop();
    }

    fn end(&mut self) {
        if self.current.len() > self.longest.len() {
            self.longest.clone_from(&self.current);
        }
        self.current.clear();
    }

    fn end_alternative(&mut self) {
        self.end();
        self.alternatives.push(std::mem::take(&mut self.longest));
    }
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Goes behind the `]` of a class whose `[` was read; classes may hold classes.
fn skip_class(rest: &mut Rest<'_>) {
    let mut depth = 1;
    begin_class(rest);
    while depth > 0 {
        match rest.next() {
            Some('\\') => drop(rest.next()),
            Some('[') => {
                depth += 1;
                begin_class(rest);
            }
            Some(']') => depth -= 1,
            Some(_) => {}
            None => return,
        }
    }
}

/// A `]` at the beginning of a class is a character of it.
fn begin_class(rest: &mut Rest<'_>) {
    rest.next_if_eq(&'^');
    rest.next_if_eq(&']');
}

/// Goes behind the `)` of a group whose `(` was read.
fn skip_group(rest: &mut Rest<'_>) {
    let mut depth = 1;
    while depth > 0 {
        match rest.next() {
            Some('\\') => drop(rest.next()),
            Some('[') => skip_class(rest),
            Some('(') => depth += 1,
            Some(')') => depth -= 1,
            Some(_) => {}
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Needed, beginning, needed};
    use crate::grammar::{Grammar, Pattern};
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    #[test]
    fn texts_made_from_the_grammar_s_patterns_contain_what_these_need() {
        let grammar = Grammar::builtin();
        let kinds = grammar.kinds.iter().flat_map(|kind| kind.patterns());
        let landmarks = grammar.landmarks.iter().map(|mark| &mark.pattern);
        let milestones = grammar.milestones.iter().map(|rule| &rule.pattern);
        let mut held = 0;
        for Pattern { source, .. } in kinds.chain(landmarks).chain(milestones) {
            let body = source.trim_start_matches('^').trim_end_matches('$');
            // Not every construct can be made up; borders of words, for one.
            let Ok(texts) = proptest::string::string_regex(&format!("(?-u){body}")) else {
                continue;
            };
            let mut runner = TestRunner::deterministic();
            for _ in 0..32 {
                let text = texts.new_tree(&mut runner).expect("a text").current();
                // Without its anchors the pattern was made to fit a whole text.
                assert!(
                    Needed::by(source).is_in(text.as_bytes()),
                    "{source}: {text:?}"
                );
            }
            held += 1;
        }
        assert!(held > 100, "{held}");
    }

    #[test]
    fn the_longest_stretch_of_an_alternative_is_what_every_fit_of_it_contains() {
        for (source, stretch) in [
            ("Call [Tt]race", "Call "),
            (
                r"^WARNING: .*lib/kobject\.c.* (?:kobject_|at)",
                "lib/kobject.c",
            ),
            (r"CPU#[0-9]+", "CPU#"),
            ("colou?r", "colo"),
            ("ab{2,3}cd", "cd"),
            ("a+bc", "bc"),
            ("x(?:[)](y)|z)longer", "longer"),
            ("[]abc]", ""),
            ("[[:xdigit:]x]q", "q"),
            ("panic|oops: ", "panic|oops: "),
            ("panic|.", ""),
            ("p(a|n)ic|[|]", ""),
            ("(?i)warning", ""),
            ("a(?i)warning", ""),
            (r"\d+\x41", ""),
        ] {
            assert_eq!(needed(source).join("|"), stretch, "{source}");
        }
    }

    #[test]
    fn what_a_text_begins_with_is_known_behind_an_anchor() {
        for (source, stretch) in [
            ("^WARNING: (?:CPU|at)", "WARNING: "),
            (r"^WARNING: \[x\]", "WARNING: "),
            ("^ab?c", "a"),
            ("^ab|cd", ""),
            ("^(?:a|b)c", ""),
            ("WARNING", ""),
            ("(?m)^x", ""),
        ] {
            assert_eq!(beginning(source), stretch, "{source}");
        }
    }

    #[test]
    fn hostile_patterns_end() {
        for source in ["\\", "[", "[[[", "((((", "a{", "(?", ")", "]"] {
            needed(source);
        }
        needed(&"(".repeat(100_000));
    }
}
