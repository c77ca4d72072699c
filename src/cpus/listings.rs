//! The listings of one text, read when they are asked for: few texts have any, and fewer have a report that they say
//! something about.

use super::{CpuTable, ListingReader};
use crate::grammar::Grammar;
use std::cell::OnceCell;

/// What a text says of single CPUs, and others of the same machine.
#[derive(Default)]
pub struct Listings<'t> {
    /// Its name and its bytes; `None` for one that comes in chunks.
    text: Option<(String, &'t [u8])>,
    table: OnceCell<Option<CpuTable>>,
    /// What other texts say.
    beside: Option<&'t CpuTable>,
    all: OnceCell<Option<CpuTable>>,
}

impl<'t> Listings<'t> {
    /// Of a whole text.
    pub fn of(path: &str, bytes: &'t [u8], beside: Option<&'t CpuTable>) -> Listings<'t> {
        Listings {
            text: Some((path.to_owned(), bytes)),
            ..Listings::beside(beside)
        }
    }

    /// Of a text that comes in chunks: only what others say.
    pub fn beside(beside: Option<&'t CpuTable>) -> Listings<'t> {
        Listings {
            beside,
            ..Listings::default()
        }
    }

    /// True where a line of this path is one of the text itself.
    pub fn is_own(&self, path: &str) -> bool {
        self.text.as_ref().is_some_and(|(own, _)| own == path)
    }

    /// What the text itself says; `None` where it says nothing of single CPUs.
    pub fn table(&self, grammar: &Grammar) -> Option<&CpuTable> {
        let read = || {
            let (path, bytes) = self.text.as_ref()?;
            let mut reader = ListingReader::new(grammar).ok()?;
            reader.text(path, bytes);
            Some(reader.finish()).filter(|table| !table.is_empty())
        };
        self.table.get_or_init(read).as_ref()
    }

    /// What all texts say; of what several do, the text itself counts.
    pub fn all(&self, grammar: &Grammar) -> Option<&CpuTable> {
        let Some(beside) = self.beside else {
            return self.table(grammar);
        };
        // The text itself first, since the first value of a CPU counts.
        let merge = || {
            let mut all = self.table(grammar).cloned().unwrap_or_default();
            all.absorb(beside.clone());
            Some(all)
        };
        self.all.get_or_init(merge).as_ref()
    }
}
