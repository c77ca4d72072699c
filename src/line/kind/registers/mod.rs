//! Register lines of a splat.
//!
//! In: a line's text. Out: names in lower case with their values as printed. A value that is cut
//! off is left out. x86 prints in a form of its own, others name each register, or only the first one of a row.

mod named;
mod numbered;
mod x86;

pub use numbered::next_row;
pub use x86::{is_user_segment, is_user_selector};

use super::types::Register;

type RowReader = fn(&str) -> Option<Vec<Register>>;

const READERS: [RowReader; 3] = [x86::registers, named::registers, numbered::registers];

/// Reads a register line; `None` where it is none.
pub fn registers(text: &str) -> Option<Vec<Register>> {
    READERS.iter().find_map(|reader| reader(text))
}
