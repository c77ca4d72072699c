//! Margins: what a program, an editor or a person put in front of every line of a log, in a form that no entry of
//! [`framing`](crate::line::framing) knows.
//!
//! A margin is learned: where a line holds the beginning of a report after something else, it waits for the next
//! ones. If they have the same in front, and one of them is a line that only reports have, all of it goes. A text that
//! only mentions a report has no such lines.

use super::decode::Take;
use super::{LogLine, Source};
use crate::grammar::{Grammar, LineForm};

/// Bytes of a margin.
const MAX_MARGIN: usize = 96;

/// Lines that wait for a proof.
const MAX_HELD: usize = 12;

/// Lines without the margin after which it is forgotten.
const MAX_MISSES: usize = 4;

/// The state between lines.
#[derive(Debug)]
pub struct Margin<'g> {
    grammar: &'g Grammar,
    shape: Option<Shape>,
    /// Lines that wait, as they came.
    held: Vec<LogLine<'static>>,
    misses: usize,
}

impl<'g> Margin<'g> {
    /// Knows reports by a grammar.
    pub fn new(grammar: &'g Grammar) -> Margin<'g> {
        Margin {
            grammar,
            shape: None,
            held: Vec::new(),
            misses: 0,
        }
    }

    /// Takes in a line; gives it away without its margin.
    pub fn line(&mut self, line: LogLine<'_>, take: &mut Take<'_>) {
        match &self.shape {
            None => self.look(line, take),
            Some(_) if self.held.is_empty() => self.without_margin(line, take),
            // One proof is enough: lines that only mention a report have none.
            Some(shape) => match shape
                .behind(&line.text)
                .map(|text| is_proof(self.grammar, text))
            {
                Some(true) => {
                    self.held.push(line.into_owned());
                    for line in std::mem::take(&mut self.held) {
                        self.without_margin(line, take);
                    }
                }
                Some(false) if self.held.len() < MAX_HELD => self.held.push(line.into_owned()),
                _ => {
                    self.release(take);
                    self.look(line, take);
                }
            },
        }
    }

    /// Looks for a beginning after something else.
    fn look(&mut self, line: LogLine<'_>, take: &mut Take<'_>) {
        self.shape = margin_of(self.grammar, &line).map(Shape::of);
        match self.shape {
            Some(_) => self.held.push(line.into_owned()),
            None => take(line),
        }
    }

    /// A line of a log whose margin is known.
    fn without_margin(&mut self, mut line: LogLine<'_>, take: &mut Take<'_>) {
        let behind = self.shape.as_ref().and_then(|shape| {
            let text = shape.behind(&line.text)?;
            Some(text.to_owned())
        });
        match behind {
            Some(text) => {
                self.misses = 0;
                // A margin is framing: a line of this log without it was written by somebody else.
                line.framing.present = true;
                line.text = text.into();
            }
            None => self.misses += 1,
        }
        if self.misses > MAX_MISSES {
            self.shape = None;
            return self.look(line, take);
        }
        take(line);
    }

    /// Gives away what is held back.
    pub fn release(&mut self, take: &mut Take<'_>) {
        if self.held.is_empty() {
            return;
        }
        self.shape = None;
        self.misses = 0;
        self.held.drain(..).for_each(take);
    }

    /// True where nothing is held back.
    pub fn is_idle(&self) -> bool {
        self.held.is_empty()
    }
}

/// What is in front of the beginning of a report; `None` for a line that has none, or nothing in front of it.
fn margin_of<'l>(grammar: &Grammar, line: &'l LogLine<'_>) -> Option<&'l str> {
    // What a program says of a report is not the report.
    if line.framing.source == Source::Program {
        return None;
    }
    let text = line.text.as_ref();
    let margin = &text[..grammar.margins.beginning_in(text)?];
    // `DEBUG: ` holds `BUG: `, and begins no report.
    let ends_word = !margin.ends_with(char::is_alphanumeric);
    (ends_word && margin.len() <= MAX_MARGIN && !margin.trim().is_empty()).then_some(margin)
}

/// True for a line that only reports have.
fn is_proof(grammar: &Grammar, text: &str) -> bool {
    let mut rules = grammar.lines.of(text.trim_start());
    // Without a task it may be the beginning of any sentence.
    let names_task = || ["ID: ", "ainted"].iter().any(|word| text.contains(word));
    rules.any(|(rule, _)| rule.form == LineForm::Cpu) && names_task()
        || grammar.margins.is_proof(text)
}

/// A part of a margin.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MarginPart {
    Word(String),
    Blanks(usize),
    Sign(char),
}

/// What all margins of a log have in common.
#[derive(Debug)]
struct Shape {
    parts: Vec<MarginPart>,
    /// True for the margin of a machine, which counts or gives the time: its words change.
    counts: bool,
    /// The sign that a quoted line begins and ends with.
    quote: Option<char>,
}

impl Shape {
    fn of(margin: &str) -> Shape {
        let parts = parts(margin);
        let has_digit = |part: &MarginPart| match part {
            MarginPart::Word(word) => word.bytes().any(|byte| byte.is_ascii_digit()),
            _ => false,
        };
        Shape {
            counts: parts.iter().any(has_digit),
            quote: margin.chars().next_back().filter(|c| "\"'`".contains(*c)),
            parts,
        }
    }

    /// The text after a margin of this shape.
    fn behind<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut rest = text;
        for (index, part) in self.parts.iter().enumerate() {
            let is_last = index + 1 == self.parts.len();
            rest = match part {
                MarginPart::Word(word) if !self.counts => rest.strip_prefix(word.as_str())?,
                MarginPart::Word(_) => {
                    let end = rest.find(|c: char| !c.is_alphanumeric());
                    rest.split_at_checked(end.filter(|end| *end > 0)?)?.1
                }
                MarginPart::Sign(sign) => rest.strip_prefix(*sign)?,
                // The blanks of the text itself are after those of the margin; an empty line may have lost both.
                MarginPart::Blanks(count) if is_last => {
                    let blanks = rest.bytes().take(*count);
                    &rest[blanks.take_while(|byte| is_blank(*byte)).count()..]
                }
                MarginPart::Blanks(_) => rest.trim_start_matches([' ', '\t']),
            };
        }
        let close = |rest: &'t str, quote| {
            // The elements of a list in a program's source have a comma after the quotation mark.
            let rest = rest.trim_end_matches(',');
            rest.strip_suffix(quote).unwrap_or(rest)
        };
        Some(self.quote.map_or(rest, |quote| close(rest, quote)))
    }
}

fn parts(margin: &str) -> Vec<MarginPart> {
    let mut parts = Vec::new();
    for c in margin.chars() {
        match (parts.last_mut(), c) {
            (Some(MarginPart::Word(word)), c) if c.is_alphanumeric() => word.push(c),
            (Some(MarginPart::Blanks(count)), ' ' | '\t') => *count += 1,
            (_, ' ' | '\t') => parts.push(MarginPart::Blanks(1)),
            (_, c) if c.is_alphanumeric() => parts.push(MarginPart::Word(c.into())),
            (_, c) => parts.push(MarginPart::Sign(c)),
        }
    }
    parts
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(log: &[&str]) -> Vec<String> {
        let grammar = Grammar::builtin();
        let mut margin = Margin::new(&grammar);
        let mut all = Vec::new();
        let mut take = |line: LogLine<'_>| all.push(line.text.into_owned());
        for (number, raw) in (1..).zip(log) {
            let mut line = LogLine::parse(number, b"");
            line.text = (*raw).into();
            margin.line(line, &mut take);
        }
        margin.release(&mut take);
        all
    }

    #[test]
    fn what_stands_in_front_of_every_line_of_a_report_goes() {
        let all = texts(&[
            "node7  9 E> BUG: unable to handle page fault",
            "node7  9 E> #PF: supervisor read access",
            "node7 10 W> CPU: 1 PID: 7 Comm: a",
            "node7 10 W>  f+0x1/0x2",
            "node7 10 W>",
        ]);
        assert_eq!(all[0], "BUG: unable to handle page fault");
        assert_eq!(all[2..], ["CPU: 1 PID: 7 Comm: a", " f+0x1/0x2", ""]);
        let quoted = texts(&["- `BUG: x`", "- `CPU: 1 PID: 7`", "- ` f+0x1/0x2`"]);
        assert_eq!(quoted, ["BUG: x", "CPU: 1 PID: 7", " f+0x1/0x2"]);
    }

    #[test]
    fn texts_that_mention_reports_stay() {
        for log in [
            &[
                "* BUG: unable to handle x in f",
                "* WARNING in g",
                "* BUG: y",
            ][..],
            &["I saw BUG: x", "CPU: 1 PID: 7 Comm: a"],
            &["- Kernel panic - not syncing: x", "- CPU: 7 of 8"],
            &[
                "rcu: INFO: rcu_sched stalls",
                "rcu: (detected by 1)",
                "CPU: 1 PID: 7",
            ],
            &["watchdog: BUG: soft lockup", "CPU: 1 PID: 7"],
        ] {
            assert_eq!(texts(log), log);
        }
    }

    #[test]
    fn lockdep_proves_a_margin_by_its_own_lines() {
        let all = texts(&[
            "zetad: WARNING: possible circular locking dependency detected",
            "zetad: 6.8.0 #1 Not tainted",
            "zetad: a/7 is trying to acquire lock:",
            "zetad: stack backtrace:",
        ]);
        assert_eq!(
            all[1..],
            [
                "6.8.0 #1 Not tainted",
                "a/7 is trying to acquire lock:",
                "stack backtrace:"
            ]
        );
    }

    #[test]
    fn a_margin_that_ended_is_forgotten() {
        let mut log = vec!["a: BUG: x", "a: CPU: 1 PID: 7"];
        log.extend(["x"; 6]);
        log.push("a: y");
        assert_eq!(texts(&log)[8], "a: y");
    }
}
