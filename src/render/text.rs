//! Text, made to be read: one block a splat.

use super::clean::clean;
use super::facts;
use super::output::{Ending, Output, Standing};
use super::style::Style;
use super::trace::{Step, folded, steps};
use super::words::{count, place, wrap};
use crate::analyzer::Input;
use crate::grammar::{Grammar, Level};
use crate::late_clear::LateClear;
use crate::report::Report;
use crate::splat::{Frame, Splat};
use std::collections::HashSet;
use std::fmt::Write;

/// Columns of prose.
const WIDTH: usize = 88;

/// The output as text.
pub struct Text<'a> {
    grammar: &'a Grammar,
    style: Style,
    quiet: bool,
    /// One entry an input; the last is that of the one at hand.
    found: Vec<Found>,
    /// Titles of the notices that the input at hand has had a line for.
    told: HashSet<String>,
    /// The last thing printed was the line of a notice.
    after_notice: bool,
    inputs: Vec<Input>,
}

impl<'a> Text<'a> {
    /// With these colours; a quiet one has nothing but splats.
    pub fn new(grammar: &'a Grammar, style: Style, quiet: bool) -> Text<'a> {
        Text {
            grammar,
            style,
            quiet,
            found: vec![Found::default()],
            told: HashSet::new(),
            after_notice: false,
            inputs: Vec::new(),
        }
    }
}

impl Output for Text<'_> {
    /// A block for a report; a line for a notice that the input has not had before.
    fn report(&mut self, found: Report, _: Standing<'_>) -> String {
        if let Some(counts) = self.found.last_mut() {
            counts.add(&found);
        }
        if found.level == Level::Report {
            let gap = if self.after_notice { "\n" } else { "" };
            self.after_notice = false;
            format!("{gap}{}", report(&found, self.grammar, &self.style))
        } else if !self.quiet && self.told.insert(found.title.clone()) {
            self.after_notice = true;
            notice(&found, &self.style)
        } else {
            String::new()
        }
    }

    fn input(&mut self, input: Input) {
        self.inputs.push(input);
        self.told.clear();
        self.found.push(Found::default());
    }

    fn wants_boots(&self) -> bool {
        true
    }

    fn finish(&mut self, _: Ending<'_>) -> String {
        let nothing = self.found.iter().all(|found| found.splats == 0);
        match nothing {
            _ if self.quiet => String::new(),
            true => nothing_found(&self.inputs, &self.found),
            false => summary(&self.inputs, &self.found),
        }
    }
}

/// A block for one splat, ending in an empty line.
pub fn report(report: &Report, grammar: &Grammar, style: &Style) -> String {
    let mut out = String::new();
    headline(&mut out, report, style);
    rows(&mut out, report, style);
    if let Some(verdict) = &report.late_clear {
        evidence(&mut out, verdict, style);
    }
    trace(&mut out, &report.splat, grammar, style);
    if let Some(verdict) = &report.late_clear {
        diagnosis(&mut out, verdict, style);
    }
    out.push('\n');
    out
}

/// A line for one notice.
fn notice(report: &Report, style: &Style) -> String {
    let splat = &report.splat;
    let place = format!("{}:{}:", splat.source.path, splat.source.first_line);
    format!(
        "{} {} {}\n",
        Style::paint(style.place, clean(&place)),
        Style::paint(style.dim, "notice:"),
        clean(&splat.header)
    )
}

/// How much was found in one input.
#[derive(Debug, Clone, Copy, Default)]
struct Found {
    /// Reports that are no notice.
    splats: u64,
    /// Those of them that are late clears.
    late_clears: u64,
    notices: u64,
}

impl Found {
    fn add(&mut self, report: &Report) {
        self.splats += u64::from(report.level == Level::Report);
        self.notices += u64::from(report.level == Level::Notice);
        self.late_clears += u64::from(report.late_clear.is_some());
    }
}

/// One line for one splat: its place and its name.
pub fn report_line(report: &Report, style: &Style) -> String {
    let source = &report.splat.source;
    let mut place = format!("{}:{}", source.path, source.first_line);
    if let Some(member) = &source.member {
        let _ = write!(place, " ({member})");
    }
    format!(
        "{}: {}\n",
        Style::paint(style.place, clean(&place)),
        clean(facts::headline(report))
    )
}

/// What is said where no splat was found; `found` has one entry an input.
fn nothing_found(inputs: &[Input], found: &[Found]) -> String {
    let inputs = inputs.iter().zip(found);
    inputs
        .map(|(input, found)| {
            format!(
                "{}: no kernel splat in {}{}\n",
                clean(&input.path),
                extent(input),
                further(found.notices, "notice")
            )
        })
        .collect()
}

/// The closing line.
fn summary(inputs: &[Input], found: &[Found]) -> String {
    let lines: u64 = inputs.iter().map(|input| input.lines).sum();
    let sum = |part: fn(&Found) -> u64| found.iter().map(part).sum();
    format!(
        "{}{}{} in {}\n",
        count(sum(|found| found.splats), "splat"),
        further(sum(|found| found.late_clears), "late clear"),
        further(sum(|found| found.notices), "notice"),
        count(lines, "line")
    )
}

fn further(n: u64, noun: &str) -> String {
    match n {
        0 => String::new(),
        n => format!(", {}", count(n, noun)),
    }
}

fn extent(input: &Input) -> String {
    let lines = count(input.lines, "line");
    match input.boots.as_slice() {
        [] => lines,
        [boot] => match boot.release() {
            Some(release) => format!("{lines}, one boot of {}", clean(release)),
            None => lines,
        },
        boots => format!("{lines}, {} boots", boots.len()),
    }
}

fn headline(out: &mut String, report: &Report, style: &Style) {
    let text = clean(facts::headline(report)).into_owned();
    let _ = writeln!(out, "{}", Style::paint(style.headline, text));
    let source = &report.splat.source;
    let place = format!("{}:{}-{}", source.path, source.first_line, source.last_line);
    let _ = writeln!(
        out,
        "  {}  {}",
        Style::paint(style.place, clean(&place)),
        clean(facts::header(&report.splat))
    );
}

fn rows(out: &mut String, report: &Report, style: &Style) {
    for (name, value) in facts::rows(report) {
        let name = Style::paint(style.label, format_args!("{name:<9}"));
        let _ = writeln!(out, "  {name} {}", clean(&value));
    }
}

fn evidence(out: &mut String, verdict: &LateClear, style: &Style) {
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "evidence"));
    for item in &verdict.evidence {
        let line = item
            .line
            .map_or("-".to_owned(), |line| format!("line {line}"));
        let head = format!("    {line:<10} {:<13} ", item.speaks_for);
        let text = wrap(
            &clean(&item.says),
            WIDTH.saturating_sub(head.len()),
            head.len(),
        );
        let _ = writeln!(out, "{}{text}", Style::paint(style.dim, head));
    }
}

fn trace(out: &mut String, splat: &Splat, grammar: &Grammar, style: &Style) {
    if splat.frames.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "call trace"));
    for step in steps(splat, grammar) {
        let aside = match step {
            Step::Frame(frame) => {
                write_frame(out, frame, style);
                continue;
            }
            Step::Folded(frames) => folded(&frames),
            Step::Section(name) => clean(name).to_string(),
        };
        let _ = writeln!(out, "    {}", Style::paint(style.dim, aside));
    }
}

/// Inlined functions first, each a step further in, then the frame's own function.
fn write_frame(out: &mut String, frame: &Frame, style: &Style) {
    let mark = if frame.reliable { ' ' } else { '?' };
    for inline in &frame.inlines {
        let name = inline.function.as_deref().unwrap_or("(inlined)");
        let place = place(inline.file.as_deref(), inline.line);
        let _ = writeln!(
            out,
            "          {:<34}  {}",
            clean(name),
            Style::paint(style.place, clean(&place))
        );
    }
    let place = place(frame.file.as_deref(), frame.line);
    let part = if frame.reliable {
        style.function
    } else {
        style.dim
    };
    let name = format!("{:<38}", clean(&frame.code.to_string()));
    let line = format!(
        "    {mark} {}  {}",
        Style::paint(part, name),
        Style::paint(style.place, clean(&place))
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

fn diagnosis(out: &mut String, verdict: &LateClear, style: &Style) {
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "diagnosis"));
    let _ = writeln!(
        out,
        "    {}",
        wrap(&clean(&verdict.diagnosis), WIDTH - 4, 4)
    );
}
