//! DWARF of an ELF file. In: link addresses. Out: functions, files and lines; call sites; values of parameters.
//!
//! Positions come from the addr2line crate, a unit at a time (`contexts`). What it does not know, who calls whom
//! and where parameters are, is read here with gimli.

mod call_site;
mod contexts;
mod entries;
mod evaluate;
mod functions;
mod limits;
mod parameter;
mod positions;
mod reader;
mod split;
mod tail_calls;
mod types;
mod units;
mod variables;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use gimli::Abbreviations;

pub use call_site::CallSite;
pub use parameter::ParameterValue;
pub use positions::Position;
pub use variables::Variable;

pub(super) use evaluate::MachineState;
pub(super) use positions::probe;
pub(super) use tail_calls::TailCall;

use self::contexts::Contexts;
use self::reader::Dwarf;
use self::units::UnitIndex;
use super::companions::Files;
use super::elf::ElfFile;

type Tables = HashMap<(bool, usize), Option<Arc<Abbreviations>>>;

/// The debug info of one file, with what was read of it so far. Shared between threads.
pub(super) struct Debug<'a> {
    elf: &'a ElfFile,
    files: &'a Files,
    /// The sections that positions need.
    dwarf: OnceLock<Arc<Dwarf<'a>>>,
    /// The same with location lists, which only parameters need.
    with_locations: OnceLock<Dwarf<'a>>,
    units: OnceLock<UnitIndex>,
    /// Where each unit of the supplementary file begins, in order.
    supplementary_starts: OnceLock<Vec<usize>>,
    /// Tables of abbreviations by their offsets, true for those of the supplementary file; `None` for a broken one.
    tables: Mutex<Tables>,
    contexts: Contexts<'a>,
    positions: Mutex<HashMap<u64, Arc<Position>>>,
}

impl<'a> Debug<'a> {
    pub(super) fn new(files: &'a Files) -> Debug<'a> {
        Debug {
            elf: &files.own,
            files,
            dwarf: OnceLock::new(),
            with_locations: OnceLock::new(),
            units: OnceLock::new(),
            supplementary_starts: OnceLock::new(),
            tables: Mutex::default(),
            contexts: Contexts::default(),
            positions: Mutex::default(),
        }
    }
}
