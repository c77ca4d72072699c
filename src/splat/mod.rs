//! Splats: what the kernel prints when something breaks.
//!
//! In: log lines. Out: [`Splat`]s, each a header (`WARNING: …`), the lines that describe the
//! state of the CPU, and a call trace. Everything here is as printed; the `symbols` stage adds
//! files and lines to the frames, the `late_clear` stage judges.

mod assemble;
mod body;
mod building;
mod code_ref;
mod cpu_line;
mod crash;
mod demangle;
mod frame;
mod header;
mod lane;
mod paths;
mod registers;
mod strands;
mod types;
mod undecode;
mod who;

pub use assemble::{Assembler, is_fragment, is_headless, names};
pub use code_ref::code_ref;
pub use demangle::demangled;
pub use paths::tree_path;
pub use types::{
    Code, CodeRef, Frame, Inline, Kernel, LineClass, Lines, Register, Registers, Section,
    SourceLine, SourceSpan, Splat, SplatLine, Stack, base_name,
};

pub(crate) use undecode::undecoded;

use crate::line::rewrap::has_open_parenthesis;
use registers::is_user_segment;

/// Kind of a splat that is only frames quoted without their header.
pub const FRAGMENT: &str = "fragment";

/// Kind of a splat whose head is missing, and with it the line that names the kind.
pub const HEADLESS: &str = "headless";
