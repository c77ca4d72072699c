//! Lines that describe a boot: milestones and facts.

use super::Pattern;
use serde::{Deserialize, Serialize};

/// The milestones that a late clear is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
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

impl MilestoneName {
    /// All of them, in the order of a boot.
    pub const ALL: [MilestoneName; 10] = [
        MilestoneName::BootCpuIdentified,
        MilestoneName::AlternativesPatched,
        MilestoneName::SecondaryBringUp,
        MilestoneName::SecondaryBringUpDone,
        MilestoneName::Userspace,
        MilestoneName::Suspend,
        MilestoneName::Resume,
        MilestoneName::ResumeDone,
        MilestoneName::CpuOnline,
        MilestoneName::CpuOffline,
    ];

    /// As the grammar and JSON spell it.
    pub fn name(self) -> &'static str {
        match self {
            MilestoneName::BootCpuIdentified => "boot-cpu-identified",
            MilestoneName::AlternativesPatched => "alternatives-patched",
            MilestoneName::SecondaryBringUp => "secondary-bring-up",
            MilestoneName::SecondaryBringUpDone => "secondary-bring-up-done",
            MilestoneName::Suspend => "suspend",
            MilestoneName::Resume => "resume",
            MilestoneName::ResumeDone => "resume-done",
            MilestoneName::CpuOnline => "cpu-online",
            MilestoneName::CpuOffline => "cpu-offline",
            MilestoneName::Userspace => "userspace",
        }
    }
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

/// What a fact says of the boot.
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
    /// The last words of a kernel that goes in order.
    End,
    /// The hypervisor that it runs under.
    Hypervisor,
    /// It starts another kernel by kexec.
    Kexec,
}

/// A line that says something of the boot, in the group `value`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What it says.
    pub field: FactField,
    /// Fixed part of the line.
    pub literal: String,
    /// The line.
    pub pattern: Pattern,
}

#[cfg(test)]
mod tests {
    use super::MilestoneName;

    #[test]
    fn names_are_those_of_the_grammar() {
        for name in MilestoneName::ALL {
            let spelt = serde_json::to_value(name).expect("a text");
            assert_eq!(spelt, name.name());
        }
    }
}
