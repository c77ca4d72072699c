//! Listings of single CPUs beside a log: in other files of the same command line, the same folder or archive, or the
//! same mail.
//!
//! In: the paths of a run. Out: what all of them say of single CPUs but the one log that holds a late clear. Where
//! several do, nobody knows whose CPUs are listed, and nothing is said.

use crate::cpus::{CpuTable, ListingReader};
use crate::grammar::Grammar;
use crate::input::container::{Content, Limits, Member, Text, UnpackError, Unpacker, Visit};
use crate::input::{Entry, Source, entries};
use memchr::memmem;
use std::path::{Path, PathBuf};

/// Bytes of a file that is looked into, and of all that is unpacked of it. Listings are small.
const MAX_FILE: u64 = 4 << 20;
const MAX_UNPACKED: u64 = 8 << 20;

/// Files that are looked into.
const MAX_FILES: usize = 64;

/// What the files list, where exactly one text of them holds a late clear.
pub fn listings(grammar: &Grammar, paths: &[PathBuf]) -> Option<CpuTable> {
    let functions = grammar.sites.iter().map(|site| site.function.as_bytes());
    let mut look = Look {
        functions: functions.collect(),
        reader: None,
        path: String::new(),
        texts: 0,
        logs: 0,
    };
    look.files(paths)?;
    // Few runs have a late clear, and fewer a text beside it: only those are read for what they list.
    if look.logs != 1 || look.texts == 1 {
        return None;
    }
    look.reader = Some(ListingReader::new(grammar).ok()?);
    look.files(paths)?;
    let table = look.reader?.finish();
    (!table.is_empty()).then_some(table)
}

/// What can be read twice.
fn is_stored(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|told| told.is_file() || told.is_dir())
}

struct Look<'a> {
    functions: Vec<&'a [u8]>,
    /// Only once it is known that there is something to read.
    reader: Option<ListingReader<'a>>,
    path: String,
    /// Texts, and those that hold a late clear.
    texts: usize,
    logs: usize,
}

impl Look<'_> {
    /// Looks into all files; `None` where they are too many.
    fn files(&mut self, paths: &[PathBuf]) -> Option<()> {
        let unpacker = Unpacker::new(Limits {
            max_size: MAX_UNPACKED,
            ..Limits::default()
        });
        (self.texts, self.logs) = (0, 0);
        let mut files = 0;
        // A pipe cannot be read twice.
        for path in paths.iter().filter(|path| is_stored(path)) {
            for entry in entries(path).flatten() {
                files += 1;
                if files > MAX_FILES {
                    return None;
                }
                self.file(&entry, &unpacker);
            }
        }
        Some(())
    }

    fn file(&mut self, entry: &Entry, unpacker: &Unpacker) {
        let Entry::File(file) = entry else {
            return;
        };
        let small = file
            .path
            .metadata()
            .is_ok_and(|told| told.is_file() && told.len() <= MAX_FILE);
        if !small {
            return;
        }
        let name = file.path.display().to_string();
        self.path.clone_from(&name);
        let mut buffer = Vec::new();
        // What cannot be read is reported when it is read for reports.
        match Source::open(file, &mut buffer, None) {
            Ok(Source::Read(bytes)) => unpacker.unpack(&name, Content::Whole(bytes), self),
            Ok(Source::Mapped(bytes)) => unpacker.unpack(&name, Content::Whole(&bytes), self),
            Ok(Source::Stream(_)) | Err(_) => {}
        }
    }
}

impl Visit for Look<'_> {
    fn member(&mut self, member: Member<'_>) {
        let Text::Whole(bytes) = member.text else {
            return;
        };
        let is_log = |function: &&[u8]| memmem::find(bytes, function).is_some();
        self.texts += 1;
        if self.functions.iter().any(is_log) {
            self.logs += 1;
            return;
        }
        let Some(reader) = &mut self.reader else {
            return;
        };
        let path = match member.name {
            Some(name) => format!("{} ({name})", self.path),
            None => self.path.clone(),
        };
        reader.text(&path, bytes);
    }

    fn error(&mut self, _: UnpackError) {}

    fn is_over(&self) -> bool {
        // Two logs: whose CPUs are listed is not known any more.
        self.logs > 1
    }
}
