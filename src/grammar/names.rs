//! Names that one rule uses and another one defines: landmarks, sets of frames, groups of patterns.

use super::document::Document;
use super::template::{Piece, pieces};
use super::{FRAMES, FunctionRule, GrammarError, Kind, TitleForm};

/// Checks the names that the kinds use. `file` and `text` are what was merged last.
///
/// # Errors
/// A name that nothing has.
pub(super) fn check(all: &Document, file: &str, text: &str) -> Result<(), GrammarError> {
    for kind in &all.kind {
        let rules = kind.titles.iter().filter_map(|form| form.function.as_ref());
        if let Some(name) = rules.flat_map(|rule| unknown(all, rule)).next() {
            return Err(GrammarError::name(file, text, &kind.name, name));
        }
    }
    Ok(())
}

/// Checks that a kind can be found, and that each of its titles can be made.
///
/// # Errors
/// A kind without a literal, or a title with a group that no pattern of its form has.
pub(super) fn check_kind(kind: &Kind, file: &str, text: &str) -> Result<(), GrammarError> {
    let name = &kind.name;
    // An empty literal is in every line, so that no line could be skipped.
    if kind.literals.is_empty() || kind.literals.iter().any(String::is_empty) {
        let reason = format!("kind {name:?}: literals must hold a text that every header contains");
        return Err(GrammarError::kind(file, text, name, reason));
    }
    for form in &kind.titles {
        let groups = groups(form);
        for template in std::iter::once(&form.title).chain(&form.alt) {
            if let Some(group) = placeholders(template).find(|g| !groups.iter().any(|own| own == g))
            {
                let reason = format!(
                    "kind {name:?}: no pattern of the title {template:?} has a group {group:?}"
                );
                return Err(GrammarError::kind(file, text, template, reason));
            }
        }
    }
    Ok(())
}

/// What the title of a form may name.
fn groups(form: &TitleForm) -> Vec<String> {
    let patterns = form.header.iter().chain(&form.lines);
    let groups = patterns.flat_map(|pattern| pattern.group_names().iter().cloned());
    let function = form.function.is_some().then(|| "function".to_owned());
    let with_origin = form.function.as_ref().is_some_and(FunctionRule::has_origin);
    let origin = with_origin.then(|| "origin".to_owned());
    groups.chain(function).chain(origin).collect()
}

/// The names in braces.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    pieces(template).filter_map(|piece| match piece {
        Piece::Name(name) => Some(name),
        Piece::Text(_) => None,
    })
}

fn unknown<'r>(all: &Document, rule: &'r FunctionRule) -> Vec<&'r String> {
    let is_step = |name: &String| name == FRAMES || all.landmark.iter().any(|l| l.name == *name);
    let is_set = |name: &String| all.frames.iter().any(|set| set.name == *name);
    let steps = rule.find.iter().chain(&rule.or).chain(&rule.last);
    let sets = rule.skip.iter().chain(&rule.decisive);
    let sets = sets.chain(&rule.called_by).chain(&rule.pass);
    let unknown_steps = steps.filter(|name| !is_step(name));
    unknown_steps
        .chain(sets.filter(|name| !is_set(name)))
        .collect()
}
