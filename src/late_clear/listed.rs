//! What listings of single CPUs (/proc/cpuinfo, rdmsr) in the same log, or beside it, say of a late clear on a secondary CPU.

use super::{Case, Divergence, Evidence, NamedFeature};
use crate::cpus::{CpuTable, Difference, Printed, Row, Subject};
use crate::grammar::{DecidingRegister, PathName, Requester};

/// What the registers that the requester goes by are like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListedRegisters {
    /// The log does not list them.
    #[default]
    Unlisted,
    /// They differ between the boot CPU and the one that lost the feature: the firmware is proven.
    Differ,
    /// They are alike, which speaks against the firmware.
    Alike,
}

/// What the listings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Of the registers.
    pub registers: ListedRegisters,
    /// The same as a clause.
    pub says: Option<String>,
    /// What the lists of flags prove, where they do.
    pub divergence: Option<Divergence>,
}

/// The lists of flags: /proc/cpuinfo on x86.
const FLAGS: (&str, &str) = ("/proc/cpuinfo", "flags");

/// What evidence of a difference speaks for.
const DIVERGENT: &str = "divergent";

/// Looks the CPU up, beside the boot CPU.
pub fn judge(
    case: &Case<'_>,
    path: PathName,
    feature: Option<&NamedFeature>,
    rule: Option<&Requester>,
    evidence: &mut Vec<Evidence>,
) -> Listed {
    // CPU 0 is the one that is compared with.
    let cpu = case.splat.cpu.filter(|cpu| *cpu > 0);
    let (PathName::Ap, Some(cpu)) = (path, cpu) else {
        return Listed::default();
    };
    let Some(table) = case.listings.all(case.grammar) else {
        return Listed::default();
    };
    let mut listed = Listed::default();
    let flag = feature.and_then(|feature| feature.flag.as_deref());
    if let Some(item) = flag.and_then(|flag| of_flag(case, table, flag, cpu)) {
        let differs = item.speaks_for == DIVERGENT;
        listed.divergence = differs.then_some(Divergence::Divergent);
        evidence.push(item);
    }
    let deciding = rule.map_or(&[][..], |rule| rule.registers.as_slice());
    for register in deciding {
        let Some(row) = table.row(&Subject::Msr(register.msr)) else {
            continue;
        };
        if let Some((registers, item)) = of_register(case, row, register, cpu) {
            // One register that differs is enough, whatever the others are like.
            if listed.registers != ListedRegisters::Differ {
                listed.registers = registers;
                listed.says = Some(item.says.clone());
            }
            evidence.push(item);
        }
    }
    listed
}

/// A flag that the boot CPU has and this one lacks proves by itself that they differ.
fn of_flag(case: &Case<'_>, table: &CpuTable, flag: &str, cpu: u32) -> Option<Evidence> {
    let row = table.row(&Subject::Field(FLAGS.0.to_owned(), FLAGS.1.to_owned()))?;
    let has = |cpu| {
        let words = row.of(cpu)?.value.split_ascii_whitespace();
        Some(words.into_iter().any(|word| word == flag))
    };
    let (says, speaks_for) = match (has(0)?, has(cpu)?) {
        (true, false) => ("CPU 0 has it, CPU {cpu} lacks it", DIVERGENT),
        (false, false) => ("neither CPU 0 nor CPU {cpu} has it", "uniform"),
        (_, true) => ("CPU {cpu} has it", "uniform"),
    };
    let says = says.replace("{cpu}", &cpu.to_string());
    let says = format!("{}: {flag}: {says}", FLAGS.0);
    Some(note(case, &row.of(cpu)?.printed, says, speaks_for))
}

/// A line of another text is named with its path.
fn note(case: &Case<'_>, printed: &Printed, says: String, speaks_for: &str) -> Evidence {
    if case.listings.is_own(&printed.path) {
        return Case::note(printed.line, says, speaks_for);
    }
    let says = format!("{says} ({}:{})", printed.path, printed.line);
    Case::note(0, says, speaks_for)
}

/// The bits that decide, on both CPUs.
fn of_register(
    case: &Case<'_>,
    row: &Row,
    register: &DecidingRegister,
    cpu: u32,
) -> Option<(ListedRegisters, Evidence)> {
    let number = |cpu| {
        let hex = row.of(cpu)?.value.strip_prefix("0x")?;
        u64::from_str_radix(hex, 16).ok()
    };
    let (boot, other) = (number(0)?, number(cpu)?);
    let mask = register
        .bits
        .iter()
        // The number may be of a user's grammar, and wrong.
        .fold(0, |mask, bit| mask | 1u64.checked_shl(*bit).unwrap_or(0));
    let printed = &row.of(cpu)?.printed;
    let name = case.grammar.msr(register.msr).unwrap_or_default();
    let name = format!("MSR {:#x} {name}", register.msr);
    if (boot ^ other) & mask == 0 {
        let says = format!(
            "{} is alike on CPU 0 and CPU {cpu} ({other:#x}): that speaks against the firmware and for the kernel",
            name.trim_end()
        );
        return Some((ListedRegisters::Alike, note(case, printed, says, "kernel")));
    }
    let differences = Difference::of_register(register.msr, row)?;
    let says = format!(
        "{}: CPU 0 {boot:#x}, CPU {cpu} {other:#x}: {}",
        name.trim_end(),
        differences.says.join(", ")
    );
    let item = note(case, printed, says, DIVERGENT);
    Some((ListedRegisters::Differ, item))
}
