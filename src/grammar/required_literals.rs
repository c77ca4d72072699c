//! What every text that a pattern matches must contain.
//!
//! In: a regular expression. Out: literals one of which every match contains, read from regex-syntax's
//! HIR. Looking for those first spares most patterns of a run the search, and their compilation as well.

use memchr::memmem;
use regex_syntax::hir::{Hir, HirKind, Look};
use regex_syntax::{Parser, ParserBuilder};

/// What a text must contain to match a pattern.
#[derive(Debug, Default)]
pub(super) struct RequiredLiterals {
    /// One of these; nothing where there is none.
    anywhere: Vec<memmem::Finder<'static>>,
    /// It must begin with this.
    prefix: Vec<u8>,
}

impl RequiredLiterals {
    /// Those of a pattern in the syntax of [`super::Pattern`]; none where it does not parse.
    pub fn of(source: &str) -> RequiredLiterals {
        let Ok(hir) = parser().parse(source) else {
            return RequiredLiterals::default();
        };
        let finder = |literal: Vec<u8>| memmem::Finder::new(&literal).into_owned();
        RequiredLiterals {
            anywhere: any_of(&hir).into_iter().map(finder).collect(),
            prefix: prefix(&hir).to_vec(),
        }
    }

    /// The literals one of which a text must contain; none where any text will do.
    pub fn literals(&self) -> impl Iterator<Item = &[u8]> {
        self.anywhere.iter().map(memmem::Finder::needle)
    }

    /// False for a text that the pattern cannot match.
    pub fn is_in(&self, text: &[u8]) -> bool {
        // The first byte settles nearly every pattern that is anchored.
        let begins = |first: &u8| text.first() == Some(first) && text.starts_with(&self.prefix);
        let has = |finder: &memmem::Finder<'_>| finder.find(text).is_some();
        let has_any = || self.anywhere.is_empty() || self.anywhere.iter().any(has);
        self.prefix.first().is_none_or(begins) && has_any()
    }
}

/// The syntax that patterns are compiled with (`pattern.rs`): bytes, ASCII only.
fn parser() -> Parser {
    ParserBuilder::new().unicode(false).utf8(false).build()
}

/// The literal after a leading `^`; empty where there is none.
fn prefix(hir: &Hir) -> &[u8] {
    let HirKind::Concat(parts) = hir.kind() else {
        return &[];
    };
    // regex-syntax guarantees at least two parts (`HirKind::Concat`).
    match (parts[0].kind(), parts[1].kind()) {
        (HirKind::Look(Look::Start), HirKind::Literal(literal)) => &literal.0,
        _ => &[],
    }
}

/// Literals of which every match contains one; empty where there is no such set.
fn any_of(hir: &Hir) -> Vec<Vec<u8>> {
    match hir.kind() {
        HirKind::Literal(literal) => vec![literal.0.to_vec()],
        HirKind::Capture(group) => any_of(&group.sub),
        HirKind::Repetition(repeated) if repeated.min > 0 => any_of(&repeated.sub),
        // Every part must match, so the literals of any single part will do.
        HirKind::Concat(parts) => best(parts.iter().map(any_of)),
        HirKind::Alternation(branches) => {
            let each: Vec<_> = branches.iter().map(any_of).collect();
            // A branch without literals may match any text.
            let all_have = each.iter().all(|literals| !literals.is_empty());
            if all_have { each.concat() } else { Vec::new() }
        }
        // A class of letters, for one that ignores case, is worth no literal for each of its members.
        _ => Vec::new(),
    }
}

/// The set whose shortest literal is the longest: the rarest one, as far as lengths show that. Of equal
/// ones the smaller set.
fn best(sets: impl Iterator<Item = Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
    let worth = |set: &Vec<Vec<u8>>| {
        let shortest = set.iter().map(Vec::len).min().unwrap_or(0);
        (shortest, std::cmp::Reverse(set.len()))
    };
    sets.max_by_key(worth).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::RequiredLiterals;
    use crate::grammar::{Grammar, Pattern};
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::TestRunner;

    fn required(source: &str) -> String {
        let required = RequiredLiterals::of(source);
        let texts = required.literals().map(String::from_utf8_lossy);
        texts.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn texts_made_from_the_grammar_s_patterns_contain_what_these_require() {
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
                // Without its anchors the pattern was made to match a whole text.
                assert!(
                    RequiredLiterals::of(source).is_in(text.as_bytes()),
                    "{source}: {text:?}"
                );
            }
            held += 1;
        }
        assert!(held > 100, "{held}");
    }

    #[test]
    fn the_longest_literal_of_each_alternative_is_in_every_match_of_it() {
        for (source, literals) in [
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
            ("(?:first|second) of", "first|second"),
            ("(?:one|second) of", " of"),
            (r"\<word\>", "word"),
            (r"\bword\b", "word"),
            ("(?i)warning", ""),
            ("a(?i)warning", "a"),
            (r"\d+\x41", "A"),
        ] {
            assert_eq!(required(source), literals, "{source}");
        }
    }

    #[test]
    fn what_a_text_begins_with_is_known_after_an_anchor() {
        for (source, prefix) in [
            ("^WARNING: (?:CPU|at)", "WARNING: "),
            (r"^WARNING: \[x\]", "WARNING: [x]"),
            ("^ab?c", "a"),
            ("^ab|cd", ""),
            ("^(?:a|b)c", ""),
            ("WARNING", ""),
            ("(?m)^x", ""),
        ] {
            let required = RequiredLiterals::of(source);
            assert_eq!(
                String::from_utf8_lossy(&required.prefix),
                prefix,
                "{source}"
            );
        }
    }

    #[test]
    fn what_does_not_parse_requires_nothing() {
        for source in ["\\", "[", "[[[", "((((", "a{", "(?", ")", "]"] {
            RequiredLiterals::of(source);
        }
        assert_eq!(required(&"(".repeat(100_000)), "");
    }
}
