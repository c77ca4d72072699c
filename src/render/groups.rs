//! Groups as people read them: one block each, the facts that are known of it.

use super::clean::clean;
use super::facts;
use super::output::{Lacking, Output, RunStatus, RunSummary};
use super::style::Style;
use super::text::{self, report_line};
use super::words::{count, wrap};
use crate::analyzer::Input;
use crate::group::{Group, Machines};
use crate::release::version;
use crate::report::Report;
use crate::splat::SourceSpan;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write;

/// Columns of prose.
const WIDTH: usize = 100;

/// Names of kernels and machines in a row, where not all are asked for.
const FEW: usize = 3;

/// What a scan found in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Totals {
    /// Inputs read.
    pub inputs: u64,
    /// Their lines.
    pub lines: u64,
    /// Reports.
    pub splats: u64,
    /// Late clears among them.
    pub late_clears: u64,
}

impl Totals {
    /// Counts a report.
    pub fn report(&mut self, report: &Report) {
        self.splats += 1;
        self.late_clears += u64::from(report.late_clear.is_some());
    }

    /// Counts an input.
    pub fn input(&mut self, input: &Input) {
        self.inputs += 1;
        self.lines += input.lines;
    }
}

/// The output of a scan as text.
pub struct ScanText {
    style: Style,
    verbose: bool,
    /// Bugs that are shown; `None` for all.
    top: Option<usize>,
    /// The most frequent first, of what is new and of what is not.
    by_count: bool,
    totals: Totals,
}

impl ScanText {
    /// With these colours; a verbose one names every splat, kernel and machine.
    pub fn new(style: Style, verbose: bool) -> ScanText {
        ScanText {
            style,
            verbose,
            top: None,
            by_count: true,
            totals: Totals::default(),
        }
    }

    /// Shows no more than so many bugs.
    pub fn top(self, top: Option<usize>) -> ScanText {
        ScanText { top, ..self }
    }

    /// Leaves the bugs in the order in which they come.
    pub fn in_their_order(self) -> ScanText {
        ScanText {
            by_count: false,
            ..self
        }
    }

    /// All groups, what is new first, and the closing line.
    fn summary(&self, groups: &[Group]) -> String {
        let mut bugs: Vec<_> = rolled_up(groups)
            .iter()
            .map(|of_one| merged(of_one))
            .collect();
        if self.by_count {
            bugs.sort_by_key(|(bug, _)| Reverse(happened(bug)));
        }
        bugs.sort_by_key(|(bug, _)| bug.new != Some(true));
        let shown = self.top.unwrap_or(bugs.len()).min(bugs.len());
        let mut out: String = bugs[..shown]
            .iter()
            .map(|(bug, variants)| block(bug, variants, self.verbose, &self.style))
            .collect();
        if let more @ 1.. = bugs.len() - shown {
            let _ = writeln!(out, "and {more} more (--all)\n");
        }
        let late = match self.totals.late_clears {
            0 => String::new(),
            n => format!(", {}", count(n, "late clear")),
        };
        let new = groups
            .iter()
            .filter(|group| group.new == Some(true))
            .count();
        let new = match groups.iter().any(|group| group.new.is_some()) {
            true => format!(", {new} new"),
            false => String::new(),
        };
        let Totals {
            inputs,
            lines,
            splats,
            ..
        } = self.totals;
        let events: Option<u64> = groups.iter().map(|group| group.events).sum();
        let events = events.filter(|events| *events < splats);
        let events = events.map_or(String::new(), |events| {
            format!(" of {}", count(events, "event"))
        });
        let _ = writeln!(
            out,
            "{}{events} in {}{new}{late}; {} in {}",
            count(splats, "splat"),
            count(groups.len() as u64, "group"),
            count(lines, "line"),
            count(inputs, "input"),
        );
        out
    }
}

impl Output for ScanText {
    fn report(&mut self, report: Report, _: RunStatus<'_>) -> String {
        self.totals.report(&report);
        match self.verbose {
            true => report_line(&report, &self.style),
            false => String::new(),
        }
    }

    fn lacking(&mut self, lacking: &Lacking<'_>) -> String {
        text::lacking(lacking, &self.style)
    }

    fn input(&mut self, input: Input) -> String {
        self.totals.input(&input);
        String::new()
    }

    fn finish(&mut self, ending: RunSummary<'_>) -> String {
        match ending {
            RunSummary::Scan(groups) => self.summary(groups),
            RunSummary::Triage | RunSummary::Check(_) => String::new(),
        }
    }
}

/// A block for one group, ending in an empty line. `all`: every kernel and machine by name, not the
/// first few.
pub(super) fn group(group: &Group, all: bool, style: &Style) -> String {
    block(group, &[], all, style)
}

/// Groups of one name together: they differ in the callers, often only by what was inlined. Each is where the
/// first of them does.
fn rolled_up(groups: &[Group]) -> Vec<Vec<&Group>> {
    let mut places = HashMap::new();
    let mut all: Vec<Vec<&Group>> = Vec::new();
    for group in groups {
        let place = *places.entry(group.name()).or_insert(all.len());
        match all.get_mut(place) {
            Some(variants) => variants.push(group),
            None => all.push(vec![group]),
        }
    }
    all
}

/// What variants of one name have in common, and they, where there are several.
fn merged<'g>(variants: &[&'g Group]) -> (Group, Vec<&'g Group>) {
    // The first of them gives the name; what the others have is added to it.
    let mut all = variants[0].clone();
    if variants.len() == 1 {
        return (all, Vec::new());
    }
    for variant in &variants[1..] {
        all.count += variant.count;
        // One that does not know makes the sum unknown.
        all.events = all.events.zip(variant.events).map(|(a, b)| a + b);
        if variant.first_number < all.first_number {
            (all.first_number, all.first) = (variant.first_number, variant.first.clone());
        }
        if variant.last_number > all.last_number {
            (all.last_number, all.last) = (variant.last_number, variant.last.clone());
        }
        all.kernels.extend_from_slice(&variant.kernels);
        all.hardware.extend_from_slice(&variant.hardware);
        // One that does not know makes the sum unknown.
        all.machines = all.machines.filter(|_| variant.machines.is_some());
        // A new variant of a known bug is no new bug.
        all.new = all
            .new
            .filter(|new| !new || variant.new != Some(false))
            .or(variant.new);
        match (&mut all.seen, &variant.seen) {
            (Some(seen), Some(more)) => seen.join(more.clone()),
            (seen, more) => *seen = seen.take().or_else(|| more.clone()),
        }
    }
    all.kernels.sort_by_cached_key(|release| version(release));
    all.hardware.sort();
    for names in [&mut all.kernels, &mut all.hardware] {
        names.dedup();
    }
    // Variants may each be of one machine, and of different ones.
    if all.hardware.len() > 1 {
        all.machines = Some(Machines::Many);
    }
    (all, variants.to_vec())
}

/// How often it happened; where nobody knows which reports are quotes, how often it was printed.
fn happened(group: &Group) -> u64 {
    group.events.unwrap_or(group.count)
}

/// How often it was printed, where that is more.
fn printed(group: &Group) -> Option<String> {
    let times = count(group.count, "time");
    (happened(group) < group.count).then(|| format!("{times}, with quotes and cross-posts"))
}

/// A block for a group, or for the variants of one.
fn block(group: &Group, variants: &[&Group], all: bool, style: &Style) -> String {
    let mut out = String::new();
    let new = if group.new == Some(true) { "new  " } else { "" };
    let headline = format!("{new}{}  {}", happened(group), clean(&group.name()));
    let _ = writeln!(out, "{}", Style::paint(style.headline, headline));
    let one = group.count == 1;
    // Of what is new it says what this block says, unless a fix is known.
    let seen = group.seen.as_ref();
    let seen = seen.filter(|seen| group.new != Some(true) || !seen.fixed_by.is_empty());
    let rows = [
        (
            "signature",
            variants.is_empty().then(|| group.signature.clone()),
        ),
        ("printed", printed(group)),
        ("kernels", names(&group.kernels, all)),
        ("hardware", hardware(group, all)),
        (if one { "at" } else { "first" }, Some(place(&group.first))),
        ("last", (!one).then(|| place(&group.last))),
        ("seen", seen.map(facts::seen)),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            let label = Style::paint(style.label, format_args!("{name:<9}"));
            let value = wrap(&clean(&value), WIDTH - 12, 12);
            let _ = writeln!(out, "  {label} {value}");
        }
    }
    for (number, variant) in variants.iter().enumerate() {
        let label = if number == 0 { "variants" } else { "" };
        let label = Style::paint(style.label, format_args!("{label:<9}"));
        let signature = clean(&variant.signature);
        let _ = writeln!(out, "  {label} {:<4} {signature}", happened(variant));
    }
    out.push('\n');
    out
}

fn names(names: &[String], all: bool) -> Option<String> {
    let shown = if all { names.len() } else { FEW };
    let rest = names.len().saturating_sub(shown);
    let mut text = names[..names.len() - rest].join(", ");
    if rest > 0 {
        let _ = write!(text, ", {rest} more");
    }
    (!names.is_empty()).then_some(text)
}

fn hardware(group: &Group, all: bool) -> Option<String> {
    let names = names(&group.hardware, all)?;
    Some(match group.machines {
        Some(Machines::One) if group.count > 1 => format!("one kind of machine: {names}"),
        Some(Machines::Many) => {
            format!("{} kinds of machine: {names}", group.hardware.len())
        }
        _ => names,
    })
}

fn place(source: &SourceSpan) -> String {
    let lines = format!("{}:{}", source.path, source.first_line);
    match &source.member {
        None => lines,
        Some(member) => format!("{lines} ({member})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::PathName;
    use crate::group::ClearGroup;

    fn example() -> Group {
        Group {
            signature: "late-clear:ap:VMX:init_ia32_feat_ctl".to_owned(),
            former_signatures: Vec::new(),
            title: "WARNING in do_clear_cpu_cap".to_owned(),
            kind: "warning".to_owned(),
            count: 5,
            kernels: ["6.1", "6.2", "6.3", "6.4"].map(str::to_owned).to_vec(),
            hardware: vec!["Box\x1b".to_owned(), "Pizza Box".to_owned()],
            machines: Some(Machines::Many),
            first: SourceSpan {
                path: "a.tar".to_owned(),
                member: Some("dmesg".to_owned()),
                first_line: 7,
                last_line: 9,
                mail: None,
            },
            last: SourceSpan {
                path: "b".to_owned(),
                first_line: 1,
                ..SourceSpan::default()
            },
            first_number: 1,
            last_number: 5,
            late_clear: Some(ClearGroup {
                path: PathName::Ap,
                feature: Some("VMX".to_owned()),
                requester: Some("init_ia32_feat_ctl".to_owned()),
            }),
            new: None,
            events: None,
            seen: None,
        }
    }

    #[test]
    fn a_late_clear_by_path_feature_and_requester() {
        let text = group(&example(), false, &Style::plain());
        assert_eq!(
            text,
            "5  late clear of VMX by init_ia32_feat_ctl, AP path\n\
             \x20 signature late-clear:ap:VMX:init_ia32_feat_ctl\n\
             \x20 kernels   6.1, 6.2, 6.3, 1 more\n\
             \x20 hardware  2 kinds of machine: Box\\x1b, Pizza Box\n\
             \x20 first     a.tar:7 (dmesg)\n\
             \x20 last      b:1\n\n"
        );
    }

    #[test]
    fn variants_of_one_name_are_one_block() {
        let one = Group {
            late_clear: None,
            signature: "warning:x:a".to_owned(),
            ..example()
        };
        let other = Group {
            count: 2,
            signature: "warning:x:b".to_owned(),
            kernels: vec!["5.10".to_owned()],
            first_number: 9,
            last_number: 11,
            last: SourceSpan {
                path: "c".to_owned(),
                first_line: 3,
                ..SourceSpan::default()
            },
            ..one.clone()
        };
        let text = ScanText::new(Style::plain(), true).summary(&[one, other]);
        assert_eq!(
            text.split("\n\n").next().expect("a block"),
            "7  WARNING in do_clear_cpu_cap\n\
             \x20 kernels   5.10, 6.1, 6.2, 6.3, 6.4\n\
             \x20 hardware  2 kinds of machine: Box\\x1b, Pizza Box\n\
             \x20 first     a.tar:7 (dmesg)\n\
             \x20 last      c:3\n\
             \x20 variants  5    warning:x:a\n\
             \x20           2    warning:x:b"
        );
    }

    #[test]
    fn what_is_new_comes_first_and_a_new_variant_of_a_known_bug_is_not() {
        let named = |title: &str, signature: &str, count, new| Group {
            late_clear: None,
            title: title.to_owned(),
            signature: signature.to_owned(),
            count,
            new: Some(new),
            ..example()
        };
        let groups = [
            named("known", "k:a", 9, false),
            named("known", "k:b", 5, true),
            named("new", "n", 2, true),
            named("rare", "r", 1, false),
        ];
        let text = ScanText::new(Style::plain(), false)
            .top(Some(2))
            .summary(&groups);
        let headlines: Vec<_> = text.lines().filter(|line| !line.starts_with(' ')).collect();
        assert_eq!(
            headlines,
            [
                "new  2  new",
                "",
                "14  known",
                "",
                "and 1 more (--all)",
                "",
                "0 splats in 4 groups, 2 new; 0 lines in 0 inputs"
            ]
        );
    }

    #[test]
    fn one_report_stands_at_one_place() {
        let single = Group {
            count: 1,
            late_clear: None,
            machines: None,
            hardware: Vec::new(),
            ..example()
        };
        let text = group(&single, true, &Style::plain());
        assert!(text.starts_with("1  WARNING in do_clear_cpu_cap\n"));
        assert!(text.contains("  kernels   6.1, 6.2, 6.3, 6.4\n  at        a.tar:7"));
        assert!(!text.contains("hardware") && !text.contains("last"));
    }
}
