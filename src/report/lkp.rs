//! LKP's names: what intel/lkp-tests calls a report in its mails and results.
//!
//! In: a splat. Out: the names, made by the `[[lkp]]` rules of the grammar from the header and, as LKP itself does,
//! from the lines by which two reports of one header differ.

use crate::grammar::{Grammar, rewrite};
use crate::splat::{Splat, undecoded};

/// What lockdep is about, on two lines with a lock and its place after each (kernel/locking/lockdep.c,
/// `print_circular_bug_header()`).
const CIRCULAR: &str = "possible circular locking dependency detected";
const WANTED: &str = " is trying to acquire lock:";
const HELD: &str = "but task is already holding lock:";

/// LKP's name of a report.
pub fn name(grammar: &Grammar, splat: &Splat) -> String {
    rewrite(&grammar.lkp, &undecoded(&splat.header))
}

/// All its names: that of the header, that with both locks, and that of the place where the CPU was.
pub fn names(grammar: &Grammar, splat: &Splat) -> Vec<String> {
    let locks = locks(splat).map(|text| rewrite(&grammar.lkp, &text));
    let names = [Some(name(grammar, splat)), locks, place(splat)];
    let names = names.into_iter().flatten();
    names.filter(|name| !name.is_empty()).collect()
}

/// `WARNING: possible circular locking … detected a/1 is trying to acquire lock: at: f but task is already …`.
fn locks(splat: &Splat) -> Option<String> {
    if !splat.header.contains(CIRCULAR) {
        return None;
    }
    let place_behind = |mark: &str| {
        let mut lines = splat.details.iter();
        let line = lines.find(|line| line.ends_with(mark))?;
        let (_, place) = lines.next()?.split_once(", at: ")?;
        // The place has offset and size, which change from build to build.
        let function = place.split(['+', ' ']).next()?;
        Some((line, function))
    };
    let (task, wanted) = place_behind(WANTED)?;
    let (_, held) = place_behind(HELD)?;
    let header = &splat.header;
    Some(format!("{header} {task} at: {wanted} {HELD} at: {held}"))
}

/// `RIP:f`, `EIP:f`; `EIP_is_at_f` of i386 before 4.12, which prints the address on a line of its own.
fn place(splat: &Splat) -> Option<String> {
    let rip = splat.rip.as_ref()?;
    let function = rip.function.as_deref()?;
    let has = |wanted: &str| splat.registers.0.iter().any(|(name, _)| name == wanted);
    let name = match (has("rsp"), has("esp"), rip.address) {
        (true, ..) => "RIP:",
        (_, true, Some(_)) => "EIP_is_at_",
        (_, true, None) => "EIP:",
        _ => return None,
    };
    Some(format!("{name}{function}"))
}
