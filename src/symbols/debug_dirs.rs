//! Debug files below `--debug-dir`, and in the usual places of the machine. In: a build-id, a kernel release, a
//! module's name. Out: the paths that exist, best first.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::search::Search;

/// By build-id; `XX` its first two digits, `REST` the others.
const BY_BUILD_ID: [&str; 4] = [
    ".build-id/XX/REST.debug",
    "XX/REST.debug",
    "usr/lib/debug/.build-id/XX/REST.debug",
    "lib/debug/.build-id/XX/REST.debug",
];

/// By release: where Debian, Fedora, SUSE, Arch and kernel trees put vmlinux.
const BY_RELEASE: [&str; 14] = [
    "vmlinux-REL",
    "boot/vmlinux-REL",
    "lib/debug/boot/vmlinux-REL",
    "usr/lib/debug/boot/vmlinux-REL",
    "usr/lib/debug/lib/modules/REL/vmlinux",
    "usr/lib/debug/usr/lib/modules/REL/vmlinux",
    "lib/debug/lib/modules/REL/vmlinux",
    "lib/modules/REL/vmlinux",
    "lib/modules/REL/build/vmlinux",
    "usr/lib/modules/REL/vmlinux",
    "REL/vmlinux",
    // Names and sizes.
    "System.map-REL",
    "boot/System.map-REL",
    "lib/modules/REL/System.map",
];

/// The same below the root of a system.
const SYSTEM: [&str; 10] = [
    // Debian, Ubuntu.
    "usr/lib/debug/boot/vmlinux-REL",
    // Fedora, RHEL, openEuler.
    "usr/lib/debug/lib/modules/REL/vmlinux",
    // openSUSE, Arch.
    "usr/lib/debug/usr/lib/modules/REL/vmlinux",
    // A kernel that was built here.
    "lib/modules/REL/build/vmlinux",
    "lib/modules/REL/vmlinux",
    // Without debug info: names and sizes.
    "usr/lib/modules/REL/vmlinux",
    "boot/vmlinux-REL",
    // The same.
    "usr/lib/debug/boot/System.map-REL",
    "boot/System.map-REL",
    "lib/modules/REL/System.map",
];

/// Build-ids below the root of a system.
const SYSTEM_BUILD_ID: [&str; 1] = ["usr/lib/debug/.build-id/XX/REST.debug"];

/// What may follow each of these.
const SUFFIXES: [&str; 8] = [
    "",
    ".debug",
    ".gz",
    ".xz",
    ".zst",
    ".debug.gz",
    ".debug.xz",
    ".debug.zst",
];

/// Folders that hold a release's modules.
const MODULES: [&str; 6] = [
    "usr/lib/debug/lib/modules/REL",
    "usr/lib/debug/usr/lib/modules/REL",
    "lib/debug/lib/modules/REL",
    "lib/modules/REL",
    "usr/lib/modules/REL",
    "REL",
];

/// Folders and files looked at below one of these; a distribution has 6,000 modules.
const MAX_ENTRIES: usize = 1 << 17;

/// Bytes of a build tree's `modules.order`; a distribution's has 400,000.
const MAX_ORDER: u64 = 16 << 20;

/// Modules of one release by name, `-` written as `_`; with several files, those with debug info first.
type Modules = HashMap<String, Vec<PathBuf>>;

/// The folders of `--debug-dir`, and the places of the machine.
#[derive(Default)]
pub(super) struct DebugDirs {
    folders: Vec<PathBuf>,
    search: Search,
    modules: Mutex<HashMap<String, Arc<Modules>>>,
    /// Files of each build-id or release that was asked for: a batch of logs asks for the same over and over.
    found: Mutex<HashMap<String, Vec<PathBuf>>>,
}

impl DebugDirs {
    pub(super) fn new(folders: Vec<PathBuf>, search: Search) -> DebugDirs {
        DebugDirs {
            folders,
            search,
            modules: Mutex::default(),
            found: Mutex::default(),
        }
    }

    /// The folders that are looked at, for people: the named ones, else those of the machine.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        if !self.folders.is_empty() {
            return self.folders.clone();
        }
        let tree = self.search.build_tree.iter().cloned();
        let system = self.search.system.iter();
        let system =
            system.flat_map(|root| ["usr/lib/debug", "lib/modules"].map(|at| root.join(at)));
        let caches = self.search.caches.iter().cloned();
        tree.chain(system).chain(caches).collect()
    }

    /// Names that a vmlinux of a release may have below each folder.
    pub(super) fn names_of(release: &str) -> Vec<String> {
        let names = BY_RELEASE.iter();
        names
            .map(|pattern| pattern.replace("REL", release))
            .collect()
    }

    /// Files of a build-id, best first.
    pub(super) fn by_build_id(&self, build_id: &str) -> Vec<PathBuf> {
        // It comes out of a log, and must not become a path like `../..`.
        let is_hex = build_id.len() > 2 && build_id.bytes().all(|b| b.is_ascii_hexdigit());
        let id = build_id.to_ascii_lowercase();
        let Some((first, rest)) = id.split_at_checked(2).filter(|_| is_hex) else {
            return Vec::new();
        };
        let fill = |pattern: &str| pattern.replace("XX", first).replace("REST", rest);
        self.remembered(&id, || {
            let given = existing(&self.folders, &BY_BUILD_ID, fill);
            let system = existing(self.search.system.as_slice(), &SYSTEM_BUILD_ID, fill);
            let caches = self.search.caches.iter();
            // Where debuginfod-find keeps what it has fetched.
            let cached = caches.map(|cache| cache.join(&id).join("debuginfo"));
            let cached = cached.filter(|path| path.is_file());
            given.into_iter().chain(system).chain(cached).collect()
        })
    }

    /// Files of a release's vmlinux, best first.
    pub(super) fn by_release(&self, release: &str) -> Vec<PathBuf> {
        if !is_file_name(release) {
            return Vec::new();
        }
        let fill = |pattern: &str| pattern.replace("REL", release);
        self.remembered(release, || {
            let given = existing(&self.folders, &BY_RELEASE, fill);
            let system = existing(self.search.system.as_slice(), &SYSTEM, fill);
            given
                .into_iter()
                .chain(self.build_tree_of(release).map(|tree| tree.join("vmlinux")))
                .chain(system)
                .collect()
        })
    }

    /// Files of a module of a release.
    pub(super) fn module(&self, release: &str, name: &str) -> Vec<PathBuf> {
        if !is_file_name(release) {
            return Vec::new();
        }
        let mut cache = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let modules = cache
            .entry(release.to_owned())
            .or_insert_with(|| Arc::new(self.walk(release)));
        modules
            .get(&name.replace('-', "_"))
            .cloned()
            .unwrap_or_default()
    }

    /// The build tree, where it is that of a release. The build writes both files; one alone may be anything.
    fn build_tree_of(&self, release: &str) -> Option<&Path> {
        let tree = self.search.build_tree.as_deref()?;
        let built = std::fs::read_to_string(tree.join("include/config/kernel.release")).ok()?;
        let is_built = built.trim() == release && tree.join("vmlinux").is_file();
        is_built.then_some(tree)
    }

    fn remembered(&self, key: &str, find: impl FnOnce() -> Vec<PathBuf>) -> Vec<PathBuf> {
        const KEPT: usize = 4096;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        // A machine has a few kernels. So many come of hostile logs only, and can be looked up
        // again.
        if found.len() >= KEPT {
            found.clear();
        }
        found.entry(key.to_owned()).or_insert_with(find).clone()
    }

    fn walk(&self, release: &str) -> Modules {
        let mut modules = Modules::new();
        let folders = |roots: &[PathBuf], patterns: &[&str]| -> Vec<PathBuf> {
            let below = |root: &PathBuf| {
                let paths = patterns
                    .iter()
                    .map(|at| root.join(at.replace("REL", release)));
                paths.collect::<Vec<_>>()
            };
            roots.iter().flat_map(below).collect()
        };
        let given = folders(&self.folders, &MODULES);
        // On a machine of our own the last two are the same folders by other names.
        let system = folders(self.search.system.as_slice(), &MODULES[..4]);
        for folder in given.iter().chain(&system) {
            walk_modules(folder, &mut modules);
        }
        if let Some(tree) = self.build_tree_of(release) {
            built_modules(tree, &mut modules);
        }
        for files in modules.values_mut() {
            // Debug packages install below /usr/lib/debug; the modules of the kernel itself are
            // stripped.
            files.sort_by_key(|path| !path.to_string_lossy().contains("debug"));
        }
        modules
    }
}

/// The files below the folders that the patterns name.
fn existing(folders: &[PathBuf], patterns: &[&str], fill: impl Fn(&str) -> String) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        for pattern in patterns {
            let path = fill(pattern);
            // Most folders are missing: one look instead of eight.
            if !folder.join(&path).parent().is_some_and(Path::is_dir) {
                continue;
            }
            let with_suffix = |suffix: &&str| folder.join(format!("{path}{suffix}"));
            found.extend(
                SUFFIXES
                    .iter()
                    .map(with_suffix)
                    .filter(|path| path.is_file()),
            );
        }
    }
    found
}

/// The modules of a build tree: `modules.order` lists them, as `.ko` until 6.1 and as `.o` since.
fn built_modules(tree: &Path, modules: &mut Modules) {
    let Ok(file) = std::fs::File::open(tree.join("modules.order")) else {
        return;
    };
    let mut list = String::new();
    if file.take(MAX_ORDER).read_to_string(&mut list).is_err() {
        return;
    }
    for line in list.lines() {
        let path = Path::new(line);
        // The list is part of a tree that somebody else may have made.
        let stays_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let built = tree.join(path).with_extension("ko");
        let name = built
            .file_name()
            .and_then(|name| module_name(&name.to_string_lossy()));
        if let Some(name) = name.filter(|_| stays_inside) {
            modules.entry(name).or_default().push(built);
        }
    }
}

/// Collects the modules below a folder. Links to folders (`build`, `source`) are not followed.
fn walk_modules(top: &Path, modules: &mut Modules) {
    let mut folders = vec![top.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            // A named folder may be anything, also `/`.
            seen += 1;
            if seen > MAX_ENTRIES {
                return;
            }
            let kind = entry.file_type();
            if kind.is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            } else if let Some(name) = module_name(&entry.file_name().to_string_lossy()) {
                modules.entry(name).or_default().push(entry.path());
            }
        }
    }
}

/// `nf-nat.ko.debug.xz` is `nf_nat`, and so is Fedora's `nf-nat.ko-6.1.0-1.fc37.debug`.
pub(super) fn module_name(file: &str) -> Option<String> {
    let (name, suffix) = file.split_once(".ko")?;
    let has_version = suffix.starts_with('-') && suffix.contains(".debug");
    let is_module = SUFFIXES.contains(&suffix) || has_version;
    is_module.then(|| name.replace('-', "_"))
}

/// A release comes out of a log: it must be one plain path component.
fn is_file_name(release: &str) -> bool {
    let mut components = Path::new(release).components();
    let first = components.next();
    matches!(first, Some(Component::Normal(name)) if name == release) && components.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir_with(files: &[&str]) -> (tempfile::TempDir, DebugDirs) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let dirs = DebugDirs::new(vec![dir.path().to_owned()], Search::default());
        (dir, dirs)
    }

    fn relative(dir: &tempfile::TempDir, paths: Vec<PathBuf>) -> Vec<String> {
        let relative = |path: PathBuf| {
            path.strip_prefix(dir.path())
                .unwrap()
                .to_string_lossy()
                .into_owned()
        };
        paths.into_iter().map(relative).collect()
    }

    #[test]
    fn a_vmlinux_is_found_by_release_and_by_build_id() {
        let files = [
            "usr/lib/debug/boot/vmlinux-6.12.1",
            "usr/lib/debug/lib/modules/6.12.1/vmlinux.debug.xz",
            ".build-id/97/fa9079.debug",
        ];
        let (dir, dirs) = dir_with(&files);
        assert_eq!(relative(&dir, dirs.by_release("6.12.1")), files[..2]);
        assert_eq!(relative(&dir, dirs.by_build_id("97FA9079")), files[2..]);
        assert!(dirs.by_release("6.12.2").is_empty());
    }

    #[test]
    fn a_module_is_found_under_either_spelling() {
        let files = [
            "lib/modules/6.12.1/kernel/net/nf-nat.ko.xz",
            "usr/lib/debug/lib/modules/6.12.1/kernel/net/nf-nat.ko.debug",
        ];
        let (dir, dirs) = dir_with(&files);
        assert_eq!(
            relative(&dir, dirs.module("6.12.1", "nf_nat")),
            [files[1], files[0]]
        );
        assert!(dirs.module("6.12.1", "nf").is_empty());
    }

    /// Debian, Fedora, openSUSE, a kernel that was built here, a build tree, debuginfod's cache.
    #[test]
    fn the_usual_places_of_a_machine_are_known() {
        let files = [
            "usr/lib/debug/boot/vmlinux-6.12.1",
            "usr/lib/debug/lib/modules/6.12.1/vmlinux",
            "usr/lib/debug/usr/lib/modules/6.12.1/vmlinux.debug",
            "lib/modules/6.12.1/build/vmlinux",
            "lib/modules/6.12.1/kernel/fs/x.ko.zst",
            "usr/lib/debug/lib/modules/6.12.1/kernel/fs/x.ko-6.12.1.debug",
            "tree/vmlinux",
            "tree/modules.order",
            "tree/fs/y.ko",
            "cache/ab12cd/debuginfo",
        ];
        let (dir, _) = dir_with(&files);
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("tree/include/config/kernel.release", "6.12.1\n");
        write("tree/modules.order", "fs/y.o\n../../etc/passwd.o\n");
        let search = Search {
            build_tree: Some(dir.path().join("tree")),
            system: Some(dir.path().to_owned()),
            caches: vec![dir.path().join("cache")],
            servers: false,
        };
        let dirs = DebugDirs::new(Vec::new(), search);
        let found = relative(&dir, dirs.by_release("6.12.1"));
        assert_eq!(
            found,
            ["tree/vmlinux", files[0], files[1], files[2], files[3]]
        );
        assert!(dirs.by_release("6.12.2").is_empty());
        assert_eq!(relative(&dir, dirs.by_build_id("AB12CD")), [files[9]]);
        assert_eq!(
            relative(&dir, dirs.module("6.12.1", "x")),
            [files[5], files[4]]
        );
        assert_eq!(relative(&dir, dirs.module("6.12.1", "y")), [files[8]]);
        assert!(dirs.module("6.12.1", "passwd").is_empty());
    }

    #[test]
    fn names_out_of_a_log_stay_inside() {
        let (dir, dirs) = dir_with(&["vmlinux-1", "in/lib/modules/1/vmlinux"]);
        let inner = DebugDirs::new(vec![dir.path().join("in")], Search::default());
        for release in ["../1", "..", ".", "", "/1", "1/../1", "1/"] {
            assert!(inner.by_release(release).is_empty(), "{release}");
            assert!(inner.module(release, "x").is_empty(), "{release}");
        }
        for build_id in ["../../vmlinux-1", "ab", "", "ä1234", "ab/../cd"] {
            assert!(dirs.by_build_id(build_id).is_empty(), "{build_id}");
        }
    }
}
