//! Folders: a maildir, a public-inbox, a tree of results, what somebody gathered in /sys/fs/pstore.
//!
//! In: a path. Out: the inputs under it, one after the other, in the order of their names. The parts of a
//! pstore dump, which are files of their own, come as one input, and so does a public-inbox repository.

use super::pstore::{MAX_PART, PartHead, unpack_part};
use super::{InputError, inbox};
use crate::os;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folders within folders.
const MAX_DEPTH: usize = 32;

/// Bytes that identify a part, also a compressed one.
const HEAD: u64 = 512;

/// What the names of files begin with that ksplat is writing: they are no inputs.
pub const DRAFT_PREFIX: &str = ".ksplat-";

/// Bytes of the parts of a folder that are put together; a backend has less. Beyond it a part is a file as any other.
const MAX_DUMP: usize = 4 << 20;

/// What the kernel's names of the parts of a dump begin with (`pstore_mkfile()`, fs/pstore/inode.c).
const PART_NAME: &[u8] = b"dmesg-";

/// An input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file, or what the user named and is no folder.
    File(FileEntry),
    /// The parts of the pstore dumps of a folder, one after the other.
    Dump {
        /// The folder.
        folder: PathBuf,
        /// The text of all parts.
        text: Vec<u8>,
    },
    /// A bare git repository that may be a public-inbox.
    Inbox(PathBuf),
}

impl Entry {
    /// As the user named it, or that and the way from there.
    pub fn path(&self) -> &Path {
        match self {
            Entry::File(file) => &file.path,
            Entry::Dump { folder: path, .. } | Entry::Inbox(path) => path,
        }
    }
}

/// A file, and the open folder that lists it as a regular one: what the user named is in none.
#[derive(Debug, Clone)]
pub struct FileEntry {
    /// Its path.
    pub path: PathBuf,
    folder: Option<Arc<os::Folder>>,
}

impl FileEntry {
    /// What the user named.
    pub fn named(path: PathBuf) -> FileEntry {
        FileEntry { path, folder: None }
    }

    /// True where it was a regular file when its folder was listed.
    pub fn is_listed(&self) -> bool {
        self.folder.is_some()
    }

    /// True for `-`, which the user names to have standard input read.
    pub fn is_standard_input(&self) -> bool {
        self.folder.is_none() && self.path.as_os_str() == "-"
    }

    /// Opens it: from its folder on, where the way there is known.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(&self) -> io::Result<File> {
        match (&self.folder, self.path.file_name()) {
            (Some(folder), Some(name)) => os::open_listed(folder, name),
            _ => os::open_named(&self.path),
        }
    }
}

impl PartialEq for FileEntry {
    fn eq(&self, other: &FileEntry) -> bool {
        self.path == other.path
    }
}

impl Eq for FileEntry {}

/// The inputs of a path: itself, or what is in it if it is a folder. Links in a folder
/// are not followed.
pub fn entries(path: &Path) -> Entries {
    let mut entries = Entries {
        open: Vec::new(),
        links: 0,
    };
    let first = if path.is_dir() {
        entries.folder(path.to_owned())
    } else {
        Some(Ok(Entry::File(FileEntry::named(path.to_owned()))))
    };
    entries
        .open
        .insert(0, first.map(FolderStep::Give).into_iter().collect());
    entries
}

/// The inputs under a path, found as they are asked for.
#[derive(Debug)]
pub struct Entries {
    /// The folders that lead to the place reached, each with what is left of it, last one first.
    open: Vec<Vec<FolderStep>>,
    links: u64,
}

#[derive(Debug)]
enum FolderStep {
    File(FileEntry),
    Folder(PathBuf),
    Give(Result<Entry, InputError>),
}

impl Iterator for Entries {
    type Item = Result<Entry, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(step) = self.open.last_mut()?.pop() else {
                self.open.pop();
                continue;
            };
            let given = match step {
                FolderStep::File(file) => Some(Ok(Entry::File(file))),
                FolderStep::Give(given) => Some(given),
                FolderStep::Folder(path) => self.folder(path),
            };
            if given.is_some() {
                return given;
            }
        }
    }
}

impl Entries {
    /// Links that were passed over so far.
    pub fn links(&self) -> u64 {
        self.links
    }

    /// Goes into a folder, or gives what it is as a whole.
    fn folder(&mut self, path: PathBuf) -> Option<Result<Entry, InputError>> {
        if inbox::is(&path) {
            return Some(Ok(Entry::Inbox(path)));
        }
        self.enter(path).err().map(Err)
    }

    /// Goes into a folder, whatever it looks like: the next inputs are those in it.
    ///
    /// # Errors
    /// What the operating system says, with the path.
    pub fn enter(&mut self, path: PathBuf) -> Result<(), InputError> {
        let listed = if self.open.len() < MAX_DEPTH {
            list(&path)
        } else {
            Err(io::Error::other("folders are nested too deep"))
        };
        let (steps, links) = listed.map_err(|reason| InputError {
            path: path.display().to_string(),
            reason,
        })?;
        self.links += links;
        self.open.push(steps);
        Ok(())
    }
}

/// What is in a folder, last one first, and the number of the links in it.
fn list(folder: &Path) -> io::Result<(Vec<FolderStep>, u64)> {
    let mut inside: Vec<(OsString, bool)> = Vec::new();
    let mut links = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        links += u64::from(kind.is_symlink());
        // A draft may be the very file that this run writes its output to.
        let name = entry.file_name();
        let is_draft = name.as_encoded_bytes().starts_with(DRAFT_PREFIX.as_bytes());
        if (kind.is_file() || kind.is_dir()) && !is_draft {
            inside.push((name, kind.is_dir()));
        }
    }
    // From last to first, since steps are taken from the end. The order of the disk differs between
    // machines.
    inside.sort_unstable_by(|a, b| b.cmp(a));
    // Without it, as where too many files are open, the files are found by their paths.
    let handle = os::folder(folder).map(Arc::new);
    let (mut dump, mut room) = (Vec::new(), MAX_DUMP);
    let mut steps = Vec::with_capacity(inside.len() + 1);
    for (name, is_folder) in inside {
        // By name first: to open every file of a large folder would cost more than all else here.
        let may_be_part = name.as_encoded_bytes().starts_with(PART_NAME) && room > 0;
        let path = folder.join(name);
        if is_folder {
            steps.push(FolderStep::Folder(path));
        } else if let Some(part) = may_be_part.then(|| part_of_dump(&path)).flatten() {
            room = room.saturating_sub(part.text.len());
            let damage = part.damage.map(|reason| InputError::of(&path, reason));
            steps.extend(damage.map(|error| FolderStep::Give(Err(error))));
            dump.push(part.text);
        } else {
            let folder = handle.clone();
            steps.push(FolderStep::File(FileEntry { path, folder }));
        }
    }
    if !dump.is_empty() {
        // By reason and count of the dump; the decoder puts the parts of each in order.
        dump.sort();
        let dump = Entry::Dump {
            folder: folder.to_owned(),
            text: dump.concat(),
        };
        steps.insert(0, FolderStep::Give(Ok(dump)));
    }
    Ok((steps, links))
}

/// A file that is a part of a pstore dump.
struct PstoreFile {
    text: Vec<u8>,
    /// Why the text is not all of it.
    damage: Option<io::Error>,
}

/// The text of a file that is a part of a pstore dump, with a line feed at its end.
fn part_of_dump(path: &Path) -> Option<PstoreFile> {
    let mut text = Vec::new();
    let mut file = os::open_listed_path(path).ok()?;
    file.by_ref().take(HEAD).read_to_end(&mut text).ok()?;
    let plain = PartHead::of(&text).is_some();
    if !plain && unpack_part(&text, HEAD).is_none() {
        return None;
    }
    // Only now all of it: any file may have such a name.
    file.take(MAX_PART).read_to_end(&mut text).ok()?;
    // What is larger than any part is read as a file of its own, to its end.
    if text.len() as u64 >= MAX_PART {
        return None;
    }
    let mut damage = None;
    if !plain {
        let (part, end) = unpack_part(&text, MAX_PART)?;
        text = part;
        damage = end.err();
    }
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    Some(PstoreFile { text, damage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::bufread::ZlibEncoder;

    #[test]
    fn files_come_sorted_and_parts_of_a_dump_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("new")).expect("a folder inside");
        fs::create_dir(at("none")).expect("a folder inside");
        for (name, text) in [
            ("b.log", "x"),
            ("a.log", "y"),
            ("new/1", "z"),
            ("z.log", "y"),
            ("dmesg-efi-2", "Panic#1 Part1\nend"),
            ("dmesg-efi-1", "Panic#1 Part2\nbegin"),
        ] {
            fs::write(at(name), text).expect("a file");
        }
        let file = |name| Entry::File(FileEntry::named(at(name)));
        let found: Vec<_> = entries(folder.path()).flatten().collect();
        assert_eq!(
            found,
            [
                file("a.log"),
                file("b.log"),
                file("new/1"),
                file("z.log"),
                Entry::Dump {
                    folder: folder.path().to_owned(),
                    text: b"Panic#1 Part1\nend\nPanic#1 Part2\nbegin\n".to_vec(),
                },
            ]
        );
    }

    #[test]
    fn a_damaged_part_of_a_dump_is_reported_and_its_beginning_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("dmesg-efi-1.enc.z");
        let text = "Panic#1 Part1\n<4>[    1.000000] x\n".repeat(200);
        let mut packed = Vec::new();
        let mut encoder = ZlibEncoder::new(text.as_bytes(), Compression::fast());
        encoder.read_to_end(&mut packed).expect("packed");
        fs::write(&path, &packed[..packed.len() - 9]).expect("a file");
        let found: Vec<_> = entries(folder.path()).collect();
        let [Err(error), Ok(Entry::Dump { text, .. })] = found.as_slice() else {
            panic!("{} entries", found.len());
        };
        assert!(text.starts_with(b"Panic#1 Part1\n"));
        assert!(error.to_string().contains("dmesg-efi-1.enc.z"), "{error}");
    }

    #[test]
    fn links_are_counted_and_drafts_are_no_inputs() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("log"), "x").expect("a file");
        fs::write(at(&format!("{DRAFT_PREFIX}0123")), "half of it").expect("a file");
        for (target, name) in [("log", "same"), ("/", "root"), ("nowhere", "none")] {
            std::os::unix::fs::symlink(target, at(name)).expect("a link");
        }
        let mut found = entries(folder.path());
        let files: Vec<_> = found.by_ref().flatten().collect();
        assert_eq!(files, [Entry::File(FileEntry::named(at("log")))]);
        assert_eq!(found.links(), 3);
    }

    #[test]
    fn what_became_a_link_since_it_was_listed_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("log"), "x").expect("a file");
        let mut found = entries(folder.path());
        let Some(Ok(Entry::File(file))) = found.next() else {
            panic!("no file");
        };
        fs::remove_file(at("log")).expect("removed");
        std::os::unix::fs::symlink("/etc/passwd", at("log")).expect("a link");
        assert!(file.open().is_err());
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_file_that_cannot_be_read() {
        let found: Vec<_> = entries(Path::new("/nowhere")).collect();
        assert!(matches!(found.as_slice(), [Ok(Entry::File(_))]));
    }

    #[test]
    fn folders_without_end_are_told_and_the_rest_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut deep = folder.path().to_owned();
        for _ in 0..40 {
            deep.push("a");
        }
        fs::create_dir_all(&deep).expect("folders");
        fs::write(folder.path().join("b"), "x").expect("a file");
        let found: Vec<_> = entries(folder.path()).collect();
        assert!(matches!(found.as_slice(), [Err(_), Ok(Entry::File(_))]));
    }
}
