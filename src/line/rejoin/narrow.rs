//! Lines broken at a margin that nobody knows: a narrow window, a mail quoted many times, a telephone.
//!
//! The width proves nothing there. What proves a break is the text: a line that cannot end where it does, and a next
//! one that fits it.

use super::halves::{fits, has_form, is_frame, is_line_of_report, is_long};
use crate::grammar::{Grammar, HalvesName, LineForm};

/// True where `first` is a line that cannot end there.
pub(super) fn may_go_on(grammar: &Grammar, first: &str) -> bool {
    let first = first.trim();
    // A stamp alone on its line: the first word after it did not fit.
    first.is_empty()
        || is_place_only(grammar, first)
        || is_taint(grammar, first)
        || is_open(grammar, first)
        || is_long(grammar, first)
        || is_frame(first)
        || is_header(grammar, first)
        || names_lock(first)
        || is_lock_address(first)
}

/// True where `tail` is the rest of `first`, whatever the width at which it was broken.
pub(super) fn goes_on(grammar: &Grammar, first: &str, tail: &str) -> bool {
    let (first, tail) = (first.trim(), tail.trim());
    if tail.is_empty() || is_header(grammar, tail) {
        return false;
    }
    if is_state(grammar, first) && !names_kernel(first) {
        return !is_long(grammar, tail) || begins_taint(grammar, tail);
    }
    if is_line_of_report(grammar, tail) {
        let awaits_place = || ends_with_word(grammar, first, HalvesName::BeforePlace);
        return is_frame(tail)
            && (first.is_empty() || awaits_place() || is_place_only(grammar, first));
    }
    if first.is_empty() {
        return false;
    }
    if is_lock_address(first) {
        return tail.starts_with('(') && tail.contains("){");
    }
    let is = |form| has_form(grammar, first, form);
    if is(LineForm::Code) || grammar.lines.begins_with(HalvesName::Names, first) {
        return false;
    }
    if is(LineForm::Rip) && !first.contains(' ') {
        // The segment's selector.
        return tail.starts_with(|c: char| c.is_ascii_digit());
    }
    match first {
        _ if is_taint(grammar, first) => begins_with_release(tail),
        _ if is_state(grammar, first) => lacks_kernel(grammar, first) && tail.starts_with('#'),
        _ if is(LineForm::Hardware) => ends_with_date(tail) && !ends_with_date(first),
        _ if is(LineForm::Rip) || is_frame(first) => tail.starts_with(['[', '(']),
        _ if is_long(grammar, first) && !begins_taint(grammar, first) => fits(grammar, first, tail),
        _ => is_open(grammar, first) || grammar.lines.begins_with(HalvesName::Second, tail),
    }
}

fn is_open(grammar: &Grammar, first: &str) -> bool {
    ends_with_word(grammar, first, HalvesName::Open)
        || first.ends_with(',') && is_header(grammar, first)
}

fn ends_with_word(grammar: &Grammar, first: &str, words: HalvesName) -> bool {
    let last = first.rsplit(' ').next();
    last.is_some_and(|last| last.len() < first.len() && grammar.lines.is_word(words, last))
}

fn is_place_only(grammar: &Grammar, first: &str) -> bool {
    grammar.lines.is_word(HalvesName::OnlyPlace, first)
}

/// True for the beginning of a header.
pub(super) fn is_header(grammar: &Grammar, text: &str) -> bool {
    grammar.lines.begins_with(HalvesName::Headers, text)
}

/// The lock that lockdep names, whose place comes next.
fn names_lock(first: &str) -> bool {
    first.ends_with(',') && first.contains("){")
}

/// The lock's address, whose name did not fit.
fn is_lock_address(first: &str) -> bool {
    matches!(first.len(), 8 | 16) && first.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The line that names CPU and task (lib/dump_stack.c, `dump_stack_print_info()`).
fn is_state(grammar: &Grammar, first: &str) -> bool {
    // parisc has a row of registers that begins alike, with more blanks.
    has_form(grammar, first, LineForm::Cpu) && !first.starts_with("CPU:  ")
}

/// It ends with the kernel's release, which comes after the taint.
fn names_kernel(first: &str) -> bool {
    // `Not tainted` and `Tainted: G W` both end in this (kernel/panic.c, `print_tainted()`).
    let behind = first.split_once("ainted").map(|(_, behind)| behind);
    behind.is_some_and(|behind| behind.split_whitespace().any(is_release))
}

/// The line that names CPU and task is broken in front of the kernel's release, or of its build.
pub(super) fn lacks_kernel(grammar: &Grammar, first: &str) -> bool {
    let last = first.rsplit(' ').next().unwrap_or_default();
    let is_before_build = || names_kernel(first) && is_release(last);
    let is_before_release = || first.contains("ainted") && !names_kernel(first);
    is_state(grammar, first) && (is_before_build() || is_before_release())
}

/// True for what such a line lacks.
pub(super) fn is_kernel(tail: &str) -> bool {
    tail.starts_with('#') || begins_with_release(tail)
}

fn is_release(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')
}

fn begins_with_release(text: &str) -> bool {
    text.split(' ').next().is_some_and(is_release)
}

/// The second line of a hung task, without the release.
fn is_taint(grammar: &Grammar, first: &str) -> bool {
    begins_taint(grammar, first) && !names_kernel(first)
}

fn begins_taint(grammar: &Grammar, text: &str) -> bool {
    grammar.lines.begins_with(HalvesName::Taints, text)
}

/// `02/21/2020`, with which a BIOS ends (drivers/firmware/dmi_scan.c).
pub(super) fn ends_with_date(text: &str) -> bool {
    let last = text.rsplit(' ').next().unwrap_or_default().as_bytes();
    last.len() == 10 && last[2] == b'/' && last[5] == b'/'
}

#[cfg(test)]
mod tests {
    use super::{goes_on, may_go_on};
    use crate::grammar::Grammar;

    #[test]
    fn halves_of_narrow_lines() {
        let grammar = Grammar::builtin();
        for (first, tail) in [
            (
                "INFO: task jbd2/dm-0-8:512",
                "blocked for more than 120 seconds.",
            ),
            ("INFO: task a:512 blocked for more", "than 120 seconds."),
            (
                "BUG: KASAN: slab-use-after-free in",
                "zeta_poll+0x7c/0x1d0 [zeta]",
            ),
            (
                "BUG: kernel NULL pointer dereference,",
                "address: 0000000000000058",
            ),
            (
                "Unable to handle kernel NULL pointer",
                "dereference at virtual address 0018",
            ),
            ("Kernel panic - not", "syncing: Fatal exception"),
            ("WARNING: possible circular locking dependency", "detected"),
            (
                "CPU: 3 PID: 2187 Comm: qemu-system-x86",
                "Tainted: G           OE      6.1.0-18-amd64 #1",
            ),
            ("CPU: 3 PID: 2187 Comm: a Not tainted", "6.1.0-18-amd64 #1"),
            ("RAX: 0000000000000000 RBX:", "0000000000000001"),
            ("RIP: 0010:zeta_go+0x1/0x2", "[zeta]"),
            ("RIP:", "0010:zeta_go+0x1/0x2"),
            ("pc :", "zeta_go+0x1/0x2"),
            ("", "zeta_go+0x1/0x2"),
            ("      Not tainted", "4.18.0-513.el8.x86_64 #1"),
            (" zeta_go+0x1/0x2", "[zeta]"),
            (
                "&dev->mutex){+.+.}-{3:3},",
                "at: zeta_open+0x42/0x120 [zeta]",
            ),
            (
                "Hardware name: Supermicro X11SPi-TF, BIOS",
                "3.3 02/21/2020",
            ),
        ] {
            assert!(
                may_go_on(&grammar, first) && goes_on(&grammar, first, tail),
                "{first} | {tail}"
            );
        }
    }

    #[test]
    fn lines_of_their_own() {
        let grammar = Grammar::builtin();
        for (first, tail) in [
            (
                "CPU: 3 PID: 2187 Comm: a Not tainted 6.1.0 #1",
                "ok 12 selftests: net: foo.sh",
            ),
            (
                "RAX: 0000000000000000 RBX: 0000000000000001",
                "PASS: tst_foo 12",
            ),
            ("zeta_go+0x1/0x2", "Starting Network Manager..."),
            ("Hardware name: QEMU Standard PC", "+ ./run-test.sh"),
            (
                "INFO: task a:1 blocked for more than",
                "BUG: unable to handle page fault",
            ),
            ("Workqueue: events zeta_work", "done"),
        ] {
            assert!(!goes_on(&grammar, first, tail), "{first} | {tail}");
        }
    }
}
