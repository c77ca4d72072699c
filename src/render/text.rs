//! Text, made to be read: one block a splat.

use super::clean::clean;
use super::style::Style;
use crate::analyzer::Input;
use crate::grammar::Grammar;
use crate::late_clear::LateClear;
use crate::report::Report;
use crate::splat::{Frame, Section, Splat};
use crate::symbols::{Match, Symbols};
use std::fmt::Write;

/// Columns of prose.
const WIDTH: usize = 88;

/// A block for one splat, ending in an empty line.
pub fn report(report: &Report, grammar: &Grammar, style: &Style) -> String {
    let mut out = String::new();
    headline(&mut out, report, style);
    facts(&mut out, report, style);
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
pub fn notice(report: &Report, style: &Style) -> String {
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
pub struct Found {
    /// Reports that are no notice.
    pub splats: usize,
    /// Those of them that are late clears.
    pub late_clears: usize,
    /// Notices.
    pub notices: usize,
}

/// One line for one splat: its place and its name.
pub fn report_line(report: &Report, style: &Style) -> String {
    let source = &report.splat.source;
    let mut place = format!("{}:{}", source.path, source.first_line);
    if let Some(member) = &source.member {
        let _ = write!(place, " ({member})");
    }
    let verdict = report.late_clear.as_ref();
    let name = verdict.map_or(&report.title, |verdict| &verdict.headline);
    format!(
        "{}: {}\n",
        Style::paint(style.place, clean(&place)),
        clean(name)
    )
}

/// What is said where no splat was found; `found` has one entry an input.
pub fn nothing_found(inputs: &[Input], found: &[Found]) -> String {
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
pub fn summary(inputs: &[Input], found: &[Found]) -> String {
    let lines: u64 = inputs.iter().map(|input| input.lines).sum();
    let sum = |part: fn(&Found) -> usize| found.iter().map(part).sum();
    format!(
        "{}{}{} in {}\n",
        count(sum(|found| found.splats), "splat"),
        further(sum(|found| found.late_clears), "late clear"),
        further(sum(|found| found.notices), "notice"),
        count(lines, "line")
    )
}

fn further(n: usize, noun: &str) -> String {
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

/// `1 line`, `2 lines`.
pub fn count(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{ending}")
}

fn headline(out: &mut String, report: &Report, style: &Style) {
    let verdict = report
        .late_clear
        .as_ref()
        .map(|verdict| verdict.headline.as_str());
    let text = clean(verdict.unwrap_or(&report.title)).into_owned();
    let _ = writeln!(out, "{}", Style::paint(style.headline, text));
    let splat = &report.splat;
    let source = &splat.source;
    let header = if splat.header.is_empty() {
        "(frames quoted without their header)"
    } else {
        &splat.header
    };
    let place = format!("{}:{}-{}", source.path, source.first_line, source.last_line);
    let _ = writeln!(
        out,
        "  {}  {}",
        Style::paint(style.place, clean(&place)),
        clean(header)
    );
}

/// One row a fact; unknown ones have no row.
fn facts(out: &mut String, report: &Report, style: &Style) {
    let splat = &report.splat;
    let mut rows = vec![
        (
            "message",
            (!splat.message.is_empty()).then(|| splat.message.join(" ")),
        ),
        ("context", context(splat)),
        ("rip", rip(report)),
        ("kernel", kernel(splat)),
        ("hardware", splat.hardware.clone()),
        ("symbols", symbols(&report.symbols)),
    ];
    if let Some(verdict) = &report.late_clear {
        rows.push(("feature", feature(verdict)));
        rows.push(("verdict", Some(summary_of(verdict))));
    }
    if splat.truncated {
        rows.push(("note", Some("the splat is cut off".to_owned())));
    }
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = writeln!(
                out,
                "  {} {}",
                Style::paint(style.label, format_args!("{name:<9}")),
                clean(&value)
            );
        }
    }
}

fn context(splat: &Splat) -> Option<String> {
    let parts = [
        splat
            .time_us
            .map(|us| format!("{}.{:06} s after boot", us / 1_000_000, us % 1_000_000)),
        splat.cpu.map(|cpu| format!("CPU {cpu}")),
        splat.comm.as_ref().map(|comm| match splat.pid {
            Some(pid) => format!("{comm} (PID {pid})"),
            None => comm.clone(),
        }),
    ];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(", "))
}

/// The code at RIP, with its place where vmlinux or the log tells it.
fn rip(report: &Report) -> Option<String> {
    let code = report.splat.rip.as_ref()?;
    let printed = code.sources.last();
    let place = match (&report.symbols.rip, printed) {
        (Some(position), _) => place(position.file.as_deref(), position.line),
        (None, Some(source)) => place(Some(&source.file), Some(source.line)),
        (None, None) => String::new(),
    };
    Some(format!("{code}  {place}").trim_end().to_owned())
}

fn kernel(splat: &Splat) -> Option<String> {
    let kernel = &splat.kernel;
    let release = kernel.release.as_ref()?;
    let taint = match kernel.taint.as_deref() {
        None => String::new(),
        Some("") => ", not tainted".to_owned(),
        Some(letters) => format!(", tainted {letters}"),
    };
    Some(format!(
        "{release} {}{taint}",
        kernel.build.as_deref().unwrap_or_default()
    ))
}

fn symbols(symbols: &Symbols) -> Option<String> {
    let from = symbols.from.as_deref()?;
    Some(match &symbols.matched {
        Match::Exact => format!("{from}, matches the log"),
        Match::ReleaseOnly => format!("{from} of the same release; nothing else to check it by"),
        Match::Mismatch { why } => format!("{from} is of another kernel, not used: {why}"),
        Match::None => format!("{from}, not checked: the log does not tell its kernel"),
    })
}

fn feature(verdict: &LateClear) -> Option<String> {
    let feature = verdict.feature.as_ref()?;
    let name = feature
        .name
        .as_ref()
        .map(|name| format!("X86_FEATURE_{name}"));
    let number = feature
        .number
        .map(|n| format!("{n} (word {}, bit {})", n / 32, n % 32));
    let flag = feature
        .flag
        .as_ref()
        .map_or("hidden in /proc/cpuinfo".to_owned(), |flag| {
            format!("{flag} in /proc/cpuinfo")
        });
    let known: Vec<_> = [name, number, Some(flag)].into_iter().flatten().collect();
    Some(known.join(", "))
}

fn summary_of(verdict: &LateClear) -> String {
    let target = verdict.target.as_ref().map_or("unknown".to_owned(), kebab);
    let divergence = match kebab(&verdict.divergence).as_str() {
        "unknown" => "divergence unknown".to_owned(),
        word => word.to_owned(),
    };
    let (path, stage) = (kebab(&verdict.path), kebab(&verdict.stage));
    let confidence = kebab(&verdict.confidence);
    format!("path {path}, stage {stage}, target {target}, {divergence}, confidence {confidence}")
}

/// An enum value as the JSON spells it.
fn kebab<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
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
    let mut folded = 0;
    let mut section = Section::Task;
    for frame in &splat.frames {
        if grammar.is_in("noise", frame.base_name()) {
            folded += 1;
            continue;
        }
        fold(out, &mut folded, style);
        if frame.section != section {
            section = frame.section;
            let _ = writeln!(
                out,
                "    {}",
                Style::paint(style.dim, section_name(section))
            );
        }
        write_frame(out, frame, style);
    }
    fold(out, &mut folded, style);
}

fn fold(out: &mut String, folded: &mut usize, style: &Style) {
    if *folded > 0 {
        let text = format!(
            "    [{} of the warning machinery]",
            count(*folded as u64, "frame")
        );
        let _ = writeln!(out, "{}", Style::paint(style.dim, text));
        *folded = 0;
    }
}

fn section_name(section: Section) -> &'static str {
    match section {
        Section::Task => "<TASK>",
        Section::Irq => "<IRQ>",
        Section::SoftIrq => "<SOFTIRQ>",
        Section::Nmi => "<NMI>",
        Section::Exception => "<exception stack>",
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

fn place(file: Option<&str>, line: Option<u32>) -> String {
    match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.to_owned(),
        _ => String::new(),
    }
}

fn diagnosis(out: &mut String, verdict: &LateClear, style: &Style) {
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "diagnosis"));
    let _ = writeln!(
        out,
        "    {}",
        wrap(&clean(&verdict.diagnosis), WIDTH - 4, 4)
    );
}

/// Breaks at blanks; lines behind the first are indented.
pub(super) fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            let _ = write!(out, "\n{:indent$}", "");
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn long_words_stand_alone_and_nothing_is_lost() {
        assert_eq!(wrap("a bb ccc", 4, 2), "a bb\n  ccc");
        assert_eq!(wrap("abcdefgh i", 4, 0), "abcdefgh\ni");
    }
}
