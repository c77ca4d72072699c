//! Lines that describe a boot: milestones and facts.

use super::Pattern;
use serde::{Deserialize, Serialize};

/// The milestones that a late clear is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MilestoneName {
    /// identify_boot_cpu() has run.
    BootCpuIdentified,
    /// alternative_instructions() has run.
    AlternativesPatched,
    /// smp_init() starts the secondary CPUs.
    SecondaryBringUp,
    /// smp_init() is done.
    SecondaryBringUpDone,
    /// A suspend begins.
    Suspend,
    /// A resume brings the secondary CPUs back.
    Resume,
    /// A resume is done.
    ResumeDone,
    /// A CPU is started by hotplug.
    CpuOnline,
    /// A CPU is stopped by hotplug.
    CpuOffline,
    /// The first user process starts.
    Userspace,
}

/// A line that marks a point of the boot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Milestone {
    /// Which point.
    pub name: MilestoneName,
    /// Fixed part of the line.
    pub literal: String,
    /// The line.
    pub pattern: Pattern,
}

/// What a fact tells of the boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactField {
    /// The version banner; it begins a boot.
    Banner,
    /// The kernel's command line.
    CommandLine,
    /// Machine and firmware.
    Hardware,
    /// Microcode revision.
    Microcode,
    /// Number of CPUs brought up.
    Cpus,
    /// KASLR offset, hexadecimal.
    KaslrOffset,
    /// The hypervisor that it runs under.
    Hypervisor,
    /// It starts another kernel by kexec.
    Kexec,
}

/// A line that tells something of the boot, in the group `value`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it tells.
    pub field: FactField,
    /// Fixed part of the line.
    pub literal: String,
    /// The line.
    pub pattern: Pattern,
}
