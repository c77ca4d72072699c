use super::{BUCKETS, WIDTH, Window, choose};
use crate::grammar::Grammar;
use crate::line::decode;
use crate::literals::anneal::{found, improve, passed, sample};
use crate::literals::chosen::CHOSEN;
use crate::literals::shortest;
use std::fs;
use std::path::Path;

/// Bytes of a log of which the buckets of the grammar may let one through: 300 literals share eight of them. What is
/// let through for nothing costs a look at its hash.
const RARE: u32 = 36;

/// The same for windows that are found: their literals are compared.
const FOUND_RARE: u32 = 600;

#[test]
fn windows_are_made_of_rare_bytes_and_shared_by_those_alike() {
    let literals: [&[u8]; 2] = [b"the skew is too wide", b"BUG: KFENCES"];
    let windows = choose(&literals);
    let text = |n: usize| &literals[n][windows[n].offset..][..4];
    assert!(text(0).contains(&b'w') && text(1).is_ascii(), "{windows:?}");
    assert!(text(1).iter().any(u8::is_ascii_uppercase), "{windows:?}");
    let twice = choose(&[b"Oops: 1", b"Oops: 2"]);
    assert_eq!(twice[0], twice[1]);
}

#[test]
fn a_window_ends_before_the_line_does() {
    assert_eq!(
        choose(&[b"SAGE\n\n\n\n"])[0],
        Window {
            offset: 0,
            bucket: 0
        }
    );
}

#[test]
fn what_was_chosen_beforehand_fits() {
    assert!(CHOSEN.is_sorted_by_key(|(literal, ..)| literal.as_bytes()));
    for (literal, offset, bucket) in CHOSEN {
        let text = literal.as_bytes().get(*offset..offset + WIDTH);
        assert!(*bucket < BUCKETS, "{literal}");
        assert!(text.is_some_and(|text| !text.contains(&b'\n')), "{literal}");
    }
}

/// What begins reports and boots, and what tells of a boot: the two searches of a log.
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
fn windows_of_the_grammar_let_few_places_through() {
    let text = sample(&logs());
    let grammar = Grammar::builtin();
    let searches = searches(&grammar);
    if std::env::var_os("UPDATE_WINDOWS").is_some() {
        update(&text, &searches);
        return;
    }
    for literals in searches {
        let literals: Vec<&[u8]> = literals.iter().map(|literal| literal.as_bytes()).collect();
        let windows = choose(&literals);
        let passed = passed(&text, &literals, &windows);
        let found = found(&text, &literals, &windows);
        let most = [RARE, FOUND_RARE].map(|rare| text.len() as u32 / rare);
        assert!(
            passed < most[0] && found < most[1],
            "{passed}, {found}; CONTRIBUTING.md tells how to find better ones"
        );
    }
}

/// Writes `chosen.rs`.
fn update(text: &[u8], searches: &[Vec<&str>; 2]) {
    let mut all: Vec<(&str, Window)> = Vec::new();
    for literals in searches {
        let known = |literal: &&str| {
            all.iter()
                .find(|(known, _)| known == literal)
                .map(|(_, window)| *window)
        };
        let (mut literals, others): (Vec<&str>, Vec<&str>) = literals
            .iter()
            .partition(|literal| known(literal).is_some());
        let fixed: Vec<Window> = literals.iter().filter_map(known).collect();
        literals.extend(others);
        let bytes: Vec<&[u8]> = literals.iter().map(|literal| literal.as_bytes()).collect();
        let windows = improve(text, &bytes, &fixed);
        println!(
            "{} places of {}",
            passed(text, &bytes, &windows),
            text.len()
        );
        all.extend(literals.into_iter().zip(windows).skip(fixed.len()));
    }
    all.sort_by_key(|(literal, _)| literal.as_bytes());
    let rows = all.iter().map(|(literal, Window { offset, bucket })| {
        format!("    ({literal:?}, {offset}, {bucket}),\n")
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/literals/chosen.rs");
    let old = fs::read_to_string(&path).expect("chosen.rs");
    let (head, _) = old.split_once("&[\n").expect("a head");
    fs::write(path, format!("{head}&[\n{}];\n", rows.collect::<String>())).expect("written");
}
