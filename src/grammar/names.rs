//! Names that one rule uses and another one defines: landmarks, sets of frames.

use super::{Document, FunctionRule, GrammarError};

/// The step of a walk that is no landmark.
const FRAMES: &str = "frames";

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
