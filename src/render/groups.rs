//! Groups as people read them: one block each, the facts that are known of it.

use super::clean::clean;
use super::output::{Ending, Lacking, Output, Standing};
use super::style::Style;
use super::text::{self, report_line};
use super::words::{count, wrap};
use crate::analyzer::Input;
use crate::group::{Group, Machines};
use crate::report::Report;
use crate::splat::SourceSpan;
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
    totals: Totals,
}

impl ScanText {
    /// With these colours; a verbose one names every splat, kernel and machine.
    pub fn new(style: Style, verbose: bool) -> ScanText {
        ScanText {
            style,
            verbose,
            totals: Totals::default(),
        }
    }
}

impl Output for ScanText {
    fn report(&mut self, report: Report, _: Standing<'_>) -> String {
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

    fn finish(&mut self, ending: Ending<'_>) -> String {
        match ending {
            Ending::Scan(groups) => summary(groups, &self.totals, self.verbose, &self.style),
            Ending::Triage | Ending::Check(_) => String::new(),
        }
    }
}

/// All groups and the closing line. `all`: every kernel and machine by name, not the first few.
fn summary(groups: &[Group], totals: &Totals, all: bool, style: &Style) -> String {
    let mut out: String = groups
        .iter()
        .map(|of_one| group(of_one, all, style))
        .collect();
    let late = match totals.late_clears {
        0 => String::new(),
        n => format!(", {}", count(n, "late clear")),
    };
    let _ = writeln!(
        out,
        "{} in {}{late}; {} in {}",
        count(totals.splats, "splat"),
        count(groups.len() as u64, "group"),
        count(totals.lines, "line"),
        count(totals.inputs, "input"),
    );
    out
}

/// A block for one group, ending in an empty line. `all`: every kernel and machine by name, not the
/// first few.
pub(super) fn group(group: &Group, all: bool, style: &Style) -> String {
    let mut out = String::new();
    let headline = format!("{}  {}", group.count, clean(&group.name()));
    let _ = writeln!(out, "{}", Style::paint(style.headline, headline));
    let one = group.count == 1;
    let rows = [
        ("signature", Some(group.signature.clone())),
        ("kernels", names(&group.kernels, all)),
        ("hardware", hardware(group, all)),
        (if one { "at" } else { "first" }, Some(place(&group.first))),
        ("last", (!one).then(|| place(&group.last))),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            let label = Style::paint(style.label, format_args!("{name:<9}"));
            let value = wrap(&clean(&value), WIDTH - 12, 12);
            let _ = writeln!(out, "  {label} {value}");
        }
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
            },
            last: SourceSpan {
                path: "b".to_owned(),
                first_line: 1,
                ..SourceSpan::default()
            },
            late_clear: Some(ClearGroup {
                path: PathName::Ap,
                feature: Some("VMX".to_owned()),
                requester: Some("init_ia32_feat_ctl".to_owned()),
            }),
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
