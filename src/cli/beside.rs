//! Listings of single CPUs beside a log: in other files of the same command line, the same folder or archive, or the
//! same mail.
//!
//! In: where the log is whose late clear asks for them. Out: what the texts beside it say of single CPUs. Where another of
//! them holds a late clear, or two contradict each other, nobody knows whose CPUs are listed, and nothing is said.

use crate::cpus::{Beside, CpuTable, ListingReader, TextPlace};
use crate::grammar::Grammar;
use crate::input::container::{Content, Limits, Member, MemberText, UnpackError, Unpacker, Visit};
use crate::input::{Entry, FileEntry, InputSource, entries};
use memchr::memmem;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a file that is looked into, and of all that is unpacked of it. Listings are small.
const MAX_FILE: u64 = 4 << 20;
const MAX_UNPACKED: u64 = 8 << 20;

/// Files that are looked into.
const MAX_FILES: usize = 64;

/// Places that are remembered because nothing can be had there.
const MAX_HOPELESS: usize = 1 << 16;

/// Which texts are beside a log.
pub enum Scope {
    /// All of these paths: what somebody names together is of one machine.
    Run(Vec<PathBuf>),
    /// Those of its folder; of a log in an archive or a mail, those beside it there. A tree holds many machines.
    Folder,
}

/// Looks for listings once a late clear asks, and no further where several logs do.
pub struct Neighbours {
    grammar: Arc<Grammar>,
    scope: Scope,
    hopeless: Mutex<HashSet<String>>,
}

impl Neighbours {
    /// For a run.
    pub fn new(grammar: Arc<Grammar>, scope: Scope) -> Neighbours {
        Neighbours {
            grammar,
            scope,
            hopeless: Mutex::default(),
        }
    }

    /// Two logs with the same area have the same texts beside them.
    fn area(&self, log: &TextPlace) -> String {
        match self.scope {
            Scope::Run(_) => String::new(),
            Scope::Folder if is_file_of_its_own(log) => folder_of(&log.path).display().to_string(),
            Scope::Folder => {
                let mail = log.mail.as_ref().and_then(|mail| mail.message_id.clone());
                let (folder, around) = inner_folder(log.member.as_deref());
                let mail = mail.unwrap_or_default();
                format!("{}\n{folder}\n{around}\n{mail}", log.path)
            }
        }
    }

    /// The files that may hold texts beside the log; `None` where they are too many.
    fn files(&self, log: &TextPlace) -> Option<Vec<FileEntry>> {
        let of = |path: PathBuf| FileEntry::named(path);
        let mut files: Vec<FileEntry> = Vec::new();
        match &self.scope {
            Scope::Run(paths) => {
                let stored = paths.iter().filter(|path| is_stored(path));
                for entry in stored.flat_map(|path| entries(path)).flatten() {
                    if let Entry::File(file) = entry {
                        files.push(file);
                    }
                    if files.len() > MAX_FILES {
                        return None;
                    }
                }
            }
            Scope::Folder if is_file_of_its_own(log) => {
                let listed = fs::read_dir(folder_of(&log.path)).ok()?.flatten();
                let listed = listed.filter(|file| file.file_type().is_ok_and(|of| of.is_file()));
                files.extend(listed.take(MAX_FILES + 1).map(|file| of(file.path())));
                if files.len() > MAX_FILES {
                    return None;
                }
                files.sort_by(|a, b| a.path.cmp(&b.path));
            }
            Scope::Folder => files.push(of(PathBuf::from(&log.path))),
        }
        Some(files)
    }

    fn read(&self, log: &TextPlace) -> Option<CpuTable> {
        let functions = self.grammar.sites.iter();
        let mut look = Look {
            grammar: &self.grammar,
            functions: functions.map(|site| site.function.as_bytes()).collect(),
            log,
            in_place: matches!(self.scope, Scope::Folder),
            path: String::new(),
            table: CpuTable::default(),
            is_ambiguous: false,
        };
        let unpacker = Unpacker::new(Limits {
            max_size: MAX_UNPACKED,
            ..Limits::default()
        });
        for file in self.files(log)? {
            look.file(&file, &unpacker);
        }
        (!look.is_ambiguous).then_some(look.table)
    }
}

impl Beside for Neighbours {
    fn look(&self, log: &TextPlace) -> Option<CpuTable> {
        let area = self.area(log);
        let hopeless = || self.hopeless.lock().unwrap_or_else(PoisonError::into_inner);
        if hopeless().contains(&area) {
            return None;
        }
        let table = self.read(log);
        let mut hopeless = hopeless();
        if table.is_none() && hopeless.len() < MAX_HOPELESS {
            hopeless.insert(area);
        }
        table.filter(|table| !table.is_empty())
    }
}

/// True for a log that is in no archive and no mail.
fn is_file_of_its_own(log: &TextPlace) -> bool {
    log.member.is_none() && log.mail.is_none()
}

fn folder_of(path: &str) -> &Path {
    match Path::new(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The folder within an archive, and the containers around that: `dmesg` of `boot/dmesg in a.tar in b.zip` is left out.
fn inner_folder(member: Option<&str>) -> (&str, &str) {
    let (name, around) = member.map_or(("", ""), |member| {
        member.split_once(" in ").unwrap_or((member, ""))
    });
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    (folder, around)
}

/// What can be read twice.
fn is_stored(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|told| told.is_file() || told.is_dir())
}

struct Look<'a> {
    grammar: &'a Grammar,
    functions: Vec<&'a [u8]>,
    log: &'a TextPlace,
    /// Only texts of the log's own folder or mail count.
    in_place: bool,
    path: String,
    table: CpuTable,
    is_ambiguous: bool,
}

impl Look<'_> {
    fn file(&mut self, file: &FileEntry, unpacker: &Unpacker) {
        let told = file.path.metadata();
        let name = printed(&file.path);
        let is_log = is_file_of_its_own(self.log) && self.is_path_of_log(&name);
        let small = told.is_ok_and(|told| told.is_file() && told.len() <= MAX_FILE);
        if !small || is_log {
            return;
        }
        self.path.clone_from(&name);
        let mut buffer = Vec::new();
        // What cannot be read is reported when it is read for reports.
        match InputSource::open(file, &mut buffer, None) {
            Ok(InputSource::Read(bytes)) => unpacker.unpack(&name, Content::Whole(bytes), self),
            Ok(InputSource::Mapped(bytes)) => unpacker.unpack(&name, Content::Whole(&bytes), self),
            Ok(InputSource::Stream(_)) | Err(_) => {}
        }
    }

    fn is_path_of_log(&self, name: &str) -> bool {
        name == self.log.path || name.strip_prefix("./") == Some(&self.log.path)
    }

    /// True where what a member says is said of the machine of the log.
    fn is_beside(&self, member: &Member<'_>) -> bool {
        if !self.in_place {
            return true;
        }
        let (name, log) = (member.name, self.log.member.as_deref());
        let same_folder =
            name.is_some() == log.is_some() && inner_folder(name) == inner_folder(log);
        member.mail == self.log.mail.as_ref() && (member.mail.is_some() || same_folder)
    }
}

fn printed(path: &Path) -> String {
    path.display().to_string()
}

impl Visit for Look<'_> {
    fn member(&mut self, member: Member<'_>) {
        let is_log = member.name == self.log.member.as_deref() && self.is_path_of_log(&self.path);
        let MemberText::Whole(bytes) = member.text else {
            return;
        };
        if is_log || !self.is_beside(&member) {
            return;
        }
        let is_late_clear = |function: &&[u8]| memmem::find(bytes, function).is_some();
        if self.functions.iter().any(is_late_clear) {
            self.is_ambiguous = true;
            return;
        }
        let Ok(mut reader) = ListingReader::new(self.grammar) else {
            return;
        };
        let path = match member.name {
            Some(name) => format!("{} ({name})", self.path),
            None => self.path.clone(),
        };
        reader.text(&path, bytes);
        let table = reader.finish();
        if self.table.is_of_another_machine(&table) {
            self.is_ambiguous = true;
            return;
        }
        self.table.absorb(table);
    }

    fn error(&mut self, _: UnpackError) {}

    fn is_over(&self) -> bool {
        self.is_ambiguous
    }
}
