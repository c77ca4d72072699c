//! What can be wrong with a grammar file.

use super::features::FeatureError;
use std::path::Path;

/// One line: file, place, reason and what to do.
#[derive(Debug, thiserror::Error)]
pub enum GrammarError {
    /// The file or directory cannot be read.
    #[error("{path}: {reason}; give --grammar a directory of .toml files that you may read")]
    Read {
        /// As the user named it.
        path: String,
        /// From the operating system.
        reason: String,
    },
    /// The text is no grammar.
    #[error("{file}:{line}: {reason}; see grammars/ for the fields of each section")]
    Toml {
        /// File name.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// From the TOML reader.
        reason: String,
    },
    /// A pattern does not compile.
    #[error(
        "{file}:{line}: pattern {pattern:?}: {reason}; write it in the syntax of the regex crate"
    )]
    Pattern {
        /// File name.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// The pattern as written.
        pattern: String,
        /// From the regex compiler.
        reason: String,
    },
    /// An example does not get its title.
    #[error("{file}:{line}: {reason}; mend the kind, or the example and its title")]
    Example {
        /// File name.
        file: String,
        /// Line of the title, counted from 1.
        line: usize,
        /// What happened instead.
        reason: String,
    },
    /// A feature table is wrong.
    #[error("{0}; see grammars/cpu-features/ for the form of the tables")]
    Features(#[from] FeatureError),
}

impl GrammarError {
    /// A rule of `kind` names `name`, which nothing has.
    pub(super) fn name(file: &str, text: &str, kind: &str, name: &str) -> GrammarError {
        GrammarError::Toml {
            file: file.to_owned(),
            line: line_of(text, name),
            reason: format!("kind {kind:?}: no landmark or set of frames has the name {name:?}"),
        }
    }

    /// A kind that can never be found, or whose title cannot be made, for a reason that `value` has.
    pub(super) fn kind(file: &str, text: &str, value: &str, reason: String) -> GrammarError {
        GrammarError::Toml {
            file: file.to_owned(),
            line: line_of(text, value),
            reason,
        }
    }

    /// The example of that title does not get it.
    pub(crate) fn example(file: &str, title: &str, reason: String) -> GrammarError {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        GrammarError::Example {
            file: file.to_owned(),
            line: line_of(&text, title),
            reason,
        }
    }

    pub(super) fn read(path: &Path, error: &std::io::Error) -> GrammarError {
        GrammarError::Read {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    }

    pub(super) fn toml(file: &str, text: &str, error: &toml::de::Error) -> GrammarError {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        GrammarError::Toml {
            file: file.to_owned(),
            line: text.as_bytes()[..start]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1,
            // A parser's message may have several lines; an error is one.
            reason: error.message().lines().collect::<Vec<_>>().join(" "),
        }
    }

    pub(super) fn pattern(file: &str, text: &str, pattern: &str, reason: &str) -> GrammarError {
        GrammarError::Pattern {
            file: file.to_owned(),
            line: line_of(text, pattern),
            pattern: pattern.to_owned(),
            reason: reason.lines().last().unwrap_or_default().trim().to_owned(),
        }
    }
}

/// The line, counted from 1, where a value is, as TOML writes strings; 1 where it is written in
/// a form that cannot be looked for.
fn line_of(text: &str, value: &str) -> usize {
    // The value is as TOML has decoded it, the file as somebody wrote it.
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    let forms = [format!("\"{escaped}\""), format!("'{value}'")];
    let is_there = |line: &str| forms.iter().any(|form| line.contains(form.as_str()));
    text.lines().position(is_there).map_or(1, |line| line + 1)
}
