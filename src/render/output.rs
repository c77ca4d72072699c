//! What every form of the output can do.

use crate::analyzer::Input;
use crate::baseline::{self, Comparison, Known};
use crate::group::Group;
use crate::report::Report;
use std::error::Error;

/// A form of the output: takes in what a run finds, in the order of the output, and gives text. It writes
/// nothing itself.
pub trait Output {
    /// Takes in a report; gives what can be written at once.
    fn report(&mut self, report: Report, standing: Standing<'_>) -> String;

    /// Gives what waits for more that belongs to it: a stream has been silent, or busy with other things.
    fn waiting(&mut self) -> String {
        String::new()
    }

    /// Takes in what an input told of itself, behind its reports.
    fn input(&mut self, input: Input) {
        let _ = input;
    }

    /// True where [`Output::input`] has a use for the boots of an input.
    fn wants_boots(&self) -> bool {
        false
    }

    /// Something could not be read; gives what can be written at once. Whoever runs the program is told
    /// otherwise.
    fn error(&mut self, error: &dyn Error) -> String {
        let _ = error;
        String::new()
    }

    /// Everything was read; gives what stands behind the last report.
    fn finish(&mut self, ending: Ending<'_>) -> String;
}

/// What a report means for the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing<'b> {
    /// It is one of those that the user wants to fail on.
    pub fails: bool,
    /// How it stands to the baseline, where there is one.
    pub baseline: Option<baseline::Standing<'b>>,
}

impl<'b> Standing<'b> {
    /// The entry of the baseline that accepts it.
    pub fn known(self) -> Option<&'b Known> {
        match self.baseline {
            Some(baseline::Standing::Known(known)) => Some(known),
            _ => None,
        }
    }
}

/// What is known at the end of a run.
#[derive(Debug, Clone, Copy)]
pub enum Ending<'a> {
    /// Single inputs were read.
    Triage,
    /// Trees were read: the bugs in them.
    Scan(&'a [Group]),
    /// They were held against a baseline.
    Check(&'a Comparison<'a>),
}
