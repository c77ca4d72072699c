//! placeholder until merge

/// Where the symbols of a splat come from.
#[derive(Debug, Clone, Default)]
pub struct SymbolUse {
    /// `vmlinux`.
    pub from: Option<String>,
}

impl SymbolUse {
    /// For people.
    pub fn summary(&self) -> Option<String> {
        None
    }
}
