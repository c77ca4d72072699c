//! A user's grammar, whose examples are run when it is loaded: a rule that finds nothing says so at once, not by a
//! report that is missing months later.

use super::{Analyzer, Origin};
use crate::grammar::{Example, Grammar, GrammarError, Kind};
use crate::report::Incidents;
use std::path::Path;
use std::sync::Arc;

/// The compiled-in grammar with the files of a folder laid over it ([`Grammar::with_overrides`]).
///
/// # Errors
/// As there, and where an example of a kind in the folder does not get its title: file, line, kind, and what it got.
pub fn grammar_of(folder: &Path) -> Result<Arc<Grammar>, GrammarError> {
    let grammar = Arc::new(Grammar::with_overrides(folder)?);
    if grammar.own_kinds.is_empty() {
        return Ok(grammar);
    }
    let Ok(analyzer) = Analyzer::new(Arc::clone(&grammar), None) else {
        // Too many literals: whoever makes an analyzer of it gets that error.
        return Ok(grammar);
    };
    for (file, name) in &grammar.own_kinds {
        let Some(kind) = grammar.kind(name) else {
            continue;
        };
        for example in &kind.examples {
            if let Some(reason) = wrong(&analyzer, kind, example) {
                return Err(GrammarError::example(file, &example.title, reason));
            }
        }
    }
    Ok(grammar)
}

/// Why an example does not get its title.
fn wrong(analyzer: &Analyzer, kind: &Kind, example: &Example) -> Option<String> {
    // Through all stages, as a log: a header that fits alone may still belong to another kind.
    let mut found = Vec::new();
    analyzer.read_all(
        Origin::default(),
        example.log.as_bytes(),
        &mut Incidents::default(),
        &mut |report| found.push((report.splat.kind, report.title)),
    );
    let name = &kind.name;
    if found
        .iter()
        .any(|(kind, title)| kind == name && *title == example.title)
    {
        return None;
    }
    let has_literal = kind
        .literals
        .iter()
        .any(|literal| example.log.contains(literal));
    Some(match found.first() {
        Some((other, title)) => {
            format!("kind {name:?}: its example gets the title {title:?} of kind {other:?}")
        }
        None if !has_literal => {
            let literals = &kind.literals;
            format!("kind {name:?}: none of its literals {literals:?} is in its example")
        }
        None => format!("kind {name:?}: no header matches in its example"),
    })
}
