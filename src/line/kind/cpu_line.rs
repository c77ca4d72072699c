//! The line that says which CPU, task and kernel printed a splat (lib/dump_stack.c,
//! `dump_stack_print_info()`): `CPU: 1 UID: 0 PID: 0 Comm: swapper/1 Not tainted 6.12.0 #1 …`.

use super::types::Kernel;
use super::who::read;
use crate::grammar::Grammar;

/// What the line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CpuLine {
    /// CPU number.
    pub cpu: Option<u32>,
    /// PID of the running task; negative where the task was overwritten.
    pub pid: Option<i32>,
    /// Its name.
    pub comm: Option<String>,
    /// The kernel.
    pub kernel: Kernel,
    /// The machine, which x86 named on this line up to 3.8 (arch/x86/kernel/process.c, `show_regs_common()`).
    pub hardware: Option<String>,
}

impl CpuLine {
    /// With what another line says besides.
    pub fn with(self, other: CpuLine) -> CpuLine {
        CpuLine {
            cpu: self.cpu.or(other.cpu),
            pid: self.pid.or(other.pid),
            comm: self.comm.or(other.comm),
            kernel: Kernel {
                release: self.kernel.release.or(other.kernel.release),
                build: self.kernel.build.or(other.kernel.build),
                taint: self.kernel.taint.or(other.kernel.taint),
                build_id: self.kernel.build_id.or(other.kernel.build_id),
            },
            hardware: self.hardware.or(other.hardware),
        }
    }
}

/// Reads the line; `None` where it is another one.
pub fn cpu_line(grammar: &Grammar, text: &str) -> Option<CpuLine> {
    usual(text)
        .or_else(|| by_form(grammar, text))
        .or_else(|| spelled_out(text))
}

/// `Tainted: [W]=WARN, [O]=OOT_MODULE`, a line of its own since 6.12 (kernel/panic.c, `print_tainted_verbose()`).
fn spelled_out(text: &str) -> Option<CpuLine> {
    let flags = text.strip_prefix("Tainted: [")?.split(", ");
    let letters = flags.filter_map(|flag| flag.trim_start_matches('[').chars().next());
    let kernel = Kernel {
        taint: Some(letters.filter(char::is_ascii_uppercase).collect()),
        ..Kernel::default()
    };
    Some(CpuLine {
        kernel,
        ..CpuLine::default()
    })
}

/// Reads the line as kernels since 3.9 print it, whole and in printable ASCII, by its bytes; `None` where it
/// has another form. [`by_form`] would give the same.
fn usual(text: &str) -> Option<CpuLine> {
    if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    let (cpu, rest) = number(text.strip_prefix("CPU: ")?)?;
    let rest = match rest.strip_prefix(" UID: ") {
        Some(rest) => number(rest)?.1,
        None => rest,
    };
    let (pid, rest) = number(rest.strip_prefix(" PID: ")?)?;
    let pid = i32::try_from(pid).ok()?;
    let rest = rest.strip_prefix(" Comm: ")?;
    let (comm, rest) = rest.split_at(
        rest.find(" Tainted: ")
            .into_iter()
            .chain(rest.find(" Not tainted "))
            .min()?,
    );
    // Printed between name and taint where a crash kernel is loaded (`dump_stack_print_info()`).
    let comm = comm.strip_suffix(" Kdump: loaded").unwrap_or(comm);
    let (before, behind) = rest.split_at(rest.find(" #")?);
    let (flags, release) = before.rsplit_once(' ')?;
    let flags = match flags.strip_prefix(" Tainted: ") {
        Some(flags) if flags.bytes().all(is_column) => flags,
        None if flags.trim_end() == " Not tainted" => "",
        _ => return None,
    };
    let mut words = behind[1..].split(' ');
    let build = words.next()?;
    // A build-id of 20 bytes (`BUILD_ID_FMT`), which the rules of the grammar know.
    let may_be_id = |word: &str| word.len() >= 40;
    let is_usual = release.starts_with(|c: char| c.is_ascii_digit())
        && !comm.contains(" Kdump: loaded ")
        && !words.any(may_be_id);
    is_usual.then(|| CpuLine {
        cpu: Some(cpu),
        pid: Some(pid),
        comm: Some(comm.to_owned()),
        kernel: Kernel {
            taint: Some(letters(flags)),
            release: Some(release.to_owned()),
            build: Some(build.to_owned()),
            build_id: None,
        },
        hardware: None,
    })
}

/// The number that a text begins with, and what follows; `None` where it does not fit.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit());
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    Some((digits.parse().ok()?, rest))
}

fn by_form(grammar: &Grammar, text: &str) -> Option<CpuLine> {
    grammar.head_lines().find_map(|rule| read(rule, text))
}

/// Taint letters; `G`, blanks and RHEL's dashes only say which taints are absent (kernel/panic.c,
/// `print_tainted()`).
pub fn letters(flags: &str) -> String {
    let is_letter = |c: &char| !matches!(c, ' ' | 'G' | '-');
    flags.chars().filter(is_letter).collect()
}

/// What may be in a column of the taint flags.
fn is_column(flag: u8) -> bool {
    flag.is_ascii_alphabetic() || matches!(flag, b' ' | b'-')
}

#[cfg(test)]
#[path = "cpu_line_tests.rs"]
mod tests;
