//! Reads kernel logs: finds every splat, symbolizes it, explains late clears of x86 CPU features.
#![warn(missing_docs)]

pub mod splat;
pub mod symbols;
