//! Rules for late clears of CPU features.

use super::Pattern;
use serde::{Deserialize, Serialize};

/// A function whose WARN says that a feature was cleared late.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearSite {
    /// The function that warns.
    pub function: String,
    /// Its file, as the header prints it.
    pub file: String,
    /// Its parameter that holds the feature number.
    pub feature: String,
    /// Its parameter that points at the CPU's data.
    pub cpuinfo: String,
    /// The variable that says that the alternatives were patched.
    pub patched_flag: String,
    /// Functions between the requester and the WARN; they never are the requester.
    pub helpers: Vec<String>,
    /// Which kernels warn, a sentence.
    pub since: String,
    /// The kind of the reports that it prints.
    pub kind: String,
    /// Kinds that such a report is taken for where its header is damaged.
    pub damaged: Vec<String>,
    /// Kinds of reports about something else that show where the CPU was: one from inside a clear shows the clear.
    pub passing: Vec<String>,
    /// Functions of WARN() that are on the stack while it prints.
    pub warned_by: Vec<String>,
    /// How people cite the WARNING beside a trace that they quote without its header.
    pub cited: Pattern,
    /// Instructions that WARN() traps with: the bytes at the instruction pointer.
    pub traps: Vec<Vec<u8>>,
    /// The function's other WARN, where it has one.
    pub range_check: Option<RangeCheck>,
}

/// The WARN that a feature number is out of range, in the function that warns of late clears.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeCheck {
    /// Part of its condition, as kernels print it in their headers.
    pub condition: String,
    /// Releases before this series have no other WARN in the function.
    pub alone_before: String,
    /// Where both WARNs are in the source.
    pub lines: Vec<WarnLines>,
}

/// Lines of a series' source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarnLines {
    /// `X.Y`.
    pub series: String,
    /// Of the range check.
    pub range_check: u32,
    /// Of the WARN about late clears.
    pub late_clear: u32,
}

/// By which path a clear came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PathName {
    /// Through the identification of a secondary CPU.
    Ap,
    /// Through the boot CPU's own identification or its resume.
    Bsp,
    /// Neither.
    Other,
    /// The evidence does not decide.
    Unknown,
}

/// When a clear came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StageName {
    /// On the boot CPU, before the secondary ones.
    Boot,
    /// While the secondary CPUs are brought up at boot.
    SmpBoot,
    /// While a CPU is brought online later.
    Hotplug,
    /// In a resume from suspend or hibernation.
    Resume,
    /// In an initcall.
    Initcall,
    /// While a module is loaded.
    Module,
    /// Later, by a system call or a sysfs write.
    Runtime,
    /// The evidence does not decide.
    Unknown,
}

/// Frames that decide path and stage; the first rule that finds one wins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathRule {
    /// Short name.
    pub name: String,
    /// Why these frames decide.
    pub why: String,
    /// Functions, any of which decides.
    pub frames: Vec<String>,
    /// Where given, one of these functions must be in the trace as well.
    #[serde(default)]
    pub with: Vec<String>,
    /// None of these may be in the trace.
    #[serde(default)]
    pub without: Vec<String>,
    /// True where the frames count only while the log shows that CPUs came up.
    #[serde(default)]
    pub while_coming_up: bool,
    /// The path.
    pub path: PathName,
    /// The stage; absent where the milestones around decide it.
    pub stage: Option<StageName>,
    /// True where a frame of the rule, standing alone in a mail, is worth collecting.
    #[serde(default)]
    pub anchor: bool,
}

/// A function that asks for clears, and what it means where it does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// Short name of the rule.
    pub name: String,
    /// The function, without clone suffixes.
    pub function: String,
    /// Other functions of which the rule holds as well.
    #[serde(default)]
    pub also: Vec<String>,
    /// Functions that it may be inlined into, so that theirs is the frame.
    #[serde(default)]
    pub inlined_into: Vec<String>,
    /// X86_FEATURE_ names that this rule is about; none: whatever else the function clears.
    #[serde(default)]
    pub features: Vec<String>,
    /// The feature that is likely where the log names none.
    pub usual: Option<Usual>,
    /// Who is at fault where one CPU differs; absent where the rule does not say.
    pub fault: Option<FaultName>,
    /// True where a kernel that started this one by kexec may have set the register.
    #[serde(default)]
    pub kexec: bool,
    /// True where each CPU that lacks the feature warns, not the first one only.
    #[serde(default)]
    pub every_cpu: bool,
    /// The registers that the function goes by.
    #[serde(default)]
    pub registers: Vec<DecidingRegister>,
    /// What changed from kernel to kernel, a sentence.
    pub since: Option<String>,
    /// What made it clear the feature, a clause.
    pub cause: String,
    /// What to do where one CPU differs.
    pub ap: String,
    /// What to do where the order is wrong.
    pub bsp: String,
}

/// A register that a function goes by.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecidingRegister {
    /// Its number.
    pub msr: u32,
    /// The bits that decide.
    pub bits: Vec<u32>,
    /// A bit that is set switches the feature off, not on.
    #[serde(default)]
    pub set_is_off: bool,
    /// For these features only; none: for all of the function.
    #[serde(default)]
    pub features: Vec<String>,
}

/// Kernels whose features have the numbers of the tables: a vendor's may have words of its own in between.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureNumbering {
    /// Whose kernels they are.
    pub name: String,
    /// Their releases, as `uname -r` prints them.
    pub releases: Pattern,
}

/// What to do where the log lists the registers that a requester goes by.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedAdvice {
    /// True where they are alike on the boot CPU and the one that lost the feature, or listings contradict the verdict.
    pub alike: bool,
    /// In the place of the requester's advice, which asks to read them.
    pub advice: String,
}

/// What is asked of whoever is at fault, on the page that is for them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Who.
    pub fault: FaultName,
    /// Sentences without the kernel's words.
    pub text: String,
}

/// Functions that clear features and are never late.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeverLate {
    /// Without clone suffixes.
    pub functions: Vec<String>,
    /// Goes on from "FUNCTION()".
    pub why: String,
}

/// What a requester usually clears.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usual {
    /// X86_FEATURE_ name.
    pub feature: String,
    /// Why that one is likely.
    pub why: String,
}

impl Requester {
    /// The registers that decide on a feature; all where it is not known.
    pub fn deciding(&self, feature: Option<&str>) -> impl Iterator<Item = &DecidingRegister> {
        self.registers.iter().filter(move |register| {
            let of = &register.features;
            of.is_empty() || feature.is_none_or(|name| of.iter().any(|known| known == name))
        })
    }

    /// True where the rule is about the function itself.
    pub fn names(&self, function: &str) -> bool {
        self.function == function || self.also.iter().any(|also| also == function)
    }

    /// True where it is about the function, or about one that may be inlined into it.
    pub fn is_of(&self, function: &str) -> bool {
        self.names(function) || self.inlined_into.iter().any(|outer| outer == function)
    }
}

/// Who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FaultName {
    /// The firmware did not set the CPUs up alike.
    Firmware,
    /// The CPUs run unlike microcode, or one too old.
    Microcode,
    /// The hypervisor shows its virtual CPUs unlike features.
    Hypervisor,
    /// The kernel that started this one by kexec.
    PreviousKernel,
    /// The kernel itself.
    Kernel,
    /// The evidence does not decide.
    Unknown,
}

impl FaultName {
    /// As the contract spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            FaultName::Firmware => "firmware",
            FaultName::Microcode => "microcode",
            FaultName::Hypervisor => "hypervisor",
            FaultName::PreviousKernel => "previous-kernel",
            FaultName::Kernel => "kernel",
            FaultName::Unknown => "unknown",
        }
    }
}

/// What is said where somebody is at fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Who.
    pub name: FaultName,
    /// Name of the machine (DMI) that proves it.
    pub hardware: Option<Pattern>,
    /// Command line that proves it.
    pub command_line: Option<Pattern>,
    /// Goes on from "the CPUs differ:".
    pub says: String,
    /// What to do, in the place of the requester's advice.
    pub advice: Option<String>,
}

/// A message of the kernel that names a feature and why it went.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Short name.
    pub name: String,
    /// Fixed part of the line.
    pub literal: String,
    /// The line; a group `flag` holds a /proc/cpuinfo flag.
    pub pattern: Pattern,
    /// The function that prints it.
    pub requester: String,
    /// Features that it speaks of; empty where the group `flag` says it.
    pub features: Vec<String>,
    /// True where the kernel prints it after the clear: what comes before a splat is about an earlier one.
    #[serde(default)]
    pub after: bool,
}

/// A verdict in words; the first one that fits is taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    /// Short name.
    pub name: String,
    /// Only for this path.
    pub path: Option<PathName>,
    /// Only for this stage.
    pub stage: Option<StageName>,
    /// Only where all CPUs cleared the feature (or not).
    pub uniform: Option<bool>,
    /// Only where listings contradict it, and no other proves it (or not).
    pub contradicted: Option<bool>,
    /// Only where the report came from inside the clear and is about something else (or not).
    pub passing: Option<bool>,
    /// Only for nested repeats (or not).
    pub nested: Option<bool>,
    /// The first sentence, for a person who does not know the kernel's terms. `{label}` is who is at fault, in
    /// capitals, `{meant}` the feature in words; the others are those of the headline, which is taken where
    /// there is none.
    pub sentence: Option<String>,
    /// One line. `{cpu}`, `{feature}`, `{requester}`, `{in}` (" in REQUESTER()"),
    /// `{through}`, `{cause}`, `{advice}`, `{fault}`, `{others}`, `{against}`, `{since}` and
    /// `{cause_line}` are filled in.
    pub headline: String,
    /// What it means and what to do.
    pub text: String,
}

/// What a feature is, in a few words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// X86_FEATURE_ name.
    pub feature: String,
    /// For a person.
    pub means: String,
}
