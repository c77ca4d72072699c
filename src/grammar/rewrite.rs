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
    /// What is there instead; `${1}` or `${name}` is a group.
    pub with: String,
    /// True where only what fits is kept, rewritten, and later steps of the sort are passed over.
    #[serde(default)]
    pub keep_only: bool,
}

/// Bytes of a text that are rewritten; the rest is left out. Names are cut far below it, and to replace the groups of
/// thousands of matches in one line takes time that grows with the square of its length.
const MAX_BYTES: usize = 4096;

/// At most so many bytes of a text, cut between two characters.
pub(crate) fn beginning(text: &str, most: usize) -> &str {
    let is_end = |at: &usize| text.is_char_boundary(*at);
    let end = (0..=text.len().min(most)).rev().find(is_end);
    &text[..end.unwrap_or(0)]
}

/// Takes every step.
pub fn rewrite(steps: &[Rewrite], text: &str) -> String {
    let text = beginning(text, MAX_BYTES);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_end_is_cut_between_two_characters() {
        let long = format!("x{}", "\u{e9}".repeat(MAX_BYTES));
        let cut = rewrite(&[], &long);
        assert_eq!(cut.len(), MAX_BYTES - 1);
        assert!(long.starts_with(&cut));
        assert_eq!(rewrite(&[], "short"), "short");
    }
}
