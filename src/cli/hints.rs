//! Hints: messages that a CPU feature was taken away, where no splat explains them (a quiet console).

use crate::analyzer::Input;
use crate::boot::{Boot, FeatureMessage};
use crate::grammar::{Level, MilestoneName};
use crate::render;
use crate::report::Report;
use std::collections::HashSet;

/// A message that no late clear explains.
#[derive(Debug)]
pub struct Hint {
    /// Place, message, and why it is a hint.
    pub text: String,
    /// True where a notice says the same.
    pub is_noticed: bool,
}

/// What of a text is explained.
#[derive(Debug, Default)]
pub struct Hints {
    /// Lines that prove a late clear.
    explained: HashSet<u64>,
    /// Boots and /proc/cpuinfo flags that late clears are about: the kernel prints some messages after the clear.
    cleared: HashSet<(Option<usize>, String)>,
    /// Lines of notices.
    noticed: HashSet<u64>,
}

impl Hints {
    /// Takes in a report of the text.
    pub fn explain(&mut self, report: &Report) {
        self.explained.extend(report.evidence_lines());
        if report.level == Level::Notice {
            self.noticed.insert(report.splat.header_line);
        }
        let feature = report
            .late_clear
            .as_ref()
            .and_then(|clear| clear.feature.as_ref());
        if let Some(flag) = feature.and_then(|feature| feature.flag.clone()) {
            self.cleared.insert((report.splat.boot, flag));
        }
    }

    /// The text ended: each message that is not explained.
    pub fn of(&mut self, text: &Input) -> Vec<Hint> {
        let pairs = text.boots.iter().enumerate().flat_map(|(index, boot)| {
            let notes = boot.notes.iter();
            notes.map(move |note| (index, boot, note))
        });
        let open = |index: usize, note: &FeatureMessage| {
            let mut flag = note.flag.iter().cloned();
            let is_cleared = |flag| self.cleared.contains(&(Some(index), flag));
            // A mention of the function alone takes nothing away.
            note.word.is_some() && !self.explained.contains(&note.line) && !flag.any(is_cleared)
        };
        let notes = pairs.filter(|(index, _, note)| open(*index, note));
        let notes = notes.filter_map(|(_, boot, note)| Some((note, reason(boot, note)?)));
        let hints = notes
            .map(|(note, reason)| {
                let place = format!("{}:{}", text.path, note.line);
                let text = format!(
                    "{}: hint: {}: {reason}",
                    render::clean(&place),
                    render::clean(&note.text)
                );
                Hint {
                    text,
                    is_noticed: self.noticed.contains(&note.line),
                }
            })
            .collect();
        self.explained.clear();
        self.cleared.clear();
        self.noticed.clear();
        hints
    }
}

/// Why a message is a hint; `None` where the boot CPU had printed it: a feature that all CPUs have off is a
/// setting of the firmware.
fn reason(boot: &Boot, note: &FeatureMessage) -> Option<&'static str> {
    let bring_up = MilestoneName::SecondaryBringUp;
    match boot.first(bring_up) {
        None => Some("the log does not show whether the boot CPU or another one says so"),
        Some(_) if boot.is_news_after(bring_up, note.line, &note.text) => {
            Some("the boot CPU had not said so, and another one does: the CPUs differ")
        }
        Some(_) => None,
    }
}

/// The hints that are said on standard error. `fails`: they decide the exit code, which alone would not say which hint
/// it was; what a notice of the output says already is left out.
pub fn said(hints: &[Hint], verbose: bool, fails: bool) -> impl Iterator<Item = &Hint> {
    let is_said = move |hint: &&Hint| verbose || fails && !hint.is_noticed;
    hints.iter().filter(is_said)
}
