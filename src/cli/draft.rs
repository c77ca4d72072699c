//! Files that are written: `-o`, baselines.
//!
//! In: a path. Out: a draft beside it, which takes its place when all of it was written and has reached the
//! disk. Killed, full or failed half-way, the old file stays untouched, also where it is read at the same time. To
//! write into the old file would be shorter, and would destroy an input that is named as the output.

use crate::input::DRAFT_PREFIX;
use crate::os;
use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Links that are followed, one after the other, as the kernel does (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Names that are tried for a draft; each is one of 2^64.
const MAX_TRIES: usize = 8;

/// Where something is written.
#[derive(Debug)]
pub enum DraftTarget {
    /// A regular file, or none yet: it is replaced.
    Draft(Draft),
    /// A pipe, a terminal, a device: it is written as it comes.
    Direct(File),
}

impl DraftTarget {
    /// Opens what is to be written.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(path: &Path) -> io::Result<DraftTarget> {
        match fs::metadata(path) {
            // A rename would put a file in the place of the device.
            Ok(is) if !is.is_file() && !is.is_dir() => OpenOptions::new()
                .write(true)
                .open(path)
                .map(DraftTarget::Direct),
            _ => Draft::of(path).map(DraftTarget::Draft),
        }
    }

    /// All was written: a file gets into its place.
    ///
    /// # Errors
    /// What the operating system says; the old file stays then.
    pub fn place(self) -> io::Result<()> {
        match self {
            DraftTarget::Draft(draft) => draft.place(),
            DraftTarget::Direct(_) => Ok(()),
        }
    }
}

impl Write for DraftTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            DraftTarget::Draft(draft) => draft.file.write(bytes),
            DraftTarget::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            DraftTarget::Draft(draft) => draft.file.flush(),
            DraftTarget::Direct(file) => file.flush(),
        }
    }
}

/// A file in the making.
#[derive(Debug)]
pub struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
    placed: bool,
}

impl Draft {
    /// Begins a file that is to take the place of `target`, which may be missing, or a link to the place.
    ///
    /// # Errors
    /// What the operating system says: the folder may not be written, the target is a folder.
    fn of(target: &Path) -> io::Result<Draft> {
        // The link stays a link, and what it leads to is replaced.
        let target = behind_links(target)?;
        let old = match fs::metadata(&target) {
            Ok(old) if old.is_dir() => return Err(ErrorKind::IsADirectory.into()),
            Ok(old) if !old.is_file() => return Err(io::Error::other("no regular file")),
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let (file, path) = create(&folder_of(&target), old.is_some())?;
        let draft = Draft {
            file,
            path,
            target,
            placed: false,
        };
        old.map_or(Ok(()), |old| os::like(&draft.file, &old))?;
        Ok(draft)
    }

    /// Puts the file into its place.
    ///
    /// # Errors
    /// What the operating system says; the old file stays then.
    fn place(mut self) -> io::Result<()> {
        // Before the rename, or a crash could leave an empty file in the place of the old one.
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        self.placed = true;
        // The name is in its place; where the folder cannot be synced, it gets to the disk later.
        let _ = File::open(folder_of(&self.target)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.placed {
            // Nobody is left to learn of an error.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// What a chain of links leads to, which need not be there.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = folder_of(&path).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links"))
}

/// Makes a file with a name that nobody can foresee, and that cannot be a link.
fn create(folder: &Path, private: bool) -> io::Result<(File, PathBuf)> {
    let mut tries = 0;
    loop {
        let random = RandomState::new().build_hasher().finish();
        let path = folder.join(format!("{DRAFT_PREFIX}{random:016x}"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        // It gets the mode of the old file; until then nobody else reads it.
        if private {
            os::private(&mut options);
        }
        tries += 1;
        match options.open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < MAX_TRIES => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_old_file_stands_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("out");
        fs::write(&target, "old").expect("written");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).expect("changed");
        let mut draft = Draft::of(&target).expect("a draft");
        draft.file.write_all(b"new").expect("written");
        assert_eq!(fs::read(&target).expect("readable"), b"old");
        drop(draft);
        assert_eq!(names(folder.path()), ["out"]);
        let mut draft = Draft::of(&target).expect("a draft");
        draft.file.write_all(b"new").expect("written");
        draft.place().expect("placed");
        assert_eq!(fs::read(&target).expect("readable"), b"new");
        let mode = fs::metadata(&target).expect("there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let (link, there) = (folder.path().join("link"), folder.path().join("d/there"));
        fs::create_dir(folder.path().join("d")).expect("made");
        symlink("d/there", &link).expect("a link");
        for text in ["first", "second"] {
            let mut draft = Draft::of(&link).expect("a draft");
            draft.file.write_all(text.as_bytes()).expect("written");
            draft.place().expect("placed");
            assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
            assert_eq!(fs::read(&there).expect("readable"), text.as_bytes());
        }
        symlink("round", folder.path().join("round")).expect("a link");
        assert!(Draft::of(&folder.path().join("round")).is_err());
    }

    #[test]
    fn a_hard_link_keeps_the_old_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, output) = (folder.path().join("input"), folder.path().join("output"));
        fs::write(&input, "log").expect("written");
        fs::hard_link(&input, &output).expect("a link");
        Draft::of(&output)
            .expect("a draft")
            .place()
            .expect("placed");
        assert_eq!(fs::read(&input).expect("readable"), b"log");
        assert_eq!(fs::read(&output).expect("readable"), b"");
    }
}
