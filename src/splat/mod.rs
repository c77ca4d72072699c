//! Splats: what the kernel prints when something breaks.
//!
//! In: log lines. Out: [`Splat`]s, each a header (`WARNING: …`), the lines that describe the
//! state of the CPU, and a call trace. Everything here is as printed; the `symbols` stage adds
//! files and lines to the frames, the `late_clear` stage judges.

mod types;

pub use types::{
    Code, CodeRef, Frame, Inline, Kernel, Registers, Section, SourceLine, SourceSpan, Splat,
    base_name,
};
