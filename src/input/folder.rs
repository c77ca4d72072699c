//! Folders: a maildir, a public-inbox of single mails, what somebody gathered in /sys/fs/pstore.
//!
//! In: a path. Out: the files under it, in the order of their names. The parts of a pstore dump,
//! which are files of their own, come as one input.

use super::InputError;
use super::pstore::{MAX_PART, PartHead, unpack_part};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Folders within folders.
const MAX_DEPTH: usize = 32;

/// Bytes that tell a part, also a compressed one.
const HEAD: u64 = 512;

/// An input.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, or what the user named and is no folder.
    File(PathBuf),
    /// The parts of the pstore dumps of a folder, one behind the other.
    Dump {
        /// The folder.
        folder: PathBuf,
        /// The text of all parts.
        text: Vec<u8>,
    },
}

/// The inputs that a path stands for: itself, or what is in it if it is a folder. Links in a folder
/// are not followed.
pub fn entries(path: &Path) -> Vec<Result<Entry, InputError>> {
    let mut found = Vec::new();
    if path.is_dir() {
        walk(path, MAX_DEPTH, &mut found);
    } else {
        found.push(Ok(Entry::File(path.to_owned())));
    }
    found
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<Result<Entry, InputError>>) {
    let fail = |reason| {
        Err(InputError {
            path: folder.display().to_string(),
            reason,
        })
    };
    if depth == 0 {
        return found.push(fail(io::Error::other("folders are nested too deep")));
    }
    let mut inside = match list(folder) {
        Ok(inside) => inside,
        Err(reason) => return found.push(fail(reason)),
    };
    inside.sort();
    let mut dump = Vec::new();
    for (path, is_folder) in inside {
        if is_folder {
            walk(&path, depth - 1, found);
        } else if let Some(part) = part_of_dump(&path) {
            dump.push(part);
        } else {
            found.push(Ok(Entry::File(path)));
        }
    }
    if !dump.is_empty() {
        // By reason and count of the dump; the decoder puts the parts of each in order.
        dump.sort();
        found.push(Ok(Entry::Dump {
            folder: folder.to_owned(),
            text: dump.concat(),
        }));
    }
}

/// Files and folders in a folder; true for a folder.
fn list(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut inside = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_file() || kind.is_dir() {
            inside.push((entry.path(), kind.is_dir()));
        }
    }
    Ok(inside)
}

/// The text of a file that is a part of a pstore dump, with a line feed at its end.
fn part_of_dump(path: &Path) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut file = File::open(path).ok()?;
    file.by_ref().take(HEAD).read_to_end(&mut text).ok()?;
    let plain = PartHead::of(&text).is_some();
    if !plain && unpack_part(&text, HEAD).is_none() {
        return None;
    }
    file.take(MAX_PART).read_to_end(&mut text).ok()?;
    if !plain {
        text = unpack_part(&text, MAX_PART)?.0;
    }
    if !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_sorted_and_parts_of_a_dump_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("new")).expect("a folder inside");
        for (name, text) in [
            ("b.log", "x"),
            ("a.log", "y"),
            ("new/1", "z"),
            ("dmesg-efi-2", "Panic#1 Part1\nend"),
            ("dmesg-efi-1", "Panic#1 Part2\nbegin"),
        ] {
            fs::write(at(name), text).expect("a file");
        }
        let found: Vec<_> = entries(folder.path()).into_iter().flatten().collect();
        assert_eq!(
            found,
            [
                Entry::File(at("a.log")),
                Entry::File(at("b.log")),
                Entry::File(at("new/1")),
                Entry::Dump {
                    folder: folder.path().to_owned(),
                    text: b"Panic#1 Part1\nend\nPanic#1 Part2\nbegin\n".to_vec(),
                },
            ]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_a_file_that_cannot_be_read() {
        let found = entries(Path::new("/nowhere"));
        assert!(matches!(found.as_slice(), [Ok(Entry::File(_))]));
    }
}
