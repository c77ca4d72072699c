//! Debug files below `--debug-dir`. In: a build-id, a kernel release, a module's name. Out: the paths that
//! exist, best first.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// By build-id; `XX` its first two digits, `REST` the others.
const BY_BUILD_ID: [&str; 4] = [
    ".build-id/XX/REST.debug",
    "XX/REST.debug",
    "usr/lib/debug/.build-id/XX/REST.debug",
    "lib/debug/.build-id/XX/REST.debug",
];

/// By release: where Debian, Fedora, SUSE, Arch and kernel trees put vmlinux.
const BY_RELEASE: [&str; 10] = [
    "vmlinux-REL",
    "boot/vmlinux-REL",
    "lib/debug/boot/vmlinux-REL",
    "usr/lib/debug/boot/vmlinux-REL",
    "usr/lib/debug/lib/modules/REL/vmlinux",
    "lib/debug/lib/modules/REL/vmlinux",
    "lib/modules/REL/vmlinux",
    "lib/modules/REL/build/vmlinux",
    "usr/lib/modules/REL/vmlinux",
    "REL/vmlinux",
];

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

/// Modules of one release by name, `-` written as `_`; with several files, those with debug info first.
type Modules = HashMap<String, Vec<PathBuf>>;

/// The folders of `--debug-dir`.
#[derive(Default)]
pub(super) struct DebugDirs {
    folders: Vec<PathBuf>,
    modules: Mutex<HashMap<String, Arc<Modules>>>,
}

impl DebugDirs {
    pub(super) fn new(folders: Vec<PathBuf>) -> DebugDirs {
        DebugDirs {
            folders,
            modules: Mutex::default(),
        }
    }

    /// The folders.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Names that a vmlinux of a release may have below each folder.
    pub(super) fn names_of(release: &str) -> Vec<String> {
        let names = BY_RELEASE.iter();
        names
            .map(|pattern| pattern.replace("REL", release))
            .collect()
    }

    pub(super) fn by_build_id(&self, build_id: &str) -> Vec<PathBuf> {
        let is_hex = build_id.len() > 2 && build_id.bytes().all(|b| b.is_ascii_hexdigit());
        let Some((first, rest)) = build_id.split_at_checked(2).filter(|_| is_hex) else {
            return Vec::new();
        };
        self.existing(&BY_BUILD_ID, |pattern| {
            pattern
                .replace("XX", &first.to_ascii_lowercase())
                .replace("REST", &rest.to_ascii_lowercase())
        })
    }

    pub(super) fn by_release(&self, release: &str) -> Vec<PathBuf> {
        if !is_file_name(release) {
            return Vec::new();
        }
        self.existing(&BY_RELEASE, |pattern| pattern.replace("REL", release))
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

    fn existing(&self, patterns: &[&str], fill: impl Fn(&str) -> String) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in &self.folders {
            for pattern in patterns {
                let path = fill(pattern);
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

    fn walk(&self, release: &str) -> Modules {
        let mut modules = Modules::new();
        for folder in &self.folders {
            for pattern in MODULES {
                walk_modules(&folder.join(pattern.replace("REL", release)), &mut modules);
            }
        }
        for files in modules.values_mut() {
            files.sort_by_key(|path| !path.to_string_lossy().contains("debug"));
        }
        modules
    }
}

/// Collects the modules below a folder. Links to folders (`build`, `source`) are not followed.
fn walk_modules(top: &Path, modules: &mut Modules) {
    let mut folders = vec![top.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
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

/// `nf-nat.ko.debug.xz` is `nf_nat`.
fn module_name(file: &str) -> Option<String> {
    let (name, suffix) = file.split_once(".ko")?;
    SUFFIXES.contains(&suffix).then(|| name.replace('-', "_"))
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
        let dirs = DebugDirs::new(vec![dir.path().to_owned()]);
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

    #[test]
    fn names_out_of_a_log_stay_inside() {
        let (dir, dirs) = dir_with(&["vmlinux-1", "in/lib/modules/1/vmlinux"]);
        let inner = DebugDirs::new(vec![dir.path().join("in")]);
        for release in ["../1", "..", ".", "", "/1", "1/../1", "1/"] {
            assert!(inner.by_release(release).is_empty(), "{release}");
            assert!(inner.module(release, "x").is_empty(), "{release}");
        }
        for build_id in ["../../vmlinux-1", "ab", "", "ä1234", "ab/../cd"] {
            assert!(dirs.by_build_id(build_id).is_empty(), "{build_id}");
        }
    }
}
