//! The block of one splat: what happened, what to do, then the proof.
//!
//! In: a report, and what else belongs to its incident. Out: text, ending in an empty line.

use crate::late_clear::LateClear;
use crate::render::clean::clean;
use crate::render::facts;
use crate::render::style::Style;
use crate::render::trace::{Step, folded, steps};
use crate::render::words::{count, place, wrap};
use crate::report::Report;
use crate::splat::{Frame, Splat};
use std::fmt::Write;

/// Columns of the name of a row, with its margin.
const MARGIN: usize = 12;

/// Variables that are shown of one report.
const MAX_VARIABLES: usize = 12;

/// Registers in one line.
const REGISTERS_A_LINE: usize = 3;

/// A block for one splat, and a line for each of `more`: what else belongs to its incident.
pub fn block(report: &Report, more: &[Report], style: &Style) -> String {
    let mut out = String::new();
    head(&mut out, report, more, style);
    out.push('\n');
    rows(&mut out, report, style);
    if let Some(verdict) = &report.late_clear {
        proof(&mut out, verdict, style);
    } else {
        code(&mut out, report, style);
        registers(&mut out, report, style);
    }
    variables(&mut out, report, style);
    source(&mut out, report, style);
    trace(&mut out, report, style);
    followers(&mut out, report, more, style);
    out.push('\n');
    out
}

/// What the registers hold of the variables at RIP.
fn variables(out: &mut String, report: &Report, style: &Style) {
    let all = &report.symbols.variables;
    let known = all.iter().filter(|variable| variable.value.is_some());
    let known: Vec<_> = known.take(MAX_VARIABLES).collect();
    let Some(first) = known.first() else {
        return;
    };
    let label = format!("Variables at RIP, in {}", clean(&first.function));
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, label));
    let mut function = &first.function;
    for variable in known {
        if variable.function != *function {
            function = &variable.function;
            aside(out, &format!("in {}", clean(function)), style);
        }
        let name = format!("{:<16}", clean(&variable.name));
        let value = variable.value.as_deref().unwrap_or_default();
        let line = format!(
            "    {} {:<22} {}",
            Style::paint(style.function, name),
            clean(value),
            Style::paint(style.dim, clean(&variable.type_name))
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let lost = all
        .iter()
        .filter(|variable| variable.value.is_none())
        .count();
    if lost > 0 {
        let words = count(lost as u64, "value");
        aside(out, &format!("({words} not in the registers)"), style);
    }
}

/// What happened, the title, the place, the signature.
fn head(out: &mut String, report: &Report, more: &[Report], style: &Style) {
    let headline = facts::sentence(report, more);
    let first = wrap(&clean(&headline), style.width, 2);
    let _ = writeln!(out, "{}", Style::paint(style.headline, first));
    let splat = &report.splat;
    let verdict = report.late_clear.as_ref();
    let second = verdict.map_or(&report.title, |verdict| &verdict.headline);
    if headline != *second {
        let second = wrap(&clean(second), style.width - 2, 2);
        let _ = writeln!(out, "  {second}");
    }
    let parts = [
        verdict.map(|_| report.title.clone()),
        Some(facts::span(splat)),
        report.platform.release.clone(),
        report.platform.hardware.clone(),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let line = wrap_parts(&parts, style.width - 2);
    let _ = writeln!(out, "  {}", Style::paint(style.place, line));
    let _ = writeln!(
        out,
        "  {}",
        Style::paint(style.dim, clean(&report.signature))
    );
}

/// Parts with a dot between them, broken between two of them where the line is full.
fn wrap_parts(parts: &[String], width: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for part in parts {
        let part = clean(part);
        let length = part.chars().count();
        if column > 0 && column + 3 + length > width {
            out.push_str("\n  ");
            column = 0;
        } else if column > 0 {
            out.push_str(" · ");
            column += 3;
        }
        out.push_str(&part);
        column += length;
    }
    out
}

fn rows(out: &mut String, report: &Report, style: &Style) {
    for (name, values) in facts::told(report) {
        for (index, value) in values.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let name = Style::paint(style.label, format_args!("{name:<9}"));
            let text = wrap(&clean(value), style.width - MARGIN, MARGIN);
            let _ = writeln!(out, "  {name} {text}");
        }
    }
}

fn proof(out: &mut String, verdict: &LateClear, style: &Style) {
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "Proof"));
    for item in &verdict.evidence {
        let line = item.line.map_or("-".to_owned(), |line| line.to_string());
        let head = format!("  {line:>7}  {:<11} ", item.speaks_for);
        let width = style.width.saturating_sub(head.len());
        let text = wrap(&clean(&item.says), width, head.len());
        let _ = writeln!(out, "{}{text}", Style::paint(style.dim, head));
    }
}

/// Instructions in front of the one at fault, and behind it.
const AROUND: (usize, usize) = (2, 1);

/// The instruction at fault, with the registers of its address, between its neighbours.
fn code(out: &mut String, report: &Report, style: &Style) {
    let Some(found) = report.disassembly() else {
        return;
    };
    let trap = found.instructions.iter().position(|line| line.offset == 0);
    let trap = trap.unwrap_or_default();
    let shown = found.instructions.iter().enumerate();
    let shown = shown.skip(trap.saturating_sub(AROUND.0));
    let shown: Vec<_> = shown
        .take_while(|(index, _)| *index <= trap + AROUND.1)
        .collect();
    let width = shown
        .iter()
        .map(|(_, line)| line.bytes.len())
        .max()
        .unwrap_or(0);
    let registers = found.access.iter().flat_map(|access| &access.registers);
    let registers: Vec<_> = registers
        .map(|(name, value)| facts::register(name, value))
        .collect();
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "Code"));
    for (index, line) in shown {
        let is_trap = index == trap;
        let (mark, made) = match is_trap {
            true => ('>', registers.join(", ")),
            false => (' ', String::new()),
        };
        let row = format!(
            "    {mark} {:width$}   {:<28} {made}",
            line.bytes, line.text
        );
        let part = if is_trap { style.headline } else { style.dim };
        let _ = writeln!(out, "{}", Style::paint(part, clean(row.trim_end())));
    }
}

/// The registers of a fault: those of a report that is no fault say nothing.
fn registers(out: &mut String, report: &Report, style: &Style) {
    let splat = &report.splat;
    if splat.registers.0.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "Registers"));
    for row in splat.registers.0.chunks(REGISTERS_A_LINE) {
        let row: Vec<_> = row
            .iter()
            .map(|(name, value)| format!("{:>6} {value:<16}", name.to_uppercase()))
            .collect();
        let _ = writeln!(out, "  {}", clean(row.join(" ").trim_end()));
    }
    for (name, place) in &report.symbols.registers {
        let name = name.to_uppercase();
        aside(out, &clean(&format!("{name} points at {place}")), style);
    }
}

/// The lines of the source, this one marked.
fn source(out: &mut String, report: &Report, style: &Style) {
    let Some(code) = &report.source_code else {
        return;
    };
    let place = wrap(
        &clean(&facts::source_place(code, report)),
        style.width - 11,
        2,
    );
    let _ = writeln!(out, "\n  {}  {place}", Style::paint(style.label, "Source"));
    for line in &code.lines {
        let is_it = line.number == code.line;
        let text = line.text.replace('\t', "    ");
        let mark = if is_it { '>' } else { ' ' };
        let row = format!("    {mark} {:>6}  {}", line.number, clean(&text));
        let part = if is_it { style.headline } else { style.dim };
        let _ = writeln!(out, "{}", Style::paint(part, row.trim_end()));
    }
}

fn trace(out: &mut String, report: &Report, style: &Style) {
    let splat = &report.splat;
    if splat.frames.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, whose_trace(splat)));
    let culprit = report.culprit.as_ref().map(|c| c.function.as_str());
    let mut to_mark = culprit;
    for step in steps(splat, report.grammar()) {
        match step {
            Step::Frame(frame) => {
                let marked = frame.reliable && to_mark == Some(frame.base_name());
                if marked {
                    to_mark = None;
                }
                write_frame(out, frame, marked, style);
            }
            Step::Folded(frames) => aside(out, &folded(&frames), style),
            Step::Section(name) => aside(out, &clean(name), style),
        }
    }
}

fn aside(out: &mut String, text: &str, style: &Style) {
    let _ = writeln!(out, "    {}", Style::paint(style.dim, text));
}

fn whose_trace(splat: &Splat) -> String {
    let cpu = splat.cpu.map(|cpu| format!(" of CPU {cpu}"));
    let comm = splat
        .comm
        .as_ref()
        .map(|comm| format!(" ({})", clean(comm)));
    format!(
        "Call trace{}{}",
        cpu.unwrap_or_default(),
        comm.unwrap_or_default()
    )
}

/// Inlined functions first, each a step further in, then the frame's own function. The frame at fault
/// has a mark.
fn write_frame(out: &mut String, frame: &Frame, marked: bool, style: &Style) {
    let mark = match (marked, frame.reliable) {
        (true, _) => '>',
        (false, true) => ' ',
        (false, false) => '?',
    };
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
    let part = match (marked, frame.reliable) {
        (true, _) => style.headline,
        (false, true) => style.function,
        (false, false) => style.dim,
    };
    let name = format!("{:<38}", clean(&frame.code.to_string()));
    // The log does not print it: the function ended in a jump, and its caller's code says so.
    let recovered = if frame.recovered {
        "  (left no frame)"
    } else {
        ""
    };
    let line = format!(
        "    {mark} {}  {}{}",
        Style::paint(part, name),
        Style::paint(style.place, clean(&place)),
        Style::paint(style.dim, recovered.to_owned())
    );
    let _ = writeln!(out, "{}", line.trim_end());
}

/// The rest of the incident, a line each.
fn followers(out: &mut String, first: &Report, more: &[Report], style: &Style) {
    if more.is_empty() {
        return;
    }
    let reports = count(more.len() as u64, "report");
    let label = format!("Then {reports} of the same incident (-v shows them whole)");
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, label));
    let after = |report| facts::after(first, report);
    // Where no stamp tells how long after, there is no column for it.
    let columns = if more.iter().any(|report| after(report).is_some()) {
        12
    } else {
        0
    };
    for report in more {
        let line = report.splat.source.first_line;
        let after = after(report).unwrap_or_default();
        let head = format!("  {line:>7}{after:>columns$}  ");
        let width = style.width.saturating_sub(head.len());
        let text = wrap(&clean(facts::headline(report)), width, head.len());
        let _ = writeln!(out, "{}{text}", Style::paint(style.dim, head));
    }
}

/// The line of a follower that comes when its first report was printed already.
pub fn follower(report: &Report, style: &Style) -> String {
    let place = facts::span(&report.splat);
    format!(
        "{} {} {}\n",
        Style::paint(style.place, clean(&place)),
        Style::paint(style.dim, "same incident:"),
        clean(facts::headline(report))
    )
}
