//! Names of Rust and C++ as their sources have them: `_RNvMCs…_5rnullNtB2_8NullDisk3new` is `<rnull::NullDisk>::new`,
//! `_ZN4zeta4Ring4pushEPKvm` is `zeta::Ring::push`.
//!
//! Frames keep the symbol as printed, because a vmlinux is searched for it. Whoever shows one shows this.

use cpp_demangle::{DemangleOptions, DemangleWrite, Symbol};
use std::borrow::Cow;
use std::fmt;

/// The name of a symbol in its source; the symbol itself where no language mangled it.
pub fn demangled(symbol: &str) -> Cow<'_, str> {
    if !symbol.starts_with("_R") && !symbol.starts_with("_Z") {
        return symbol.into();
    }
    let (name, _) = symbol.split_once('.').unwrap_or((symbol, ""));
    match rustc_demangle::try_demangle(name) {
        Ok(name) => format!("{name:#}").into(),
        Err(_) => of_cpp(name).map_or(symbol.into(), Cow::Owned),
    }
}

/// Without parameters: a function of C has none in a title either.
fn of_cpp(name: &str) -> Option<String> {
    let symbol = Symbol::new(name).ok()?;
    let mut out = Bounded::default();
    let options = DemangleOptions::new().no_params();
    symbol.structured_demangle(&mut out, &options).ok()?;
    (!out.0.is_empty()).then_some(out.0)
}

/// Bytes of a name. Back references make a short symbol a name without end.
const MAX_NAME: usize = 1024;

#[derive(Default)]
struct Bounded(String);

impl DemangleWrite for Bounded {
    fn write_string(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_NAME {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::demangled;

    #[test]
    fn rust_in_both_of_its_manglings_and_cpp() {
        for (symbol, name) in [
            (
                "_RNvMCsktjF9JQNZ8U_5rnullNtB2_8NullDisk3new",
                "<rnull::NullDisk>::new",
            ),
            (
                "_ZN4core9panicking5panic17h0123456789abcdefE.llvm.77",
                "core::panicking::panic",
            ),
            ("_ZN4zeta4Ring4pushEPKvm", "zeta::Ring::push"),
            ("_Z6probe4P6device", "probe4"),
            ("_Znonsense", "_Znonsense"),
            ("init_intel.cold", "init_intel.cold"),
            ("_Return", "_Return"),
        ] {
            assert_eq!(demangled(symbol), name);
        }
    }
}
