//! Hints: messages that a CPU feature was taken away, where no splat explains them (a quiet console).

use ksplat::analyzer::Input;
use ksplat::render;
use ksplat::report::Report;
use std::collections::HashSet;

/// What of a text is explained.
#[derive(Debug, Default)]
pub struct Hints {
    /// Lines that a late clear stands on.
    explained: HashSet<u64>,
}

impl Hints {
    /// Takes in a report of the text.
    pub fn explain(&mut self, report: &Report) {
        self.explained.extend(report.evidence_lines());
    }

    /// The text ended: a line for each message that is not explained.
    pub fn of(&mut self, text: &Input) -> Vec<String> {
        let notes = text.boots.iter().flat_map(|boot| &boot.notes);
        let hints = notes
            .filter(|note| note.word.is_some() && !self.explained.contains(&note.line))
            .map(|note| {
                let place = format!("{}:{}", text.path, note.line);
                format!(
                    "{}: hint: {}",
                    render::clean(&place),
                    render::clean(&note.text)
                )
            })
            .collect();
        self.explained.clear();
        hints
    }
}
