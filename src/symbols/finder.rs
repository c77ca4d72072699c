//! Debug info for a kernel or a module. In: what a log says of it. Out: the files that may be its own, best first,
//! each opened once.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::debug_dirs::{DebugDirs, module_name};
use super::missing::Missing;
use super::search::{ServerAnswer, Servers};
use super::{Image, SymbolError, SymbolOptions};

/// Finds and opens files. Shared between threads.
pub(super) struct DebugInfoFinder {
    /// Kernels of `--vmlinux`.
    vmlinux: Vec<Arc<Image>>,
    /// Modules of `--vmlinux`.
    modules: Vec<Arc<Image>>,
    dirs: DebugDirs,
    servers: Option<Servers>,
    max_size: u64,
    /// Folders that may hold parts of a file's debug info.
    roots: Vec<PathBuf>,
    pub(super) missing: Missing,
    /// Files that were opened; `None` for one that cannot be used.
    found: Mutex<HashMap<PathBuf, Option<Arc<Image>>>>,
}

/// Which kernel's debug info is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// In hex.
    pub(super) build_id: Option<&'a str>,
    /// `uname -r`.
    pub(super) release: Option<&'a str>,
    /// It is noted where there is none: the splat has code to look up.
    pub(super) needed: bool,
}

/// Has what every splat asks a kernel for worked out while the grammar and the log are read, which takes as long.
fn prepare(vmlinux: &Arc<Image>) {
    let vmlinux = Arc::clone(vmlinux);
    // Without a thread the first splat works it out. Nobody waits for the end: whoever asks before it does.
    let _ = std::thread::Builder::new().spawn(move || vmlinux.prepare());
}

/// A folder that is mistyped would only be one of many places without a vmlinux.
fn named_folder(dir: &Path) -> Result<(), SymbolError> {
    let read = |source| SymbolError::Read {
        path: dir.to_owned(),
        source,
    };
    match dir.metadata().map_err(read)?.is_dir() {
        true => Ok(()),
        false => Err(read(io::Error::other("no folder; --vmlinux takes files"))),
    }
}

impl DebugInfoFinder {
    /// Opens the files of `--vmlinux`; one that cannot be used is an error. Others are searched when a splat needs them.
    pub(super) fn new(options: &SymbolOptions) -> Result<DebugInfoFinder, SymbolError> {
        options
            .debug_dirs
            .iter()
            .try_for_each(|dir| named_folder(dir))?;
        let roots = roots(options);
        let open =
            |path: &PathBuf| Image::open_below(path, roots.clone(), options.max_size).map(Arc::new);
        let files: Vec<_> = options.vmlinux.iter().map(open).collect::<Result<_, _>>()?;
        let (modules, vmlinux): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.is_relocatable());
        vmlinux.iter().for_each(prepare);
        let search = options.search.clone();
        Ok(DebugInfoFinder {
            vmlinux,
            modules,
            servers: search.servers.then(Servers::default),
            dirs: DebugDirs::new(options.debug_dirs.clone(), search),
            max_size: options.max_size,
            roots,
            missing: Missing::default(),
            found: Mutex::default(),
        })
    }

    /// The files that may be a kernel's vmlinux: the named ones, else those of its build-id and release.
    pub(super) fn kernels(&self, wanted: Wanted<'_>) -> Vec<Arc<Image>> {
        // Who names a file wants that one. A search next to it would hide that it is the wrong one.
        if !self.vmlinux.is_empty() {
            return self.vmlinux.clone();
        }
        let by_id = wanted.build_id.map(|id| self.dirs.by_build_id(id));
        let by_release = wanted.release.map(|release| self.dirs.by_release(release));
        let paths: Vec<_> = by_id.into_iter().chain(by_release).flatten().collect();
        let found = self.with_debug_info(self.open_all(paths), wanted.build_id);
        if found.is_empty() && wanted.needed {
            let names = wanted.release.map(DebugDirs::names_of).unwrap_or_default();
            let places = self.dirs.places();
            if !places.is_empty() {
                self.missing
                    .not_found(&places, &names, wanted.release, wanted.build_id);
            }
        }
        found
    }

    /// The files that may be a module: the named ones, then those of its build-id and of the kernel's release.
    pub(super) fn modules(
        &self,
        name: &str,
        build_id: Option<&str>,
        release: Option<&str>,
    ) -> Vec<Arc<Image>> {
        let is_named = |image: &&Arc<Image>| module_name(&image.name()).as_deref() == Some(name);
        let named: Vec<_> = self.modules.iter().filter(is_named).cloned().collect();
        let by_id = build_id.map(|id| self.dirs.by_build_id(id));
        let by_name = release.map(|release| self.dirs.module(release, name));
        let paths = by_id.into_iter().chain(by_name).flatten().collect();
        let found = self.with_debug_info(self.open_all(paths), build_id);
        named.into_iter().chain(found).collect()
    }

    /// Adds what the files themselves say of where their debug info is, or debuginfod has, where none has any.
    /// Those with debug info come first.
    fn with_debug_info(
        &self,
        mut found: Vec<Arc<Image>>,
        build_id: Option<&str>,
    ) -> Vec<Arc<Image>> {
        if !found.iter().any(|image| image.has_debug_info()) {
            let links = found.iter().flat_map(|image| debug_links(image));
            let linked = self.open_all(links.collect());
            let own_id = found.iter().find_map(|image| image.build_id());
            // The network is asked last: a package on the disk needs no download of 600 MB.
            let fetched = match linked.is_empty() {
                true => self.fetched(build_id.or(own_id.as_deref())),
                false => Vec::new(),
            };
            found.extend(linked.into_iter().chain(fetched));
        }
        found.sort_by_key(|image| !image.has_debug_info());
        found
    }

    fn fetched(&self, build_id: Option<&str>) -> Vec<Arc<Image>> {
        let Some((servers, id)) = self.servers.as_ref().zip(build_id) else {
            return Vec::new();
        };
        // The id may be that of a stripped file, by which nothing was looked up yet.
        let cached = self.dirs.by_build_id(id);
        if !cached.is_empty() {
            return self.open_all(cached);
        }
        match servers.debug_info(&id.to_ascii_lowercase()) {
            ServerAnswer::File(path) => self.open_all(vec![path]),
            ServerAnswer::Nothing => Vec::new(),
            ServerAnswer::NoClient => {
                self.missing.unusable(
                    "DEBUGINFOD_URLS is set, but there is no debuginfod-find; install the package debuginfod",
                );
                Vec::new()
            }
        }
    }

    /// Opens files that were found; those that cannot be used are left out, and noted.
    fn open_all(&self, paths: Vec<PathBuf>) -> Vec<Arc<Image>> {
        // Held while files are opened, so that no two threads unpack the same vmlinux.
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |path: PathBuf| {
            let image = found.entry(path).or_insert_with_key(|path| {
                // A failure is kept too: it is reported once, and not tried again for each splat.
                let opened = Image::open_below(path, self.roots.clone(), self.max_size);
                opened
                    .map_err(|error| self.missing.unusable(error))
                    .ok()
                    .map(Arc::new)
            });
            image.clone()
        };
        paths.into_iter().filter_map(open).collect()
    }
}

/// The folders of `--debug-dir`, and where the machine's packages put debug info.
fn roots(options: &SymbolOptions) -> Vec<PathBuf> {
    let system = options.search.system.iter();
    let system = system.map(|root| root.join("usr/lib/debug"));
    options.debug_dirs.iter().cloned().chain(system).collect()
}

/// Where a stripped file's `.gnu_debuglink` may lead, as gdb looks for it ("Separate Debug Files").
fn debug_links(image: &Image) -> Vec<PathBuf> {
    let Some((name, folder)) = image.debug_link().zip(image.path().parent()) else {
        return Vec::new();
    };
    let below_root = folder.strip_prefix("/").unwrap_or(folder);
    let places = [
        folder.to_owned(),
        folder.join(".debug"),
        Path::new("/usr/lib/debug").join(below_root),
    ];
    let files = places.iter().map(|place| place.join(&name));
    files
        .filter(|file| file.is_file() && file != image.path())
        .collect()
}
