//! Which register of the CPU a report is about.
//!
//! In: a header with the groups `msr`, `access` and `value`. Out: [`MsrAccess`], the register by its name.

use crate::grammar::Grammar;
use crate::splat::Splat;
use serde::Serialize;
use std::fmt;

/// An access to a model-specific register that the CPU refused, or the kernel did not want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MsrAccess {
    /// `read` or `write`.
    pub access: &'static str,
    /// Its number, as printed.
    pub number: String,
    /// Its name in arch/x86/include/asm/msr-index.h, without `MSR_`.
    pub name: Option<String>,
    /// What was to be written, as printed.
    pub value: Option<String>,
}

impl MsrAccess {
    /// What the header of a splat says of a register.
    pub(super) fn of(grammar: &Grammar, splat: &Splat) -> Option<MsrAccess> {
        let headers = &grammar.kind(&splat.kind)?.headers;
        let names = |pattern: &&_| has_group(pattern, "msr");
        let groups = headers
            .iter()
            .filter(names)
            .find_map(|pattern| pattern.captures(&splat.header))?;
        let group = |name| groups.name(name).map(|group| group.as_str().to_owned());
        let number = group("msr")?;
        let parsed = number.strip_prefix("0x");
        let parsed = parsed.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        // RDMSR is the access of the two that reads; every other form writes.
        let reads = group("access").is_some_and(|access| access.starts_with("RDMSR"));
        Some(MsrAccess {
            access: if reads { "read" } else { "write" },
            name: parsed
                .and_then(|number| grammar.msr(number))
                .map(str::to_owned),
            value: group("value"),
            number,
        })
    }
}

fn has_group(pattern: &crate::grammar::Pattern, name: &str) -> bool {
    pattern.group_names().iter().any(|group| group == name)
}

impl fmt::Display for MsrAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("a register");
        write!(f, "{name} (MSR {}), {}", self.number, self.access)?;
        match &self.value {
            Some(value) => write!(f, " of {value}"),
            None => Ok(()),
        }
    }
}
