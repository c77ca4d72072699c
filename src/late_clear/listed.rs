//! What listings of single CPUs (/proc/cpuinfo, rdmsr) in the same log, or beside it, say of a late clear on a secondary CPU.

use super::{Case, Divergence, Evidence, NamedFeature};
use crate::cpus::{CpuTable, Difference, Printed, Row, Subject};
use crate::grammar::{DecidingRegister, FaultName, PathName, Requester};
use std::cmp::Ordering;

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
    /// They differ the other way round: the CPU that lost the feature has it on, and the boot CPU has not.
    Reversed,
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
    /// The first thing that says otherwise than the verdict, as a clause.
    pub against: Option<String>,
}

/// The lists of flags: /proc/cpuinfo on x86.
const FLAGS: (&str, &str) = ("/proc/cpuinfo", "flags");

/// The revision of the microcode, in whatever listing.
const MICROCODE: &str = "microcode";

/// What evidence of a difference speaks for.
const DIVERGENT: &str = "divergent";

/// Two CPUs of a listing: the boot CPU and the one that lost the feature.
struct ListedPair<'a> {
    case: &'a Case<'a>,
    table: &'a CpuTable,
    cpu: u32,
}

/// Looks the CPU up, beside the boot CPU.
pub fn judge(
    case: &Case<'_>,
    (path, divergence): (PathName, Divergence),
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
    let pair = ListedPair { case, table, cpu };
    let mut listed = Listed::default();
    let flag = feature.and_then(|feature| feature.flag.as_deref());
    if let Some(item) = flag.and_then(|flag| pair.flag(flag, divergence)) {
        listed.divergence = Some(match item.against {
            // What the log of the boot showed is not undone; nothing shows any more that the CPUs differ.
            true => Divergence::Unknown,
            false if item.speaks_for == DIVERGENT => Divergence::Divergent,
            false => divergence,
        });
        listed.add(item, evidence);
    }
    let deciding = rule.map_or(&[][..], |rule| rule.registers.as_slice());
    for register in deciding {
        let Some((registers, item)) = pair.register(register) else {
            continue;
        };
        // One register that differs is enough, whatever the others are like.
        if listed.registers != ListedRegisters::Differ {
            listed.registers = registers;
            listed.says = Some(item.says.clone());
        }
        listed.add(item, evidence);
    }
    let blames_microcode = rule.is_some_and(|rule| rule.fault == Some(FaultName::Microcode));
    if let Some(item) = blames_microcode.then(|| pair.microcode()).flatten() {
        listed.add(item, evidence);
    }
    // A register that differs as it must is proof: another one may have been set alike since.
    if listed.registers == ListedRegisters::Differ {
        listed.against = listed
            .against
            .filter(|_| listed.divergence == Some(Divergence::Unknown));
    }
    listed
}

impl Listed {
    fn add(&mut self, item: Evidence, evidence: &mut Vec<Evidence>) {
        if item.against && self.against.is_none() {
            self.against = Some(item.says.clone());
        }
        evidence.push(item);
    }
}

impl ListedPair<'_> {
    /// A flag that the boot CPU has and this one lacks proves by itself that they differ. The kernel keeps flags for each
    /// CPU (arch/x86/kernel/cpu/proc.c); what a secondary one loses is ANDed into boot_cpu_data, not into the flags
    /// of CPU 0.
    fn flag(&self, flag: &str, divergence: Divergence) -> Option<Evidence> {
        let subject = Subject::Field(FLAGS.0.to_owned(), FLAGS.1.to_owned());
        let row = self.table.row(&subject)?;
        let has = |cpu| {
            let mut words = row.of(cpu)?.value.split_ascii_whitespace();
            Some(words.any(|word| word == flag))
        };
        let (says, speaks_for) = match (has(0)?, has(self.cpu)?) {
            (true, false) => ("CPU 0 has it, CPU {cpu} lacks it", DIVERGENT),
            (false, false) => ("neither CPU 0 nor CPU {cpu} has it", "uniform"),
            (true, true) => ("CPU {cpu} has it, as CPU 0 has", "uniform"),
            (false, true) => ("CPU {cpu} has it, and CPU 0 lacks it", "uniform"),
        };
        let says = says.replace("{cpu}", &self.cpu.to_string());
        let says = format!("{}: {flag}: {says}", FLAGS.0);
        let printed = &row.of(self.cpu)?.printed;
        Some(Evidence {
            // Where all CPUs cleared it none has it.
            against: speaks_for != DIVERGENT && divergence != Divergence::Uniform,
            ..note(self.case, printed, says, speaks_for)
        })
    }

    /// The bits that decide, on both CPUs.
    fn register(&self, register: &DecidingRegister) -> Option<(ListedRegisters, Evidence)> {
        let row = self.table.row(&Subject::Msr(register.msr))?;
        let (boot, other) = (number(row, 0)?, number(row, self.cpu)?);
        let printed = &row.of(self.cpu)?.printed;
        let cpu = self.cpu;
        let name = self.case.grammar.msr(register.msr).unwrap_or_default();
        let name = format!("MSR {:#x} {name}", register.msr);
        let name = name.trim_end();
        if (boot ^ other) & register.mask() == 0 {
            let says = format!(
                "{name} is alike on CPU 0 and CPU {cpu} ({other:#x}): that speaks against the firmware and for the kernel"
            );
            let item = note(self.case, printed, says, "kernel");
            return Some((ListedRegisters::Alike, item));
        }
        let differences = Difference::of_register(register.msr, row)?.says.join(", ");
        let says = format!("{name}: CPU 0 {boot:#x}, CPU {cpu} {other:#x}: {differences}");
        let (on_boot, on_other) = (register.for_feature(boot), register.for_feature(other));
        let is_reversed = on_boot & !on_other == 0 && on_other & !on_boot != 0;
        if is_reversed {
            let says = format!("{says}: the boot CPU is the one that lacks it");
            let item = Evidence {
                against: true,
                ..note(self.case, printed, says, DIVERGENT)
            };
            return Some((ListedRegisters::Reversed, item));
        }
        let item = note(self.case, printed, says, DIVERGENT);
        Some((ListedRegisters::Differ, item))
    }

    /// An older microcode on the CPU that lost the feature explains it. The same one, or a newer one, does not; but it
    /// may have been loaded since.
    fn microcode(&self) -> Option<Evidence> {
        let is_microcode =
            |row: &&Row| matches!(&row.subject, Subject::Field(_, name) if name == MICROCODE);
        let mut rows = self.table.rows().iter().filter(is_microcode);
        let (row, boot, other) =
            rows.find_map(|row| Some((row, number(row, 0)?, number(row, self.cpu)?)))?;
        let cpu = self.cpu;
        let (says, is_older) = match other.cmp(&boot) {
            Ordering::Less => ("older than", true),
            Ordering::Equal => ("the same as", false),
            Ordering::Greater => ("newer than", false),
        };
        let says = format!("CPU {cpu} runs microcode {other:#x}, {says} that of CPU 0 ({boot:#x})");
        let printed = &row.of(cpu)?.printed;
        let speaks_for = if is_older { MICROCODE } else { "unknown" };
        Some(Evidence {
            against: !is_older,
            ..note(self.case, printed, says, speaks_for)
        })
    }
}

/// A hexadecimal number of a CPU.
fn number(row: &Row, cpu: u32) -> Option<u64> {
    let hex = row.of(cpu)?.value.strip_prefix("0x")?;
    u64::from_str_radix(hex, 16).ok()
}

/// A line of another text is named with its path.
fn note(case: &Case<'_>, printed: &Printed, says: String, speaks_for: &str) -> Evidence {
    if case.listings.is_own(&printed.path) {
        return Case::note(printed.line, says, speaks_for);
    }
    let says = format!("{says} ({}:{})", printed.path, printed.line);
    Case::note(0, says, speaks_for)
}
