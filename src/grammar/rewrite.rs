//! Rewriting of text by patterns: what a title or another tool's name leaves out.

use super::Pattern;
use serde::Deserialize;

/// One step; the steps of a list are taken in order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// Short name.
    pub name: String,
    /// What is left out, and why.
    pub why: String,
    /// What is replaced, wherever it fits.
    pub pattern: Pattern,
    /// What stands there instead; `${1}` or `${name}` for a group.
    pub with: String,
    /// True where only what fits is kept, rewritten, and later steps of the sort are passed over.
    #[serde(default)]
    pub keep_only: bool,
}

/// Takes every step.
pub fn rewrite(steps: &[Rewrite], text: &str) -> String {
    let kept = steps
        .iter()
        .filter(|step| step.keep_only)
        .find_map(|step| step.pattern.extract(text, &step.with));
    let mut text = kept.unwrap_or_else(|| text.to_owned());
    for step in steps.iter().filter(|step| !step.keep_only) {
        text = step.pattern.replace_all(&text, &step.with).into_owned();
    }
    text
}
