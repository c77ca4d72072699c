//! Names of model-specific registers.

use super::Grammar;
use serde::Deserialize;

/// A register of x86 CPUs (arch/x86/include/asm/msr-index.h).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Msr {
    /// Its number.
    pub number: u32,
    /// The macro's name, without `MSR_`.
    pub name: String,
    /// Other names that programs print.
    #[serde(default)]
    pub also: Vec<String>,
    /// Bits that have a name.
    #[serde(default)]
    pub bits: Vec<MsrBit>,
    /// True where each CPU has a value of its own: a counter, a pointer, a number.
    #[serde(default)]
    pub own: bool,
    /// Bits of which each CPU has a value of its own.
    #[serde(default)]
    pub own_bits: Vec<u32>,
}

/// A bit of a register.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MsrBit {
    /// Counted from 0.
    pub bit: u32,
    /// What it is, in words.
    pub name: String,
}

impl Grammar {
    /// What is known of a register.
    pub fn register(&self, number: u32) -> Option<&Msr> {
        self.msrs.iter().find(|msr| msr.number == number)
    }

    /// The register of that name, without `MSR_`.
    pub fn register_named(&self, name: &str) -> Option<&Msr> {
        let is_it = |msr: &&Msr| msr.name == name || msr.also.iter().any(|also| also == name);
        self.msrs.iter().find(is_it)
    }

    /// The name of a register, where the table has it.
    pub fn msr(&self, number: u32) -> Option<&str> {
        self.register(number).map(|msr| msr.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_name() {
        let grammar = Grammar::builtin();
        assert_eq!(grammar.msr(0x3a), Some("IA32_FEAT_CTL"));
        assert_eq!(grammar.msr(0xc001_0114), Some("VM_CR"));
        assert_eq!(grammar.msr(0xdead_beef), None);
        let mut numbers: Vec<_> = grammar.msrs.iter().map(|msr| msr.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), grammar.msrs.len());
    }
}
