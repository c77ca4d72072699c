//! Annotations of GitHub Actions: one workflow command a splat.
//!
//! In: reports. Out: `::error file=…,line=…,title=…::…` lines, as
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions> describes them.

use super::clean::clean;
use super::facts;
use super::output::{Lacking, Output, RunStatus, RunSummary};
use crate::grammar::Level;
use crate::report::Report;
use std::error::Error;

/// The output as annotations; what was known before has none.
pub struct Github;

impl Output for Github {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        let level = match standing.fails {
            true => "error",
            // An annotation on each run for what is accepted would hide the next new one.
            false if standing.known().is_some() => return String::new(),
            false if report.level == Level::Notice => "notice",
            false => "warning",
        };
        let title = property(facts::headline(&report));
        let place = place(&report);
        format!("::{level} {place},title={title}::{}\n", message(&report))
    }

    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        let file = property(lacking.path);
        let place = match lacking.last() {
            Some(last) => format!("file={file},line={}", last.number),
            None => format!("file={file}"),
        };
        let title = property(&format!("the boot lacks {}", lacking.names()));
        format!(
            "::error {place},title={title}::{}\n",
            data(&lacking.to_string())
        )
    }

    fn error(&mut self, error: &dyn Error) -> String {
        let text = data(&error.to_string());
        format!("::error title=ksplat could not read all of its input::{text}\n")
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        String::new()
    }
}

/// Lines count within a member; those of a container mean nothing to GitHub.
fn place(report: &Report) -> String {
    let source = &report.splat.source;
    let file = property(&source.path);
    match source.member {
        Some(_) => format!("file={file}"),
        None => {
            let (first, last) = (source.first_line, source.last_line);
            format!("file={file},line={first},endLine={last}")
        }
    }
}

fn message(report: &Report) -> String {
    let source = &report.splat.source;
    let member = source.member.as_ref().map(|member| {
        let (first, last) = (source.first_line, source.last_line);
        format!("In {member}, lines {first}-{last}")
    });
    let culprit = facts::culprit(report).map(|culprit| format!("Culprit: {culprit}"));
    let verdict = report.late_clear.as_ref();
    let parts = [
        Some(report.title.clone()),
        member,
        culprit,
        verdict.map(|verdict| verdict.diagnosis.clone()),
    ];
    let known: Vec<_> = parts.iter().flatten().map(|part| data(part)).collect();
    // A line feed would end the command.
    known.join("%0A")
}

/// Escapes the text of a command (actions/toolkit, packages/core/src/command.ts, `escapeData()`).
fn data(text: &str) -> String {
    clean(text).replace('%', "%25")
}

/// Escapes the value of a property (`escapeProperty()`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn nothing_ends_a_property_or_begins_a_command() {
        assert_eq!(
            property("a,line=1::b\n::error::c%0A"),
            "a%2Cline=1%3A%3Ab\\x0a%3A%3Aerror%3A%3Ac%250A"
        );
        assert_eq!(data("50 %\r\n"), "50 %25\\x0d\\x0a");
    }
}
