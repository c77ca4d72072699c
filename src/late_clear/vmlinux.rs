//! What the verdict asks of vmlinux.

use super::Target;
use crate::splat::Splat;
use crate::symbols::{CpuInfo, ParameterValue, Symbols, WarnSites};

/// A vmlinux that matches the log. Every answer may be "not known".
pub trait Vmlinux {
    /// Value of the parameter `name` of `function` at RIP, out of the printed registers, and how it
    /// was found; or why it is not known.
    fn parameter(&self, splat: &Splat, function: &str, name: &str)
    -> Result<(u64, String), String>;

    /// What a `struct cpuinfo_x86 *` points at, given the GS base of the CPU.
    fn cpuinfo(&self, value: u64, gs_base: Option<u64>) -> Option<Target>;

    /// True where the code in front of the trap reads the variable `symbol`; false where it reads
    /// something else.
    fn tests_variable(&self, splat: &Splat, symbol: &str) -> Option<bool>;

    /// Where a function has its WARN()s.
    fn warn_sites(&self, function: &str) -> Option<WarnSites>;

    /// The /proc/cpuinfo flag of a feature: the kernel's own `x86_cap_flags[]`. The inner `None` is
    /// a hidden feature.
    fn flag(&self, feature: u32) -> Option<Option<String>>;

    /// Why the function that the frame on that log line called is not the one printed above it, in words: the call
    /// goes through a pointer, or lines of the log are lost.
    fn gap(&self, log_line: u64) -> Option<&str>;
}

/// No vmlinux at hand, or none that matches.
#[derive(Debug, Clone, Copy)]
pub struct NoVmlinux;

impl Vmlinux for NoVmlinux {
    fn parameter(&self, _: &Splat, _: &str, _: &str) -> Result<(u64, String), String> {
        Err("no matching vmlinux".to_owned())
    }

    fn cpuinfo(&self, _: u64, _: Option<u64>) -> Option<Target> {
        None
    }

    fn tests_variable(&self, _: &Splat, _: &str) -> Option<bool> {
        None
    }

    fn warn_sites(&self, _: &str) -> Option<WarnSites> {
        None
    }

    fn flag(&self, _: u32) -> Option<Option<String>> {
        None
    }

    fn gap(&self, _: u64) -> Option<&str> {
        None
    }
}

impl Vmlinux for Symbols {
    fn parameter(
        &self,
        splat: &Splat,
        function: &str,
        name: &str,
    ) -> Result<(u64, String), String> {
        match Symbols::parameter(self, splat, function, name) {
            ParameterValue::Known { value, how } => Ok((value, how)),
            ParameterValue::Unknown { why } => Err(why),
        }
    }

    fn cpuinfo(&self, value: u64, gs_base: Option<u64>) -> Option<Target> {
        match self.classify_cpuinfo(value, gs_base) {
            CpuInfo::All => Some(Target::All),
            CpuInfo::BootCpuData => Some(Target::BootCpuData),
            CpuInfo::ThisCpu | CpuInfo::PerCpuOther => Some(Target::Cpu),
            CpuInfo::Unknown => None,
        }
    }

    fn tests_variable(&self, splat: &Splat, symbol: &str) -> Option<bool> {
        self.code_loads(splat, symbol)
    }

    fn warn_sites(&self, function: &str) -> Option<WarnSites> {
        Symbols::warn_sites(self, function)
    }

    fn flag(&self, feature: u32) -> Option<Option<String>> {
        self.cap_flag(feature)
    }

    fn gap(&self, log_line: u64) -> Option<&str> {
        Symbols::gap(self, log_line)
    }
}
