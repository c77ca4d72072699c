use super::builtin::FINGERPRINTS;
use super::{BUCKETS, Fingerprint, WIDTH, of_all};
use crate::grammar::Grammar;
use crate::line::decode;
use crate::literals::anneal::{found, improve, passed, sample};
use crate::literals::shortest;
use std::fs;
use std::path::Path;

/// Bytes of a log of which the buckets of the grammar may let one through: 500 literals share eight of them, and what
/// was found for them lets one of 20 through. What is let through for nothing costs a look at its hash.
const RARE: u32 = 19;

/// The same for fingerprints that are found: their literals are compared.
const FOUND_RARE: u32 = 600;

/// What to do when the test fails.
const MEND: &str = "CONTRIBUTING.md says how to find fingerprints";

#[test]
fn a_literal_that_nobody_searched_for_has_none() {
    assert!(of_all(&[b"Oops"]).is_some());
    assert!(of_all(&[b"Oops", b"a literal of the user's"]).is_none());
}

#[test]
fn every_fingerprint_is_in_its_literal() {
    assert!(FINGERPRINTS.is_sorted_by_key(|(literal, ..)| literal.as_bytes()));
    for (literal, offset, bucket) in FINGERPRINTS {
        let text = literal.as_bytes().get(*offset..offset + WIDTH);
        assert!(*bucket < BUCKETS, "{literal}");
        assert!(text.is_some_and(|text| !text.contains(&b'\n')), "{literal}");
    }
}

/// What begins reports and boots, and what describes a boot: the two searches of a log.
fn searches(grammar: &Grammar) -> [Vec<&str>; 2] {
    let reports = grammar
        .report_literals()
        .chain(decode::LITERALS.iter().copied());
    let marks = shortest(reports.chain(grammar.boot_literals()).collect());
    let milestones = grammar.milestone_literals();
    let notes = milestones.chain(grammar.note_literals()).collect();
    [marks, shortest(notes)]
}

/// All logs of the corpus.
fn logs() -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut cases: Vec<_> = fs::read_dir(corpus)
        .expect("the corpus")
        .flatten()
        .collect();
    cases.sort_by_key(fs::DirEntry::path);
    let logs = cases
        .iter()
        .filter_map(|case| fs::read(case.path().join("log")).ok());
    logs.collect::<Vec<_>>().join(&b'\n')
}

#[test]
fn fingerprints_of_the_grammar_let_few_places_through() {
    let text = sample(&logs());
    let grammar = Grammar::builtin();
    let searches = searches(&grammar);
    if std::env::var_os("UPDATE_FINGERPRINTS").is_some() {
        update(&text, &searches);
        return;
    }
    for literals in searches {
        let literals: Vec<&[u8]> = literals.iter().map(|literal| literal.as_bytes()).collect();
        let fingerprints = of_all(&literals).expect(MEND);
        let passed = passed(&text, &literals, &fingerprints);
        let found = found(&text, &literals, &fingerprints);
        let most = [RARE, FOUND_RARE].map(|rare| text.len() as u32 / rare);
        assert!(
            passed < most[0] && found < most[1],
            "{passed}, {found}; {MEND}"
        );
    }
}

/// Writes `builtin.rs`.
fn update(text: &[u8], searches: &[Vec<&str>; 2]) {
    let mut all: Vec<(&str, Fingerprint)> = Vec::new();
    for literals in searches {
        let known = |literal: &&str| {
            all.iter()
                .find(|(known, _)| known == literal)
                .map(|(_, fingerprint)| *fingerprint)
        };
        let (mut literals, others): (Vec<&str>, Vec<&str>) = literals
            .iter()
            .partition(|literal| known(literal).is_some());
        let fixed: Vec<Fingerprint> = literals.iter().filter_map(known).collect();
        literals.extend(others);
        let bytes: Vec<&[u8]> = literals.iter().map(|literal| literal.as_bytes()).collect();
        let fingerprints = improve(text, &bytes, &fixed);
        println!(
            "{} places of {}",
            passed(text, &bytes, &fingerprints),
            text.len()
        );
        all.extend(literals.into_iter().zip(fingerprints).skip(fixed.len()));
    }
    all.sort_by_key(|(literal, _)| literal.as_bytes());
    let rows = all.iter().map(|(literal, Fingerprint { offset, bucket })| {
        format!("    ({literal:?}, {offset}, {bucket}),\n")
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/literals/fingerprints/builtin.rs");
    let old = fs::read_to_string(&path).expect("builtin.rs");
    let (head, _) = old.split_once("&[\n").expect("a head");
    fs::write(path, format!("{head}&[\n{}];\n", rows.collect::<String>())).expect("written");
}
