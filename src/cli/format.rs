//! Forms of the output: each name and who writes it.

use super::args::Options;
use crate::analyzer::Input;
use crate::fixes::Fix;
use crate::grammar::Grammar;
use crate::render::{
    Escape, Firmware, Github, Html, Json, Junit, Lacking, Mail, Markdown, Ndjson, Output,
    RunStatus, RunSummary, Sarif, without_commands,
};
use crate::report::Report;
use clap::ValueEnum;
use std::error::Error;
use std::io;
use std::path::Path;

/// Forms of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Blocks for people
    Text,
    /// One JSON document
    Json,
    /// One JSON object a splat, as soon as it is complete
    Ndjson,
    /// JUnit XML: a test suite an input, a failure a splat
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// A report mail, or an mbox of several
    Mail,
    /// A page that needs nothing but itself
    Html,
    /// Markdown: a summary of a CI job, or for an issue
    Markdown,
    /// A page for the BIOS team: which register differs on which CPU
    Firmware,
}

impl Format {
    /// What the name of a file asks for; `None` where it may be any form.
    pub fn of_file(path: &Path) -> Option<Format> {
        Some(match path.extension()?.to_str()? {
            "json" => Format::Json,
            "ndjson" | "jsonl" => Format::Ndjson,
            "xml" => Format::Junit,
            "sarif" => Format::Sarif,
            "eml" | "mbox" => Format::Mail,
            "html" | "htm" => Format::Html,
            "md" => Format::Markdown,
            _ => return None,
        })
    }

    /// True where the milestones of every boot are shown.
    pub fn tells_milestones(self) -> bool {
        matches!(self, Format::Json | Format::Html | Format::Firmware)
    }

    /// True where the lines of the log are shown.
    pub fn quotes_log(self) -> bool {
        matches!(self, Format::Mail | Format::Html)
    }

    /// How it writes what a CI job would take for a command; `None` where commands are what it is for.
    pub fn escape(self) -> Option<Escape> {
        match self {
            Format::Text | Format::Mail | Format::Markdown | Format::Firmware => Some(Escape::Text),
            Format::Json | Format::Ndjson | Format::Sarif => Some(Escape::Json),
            Format::Junit | Format::Html => Some(Escape::Xml),
            Format::Github => None,
        }
    }
}

/// Who writes the form that `--format` names; `text` is that of the command.
pub fn output<'a>(
    options: &Options,
    grammar: &'a Grammar,
    text: impl Output + 'a,
) -> Box<dyn Output + 'a> {
    let form: Box<dyn Output + 'a> = match options.format() {
        Format::Text => Box::new(text),
        Format::Json => Box::new(Json::default()),
        Format::Ndjson => Box::new(Ndjson),
        Format::Junit => Box::new(Junit::default()),
        Format::Sarif => Box::new(Sarif::default()),
        Format::Github => Box::new(Github),
        Format::Mail => Box::new(Mail::default()),
        Format::Html => Box::new(Html::new(grammar)),
        Format::Markdown => Box::new(Markdown::default()),
        Format::Firmware => Box::new(Firmware::default()),
    };
    match options.format().escape() {
        Some(escape) => Box::new(Guarded { form, escape }),
        None => form,
    }
}

/// A form of the output without commands to a CI job: a job prints it, and a log or the name of a file may hold
/// one.
struct Guarded<'a> {
    form: Box<dyn Output + 'a>,
    escape: Escape,
}

impl Output for Guarded<'_> {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        without_commands(self.form.report(report, standing), self.escape)
    }

    fn input(&mut self, input: Input) -> String {
        without_commands(self.form.input(input), self.escape)
    }

    fn waiting(&mut self) -> String {
        without_commands(self.form.waiting(), self.escape)
    }

    fn wants_boots(&self) -> bool {
        self.form.wants_boots()
    }

    fn fix(&mut self, fix: &Fix) -> String {
        without_commands(self.form.fix(fix), self.escape)
    }

    fn wants_fixes(&self) -> bool {
        self.form.wants_fixes()
    }

    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        without_commands(self.form.lacking(lacking), self.escape)
    }

    fn error(&mut self, error: &dyn Error) -> String {
        without_commands(self.form.error(error), self.escape)
    }

    fn finish(&mut self, ending: RunSummary<'_>) -> String {
        without_commands(self.form.finish(ending), self.escape)
    }

    fn rest(&mut self) -> io::Result<Option<String>> {
        let rest = self.form.rest()?;
        Ok(rest.map(|text| without_commands(text, self.escape)))
    }
}
