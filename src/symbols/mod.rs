//! Symbols: the debug info of the kernel that printed a splat.
//!
//! In: a [`Splat`] with functions as printed, and the files of `--vmlinux` and `--debug-dir`. Out: the
//! splat with files, lines and inlined functions, and [`Symbols`], which says how far the vmlinux can be
//! trusted and answers questions about values in registers.
//!
//! A wrong vmlinux gives wrong lines that look right. So every splat is compared with the vmlinux first
//! (`verify`), and where they disagree nothing is filled in.

mod answers;
mod companions;
mod debug_dirs;
mod dwarf;
mod elf;
mod fill;
mod finder;
mod image;
mod missing;
mod modules;
mod query;
mod recover;
mod running;
mod search;
mod vmlinux;

use std::path::PathBuf;
use std::sync::Arc;

pub use answers::Symbols;
pub use dwarf::{CallSite, ParameterValue, Position, Variable};
pub use elf::{Symbol, SymbolError};
pub use image::Image;
pub use modules::ModuleSymbols;
pub use query::{CodePlace, Resolved, Unresolved};
pub use search::Search;
pub use vmlinux::{CpuInfo, WarnSites};

use crate::splat::{CodeRef, Inline, Splat, demangled};
use finder::{DebugInfoFinder, Wanted};
use running::Running;
use vmlinux::{Assessment, is_release, release_of};

/// Symbols that questions of the later stages need, found in the same pass as the frames.
const WELL_KNOWN: [&str; 11] = [
    "_text",
    "_end",
    "linux_banner",
    "boot_cpu_data",
    "cpu_info",
    "init_task",
    "x86_cap_flags",
    "alternatives_patched",
    "cpu_caps_cleared",
    "__per_cpu_start",
    "__per_cpu_end",
];

/// Where debug info may come from.
#[derive(Debug, Clone, Default)]
pub struct SymbolOptions {
    /// `--vmlinux`: kernels, and modules.
    pub vmlinux: Vec<PathBuf>,
    /// `--debug-dir`.
    pub debug_dirs: Vec<PathBuf>,
    /// Places of the machine that are looked at where no vmlinux is named.
    pub search: Search,
    /// `--release`: `uname -r` of a kernel whose log does not say it.
    pub release: Option<String>,
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
    /// No vmlinux, or nothing in the log that names its kernel.
    #[default]
    None,
}

/// Symbolizes splats. Shared between threads.
pub struct Symbolizer {
    finder: DebugInfoFinder,
    running: Running,
    release: Option<String>,
    /// A file, folder or release was named: what is missing is an answer that somebody waits for.
    asked: bool,
}

impl Symbolizer {
    /// Opens the files of `--vmlinux`; one that cannot be used is an error. Other places are searched
    /// when a splat needs them.
    pub fn new(options: SymbolOptions) -> Result<Symbolizer, SymbolError> {
        let named = !options.vmlinux.is_empty() || !options.debug_dirs.is_empty();
        Ok(Symbolizer {
            finder: DebugInfoFinder::new(&options)?,
            running: Running::new(options.search.system),
            asked: named || options.release.is_some(),
            release: options.release,
        })
    }

    /// What was looked for and could not be had: a line for each kernel, with the mend. Nothing where nobody asked for
    /// debug info, unless `verbose`.
    pub fn missing(&self, verbose: bool) -> Vec<String> {
        match self.asked || verbose {
            true => self.finder.missing.lines(),
            false => Vec::new(),
        }
    }

    /// The files of a kernel, by the options and its release.
    pub fn kernels(&self, release: Option<&str>) -> Vec<Arc<Image>> {
        self.finder.kernels(Wanted {
            release: release.or(self.release.as_deref()),
            needed: true,
            ..Wanted::default()
        })
    }

    /// Finds the splat's vmlinux, checks it, and fills in the frames' positions.
    pub fn symbolize(&self, splat: &mut Splat, boot: &BootFacts<'_>) -> Symbols {
        let boot = &self.with_running(boot);
        let release = release(splat, boot).or(self.release.as_deref());
        let release = release.map(str::to_owned);
        let mut kernel = modules::LoadedKernel {
            release: release.as_deref(),
            vmlinux: None,
        };
        let Some(best) = self.best(splat, boot, kernel.release) else {
            // The debug info of a module may be there without that of its kernel.
            let mut symbols = Symbols::default();
            modules::fill(&self.finder, splat, kernel, &mut symbols);
            return symbols;
        };
        let matched = best.verdict.matched.clone();
        let mut symbols = Symbols {
            from: Some("vmlinux".to_owned()),
            evidence: best.verdict.evidence.clone(),
            agreement: best.verdict.agreement.clone(),
            ..Symbols::default()
        };
        if !matches!(matched, Match::Mismatch { .. }) {
            fill::kernel_frames(&best, splat, &mut symbols);
            recover::frames(&best, splat, &mut symbols);
            kernel.vmlinux = Some(&best.image);
            symbols.kaslr_offset = best.kaslr_offset;
        }
        modules::fill(&self.finder, splat, kernel, &mut symbols);
        if kernel.vmlinux.is_some() {
            symbols.image = Some(Arc::clone(&best.image));
            symbols.read_variables(splat);
            // A release covers many builds, and data is at another address in each.
            if matched == Match::Exact {
                symbols.name_registers(splat);
            }
        }
        self.note_unusable(&best.image, &matched, release.as_deref());
        symbols.matched = matched;
        symbols
    }

    /// The vmlinux that agrees best with the splat; of two alike the one with debug info, which comes first.
    fn best(
        &self,
        splat: &Splat,
        boot: &BootFacts<'_>,
        release: Option<&str>,
    ) -> Option<Assessment> {
        let wanted = Wanted {
            build_id: splat.kernel.build_id.as_deref().or(boot.build_id),
            release,
            needed: !splat.frames.is_empty() || splat.rip.is_some(),
        };
        let images = self.finder.kernels(wanted).into_iter();
        let assessments = images.map(|image| Assessment::new(image, splat, boot));
        let rank = |held: &Assessment| held.verdict.rank();
        assessments.reduce(|best, other| match rank(&other) > rank(&best) {
            true => other,
            false => best,
        })
    }

    /// Adds the build-id of the running kernel, where it printed the log.
    fn with_running<'a>(&'a self, boot: &BootFacts<'a>) -> BootFacts<'a> {
        let of_running = || self.running.build_id_of(boot.banner?);
        BootFacts {
            build_id: boot.build_id.or_else(of_running),
            ..*boot
        }
    }

    /// Positions of one code reference, innermost inline first, the function itself last; for a log
    /// without a splat around it. `exact`: not a return address. `release` and `boot` rule out a vmlinux of
    /// another kernel.
    pub fn locate(
        &self,
        code: &CodeRef,
        exact: bool,
        release: Option<&str>,
        boot: &BootFacts<'_>,
    ) -> Option<Vec<Inline>> {
        let boot = &self.with_running(boot);
        let release = release.or(self.release.as_deref());
        if let Some(module) = code.module.as_deref() {
            let kernel = modules::LoadedKernel {
                release,
                vmlinux: None,
            };
            // Without a splat there is no code to compare, so the module is judged by its release
            // alone.
            let position = modules::locate(&self.finder, code, module, kernel, exact)?;
            return Some(position.frames());
        }
        let image = self.image_of(release, boot)?;
        let address = match (&code.function, code.offset, code.address) {
            (Some(name), Some(offset), _) => image.resolve_name(name, offset, code.size)?,
            (None, _, Some(address)) => address.checked_sub(boot.kaslr_offset?)?,
            _ => return None,
        };
        image.frames_at(address, exact)
    }

    /// The first vmlinux that nothing the kernel said of itself contradicts.
    fn image_of(&self, release: Option<&str>, boot: &BootFacts<'_>) -> Option<Arc<Image>> {
        let images = self.finder.kernels(Wanted {
            build_id: boot.build_id,
            release,
            needed: true,
        });
        let mut contradiction = None;
        for image in images {
            match vmlinux::contradicts(&image, release.filter(|r| is_release(r)), boot) {
                None => return Some(image),
                Some(why) => {
                    let path = image.path().display().to_string();
                    contradiction.get_or_insert((path, why));
                }
            }
        }
        if let Some((path, why)) = contradiction {
            self.finder.missing.mismatch(&path, &why, release);
        }
        None
    }

    /// Notes what keeps an image from naming files and lines.
    fn note_unusable(&self, image: &Image, matched: &Match, release: Option<&str>) {
        let path = image.path().display();
        if let Match::Mismatch { why } = matched {
            let path = path.to_string();
            self.finder.missing.mismatch(&path, why, release);
        } else if let Some(why) = image.why_no_lines() {
            self.finder.missing.unusable(format!("{path}: {why}"));
        }
    }
}

/// `uname -r` of the kernel that printed the splat.
fn release<'a>(splat: &'a Splat, boot: &BootFacts<'a>) -> Option<&'a str> {
    let printed = splat.kernel.release.as_deref();
    let printed = printed.filter(|release| is_release(release));
    printed.or_else(|| boot.banner.and_then(release_of))
}
