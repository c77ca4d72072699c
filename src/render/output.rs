//! What every form of the output can do.

use crate::analyzer::Input;
use crate::group::Group;
use crate::report::Report;

/// A form of the output: takes in reports as they come, gives text. It writes nothing itself.
pub trait Output {
    /// Takes in a report; gives what can be written at once.
    fn report(&mut self, report: Report, standing: Standing) -> String;

    /// Everything was read; gives what stands behind the last report.
    fn finish(&mut self, run: &Run<'_>) -> String;
}

/// What a report means for the outcome of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is one of those that the user wants to fail on.
    Fails,
    /// It was found, and that is all.
    Passes,
    /// It was known before, for the reason that the baseline gives.
    Known {
        /// In the words of the baseline; may be empty.
        reason: String,
    },
}

/// What is known at the end of a run.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Every input, in the order in which they were read.
    pub inputs: &'a [Input],
    /// The bugs, for a run over many inputs.
    pub groups: Option<&'a [Group]>,
}
