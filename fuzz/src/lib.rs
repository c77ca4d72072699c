//! What each fuzz target does with its bytes. `fuzz_targets/` hands them over from libFuzzer,
//! `tests/fuzz.rs` those of `regressions/`.

mod containers;
mod elf;
mod framings;
mod grammar;
mod mails;
mod nested;
mod splats;
mod triage;

/// A target: any bytes will do, a panic, a hang or a wrong answer will not.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("containers", containers::run),
    ("elf", elf::run),
    ("framings", framings::run),
    ("grammar", grammar::run),
    ("mails", mails::run),
    ("nested", nested::run),
    ("splats", splats::run),
    ("triage", triage::run),
];

/// Runs the target of that name.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.0 == name);
    target.expect("a target").1(input);
}
