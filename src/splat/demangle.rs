//! Names of Rust as its sources have them: `_RNvMCs…_5rnullNtB2_8NullDisk3new` is `<rnull::NullDisk>::new`.
//!
//! Frames keep the symbol as printed, because a vmlinux is searched for it. Whoever shows one shows this.

use std::borrow::Cow;

/// The name of a symbol in its source; the symbol itself where no language mangled it.
pub fn demangled(symbol: &str) -> Cow<'_, str> {
    if !symbol.starts_with("_R") && !symbol.starts_with("_Z") {
        return symbol.into();
    }
    let (name, _) = symbol.split_once('.').unwrap_or((symbol, ""));
    match rustc_demangle::try_demangle(name) {
        Ok(name) => format!("{name:#}").into(),
        Err(_) => symbol.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::demangled;

    #[test]
    fn rust_in_both_of_its_manglings_and_nothing_else() {
        for (symbol, name) in [
            (
                "_RNvMCsktjF9JQNZ8U_5rnullNtB2_8NullDisk3new",
                "<rnull::NullDisk>::new",
            ),
            (
                "_ZN4core9panicking5panic17h0123456789abcdefE.llvm.77",
                "core::panicking::panic",
            ),
            ("init_intel.cold", "init_intel.cold"),
            ("_Return", "_Return"),
        ] {
            assert_eq!(demangled(symbol), name);
        }
    }
}
