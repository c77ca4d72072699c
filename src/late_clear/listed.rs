//! What listings of single CPUs in the same log, or beside it, say of a late clear on a secondary CPU: for the verdict and
//! against it.
//!
//! What each proves (arch/x86/kernel/cpu/common.c, proc.c, cpuid-deps.c):
//! - Registers (`rdmsr -a`, turbostat): what the requester went by, but read later. Unlike in the direction of the clear
//!   they prove the verdict. Alike, or unlike the other way, they contradict it.
//! - Flags of /proc/cpuinfo: `show_cpuinfo()` prints the flags of each CPU's own `cpu_data`, not `boot_cpu_data`. A flag
//!   that the kernel cleared on a CPU is gone there, and `cpu_data(0)` keeps what the boot CPU had: the AND over all CPUs
//!   changes `boot_cpu_data` only. So CPU 0 with the flag and this CPU without it prove that they differ; a CPU that has
//!   it was not cleared, or identified once more since, as after a resume or a hotplug.
//! - Microcode revisions: what runs as the listing is made. A requester that goes by the revision comes to one result on
//!   CPUs of one model and stepping with the same one, and to a better one with a newer one.
//! - `cpuid -r`, `lscpu`: silent. CPUID keeps bits that the kernel clears because of a register.

use super::{Case, Confidence, Divergence, Evidence, NamedFeature};
use crate::cpus::{CpuTable, Difference, Printed, Row, Subject, label};
use crate::grammar::{CountedUnit, DecidingRegister, FaultName, PathName, Requester, StageName};

/// What the registers that the requester goes by are like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListedRegisters {
    /// The log does not list them.
    #[default]
    Unlisted,
    /// The one that lost the feature lacks what the boot CPU has: the verdict is proven.
    Differ,
    /// They are alike, which speaks against the firmware.
    Alike,
    /// The one that lost the feature has what the boot CPU lacks.
    Opposite,
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
    /// What contradicts the verdict; it is among the evidence as well.
    pub against: Vec<Evidence>,
    /// Something contradicts that the CPUs differ as the verdict has it, and no register proves it.
    pub contradicted: bool,
    /// Sorts of listings that contradict the verdict.
    contradictions: u8,
    /// The log shows that the boot CPU cleared it as well: what is alike supports that.
    uniform: bool,
}

impl Listed {
    /// A step down for each sort of listing that contradicts.
    pub fn lowered(&self, confidence: Confidence) -> Confidence {
        (0..self.contradictions).fold(confidence, |confidence, _| match confidence {
            Confidence::Certain => Confidence::Likely,
            Confidence::Likely | Confidence::Weak => Confidence::Weak,
        })
    }

    /// Takes an item that denies that the CPUs differ; true where that contradicts the verdict.
    fn contradict(&mut self, item: &Evidence) -> bool {
        let supports = self.uniform && [UNIFORM, "kernel"].contains(&item.speaks_for.as_str());
        if !supports {
            self.contradictions += 1;
            self.against.push(item.clone());
        }
        !supports
    }
}

/// The lists of flags: /proc/cpuinfo on x86.
const CPUINFO: &str = "/proc/cpuinfo";

/// What evidence of a difference speaks for.
const DIVERGENT: &str = "divergent";

/// What evidence of CPUs that agree on a flag speaks for.
const UNIFORM: &str = "uniform";

/// Looks the CPU up, beside the boot CPU.
pub fn judge(
    case: &Case<'_>,
    (path, stage): (PathName, StageName),
    divergence: Divergence,
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
    let mut listed = Listed {
        uniform: divergence == Divergence::Uniform,
        ..Listed::default()
    };
    let pair = Pair { case, table, cpu };
    let (mut direct, mut denied) = (false, false);
    if let Some((flags, item)) = feature.and_then(|feature| pair.flags(feature.flag.as_deref()?)) {
        match flags {
            (true, false) => {
                listed.divergence = Some(Divergence::Divergent);
                // A message of the boot CPU may be of another reason.
                let agree = evidence.iter().filter(|item| item.speaks_for == UNIFORM);
                agree.for_each(|item| {
                    listed.uniform = false;
                    listed.contradict(item);
                });
            }
            (_, has) => {
                // After a resume or a hotplug the CPU may have been identified once more.
                let again = has && matches!(stage, StageName::Resume | StageName::Hotplug);
                denied = listed.contradict(&item);
                direct |= denied && !again;
            }
        }
        evidence.push(item);
    }
    direct |= registers(&pair, (feature, rule), &mut listed, evidence);
    let by_revision = rule.is_some_and(|rule| rule.fault == Some(FaultName::Microcode));
    for (supports, item) in pair.revisions().into_iter().filter(|_| by_revision) {
        direct |= !supports && listed.contradict(&item);
        evidence.push(item);
    }
    let proven = listed.registers == ListedRegisters::Differ && !listed.uniform;
    listed.contradicted = direct && !proven;
    if listed.contradicted && listed.divergence.is_none() {
        listed.divergence = (listed.uniform || denied).then_some(Divergence::Unknown);
    }
    listed
}

/// One register that differs is enough, whatever the others are like; true where they contradict the verdict.
fn registers(
    pair: &Pair<'_>,
    (feature, rule): (Option<&NamedFeature>, Option<&Requester>),
    listed: &mut Listed,
    evidence: &mut Vec<Evidence>,
) -> bool {
    let name = feature.and_then(|feature| feature.name.as_deref());
    let deciding = rule.into_iter().flat_map(|rule| rule.deciding(name));
    let mut against = None;
    for register in deciding {
        let Some(row) = pair.table.row(&Subject::Msr(register.msr)) else {
            continue;
        };
        evidence.extend(pair.contradiction(row));
        let Some((registers, item)) = pair.register(row, register) else {
            continue;
        };
        // The more telling one is kept; where the CPUs are said to agree, a difference is what contradicts.
        if listed.registers != ListedRegisters::Differ {
            listed.registers = registers;
            listed.says = Some(item.says.clone());
        }
        let contradicts = match registers {
            ListedRegisters::Unlisted => false,
            ListedRegisters::Differ => listed.uniform,
            ListedRegisters::Alike => !listed.uniform,
            ListedRegisters::Opposite => true,
        };
        if contradicts {
            against.get_or_insert_with(|| item.clone());
        }
        evidence.push(item);
    }
    let proven = listed.registers == ListedRegisters::Differ && !listed.uniform;
    let against = against.filter(|_| !proven);
    against.is_some_and(|item| listed.contradict(&item))
}

/// The boot CPU and the one that lost the feature.
struct Pair<'a> {
    case: &'a Case<'a>,
    table: &'a CpuTable,
    cpu: u32,
}

impl Pair<'_> {
    fn field(&self, source: &str, name: &str) -> Option<&Row> {
        let subject = Subject::Field(source.to_owned(), name.to_owned());
        self.table.row(&subject)
    }

    /// A flag on CPU 0 and on the other one.
    fn flags(&self, flag: &str) -> Option<((bool, bool), Evidence)> {
        let row = self.field(CPUINFO, "flags")?;
        let has = |cpu| {
            let words = row.of(cpu)?.value.split_ascii_whitespace();
            Some(words.into_iter().any(|word| word == flag))
        };
        let both = (has(0)?, has(self.cpu)?);
        let cpu = self.cpu;
        let (says, speaks_for) = match both {
            (true, false) => (format!("CPU 0 has it, CPU {cpu} lacks it"), DIVERGENT),
            (false, false) => (format!("neither CPU 0 nor CPU {cpu} has it"), UNIFORM),
            (true, true) => (format!("CPU {cpu} has it, as CPU 0"), "unknown"),
            (false, true) => (format!("CPU {cpu} has it, and CPU 0 lacks it"), "unknown"),
        };
        let says = format!("{CPUINFO}: {flag}: {says}");
        Some((both, self.note(&row.of(cpu)?.printed, says, speaks_for)))
    }

    /// The microcode of both CPUs: does it support that this one has the worse?
    fn revisions(&self) -> Vec<(bool, Evidence)> {
        let unlike = |name| {
            let row = self.field(CPUINFO, name);
            row.is_some_and(|row| row.values.len() > 1)
        };
        // Revisions of two models or steppings do not compare.
        if ["cpu family", "model", "stepping"].into_iter().any(unlike) {
            return Vec::new();
        }
        let mut sources = [CPUINFO, "kernel"].into_iter();
        let found = sources.find_map(|source| {
            let row = self.field(source, "microcode")?;
            let (boot, other) = (number(row, 0)?, number(row, self.cpu)?);
            let (says, speaks_for) = match other.cmp(&boot) {
                std::cmp::Ordering::Less => ("an older one", "microcode"),
                std::cmp::Ordering::Equal => ("alike: that speaks against the microcode", "kernel"),
                std::cmp::Ordering::Greater => {
                    ("a newer one: that speaks against the microcode", "unknown")
                }
            };
            let cpu = self.cpu;
            let says =
                format!("{source}: microcode: CPU 0 {boot:#x}, CPU {cpu} {other:#x}, {says}");
            let item = self.note(&row.of(cpu)?.printed, says, speaks_for);
            Some((other < boot, item))
        });
        found.into_iter().collect()
    }

    /// Several values of one of the two are printed: which one is true nobody can say.
    fn contradiction(&self, row: &Row) -> Option<Evidence> {
        let both = [0, self.cpu];
        let all = row.contradictions();
        let found = all
            .iter()
            .find(|found| both.iter().any(|cpu| found.cpus.contains(cpu)))?;
        let said = found.said();
        let said = said.iter();
        let said = said.map(|(value, at)| format!("{value} ({}:{})", at.path, at.line));
        let (source, name) = row.name();
        let says = format!(
            "{source} {name}: {}: {}: these contradict each other and prove nothing",
            label(CountedUnit::Cpu, &found.cpus),
            said.collect::<Vec<_>>().join(", "),
        );
        Some(Case::note(0, says, "unknown"))
    }

    /// A line of another text is named with its path.
    fn note(&self, printed: &Printed, says: String, speaks_for: &str) -> Evidence {
        if self.case.listings.is_own(&printed.path) {
            return Case::note(printed.line, says, speaks_for);
        }
        let says = format!("{says} ({}:{})", printed.path, printed.line);
        Case::note(0, says, speaks_for)
    }

    /// The bits that decide, on both CPUs.
    fn register(
        &self,
        row: &Row,
        register: &DecidingRegister,
    ) -> Option<(ListedRegisters, Evidence)> {
        let cpu = self.cpu;
        let (boot, other) = (number(row, 0)?, number(row, cpu)?);
        let bits = register.bits.iter();
        // The number may be of a user's grammar, and wrong.
        let mask = bits.fold(0, |mask, bit| mask | 1u64.checked_shl(*bit).unwrap_or(0));
        let printed = &row.of(cpu)?.printed;
        let name = self.case.grammar.msr(register.msr).unwrap_or_default();
        let name = format!("MSR {:#x} {name}", register.msr);
        let name = name.trim_end();
        if (boot ^ other) & mask == 0 {
            let says = format!(
                "{name} is alike on CPU 0 and CPU {cpu} ({other:#x}): that speaks against the firmware and for the kernel"
            );
            return Some((ListedRegisters::Alike, self.note(printed, says, "kernel")));
        }
        let lost = match register.set_is_off {
            true => other & !boot & mask,
            false => boot & !other & mask,
        };
        if lost == 0 {
            let says = format!(
                "{name}: CPU 0 {boot:#x}, CPU {cpu} {other:#x}: the opposite, it is CPU 0 that lacks what the feature needs"
            );
            return Some((
                ListedRegisters::Opposite,
                self.note(printed, says, "unknown"),
            ));
        }
        let differences = Difference::of_register(register.msr, row)?;
        let says = format!(
            "{name}: CPU 0 {boot:#x}, CPU {cpu} {other:#x}: {}",
            differences.says.join(", ")
        );
        Some((ListedRegisters::Differ, self.note(printed, says, DIVERGENT)))
    }
}

/// A value in hexadecimal.
fn number(row: &Row, cpu: u32) -> Option<u64> {
    let hex = row.of(cpu)?.value.strip_prefix("0x")?;
    u64::from_str_radix(hex, 16).ok()
}
