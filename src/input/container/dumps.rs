//! Parts of pstore dumps that are members of an archive, as somebody packed /sys/fs/pstore: those of a folder are
//! one log, as they are on disk ([`crate::input::entries`]).

use super::MemberPlace;
use crate::input::pstore::{MAX_PART, PartHead};
use std::collections::HashMap;

/// Memory for what is held back; a dump has less than that.
const MAX_BYTES: usize = 16 << 20;

/// The parts seen so far.
#[derive(Debug, Default)]
pub(super) struct Dumps {
    /// In the order of their first parts.
    folders: Vec<DumpFolder>,
    /// Where each is, by its name.
    places: HashMap<Option<String>, usize>,
    bytes: usize,
}

/// The parts of a folder of an archive.
#[derive(Debug)]
pub(super) struct DumpFolder {
    /// Its name, in the archive's.
    name: Option<String>,
    /// The name of the first part.
    part: Option<String>,
    parts: Vec<Vec<u8>>,
}

impl Dumps {
    /// Keeps the text of a member that is a part; false for any other.
    pub fn take(&mut self, text: &[u8], place: &MemberPlace<'_>) -> bool {
        let is_part = text.len() as u64 <= MAX_PART && PartHead::of(text).is_some();
        if is_part {
            let mut text = text.to_vec();
            if !text.ends_with(b"\n") {
                // So that the first line of the next part begins a line.
                text.push(b'\n');
            }
            self.bytes += text.len() + size_of::<Vec<u8>>();
            self.folder(place).parts.push(text);
        }
        is_part
    }

    fn folder(&mut self, place: &MemberPlace<'_>) -> &mut DumpFolder {
        let name = place.folder();
        let next = self.folders.len();
        let index = *self.places.entry(name.clone()).or_insert(next);
        if index == next {
            let part = place.chain();
            let names = [&name, &name, &part].map(|name| name.as_ref().map_or(0, String::len));
            self.bytes += names.iter().sum::<usize>() + 2 * size_of::<DumpFolder>();
            self.folders.push(DumpFolder {
                name,
                part,
                parts: Vec::new(),
            });
        }
        &mut self.folders[index]
    }

    /// True where no more should be held back.
    pub fn is_full(&self) -> bool {
        self.bytes > MAX_BYTES
    }

    /// All of them, each folder once.
    pub fn give(&mut self) -> Vec<DumpFolder> {
        std::mem::take(self).folders
    }
}

impl DumpFolder {
    /// What to call its log, and the text: by reason and count of the dump; the decoder puts the parts of each in
    /// order.
    pub fn into_log(mut self) -> (Option<String>, Vec<u8>) {
        let name = match self.parts.len() {
            1 => self.part,
            _ => self.name,
        };
        self.parts.sort();
        (name, self.parts.concat())
    }
}
