//! Reads kernel logs: finds every splat, symbolizes it, explains late clears of x86 CPU features.
#![warn(missing_docs)]

pub mod analyzer;
pub mod annotate;
pub mod boot;
pub mod grammar;
pub mod input;
pub mod late_clear;
pub mod line;
pub mod render;
pub mod report;
pub mod splat;
pub mod symbols;
pub mod title;
