//! Symbols: the debug info of the kernel that printed a splat.
//!
//! In: a [`Splat`] with functions as printed, and the files of `--vmlinux` and `--debug-dir`. Out: the
//! splat with files, lines and inlined functions, and [`Symbols`], which says how far the vmlinux can be
//! trusted and answers questions about values in registers.
//!
//! A wrong vmlinux gives wrong lines that look right. So every splat is compared with the vmlinux first
//! (`verify`), and where they disagree nothing is filled in.

mod answers;
mod assess;
mod call_site;
mod code;
mod cpuinfo;
mod dwarf;
mod error;
mod evaluate;
mod facts;
mod fill;
mod functions;
mod image;
mod kaslr;
mod lines;
mod locate;
mod missing;
mod moved;
mod parameter;
mod patch_sites;
mod relocate;
mod resolve;
mod search;
mod stack;
mod symbol_table;
mod symtab;
mod units;
mod unpack;
mod verify;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub use answers::Symbols;
pub use call_site::CallSite;
pub use cpuinfo::CpuInfo;
pub use error::SymbolError;
pub use image::Image;
pub use locate::Position;
pub use parameter::ParameterValue;
pub use resolve::{Place, Resolved, Unresolved};
pub use symtab::Symbol;

use crate::splat::{CodeRef, Inline, Splat};
use assess::Assessment;
use missing::Missing;
use search::DebugDirs;

/// Symbols that questions of the later stages need, found in the same pass as the frames.
const WELL_KNOWN: [&str; 9] = [
    "_text",
    "_end",
    "linux_banner",
    "boot_cpu_data",
    "cpu_info",
    "init_task",
    "x86_cap_flags",
    "alternatives_patched",
    "cpu_caps_cleared",
];

/// Where debug info may come from.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--vmlinux`.
    pub vmlinux: Vec<PathBuf>,
    /// `--debug-dir`.
    pub debug_dirs: Vec<PathBuf>,
    /// `--max-size`: limit in bytes for what a compressed file or section unpacks to.
    pub max_size: u64,
}

/// What the log says of the boot that a splat belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub struct BootFacts<'a> {
    /// Its `Linux version …` line, without framing.
    pub banner: Option<&'a str>,
    /// `Kernel Offset: 0x…`; 0 for `Kernel Offset: disabled`.
    pub kaslr_offset: Option<u64>,
    /// Build-id of vmlinux, in hex.
    pub build_id: Option<&'a str>,
}

/// Whether a vmlinux is of the kernel that printed the splat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Match {
    /// Proved by build-id or banner, or two of release, sizes and code agree.
    Exact,
    /// The release agrees, and the splat holds too little to check more.
    ReleaseOnly,
    /// They contradict each other.
    Mismatch {
        /// The first contradictions, in words.
        why: String,
    },
    /// No vmlinux, or nothing in the log that tells its kernel.
    #[default]
    None,
}

/// Finds and opens debug info, each file once. Shared between threads.
pub struct Symbolizer {
    vmlinux: Vec<Arc<Image>>,
    dirs: DebugDirs,
    max_size: u64,
    missing: Missing,
    /// Files below the debug dirs; `None` for one that cannot be used.
    found: Mutex<HashMap<PathBuf, Option<Arc<Image>>>>,
}

impl Symbolizer {
    /// Opens the files of `--vmlinux`; one that cannot be used is an error. Debug dirs are searched
    /// when a splat needs them.
    pub fn new(options: Options) -> Result<Symbolizer, SymbolError> {
        let max_size = options.max_size;
        let open = |path: &PathBuf| Image::open(path, max_size).map(Arc::new);
        Ok(Symbolizer {
            vmlinux: options.vmlinux.iter().map(open).collect::<Result<_, _>>()?,
            dirs: DebugDirs::new(options.debug_dirs),
            max_size,
            missing: Missing::default(),
            found: Mutex::default(),
        })
    }

    /// What was looked for and could not be had: a line for each kernel, with the mend.
    pub fn missing(&self) -> Vec<String> {
        self.missing.lines()
    }

    /// Finds the splat's vmlinux, checks it, and fills in the frames' positions.
    pub fn symbolize(&self, splat: &mut Splat, boot: &BootFacts<'_>) -> Symbols {
        let images = self.images(splat, boot);
        let release = release(splat, boot).map(str::to_owned);
        let assessments = images
            .into_iter()
            .map(|image| Assessment::new(image, splat, boot));
        let best = assessments.reduce(|best, other| match other.rank() > best.rank() {
            true => other,
            false => best,
        });
        let Some(best) = best else {
            fill::module_frames(self, splat, release.as_deref());
            return Symbols::default();
        };
        let matched = best.verdict.matched.clone();
        self.note_unusable(&best.image, &matched, release.as_deref());
        let mut symbols = Symbols {
            from: Some("vmlinux".to_owned()),
            evidence: best.verdict.evidence.clone(),
            ..Symbols::default()
        };
        if !matches!(matched, Match::Mismatch { .. }) {
            fill::kernel_frames(&best, splat, &mut symbols);
            fill::module_frames(self, splat, release.as_deref());
            symbols.kaslr_offset = best.kaslr_offset;
            symbols.image = Some(best.image);
        }
        symbols.matched = matched;
        symbols
    }

    /// Positions of one code reference, innermost inline first, the function itself last; for a log
    /// without a splat around it. `exact`: not a return address. `release` rules out a vmlinux of
    /// another kernel.
    pub fn locate(
        &self,
        code: &CodeRef,
        exact: bool,
        release: Option<&str>,
        kaslr_offset: Option<u64>,
    ) -> Option<Vec<Inline>> {
        if let Some(module) = code.module.as_deref() {
            return fill::locate_in_module(self, code, module, release, exact);
        }
        let images = match self.vmlinux.as_slice() {
            [] => self.of_dirs(None, release, true),
            images => images.to_vec(),
        };
        let named = release.filter(|release| facts::is_release(release));
        let is_of_release = |image: &Arc<Image>| match (named, image.release()) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        };
        let other = images
            .first()
            .map(|image| image.path().display().to_string());
        let Some(image) = images.into_iter().find(is_of_release) else {
            if let (Some(other), Some(release)) = (other, named) {
                self.missing
                    .mismatch(&other, "another release", Some(release));
            }
            return None;
        };
        let address = match (&code.function, code.offset, code.address) {
            (Some(name), Some(offset), _) => image.resolve_name(name, offset, code.size)?,
            (None, _, Some(address)) => address.checked_sub(kaslr_offset?)?,
            _ => return None,
        };
        image.frames_at(address, exact)
    }

    /// The images that may be the splat's vmlinux.
    fn images(&self, splat: &Splat, boot: &BootFacts<'_>) -> Vec<Arc<Image>> {
        if !self.vmlinux.is_empty() {
            return self.vmlinux.clone();
        }
        let build_id = splat.kernel.build_id.as_deref().or(boot.build_id);
        let has_code = !splat.frames.is_empty() || splat.rip.is_some();
        self.of_dirs(build_id, release(splat, boot), has_code)
    }

    /// The images below the debug dirs that may be a kernel's vmlinux; `wanted`: it is noted where there is none.
    fn of_dirs(
        &self,
        build_id: Option<&str>,
        release: Option<&str>,
        wanted: bool,
    ) -> Vec<Arc<Image>> {
        let by_id = build_id
            .map(|id| self.dirs.by_build_id(id))
            .unwrap_or_default();
        let by_release = release.map(|r| self.dirs.by_release(r)).unwrap_or_default();
        let paths: Vec<_> = by_id.into_iter().chain(by_release).collect();
        if paths.is_empty() && wanted && !self.dirs.folders().is_empty() {
            let names = release.map(DebugDirs::names_of).unwrap_or_default();
            let folders = self.dirs.folders();
            self.missing.not_found(folders, &names, release, build_id);
        }
        self.open_all(paths)
    }

    /// Notes what keeps an image from naming files and lines.
    fn note_unusable(&self, image: &Image, matched: &Match, release: Option<&str>) {
        let path = image.path().display();
        if let Match::Mismatch { why } = matched {
            self.missing.mismatch(&path.to_string(), why, release);
        } else if image.section(".debug_info").is_empty() {
            self.missing.unusable(format!(
                "{path}: has no debug info; give the vmlinux of the kernel's debug package"
            ));
        }
    }

    /// Opens files below the debug dirs; those that cannot be used are left out.
    fn open_all(&self, paths: Vec<PathBuf>) -> Vec<Arc<Image>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |path: PathBuf| {
            let image = found.entry(path).or_insert_with_key(|path| {
                let opened = Image::open(path, self.max_size);
                opened
                    .map_err(|error| self.missing.unusable(error))
                    .ok()
                    .map(Arc::new)
            });
            image.clone()
        };
        paths.into_iter().filter_map(open).collect()
    }

    /// The first usable file of a module.
    fn module(&self, release: Option<&str>, code: &CodeRef, name: &str) -> Option<Arc<Image>> {
        let by_id = code
            .module_build_id
            .as_deref()
            .map(|id| self.dirs.by_build_id(id));
        let by_name = release.map(|release| self.dirs.module(release, name));
        let paths = by_id.into_iter().chain(by_name).flatten().collect();
        self.open_all(paths).into_iter().next()
    }
}

/// `uname -r` of the kernel that printed the splat.
fn release<'a>(splat: &'a Splat, boot: &BootFacts<'a>) -> Option<&'a str> {
    let printed = splat.kernel.release.as_deref();
    let printed = printed.filter(|release| facts::is_release(release));
    printed.or_else(|| boot.banner.and_then(facts::release_of))
}
