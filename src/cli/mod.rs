//! The binary: reads the command line, runs a command, maps the outcome to an exit code.

mod annotate;
mod args;
mod batch;
mod beside;
mod bugs;
mod check;
mod cpus;
mod documents;
mod draft;
mod examples;
mod expect;
mod explain;
mod fail_on;
mod format;
mod hints;
mod kmsg;
mod memory;
mod merge;
mod output;
mod pager;
mod printer;
mod progress;
mod scan;
mod signals;
mod symbolize;
mod triage;

use args::{Args, Command};
use clap::Parser;
use std::process::ExitCode;

/// Nothing that `--fail-on` names was found.
const CLEAN: u8 = 0;
/// It was found.
const FOUND: u8 = 1;
/// An error.
const ERROR: u8 = 2;
/// Ended by Ctrl-C (128 and SIGINT, as shells count).
const INTERRUPTED: u8 = 130;

/// An error is one line on stderr that names the file, the place and the mend.
type Outcome = Result<u8, Box<dyn std::error::Error>>;

/// Runs the program.
pub fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(jobs) = args.options.jobs {
        crate::parallel::use_threads(jobs);
    }
    let outcome = match &args.command {
        Some(Command::Annotate { file, code }) => {
            annotate::run(&args.options, file.as_deref(), *code)
        }
        Some(Command::Symbolize(arguments)) => symbolize::run(&args.options, arguments),
        Some(Command::Completions { shell }) => documents::completions(&args.options, *shell),
        Some(Command::Cpus { paths }) => cpus::run(&args.options, paths),
        Some(Command::Bugs(bugs)) => bugs::run(&args.options, bugs),
        Some(Command::Merge { shards }) => merge::run(&args.options, shards),
        Some(Command::Explain { what }) => explain::run(&args.options, what.as_deref()),
        Some(Command::Man) => documents::man(&args.options),
        Some(Command::Scan(scan)) => scan::run(&args.options, scan),
        Some(Command::Check(check)) => check::run(&args.options, check),
        None => triage::run(&args.options, &args.files),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        // `| head` has seen enough, and nothing went wrong.
        Err(error) => match output::broken_pipe(error.as_ref()) {
            true => ExitCode::from(CLEAN),
            false => {
                triage::complain(error.as_ref());
                ExitCode::from(ERROR)
            }
        },
    }
}
