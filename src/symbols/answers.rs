//! What the symbols stage knows of one splat. In: the vmlinux that matched. Out: positions, and answers to
//! questions about values in registers.

use std::fmt;
use std::sync::Arc;

use super::dwarf::MachineState;
use super::vmlinux::{self, CpuInfo, WarnSites};
use super::{Image, Match, ModuleSymbols, ParameterValue, Position, Variable};
use crate::splat::{Register, Splat};

/// What the symbols stage found out about a splat.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Symbols {
    /// `vmlinux` where one was looked at.
    pub from: Option<String>,
    /// Whether it is the right one.
    pub matched: Match,
    /// How far KASLR moved the kernel, where the log proves it; 0 for not at all.
    pub kaslr_offset: Option<u64>,
    /// The vmlinux; `None` where it does not match.
    pub(crate) image: Option<Arc<Image>>,
    /// What was compared and found, in words.
    pub evidence: Vec<String>,
    /// How many functions have the size that the log prints, in words.
    pub(crate) agreement: Option<String>,
    /// What is known of the files of the modules that the splat names.
    pub modules: Vec<ModuleSymbols>,
    /// Parameters and variables that are alive at RIP, those of the innermost inlined function first.
    pub variables: Vec<Variable>,
    /// What registers point at, as `symbol+0x…`, in the order printed; only of a vmlinux that is proven right, where
    /// the KASLR offset is known.
    pub registers: Vec<Register>,
    /// Position of [`Splat::at`].
    pub at: Option<Arc<Position>>,
    /// Position of [`Splat::rip`].
    pub rip: Option<Arc<Position>>,
    /// Link address of RIP.
    pub rip_address: Option<u64>,
    /// Calls of frames, by their log line, that are not of what is printed above them, in words.
    pub(super) gaps: Vec<(u64, String)>,
    /// Link address that the function at RIP returns to.
    pub(super) return_address: Option<u64>,
}

impl fmt::Debug for Symbols {
    /// Without the vmlinux, which is a file of hundreds of megabytes.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Symbols")
            .field("from", &self.from)
            .field("matched", &self.matched)
            .field("kaslr_offset", &self.kaslr_offset)
            .field("evidence", &self.evidence)
            .field("modules", &self.modules)
            .finish_non_exhaustive()
    }
}

impl Symbols {
    /// Value of a parameter or variable of `function` (DWARF name), which covers RIP itself or is
    /// inlined there.
    pub fn parameter(&self, splat: &Splat, function: &str, name: &str) -> ParameterValue {
        let Some(image) = &self.image else {
            return ParameterValue::unknown("no vmlinux that matches the log");
        };
        let Some(pc) = self.rip_address else {
            return ParameterValue::unknown("RIP was not found in vmlinux");
        };
        image.parameter(&self.machine(splat, pc), function, name)
    }

    /// The function that begins so many bytes from RIP: what a call calls.
    pub fn function_from_rip(&self, distance: i64) -> Option<String> {
        let address = self.rip_address?.wrapping_add_signed(distance);
        Some(self.image.as_ref()?.function_at(address)?.name)
    }

    /// Reads the variables at RIP, where it is in the vmlinux.
    pub(super) fn read_variables(&mut self, splat: &Splat) {
        // DWARF counts the registers of each machine in its own way; the table is x86-64's.
        if let (Some(image), Some(pc)) = (&self.image, self.rip_address)
            && image.layout.machine.is_x86_64()
        {
            self.variables = image.variables(&self.machine(splat, pc));
        }
    }

    /// Names what the registers point at in the kernel's image.
    pub(super) fn name_registers(&mut self, splat: &Splat) {
        let (Some(image), Some(offset)) = (&self.image, self.kaslr_offset) else {
            return;
        };
        let edge = |name| self.symbol_address(name);
        let (Some(begin), Some(end)) = (edge("_text"), edge("_end")) else {
            return;
        };
        let link = |name: &str| splat.registers.value(name)?.checked_sub(offset);
        let named = splat.registers.0.iter().map(|(name, _)| name);
        let inside = named
            .filter_map(|name| Some((name, link(name)?)))
            .filter(|(_, address)| (begin..end).contains(address));
        let (names, addresses): (Vec<_>, Vec<_>) = inside.unzip();
        let symbols = image.symbols_holding(&addresses);
        let places = addresses.iter().zip(symbols).map(|(address, symbol)| {
            let symbol = symbol?;
            Some(match address.wrapping_sub(symbol.address) {
                0 => symbol.name,
                distance => format!("{}+{distance:#x}", symbol.name),
            })
        });
        let named = names.into_iter().cloned().zip(places);
        self.registers = named
            .filter_map(|(name, place)| Some((name, place?.into())))
            .collect();
    }

    fn machine<'s>(&self, splat: &'s Splat, pc: u64) -> MachineState<'s> {
        MachineState {
            pc,
            registers: &splat.registers,
            return_address: self.return_address,
            kaslr_offset: self.kaslr_offset,
        }
    }

    /// Link address of a symbol; `None` where there is none or several.
    pub fn symbol_address(&self, name: &str) -> Option<u64> {
        match &*self.image.as_ref()?.symbols(name) {
            [symbol] => Some(symbol.address),
            _ => None,
        }
    }

    /// Whose `struct cpuinfo_x86` an address as printed is. `gs_base`: the `GS:` value.
    pub fn classify_cpuinfo(&self, value: u64, gs_base: Option<u64>) -> CpuInfo {
        match &self.image {
            // setup_clear_cpu_cap() passes NULL: the feature is cleared on all CPUs
            // (arch/x86/kernel/cpu/cpuid-deps.c).
            _ if value == 0 => CpuInfo::All,
            Some(image) => vmlinux::classify(image, value, gs_base, self.kaslr_offset),
            None => CpuInfo::Unknown,
        }
    }

    /// `x86_cap_flags[feature]`: `None` where vmlinux does not say, `Some(None)` for a feature that
    /// /proc/cpuinfo does not show.
    pub fn cap_flag(&self, feature: u32) -> Option<Option<String>> {
        vmlinux::cap_flag(self.image.as_ref()?, feature)
    }

    /// Where a function has its WARN()s, as the vmlinux's table has them. Another build of the release may have other
    /// lines.
    pub fn warn_sites(&self, function: &str) -> Option<WarnSites> {
        let image = self.image.as_ref().filter(|_| self.is_proven())?;
        vmlinux::warn_sites(image, function, self.rip_address)
    }

    /// Whether the code right in front of the trap reads a global variable.
    pub fn code_loads(&self, splat: &Splat, variable: &str) -> Option<bool> {
        let variable = self.symbol_address(variable)?;
        let loads = vmlinux::loads_before(splat.code.as_ref()?, self.rip_address?, variable)?;
        // The address proves itself where it is met. That it is not met proves nothing of another build, which has
        // its variables elsewhere.
        (loads || self.is_proven()).then_some(loads)
    }

    fn is_proven(&self) -> bool {
        self.matched == Match::Exact
    }

    /// Why the function that a frame called is not the one printed above it, in words; `None` where it is, or where
    /// that is not known. `log_line`: the frame's.
    pub fn gap(&self, log_line: u64) -> Option<&str> {
        let gap = self.gaps.iter().find(|(line, _)| *line == log_line);
        gap.map(|(_, says)| says.as_str())
    }
}
