//! The modules that tainted the kernel.
//!
//! In: a splat with its lines. Out: the modules of `Modules linked in:` that have letters.

use crate::splat::Splat;
use serde::Serialize;

/// A module that tainted the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TaintingModule {
    /// Its name.
    pub name: String,
    /// Why: `P` proprietary, `O` out of tree, `E` unsigned, and others as `tainted` has them.
    pub letters: String,
}

/// More of them no report names.
const MOST: usize = 32;

/// `Modules linked in: nvidia(POE) i915 drm(+) [last unloaded: e1000e(O)]` (kernel/module/main.c, print_modules(); `+`
/// and `-` are modules that come and go). One that was unloaded is no module of the report.
pub fn of(splat: &Splat) -> Vec<TaintingModule> {
    let texts = splat.lines.iter().map(|line| line.text.trim());
    let mut lists = texts.filter_map(|text| text.strip_prefix("Modules linked in:"));
    let list = lists.next().unwrap_or_default();
    // The module that was unloaded last has letters too, but was no part of the kernel any more.
    let list = list.split("[last unloaded").next().unwrap_or_default();
    list.split_whitespace()
        .filter_map(module)
        .take(MOST)
        .collect()
}

fn module(word: &str) -> Option<TaintingModule> {
    let (name, flags) = word.strip_suffix(')')?.split_once('(')?;
    let letters: String = flags.chars().filter(|flag| !"+-".contains(*flag)).collect();
    // A word of a cut or mixed line may have parentheses too.
    let is_flags = letters.bytes().all(|flag| flag.is_ascii_uppercase());
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    (is_flags && is_name && !letters.is_empty()).then(|| TaintingModule {
        name: name.to_owned(),
        letters,
    })
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn a_module_has_letters_or_did_not_taint() {
        let letters = |word| module(word).map(|module| (module.name, module.letters));
        let is = |name: &str, letters: &str| Some((name.to_owned(), letters.to_owned()));
        assert_eq!(letters("nvidia(POE)"), is("nvidia", "POE"));
        assert_eq!(letters("mymod(OE+)"), is("mymod", "OE"));
        for word in ["i915", "drm(+)", "(POE)", "a(b)", "x(P", "Code:"] {
            assert_eq!(letters(word), None, "{word}");
        }
    }
}
