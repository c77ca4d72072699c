//! Rendering: reports as people and programs read them.
//!
//! In: reports and what the inputs told of themselves. Out: text. Each form of the output is one
//! [`Output`]; nothing here decides anything, and control bytes of the log never pass.

mod clean;
mod facts;
mod groups;
mod json;
mod output;
mod style;
mod text;
mod trace;
mod words;

pub use clean::clean;
pub use groups::{group, group_name};
pub use json::{Json, Ndjson, document, scan_document, splat_line};
pub use output::{Output, Run, Standing};
pub use style::Style;
pub use text::{Text, nothing_found, report, summary};
