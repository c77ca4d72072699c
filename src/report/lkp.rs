//! LKP's names: what intel/lkp-tests calls a report in its mails and results.
//!
//! In: a splat. Out: the name, made from the header by the `[[lkp]]` rules of the grammar.

use crate::grammar::{Grammar, rewrite};
use crate::splat::{Splat, undecoded};

/// LKP's name of a report.
pub fn name(grammar: &Grammar, splat: &Splat) -> String {
    rewrite(&grammar.lkp, &undecoded(&splat.header))
}
