//! What a line of a report is.
//!
//! In: a line's text, and the grammar's rules of what lines begin with (`[[line]]`). Out: a [`LineKind`] that holds
//! what the line says. A line is read once: what comes later looks at its kind, not at its text.

mod code_ref;
mod cpu_line;
mod crash;
mod demangle;
mod frame;
mod header;
mod instructions;
mod paths;
mod place;
mod registers;
mod types;
mod undecode;
mod who;

pub use code_ref::code_ref;
pub use cpu_line::CpuLine;
pub use demangle::demangled;
pub use frame::INLINE_MARK;
pub use header::{Candidate, Header, candidate, header, may_begin_header};
pub use instructions::Words;
pub use paths::tree_path;
pub use registers::{is_user_segment, next_row};
pub use types::{
    Code, CodeRef, Frame, Inline, Kernel, Register, Registers, Section, SourceLine, base_name,
};
pub use undecode::undecoded;
pub use who::who;

use crate::grammar::{Detail, Grammar, LineForm};
use cpu_line::cpu_line;
use frame::frame;
use registers::registers;

/// What a line of a report is.
#[derive(Debug, Clone, PartialEq)]
pub enum LineKind {
    /// `------------[ cut here ]------------`
    CutHere,
    /// `---[ end trace 0000000000000000 ]---`
    End,
    /// `CPU: 1 PID: 0 Comm: …`
    Cpu(Box<CpuLine>),
    /// `Hardware name: …`
    Hardware(String),
    /// `RIP: 0010:…`: privilege (true for user mode) and place.
    Rip(bool, Option<CodeRef>),
    /// `Code: …`; without a byte where they are on the next lines.
    Code(Code),
    /// Words without a name: the line before says what they are.
    Words(Words),
    /// Registers, names in lower case.
    Registers(Vec<Register>),
    /// `Call Trace:`
    TraceStart,
    /// `<IRQ>`, `</TASK>`: which stack, and whether it opens.
    Section(Section, bool),
    /// A frame.
    Frame(Box<Frame>),
    /// The next line may look like a frame and is none.
    Aside,
    /// It names the report's task, CPU or kernel.
    Who,
    /// The header of a report.
    Header,
    /// A line that belongs to reports and carries nothing more to keep, and what of it a person wants to see.
    Known(Detail),
    /// Anything else.
    Foreign,
}

/// Reads one line. Which stack a frame is on only the lines before it say.
pub fn line_kind(grammar: &Grammar, text: &str, log_line: u64) -> LineKind {
    let trimmed = text.trim();
    let frame = || {
        let text = frame_after_title(trimmed).unwrap_or(text);
        let frame = frame(text, log_line)?;
        Some(LineKind::Frame(Box::new(frame)))
    };
    by_beginning(grammar, trimmed)
        .or_else(|| with_colon(trimmed))
        .or_else(frame)
        // parisc, alpha and loongarch print no colon after a register's name. Lines with one were read as such above.
        .or_else(|| without_colon(trimmed))
        .or_else(|| instructions::words(trimmed))
        .or_else(|| known(grammar, trimmed))
        .unwrap_or(LineKind::Foreign)
}

/// By the first rule of the grammar that fits and reads the line.
fn by_beginning(grammar: &Grammar, text: &str) -> Option<LineKind> {
    let mut rules = grammar.lines.of(text);
    rules.find_map(|(rule, start)| by_form(grammar, rule.form, start, text))
}

fn by_form(grammar: &Grammar, form: LineForm, start: &str, text: &str) -> Option<LineKind> {
    match form {
        LineForm::Text | LineForm::Foreign => None,
        LineForm::CutHere => Some(LineKind::CutHere),
        LineForm::End => Some(LineKind::End),
        LineForm::Cpu => cpu_line(grammar, text).map(|line| LineKind::Cpu(Box::new(line))),
        LineForm::Hardware => {
            let name = text.strip_prefix(start)?.trim();
            Some(LineKind::Hardware(name.to_owned()))
        }
        LineForm::Rip => place::row_of_crash(text).or_else(|| place::rip(text)),
        LineForm::Place => place::after(start, text),
        LineForm::PlaceOrRegisters => place::or_registers(text),
        LineForm::AddressAndPlace => place::after_address(text),
        LineForm::CrashRip => crash::rip(text).map(|code| LineKind::Rip(false, Some(code))),
        LineForm::Code => instructions::code(text),
        LineForm::Trace => trace(text),
        LineForm::Aside => Some(LineKind::Aside),
        LineForm::Section => section(text),
        LineForm::Registers => register_row(text),
        LineForm::SavedRegisters => Some(LineKind::Known(Detail::None)),
        LineForm::Ruler => is_ruler(start, text).then_some(LineKind::Known(Detail::None)),
    }
}

/// What belongs to reports by its beginning alone. It comes last: `ffff` may begin a frame as well.
fn known(grammar: &Grammar, text: &str) -> Option<LineKind> {
    let mut rules = grammar.lines.of(text);
    let (rule, _) = rules.find(|(rule, _)| rule.form == LineForm::Text)?;
    Some(LineKind::Known(rule.detail))
}

/// Registers and disassembly.
fn with_colon(text: &str) -> Option<LineKind> {
    memchr::memchr(b':', text.as_bytes())?;
    register_row(text)
        .or_else(|| is_disassembly(text).then_some(LineKind::Known(Detail::None)))
        .or_else(|| instructions::disassembled(text))
}

fn without_colon(text: &str) -> Option<LineKind> {
    match memchr::memchr(b':', text.as_bytes()) {
        Some(_) => None,
        None => register_row(text),
    }
}

fn register_row(text: &str) -> Option<LineKind> {
    registers(text).map(LineKind::Registers)
}

/// A frame in the same line says more.
fn trace(text: &str) -> Option<LineKind> {
    frame_after_title(text)
        .is_none()
        .then_some(LineKind::TraceStart)
}

/// `Call Trace: [<0027d4d6>] f+0x1/0x2`: m68k ends no line after the title, mips and loongarch leave that to
/// the next printk().
fn frame_after_title(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Call Trace:")?.trim_start();
    rest.starts_with("[<").then_some(rest)
}

/// Stack markers of arch/x86/kernel/dumpstack*.c, `stack_type_name()`.
fn section(text: &str) -> Option<LineKind> {
    let inside = text.strip_prefix('<')?.strip_suffix('>')?;
    let (opens, name) = match inside.strip_prefix('/') {
        Some(name) => (false, name),
        None => (true, inside),
    };
    // `<>` is of a mail's author, or a format that had nothing to print.
    if name.is_empty() {
        return None;
    }
    let section = match name {
        "TASK" => Section::Task,
        "IRQ" => Section::Irq,
        "SOFTIRQ" => Section::SoftIrq,
        // Older kernels end the interrupt's stack so, not with `</IRQ>`.
        "EOI" => return Some(LineKind::Section(Section::Irq, false)),
        "NMI" => Section::Nmi,
        _ if name.starts_with('#') || name.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
            Section::Exception
        }
        _ => return None,
    };
    Some(LineKind::Section(section, opens))
}

/// A line of `=` or `-`, or a title that is all of its line.
fn is_ruler(start: &str, text: &str) -> bool {
    text == start || text.bytes().all(|byte| matches!(byte, b'=' | b'-'))
}

/// `  2a:*\t0f 0b                \tud2`, as scripts/decodecode prints it, or syzbot's `* 2a:\t…`.
fn is_disassembly(text: &str) -> bool {
    let text = text.trim_start_matches("* ");
    let Some((offset, rest)) = text.split_once(':') else {
        return false;
    };
    let bytes = rest.trim_start_matches('*').split_whitespace().next();
    let is_hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex(offset) && rest.contains('\t') && bytes.is_some_and(|b| b.len() == 2 && is_hex(b))
}

#[cfg(test)]
mod tests;
