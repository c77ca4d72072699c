//! Files that hold a part of another one's debug info. In: the file. Out: its supplementary file (dwz), its package of
//! split DWARF (`.dwp`) and its `.dwo` files, each opened when it is needed.
//!
//! Their names come out of a file, which may be crafted: only regular files are opened, and each has to prove by its
//! build-id or `dwo_id` that it belongs to the file.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::elf::ElfFile;

/// `.dwo` files of one image; a kernel has some 5,000 units.
const MAX_SPLIT: usize = 1 << 14;

/// Folders above the file that may be the kernel tree: `drivers/gpu/drm/amd/amdgpu/amdgpu.ko` is five below it.
const MAX_ABOVE: usize = 12;

type CompanionSlot = OnceLock<Option<ElfFile>>;

/// An ELF file and the others that hold parts of its debug info.
pub(super) struct Files {
    pub(super) own: ElfFile,
    /// Folders like `/usr/lib/debug`.
    roots: Vec<PathBuf>,
    max_size: u64,
    supplementary: CompanionSlot,
    package: CompanionSlot,
    split: OnceLock<Box<[CompanionSlot]>>,
    /// The slot of each `.dwo` file.
    slots: Mutex<HashMap<PathBuf, usize>>,
    missing: OnceLock<String>,
}

impl Files {
    pub(super) fn new(own: ElfFile, roots: Vec<PathBuf>, max_size: u64) -> Files {
        Files {
            own,
            roots,
            max_size,
            supplementary: CompanionSlot::new(),
            package: CompanionSlot::new(),
            split: OnceLock::new(),
            slots: Mutex::default(),
            missing: OnceLock::new(),
        }
    }

    /// The first file that was needed and not found, in words.
    pub(super) fn missing(&self) -> Option<&str> {
        self.missing.get().map(String::as_str)
    }

    /// Notes that a `.dwo` file is not there.
    pub(super) fn lacks_split(&self, name: &str) {
        self.missing.get_or_init(|| {
            format!(
                "its debug info is in .dwo files, and {name} was not found: inlined functions and what is in that file \
                 are not known; keep the build tree, or put the package that `dwp -e vmlinux` makes beside the file"
            )
        });
    }

    /// The file that `.gnu_debugaltlink` names.
    pub(super) fn supplementary(&self) -> Option<&ElfFile> {
        let open = || {
            let (name, id) = alternate_link(self.own.section(".gnu_debugaltlink"))?;
            let is_it = |file: &ElfFile| file.build_id().as_deref() == Some(id.as_str());
            let places = self.alternate_places(&name, &id);
            let found = places.iter().find_map(|path| self.open(path).filter(is_it));
            if found.is_none() {
                let name = name.display();
                self.missing.get_or_init(|| {
                    format!(
                        "a part of its debug info is in {name} (build-id {id}), which was not found: some names are not \
                         known; install the whole debug package"
                    )
                });
            }
            found
        };
        self.supplementary.get_or_init(open).as_ref()
    }

    /// As gdb looks for it (`dwarf2_get_dwz_file`): by its name from the file's folder, by its build-id, by its name
    /// below `.dwz`.
    fn alternate_places(&self, name: &Path, id: &str) -> Vec<PathBuf> {
        let folder = self.own.path().parent().unwrap_or(Path::new(""));
        let plain = name.file_name().map(PathBuf::from).unwrap_or_default();
        // `alternate_link` lets no id through that is shorter.
        let (first, rest) = id.split_at(2);
        let by_id = format!(".build-id/{first}/{rest}.debug");
        let below = self.roots.iter().flat_map(|root| {
            [
                root.join(&by_id),
                root.join(".dwz").join(&plain),
                root.join("usr/lib/debug").join(&by_id),
                root.join("usr/lib/debug/.dwz").join(&plain),
            ]
        });
        let beside = [
            folder.join(name),
            folder.join(".dwz").join(&plain),
            folder.join(&plain),
        ];
        beside.into_iter().chain(below).collect()
    }

    /// The package of split DWARF: `vmlinux.dwp` beside `vmlinux`.
    pub(super) fn package(&self) -> Option<&ElfFile> {
        let open = || {
            let mut name = OsString::from(self.own.path());
            name.push(".dwp");
            self.open(Path::new(&name))
        };
        self.package.get_or_init(open).as_ref()
    }

    /// The `.dwo` files that a unit may mean, opened as they are asked for: where the unit was compiled, and below
    /// the folders above the file, which is in a tree that may have been moved.
    pub(super) fn split<'a>(
        &'a self,
        name: &str,
        compiled_in: &str,
    ) -> impl Iterator<Item = &'a ElfFile> + use<'a> {
        let name = Path::new(name);
        let relative = name.strip_prefix(compiled_in).unwrap_or(name);
        let beside = relative.file_name().map_or(relative, Path::new);
        let mut places = vec![
            Path::new(compiled_in).join(name),
            self.own.path().with_file_name(beside),
        ];
        let above = self.own.path().ancestors().skip(1).take(MAX_ABOVE);
        places.extend(above.map(|folder| folder.join(relative)));
        places.into_iter().filter_map(|path| self.split_file(path))
    }

    fn split_file(&self, path: PathBuf) -> Option<&ElfFile> {
        if !path.is_file() {
            return None;
        }
        // Slots are made beforehand, because references to the files are handed out: a vector that
        // grows would move them.
        let number = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            let next = slots.len();
            *slots.entry(path.clone()).or_insert(next)
        };
        let all = self
            .split
            .get_or_init(|| (0..MAX_SPLIT).map(|_| CompanionSlot::new()).collect());
        all.get(number)?.get_or_init(|| self.open(&path)).as_ref()
    }

    fn open(&self, path: &Path) -> Option<ElfFile> {
        if !path.is_file() {
            return None;
        }
        ElfFile::open(path, self.max_size).ok()
    }
}

/// A name that ends in a zero byte, and the build-id of the file.
fn alternate_link(section: &[u8]) -> Option<(PathBuf, String)> {
    let end = section.iter().position(|&byte| byte == 0)?;
    let name = std::str::from_utf8(section.get(..end)?).ok()?;
    let id = section.get(end + 1..).filter(|id| id.len() > 1)?;
    let id = id.iter().map(|byte| format!("{byte:02x}")).collect();
    (!name.is_empty()).then(|| (PathBuf::from(name), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_a_name_and_a_build_id() {
        let read = alternate_link(b"../.dwz/x.debug\0\x01\xab");
        let wanted = (PathBuf::from("../.dwz/x.debug"), "01ab".to_owned());
        assert_eq!(read, Some(wanted));
        for broken in [&b""[..], b"name", b"name\0", b"name\0\x01", b"\0\x01\x02"] {
            assert_eq!(alternate_link(broken), None);
        }
    }
}
