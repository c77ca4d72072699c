//! What every form of the output can do.

use crate::analyzer::Input;
use crate::baseline::{self, BaselineBug, Comparison};
use crate::boot::{Boot, LastLine};
use crate::fixes::Fix;
use crate::grammar::MilestoneName;
use crate::group::Group;
use crate::report::Report;
use std::error::Error;
use std::fmt;
use std::io;

/// A form of the output: takes in what a run finds, in the order of the output, and gives text. It writes
/// nothing itself.
pub trait Output {
    /// Takes in a report; gives what can be written at once.
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String;

    /// Gives what waits for more that belongs to it: a stream has been silent, or busy with other things.
    fn waiting(&mut self) -> String {
        String::new()
    }

    /// Takes in what an input said of itself, after its reports; gives what can be written at once.
    fn input(&mut self, input: Input) -> String {
        let _ = input;
        String::new()
    }

    /// True where [`Output::input`] has a use for the boots of an input.
    fn wants_boots(&self) -> bool {
        false
    }

    /// Takes in a commit that mends something; gives what can be written at once.
    fn fix(&mut self, _: &Fix) -> String {
        String::new()
    }

    /// True where [`Output::fix`] writes it.
    fn wants_fixes(&self) -> bool {
        false
    }

    /// A boot did not pass what was expected of it; gives what can be written at once.
    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        self.error(lacking)
    }

    /// Something could not be read; gives what can be written at once. Whoever runs the program learns it
    /// on stderr.
    fn error(&mut self, error: &dyn Error) -> String {
        let _ = error;
        String::new()
    }

    /// Everything was read; gives what comes after the last report, or the beginning of it.
    fn finish(&mut self, ending: RunSummary<'_>) -> String;

    /// The next piece of what comes after that, until there is none: it may be more than fits into memory.
    ///
    /// # Errors
    /// Where a file that it waited in cannot be read back.
    fn rest(&mut self) -> io::Result<Option<String>> {
        Ok(None)
    }
}

/// A boot that did not pass a milestone which was expected of it (`--expect`).
#[derive(Debug)]
pub struct Lacking<'b> {
    /// The input, as the user named it.
    pub path: &'b str,
    /// The boot; `None` where the input has no line of a kernel's.
    pub boot: Option<&'b Boot>,
    /// What it lacks.
    pub milestones: &'b [MilestoneName],
}

impl Lacking<'_> {
    /// What is lacking, in one text.
    pub fn names(&self) -> String {
        let names: Vec<_> = self.milestones.iter().map(|name| name.name()).collect();
        names.join(", ")
    }

    /// The line that it ended with.
    pub fn last(&self) -> Option<&LastLine> {
        self.boot?.last.as_ref()
    }
}

impl fmt::Display for Lacking<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names();
        let Some(boot) = self.boot else {
            return write!(
                out,
                "{}: no boot, so no {names}: it holds no line of a kernel",
                self.path
            );
        };
        let release = boot
            .release()
            .map_or(String::new(), |release| format!(" of {release}"));
        let line = self.last().map_or(boot.first_line, |last| last.number);
        write!(out, "{}:{line}: the boot{release} lacks {names}", self.path)?;
        match self.last() {
            Some(last) => write!(out, "; the last that it printed: {}", last.text.trim()),
            None => Ok(()),
        }
    }
}

impl Error for Lacking<'_> {}

/// What a report means for the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunStatus<'b> {
    /// It is one of those that the user wants to fail on.
    pub fails: bool,
    /// What the baseline says of it, where there is one.
    pub baseline: Option<baseline::BaselineStatus<'b>>,
}

impl<'b> RunStatus<'b> {
    /// The entry of the baseline that accepts it.
    pub fn known(self) -> Option<&'b BaselineBug> {
        match self.baseline {
            Some(baseline::BaselineStatus::Known(known)) => Some(known),
            _ => None,
        }
    }
}

/// What is known at the end of a run.
#[derive(Debug, Clone, Copy)]
pub enum RunSummary<'a> {
    /// Single inputs were read.
    Triage,
    /// Trees were read: the bugs in them.
    Scan(&'a [Group]),
    /// They were held against a baseline.
    Check(&'a Comparison<'a>),
}
