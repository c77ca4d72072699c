//! Text, made to be read: one block a splat.

pub(super) mod block;

use super::clean::clean;
use super::facts;
use super::output::{Lacking, Output, RunStatus, RunSummary};
use super::style::Style;
use super::words::{count, wrap};
use crate::analyzer::Input;
use crate::grammar::{Kind, Level};
use crate::report::Report;
use std::collections::HashSet;
use std::fmt::{self, Write};

/// How the text is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Manner {
    /// Nothing but splats.
    pub quiet: bool,
    /// Every report of an incident is shown whole.
    pub whole: bool,
}

/// Columns of prose.
const WIDTH: usize = 88;

/// The output as text.
pub struct Text {
    style: Style,
    manner: Manner,
    /// One entry an input; the last is that of the one at hand.
    found: Vec<FoundText>,
    /// Titles of the notices that the input at hand has had a line for.
    told: HashSet<String>,
    /// Kinds of notices that the input at hand has had the meaning of.
    meant: HashSet<String>,
    /// The reports of the incident at hand, and the notices between them.
    incident: Vec<Report>,
    notices: String,
    /// Number of the last incident.
    last: Option<usize>,
    /// The last thing printed was the line of a notice.
    after_line: bool,
    inputs: Vec<Input>,
}

impl Text {
    /// With these colours, in this manner.
    pub fn new(style: Style, manner: Manner) -> Text {
        Text {
            style,
            manner,
            found: vec![FoundText::default()],
            told: HashSet::new(),
            meant: HashSet::new(),
            incident: Vec::new(),
            notices: String::new(),
            last: None,
            after_line: false,
            inputs: Vec::new(),
        }
    }

    /// Takes in a report: the one before it and its followers are complete where this one is of another
    /// incident.
    fn splat(&mut self, found: Report) -> String {
        let follows = self.last.replace(found.incident) == Some(found.incident);
        // Each report has a block of its own then, so that none waits.
        if self.manner.whole {
            return self.block(&found, &[]);
        }
        if follows && self.incident.is_empty() {
            // The block of its incident was written before it came.
            return self.line(block::follower(&found, &self.style));
        }
        let complete = if follows { String::new() } else { self.flush() };
        self.incident.push(found);
        complete
    }

    /// The incident at hand, and the notices that came meanwhile.
    fn flush(&mut self) -> String {
        let reports = std::mem::take(&mut self.incident);
        let notices = std::mem::take(&mut self.notices);
        let mut text = match reports.split_first() {
            Some((first, more)) => self.block(first, more),
            None => String::new(),
        };
        if !notices.is_empty() {
            text += &self.line(notices);
        }
        text
    }

    fn block(&mut self, first: &Report, more: &[Report]) -> String {
        let gap = if self.after_line { "\n" } else { "" };
        self.after_line = false;
        let block = block::block(first, more, self.manner.whole, &self.style);
        format!("{gap}{block}")
    }

    fn line(&mut self, line: String) -> String {
        self.after_line = true;
        line
    }

    /// A line for a notice that the input has not had before.
    fn notice(&mut self, found: &Report) -> String {
        // One line a title: the same notice may come thousands of times in a boot.
        if self.manner.quiet || !self.told.insert(found.title.clone()) {
            return String::new();
        }
        let kind = found.grammar().kind(&found.splat.kind);
        let mut line = notice(found, &self.style);
        if let Some(kind) = kind.filter(|kind| self.meant.insert(kind.name.clone())) {
            line += &meaning(kind, &self.style);
        }
        // The block of an open incident comes first; the line waits for it.
        if self.incident.is_empty() {
            return self.line(line);
        }
        self.notices += &line;
        String::new()
    }
}

impl Output for Text {
    fn report(&mut self, found: Report, _: RunStatus<'_>) -> String {
        if let Some(counts) = self.found.last_mut() {
            counts.add(&found);
        }
        match found.level {
            Level::Report => self.splat(found),
            Level::Notice => self.notice(&found),
        }
    }

    fn waiting(&mut self) -> String {
        self.flush()
    }

    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        self::lacking(lacking, &self.style)
    }

    fn input(&mut self, input: Input) -> String {
        self.inputs.push(input);
        // Another input may be of another machine, where the notice is news.
        self.told.clear();
        self.meant.clear();
        self.found.push(FoundText::default());
        String::new()
    }

    fn wants_boots(&self) -> bool {
        true
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        let rest = self.flush();
        let nothing = self.found.iter().all(|found| found.splats == 0);
        let closing = match nothing {
            _ if self.manner.quiet => String::new(),
            true => nothing_found(&self.inputs, &self.found),
            false => summary(&self.inputs, &self.found),
        };
        rest + &closing
    }
}

/// A block for one splat, ending in an empty line.
pub fn report(report: &Report, style: &Style) -> String {
    block::block(report, &[], false, style)
}

impl fmt::Display for Report {
    /// The block that the program prints of it, without colours.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&report(self, &Style::plain()))
    }
}

/// A line for a boot that did not come as far as it should.
pub fn lacking(lacking: &Lacking<'_>, style: &Style) -> String {
    let text = clean(&lacking.to_string()).into_owned();
    format!("{}\n", Style::paint(style.headline, text))
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

/// What a kind of notice means, and where more of it is said; said once an input.
fn meaning(kind: &Kind, style: &Style) -> String {
    let Some(means) = &kind.means else {
        return String::new();
    };
    let text = format!("{means} What to do: ksplat explain {}", kind.name);
    let text = wrap(&text, WIDTH - 4, 4);
    format!("    {}\n", Style::paint(style.dim, text))
}

/// How much was found in one input.
#[derive(Debug, Clone, Copy, Default)]
struct FoundText {
    /// Reports that are no notice.
    splats: u64,
    /// Those of them that are late clears.
    late_clears: u64,
    notices: u64,
}

impl FoundText {
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
fn nothing_found(inputs: &[Input], found: &[FoundText]) -> String {
    let inputs = inputs.iter().zip(found);
    inputs
        .map(|(input, found)| {
            // Without any line of a kernel's, "no splat" would sound like good news.
            let what = if input.is_kernel { "splat" } else { "log" };
            format!(
                "{}: no kernel {what} in {}{}\n",
                clean(&input.path),
                extent(input),
                further(found.notices, "notice")
            )
        })
        .collect()
}

/// The closing line.
fn summary(inputs: &[Input], found: &[FoundText]) -> String {
    let lines: u64 = inputs.iter().map(|input| input.lines).sum();
    let sum = |part: fn(&FoundText) -> u64| found.iter().map(part).sum();
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
