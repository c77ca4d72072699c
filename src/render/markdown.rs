//! Markdown: the summary of a CI job, and what people paste into an issue.
//!
//! In: reports and groups. Out: a heading and a folded report a crash, tables of groups. What a log says stays
//! text: it makes no markup, no link, and calls nobody.

use super::clean::clean;
use super::facts;
use super::output::{Lacking, Output, RunStatus, RunSummary};
use super::style::Style;
use super::text;
use super::words::count;
use crate::analyzer::Input;
use crate::baseline::{self, Comparison};
use crate::grammar::Level;
use crate::group::Group;
use crate::report::Report;
use std::error::Error;
use std::fmt::Write;

/// Reports that are shown; a summary of GitHub's holds one MiB.
const MAX_SHOWN: usize = 40;

/// Rows of a table, for the same reason.
const MAX_ROWS: usize = 500;

/// Kernels named in a row.
const FEW: usize = 3;

/// The output as Markdown.
#[derive(Default)]
pub struct Markdown {
    /// The reports of one incident.
    open: Vec<Report>,
    /// What is known of those before.
    shown: Vec<String>,
    left_out: u64,
    splats: u64,
    inputs: u64,
    troubles: Vec<String>,
}

impl Markdown {
    /// Shows the incident at hand.
    fn close(&mut self) {
        if let [first, more @ ..] = self.open.as_slice() {
            // GitHub drops the whole summary where it is too long.
            match self.shown.len() < MAX_SHOWN {
                true => self.shown.push(section(first, more)),
                false => self.left_out += 1,
            }
        }
        self.open.clear();
    }

    fn trouble(&mut self, text: &str) {
        if self.troubles.len() < MAX_SHOWN {
            self.troubles.push(format!("- {}\n", code(text)));
        }
    }

    /// The reports, and how many are not shown.
    fn sections(&mut self) -> String {
        let mut out = std::mem::take(&mut self.shown).concat();
        if self.left_out > 0 {
            let _ = writeln!(out, "{} more are not shown.\n", self.left_out);
        }
        out
    }

    fn closing(&self) -> String {
        let splats = count(self.splats, "splat");
        let mut out = format!("{splats} in {}\n", count(self.inputs, "input"));
        if !self.troubles.is_empty() {
            out.push('\n');
            out.extend(self.troubles.iter().map(String::as_str));
        }
        out
    }
}

impl Output for Markdown {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        if report.level == Level::Notice {
            return String::new();
        }
        self.splats += 1;
        // Counted all the same: the last line is about all that was read.
        if standing.known().is_some() {
            return String::new();
        }
        let is_next = |first: &Report| first.incident != report.incident;
        if self.open.first().is_some_and(is_next) {
            self.close();
        }
        // One crash may print thousands of reports.
        if self.open.len() < MAX_SHOWN {
            self.open.push(report);
        }
        String::new()
    }

    fn input(&mut self, _: Input) -> String {
        self.close();
        self.inputs += 1;
        String::new()
    }

    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        self.trouble(&lacking.to_string());
        String::new()
    }

    fn error(&mut self, error: &dyn Error) -> String {
        self.trouble(&error.to_string());
        String::new()
    }

    fn finish(&mut self, ending: RunSummary<'_>) -> String {
        self.close();
        let mut out = match ending {
            RunSummary::Triage => self.sections(),
            RunSummary::Scan(groups) => table(groups.iter()),
            RunSummary::Check(comparison) => checked(comparison) + &self.sections(),
        };
        out.push_str(&self.closing());
        out
    }
}

/// One crash: what happened, what it is called, and the report itself folded away.
fn section(first: &Report, more: &[Report]) -> String {
    let rows = [
        ("Title", Some(first.title.clone())),
        ("Where", Some(facts::span(&first.splat))),
        ("Kernel", first.platform.release.clone()),
        ("Hardware", first.platform.hardware.clone()),
        ("Signature", Some(first.signature.clone())),
    ];
    let mut out = format!("### {}\n\n", prose(&facts::sentence(first, more)));
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = writeln!(out, "- {name}: {}", code(&value));
        }
    }
    let block = text::block::block(first, more, false, &Style::plain());
    // Longer than any run of the log's own, so that the log cannot close it.
    let fence = "`".repeat(longest_run(&block).max(2) + 1);
    let _ = write!(
        out,
        "\n<details><summary>Report</summary>\n\n{fence}text\n{}\n{fence}\n\n</details>\n\n",
        block.trim_end()
    );
    out
}

/// What the baseline lacks and what is past its date.
fn checked(comparison: &Comparison<'_>) -> String {
    let of = |wanted: fn(&baseline::BaselineStatus<'_>) -> bool| {
        let groups = comparison.groups.iter();
        groups
            .filter(move |(_, standing)| wanted(standing))
            .map(|(group, _)| group)
    };
    let is_new =
        |standing: &baseline::BaselineStatus<'_>| *standing == baseline::BaselineStatus::New;
    let is_expired =
        |s: &baseline::BaselineStatus<'_>| matches!(s, baseline::BaselineStatus::Expired(_));
    let mut out = String::new();
    for (name, groups) in [
        ("New", table(of(is_new))),
        ("Expired", table(of(is_expired))),
    ] {
        if !groups.is_empty() {
            let _ = write!(out, "## {name}\n\n{groups}");
        }
    }
    let known = of(|standing| standing.is_known()).count() as u64;
    let _ = writeln!(
        out,
        "{} known, {} not seen\n",
        count(known, "group"),
        comparison.unseen.len()
    );
    out
}

/// A row a group; nothing where there is none.
fn table<'g>(groups: impl Iterator<Item = &'g Group>) -> String {
    let mut out = String::new();
    let mut more = 0;
    for (number, group) in groups.enumerate() {
        if number == 0 {
            out.push_str("| count | splat | kernels | first |\n|--:|---|---|---|\n");
        }
        if number >= MAX_ROWS {
            more += 1;
            continue;
        }
        let first = format!("{}:{}", group.first.path, group.first.first_line);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            group.count,
            cell(&group.name()),
            kernels(&group.kernels),
            cell(&first)
        );
    }
    if more > 0 {
        let _ = write!(out, "\n{}\n", count(more, "more group"));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn kernels(names: &[String]) -> String {
    let mut shown: Vec<_> = names.iter().take(FEW).map(|name| cell(name)).collect();
    if names.len() > FEW {
        shown.push(format!("{} more", names.len() - FEW));
    }
    shown.join(", ")
}

/// A code span in a table, where a bar would end the cell even there.
fn cell(text: &str) -> String {
    code(text).replace('|', "\\|")
}

/// Text as a code span: nothing in it means anything.
fn code(text: &str) -> String {
    let text = clean(text);
    let fence = "`".repeat(longest_run(&text) + 1);
    // A backtick next to the fence would be a part of it (CommonMark, "Code spans").
    match text.starts_with('`') || text.ends_with('`') {
        true => format!("{fence} {text} {fence}"),
        false => format!("{fence}{text}{fence}"),
    }
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|c| c != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// Text that is no markup. `@name` and `#1` would call people and link issues in spite of a backslash; a
/// comment of nothing keeps them apart.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '@' | '#' => out.extend([c.to_string().as_str(), "<!-- -->"]),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' | '>' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    // GitHub makes links of bare addresses as well.
    out.replace("://", ":<!-- -->//")
        .replace("www.", "www<!-- -->.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_makes_no_markup() {
        assert_eq!(
            prose("_x_ <b> @torvalds #1 http://a [l](m)"),
            "\\_x\\_ &lt;b\\> @<!-- -->torvalds #<!-- -->1 http:<!-- -->//a \\[l\\](m)"
        );
        assert_eq!(code("plain"), "`plain`");
        assert_eq!(code("a ``` b"), "````a ``` b````");
        assert_eq!(code("`x"), "`` `x ``");
        assert_eq!(cell("a|b"), "`a\\|b`");
    }
}
