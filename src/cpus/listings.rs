//! The listings of one text, read when they are asked for: few texts have any, and fewer have a report that they say
//! something about.

use super::{CpuTable, Reader};
use crate::grammar::Grammar;
use std::cell::OnceCell;

/// What a text says of single CPUs.
#[derive(Default)]
pub struct Listings<'t> {
    /// Its name and its bytes; `None` for one that comes in chunks.
    text: Option<(String, &'t [u8])>,
    table: OnceCell<Option<CpuTable>>,
}

impl<'t> Listings<'t> {
    /// Of a whole text.
    pub fn of(path: &str, bytes: &'t [u8]) -> Listings<'t> {
        Listings {
            text: Some((path.to_owned(), bytes)),
            table: OnceCell::new(),
        }
    }

    /// The table; `None` where the text says nothing of single CPUs.
    pub fn table(&self, grammar: &Grammar) -> Option<&CpuTable> {
        let read = || {
            let (path, bytes) = self.text.as_ref()?;
            let mut reader = Reader::new(grammar).ok()?;
            reader.text(path, bytes);
            Some(reader.finish()).filter(|table| !table.is_empty())
        };
        self.table.get_or_init(read).as_ref()
    }
}
