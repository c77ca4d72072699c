//! Splats: what the kernel prints when something breaks.
//!
//! In: log lines. Out: [`Splat`]s, each a header (`WARNING: …`), the lines that describe the
//! state of the CPU, and a call trace. Everything here is as printed; the `symbols` stage adds
//! files and lines to the frames, the `late_clear` stage judges.

mod assemble;
mod builder;
mod demux;
mod lines;
mod stacks;
mod types;

pub use crate::line::kind::{
    Code, CodeRef, Frame, Inline, Kernel, Register, Registers, Section, SourceLine, base_name,
    code_ref, demangled, tree_path,
};
pub use assemble::{Assembler, is_fragment, is_headless, names};
pub use lines::{LineClass, Lines, SplatLine};
pub use stacks::of as stacks;
pub use types::{SourceSpan, Splat, Stack};

pub(crate) use crate::line::kind::undecoded;

/// Kind of a splat that is only frames quoted without their header.
pub const FRAGMENT: &str = "fragment";

/// Kind of a splat whose head is missing, and with it the line that names the kind.
pub const HEADLESS: &str = "headless";
