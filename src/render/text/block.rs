//! The block of one splat: what happened, what to do, then the proof.
//!
//! In: a report, and what else belongs to its incident. Out: text, ending in an empty line.

use crate::late_clear::{Evidence, LateClear};
use crate::render::clean::clean;
use crate::render::facts;
use crate::render::links::Links;
use crate::render::style::Style;
use crate::render::trace::{Step, folded, of_stack, short};
use crate::render::words::{count, hanging, place, wrap};
use crate::report::Report;
use crate::splat::{CodeRef, Frame, Inline, Splat, base_name};
use std::fmt::Write;

/// Columns of the name of a row, with its margin.
const MARGIN: usize = 12;

/// Variables that are shown of one report.
const MAX_VARIABLES: usize = 12;

/// Columns of a frame's name.
const NAME: usize = 38;

/// Registers in one line.
const REGISTERS_A_LINE: usize = 3;

/// A block for one splat, and a line for each of `more`: what else belongs to its incident.
///
/// `whole`: every frame is shown.
pub fn block(report: &Report, more: &[Report], whole: bool, style: &Style) -> String {
    let mut out = String::new();
    head(&mut out, report, more, style);
    out.push('\n');
    rows(&mut out, report, style);
    // The proof of a late clear says more than its registers, which are those of a WARN().
    if let Some(verdict) = &report.late_clear {
        proof(&mut out, verdict, style);
    }
    if report.warned_clear().is_none() {
        code(&mut out, report, style);
        registers(&mut out, report, style);
    }
    variables(&mut out, report, style);
    source(&mut out, report, style);
    trace(&mut out, report, whole, style);
    followers(&mut out, report, more, style);
    out.push('\n');
    out
}

/// What the registers hold of the variables at RIP.
fn variables(out: &mut String, report: &Report, style: &Style) {
    let all = &report.symbols.variables;
    // A value that is lost has no row: it would only say what is missing.
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
    let first = hanging(&clean(&headline), style.width, 2);
    let _ = writeln!(out, "{}", Style::paint(style.headline, first));
    let splat = &report.splat;
    let verdict = report.warned_clear();
    let second = verdict.map_or(&report.title, |verdict| &verdict.headline);
    // Reports without a rule in `[[summary]]` have their title as the first line already.
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
    let line = Style::paint(style.place, wrap_parts(&parts, style.width - 2));
    let source = &splat.source;
    // Lines of a member are no lines of the file that a link would open.
    let link = style.links.filter(|_| source.member.is_none());
    let link = link.and_then(|links| links.log(&source.path, source.first_line));
    let _ = writeln!(out, "  {}", Links::around(link, line));
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
            let text = printed(&clean(value), style.width - MARGIN);
            let _ = writeln!(out, "  {name} {text}");
        }
    }
}

/// Columns that the kernel made stay where they fit: lockdep's have the lock of each CPU.
fn printed(text: &str, width: usize) -> String {
    match text.chars().count() <= width {
        true => text.to_owned(),
        false => wrap(text, width, MARGIN),
    }
}

fn proof(out: &mut String, verdict: &LateClear, style: &Style) {
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, "Proof"));
    evidence(out, verdict.supporting(), style);
    if !verdict.against.is_empty() {
        let _ = writeln!(out, "\n  {}", Style::paint(style.label, "Against it"));
        evidence(out, verdict.contradicting(), style);
    }
}

fn evidence<'e>(
    out: &mut String,
    items: impl Iterator<Item = (usize, &'e Evidence)>,
    style: &Style,
) {
    for (_, item) in items {
        let line = item.line.map_or("-".to_owned(), |line| line.to_string());
        let head = format!("  {line:>7}  {:<11} ", item.speaks_for);
        let width = style.width.saturating_sub(head.len());
        let text = wrap(&clean(&item.says), width, head.len());
        let _ = writeln!(out, "{}{text}", Style::paint(style.dim, head));
    }
}

/// Instructions in front of the one at fault, and after it.
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

fn trace(out: &mut String, report: &Report, whole: bool, style: &Style) {
    let splat = &report.splat;
    if splat.frames.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", Style::paint(style.label, whose_trace(splat)));
    let culprit = report.culprit.as_ref().map(|c| c.function.as_str());
    let interrupted = interrupted(splat);
    // Shown once is enough.
    let kept = culprit.filter(|name| interrupted.is_none_or(|(_, code)| !is_of(code, name)));
    let mut to_mark = culprit;
    for (index, stack) in splat.stacks.iter().enumerate() {
        if let Some(label) = &stack.label {
            aside(out, &clean(label), style);
        }
        // In front of the trace, as the kernel would have printed it.
        if let Some((_, code)) = interrupted.filter(|(of, _)| *of == index) {
            let marked = to_mark.take_if(|name| is_of(code, name)).is_some();
            write_interrupted(out, report, code, marked, style);
        }
        let steps = of_stack(splat.frames_of(stack), report.grammar());
        let steps = if whole { steps } else { short(steps, kept) };
        for step in steps {
            match step {
                Step::Frame(frame) => {
                    let is_it = |name: &mut &str| frame.reliable && *name == frame.base_name();
                    let marked = to_mark.take_if(is_it).is_some();
                    write_frame(out, frame, marked, style);
                }
                Step::Folded(why, frames) => aside(out, &folded(why, &frames), style),
                Step::Section(name) => aside(out, &clean(name), style),
            }
        }
    }
}

fn is_of(code: &CodeRef, function: &str) -> bool {
    code.function.as_deref().map(base_name) == Some(function)
}

/// Where the CPU was, which kernels for x86 leave out of the call trace: its stack, and the code at RIP.
fn interrupted(splat: &Splat) -> Option<(usize, &CodeRef)> {
    let code = splat.rip.as_ref()?;
    code.function.as_ref()?;
    // The place of RIP is on the stack of the CPU that was asked, not of the one that asks.
    let of_another_cpu = |label: &String| label.starts_with("NMI backtrace");
    let mut stacks = splat.stacks.iter();
    let index = stacks.position(|stack| stack.label.as_ref().is_some_and(of_another_cpu));
    let index = index.unwrap_or(0);
    let mut frames = splat.frames_of(splat.stacks.get(index)?).iter();
    let is_shown = frames.any(|frame| {
        frame.reliable && frame.code.function == code.function && frame.code.offset == code.offset
    });
    (!is_shown).then_some((index, code))
}

fn write_interrupted(
    out: &mut String,
    report: &Report,
    code: &CodeRef,
    marked: bool,
    style: &Style,
) {
    let position = report.symbols.rip.as_ref();
    let file = position.and_then(|position| position.file.as_deref());
    let frame = FactRow {
        mark: if marked { '>' } else { ' ' },
        part: if marked {
            style.headline
        } else {
            style.function
        },
        name: code.to_string(),
        file,
        line: position.and_then(|position| position.line),
        of_symbols: true,
        note: "(IP)",
    };
    let inlines = position.map_or(&[][..], |position| &position.inlines);
    for inline in inlines {
        write_inline(out, inline, true, style);
    }
    frame.write(out, style);
}

fn aside(out: &mut String, text: &str, style: &Style) {
    let text = wrap(text, style.width - 8, 8);
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
    // What the log itself says of files is its own text.
    let of_symbols = frame.code.sources.is_empty();
    for inline in &frame.inlines {
        write_inline(out, inline, of_symbols, style);
    }
    let (mark, part) = match (marked, frame.reliable) {
        (true, _) => ('>', style.headline),
        (false, true) => (' ', style.function),
        (false, false) => ('?', style.dim),
    };
    let row = FactRow {
        mark,
        part,
        name: frame.code.to_string(),
        file: frame.file.as_deref(),
        line: frame.line,
        of_symbols,
        // The log does not print it: the function ended in a jump, and its caller's code says so.
        note: if frame.recovered {
            "(left no frame)"
        } else {
            ""
        },
    };
    row.write(out, style);
}

fn write_inline(out: &mut String, inline: &Inline, of_symbols: bool, style: &Style) {
    let name = inline.function.as_deref().unwrap_or("(inlined)");
    let place = at(inline.file.as_deref(), inline.line, of_symbols, style);
    let _ = writeln!(out, "          {:<34}  {place}", clean(name));
}

/// `FILE:LINE`, as a link where it is not the log that says so.
fn at(file: Option<&str>, line: Option<u32>, of_symbols: bool, style: &Style) -> String {
    let text = place(file, line);
    if text.is_empty() {
        return text;
    }
    let link = file
        .filter(|_| of_symbols)
        .and_then(|file| style.links?.source(file, line));
    Links::around(link, Style::paint(style.place, clean(&text)))
}

/// A row of a call trace.
struct FactRow<'a> {
    mark: char,
    part: anstyle::Style,
    name: String,
    file: Option<&'a str>,
    line: Option<u32>,
    /// A vmlinux or module says where it is.
    of_symbols: bool,
    /// What is said after it.
    note: &'static str,
}

impl FactRow<'_> {
    fn write(&self, out: &mut String, style: &Style) {
        let name = clean(&self.name);
        let _ = write!(out, "    {} {}", self.mark, Style::paint(self.part, &name));
        let place = at(self.file, self.line, self.of_symbols, style);
        if !place.is_empty() {
            let blanks = NAME.saturating_sub(name.chars().count()) + 2;
            let _ = write!(out, "{:blanks$}{place}", "");
        }
        if !self.note.is_empty() {
            let _ = write!(out, "  {}", Style::paint(style.dim, self.note));
        }
        out.push('\n');
    }
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
    // Where no stamp says how long after, there is no column for it.
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
