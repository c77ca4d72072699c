//! The listings of one text, read when they are asked for: few texts have any, and fewer have a report that they say
//! something about.

use super::{CpuTable, ListingReader};
use crate::grammar::Grammar;
use crate::input::container::Envelope;
use std::cell::OnceCell;
use std::sync::Arc;

/// Which text it is: the log that asks for listings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextPlace {
    /// The input, as the user named it.
    pub path: String,
    /// The chain of containers inside it.
    pub member: Option<String>,
    /// The mail that it is in.
    pub mail: Option<Arc<Envelope>>,
}

/// Knows what other texts say of the CPUs of the machine that a log is of.
pub trait Beside: Send + Sync {
    /// Looks for them; `None` where there are none, or where it is not known whose CPUs they list.
    fn look(&self, log: &TextPlace) -> Option<CpuTable>;
}

/// What a text says of single CPUs, and others of the same machine.
#[derive(Default)]
pub struct Listings<'t> {
    place: TextPlace,
    /// `None` for one that comes in chunks.
    bytes: Option<&'t [u8]>,
    table: OnceCell<Option<CpuTable>>,
    /// Who knows other texts.
    beside: Option<&'t dyn Beside>,
    all: OnceCell<Option<CpuTable>>,
}

impl<'t> Listings<'t> {
    /// Of a text; one that comes in chunks has no `bytes`, and only others say something.
    pub fn of(
        place: TextPlace,
        bytes: Option<&'t [u8]>,
        beside: Option<&'t dyn Beside>,
    ) -> Listings<'t> {
        Listings {
            place,
            bytes,
            beside,
            ..Listings::default()
        }
    }

    /// True where a line of this path is one of the text itself.
    pub fn is_own(&self, path: &str) -> bool {
        self.bytes.is_some() && self.place.path == path
    }

    /// What the text itself says; `None` where it says nothing of single CPUs.
    pub fn table(&self, grammar: &Grammar) -> Option<&CpuTable> {
        let read = || {
            let mut reader = ListingReader::new(grammar).ok()?;
            reader.text(&self.place.path, self.bytes?);
            Some(reader.finish()).filter(|table| !table.is_empty())
        };
        self.table.get_or_init(read).as_ref()
    }

    /// What texts beside it added, where a late clear has asked.
    pub fn gathered(&self) -> Option<&CpuTable> {
        self.all.get()?.as_ref()
    }

    /// What all texts say; of what several do, the text itself counts. One that contradicts it is of another machine.
    pub fn all(&self, grammar: &Grammar) -> Option<&CpuTable> {
        let own = self.table(grammar);
        let gather = || {
            let beside = self.beside?.look(&self.place)?;
            // The text itself first, since the first value of a CPU counts.
            let mut all = own.cloned().unwrap_or_default();
            if all.is_of_another_machine(&beside) {
                return None;
            }
            all.absorb(beside);
            Some(all)
        };
        self.all.get_or_init(gather).as_ref().or(own)
    }
}
