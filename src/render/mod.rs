//! Rendering: reports as people and programs read them.
//!
//! In: reports and what the inputs told of themselves. Out: text, one JSON document, or one JSON
//! object a line. Nothing here decides anything; control bytes of the log never pass.

mod clean;
mod json;
mod places;
mod style;
mod text;

pub use clean::clean;
pub use json::{document, splat_line};
pub use places::{Answer, place_document, place_lines, place_text};
pub use style::Style;
pub use text::{Found, nothing_found, notice, report, summary};
