//! Rendering: reports as people and programs read them.
//!
//! In: reports and what the inputs told of themselves. Out: text, one JSON document, or one JSON
//! object a line. Nothing here decides anything; control bytes of the log never pass.

mod check;
mod clean;
mod groups;
mod json;
mod places;
mod style;
mod text;

pub use check::check_summary;
pub use clean::clean;
pub use groups::{Totals, group, scan_summary};
pub use json::{check_document, document, scan_document, splat_line};
pub use places::{Answer, place_document, place_lines, place_text};
pub use style::Style;
pub use text::{Found, count, nothing_found, notice, report, report_line, summary};
