//! Symbols: the debug info of the kernel that printed a splat.
//!
//! In: a [`Splat`] with functions as printed, and the files of `--vmlinux` and `--debug-dir`. Out: the
//! splat with files, lines and inlined functions, and [`Symbols`], which says how far the vmlinux can be
//! trusted and answers questions about values in registers.
//!
//! A wrong vmlinux gives wrong lines that look right. So every splat is compared with the vmlinux first
//! (`verify`), and where they disagree nothing is filled in.

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
mod parameter;
mod patch_sites;
mod paths;
mod relocate;
mod search;
mod stack;
mod symtab;
mod units;
mod unpack;
mod verify;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

pub use call_site::CallSite;
pub use cpuinfo::CpuInfo;
pub use error::SymbolError;
pub use image::Image;
pub use locate::Position;
pub use parameter::ParameterValue;
pub use paths::tree_path;
pub use symtab::Symbol;

use crate::splat::{CodeRef, Inline, Splat};
use code::CodeMatch;
use evaluate::Machine;
use search::DebugDirs;
use stack::Stack;
use verify::Verdict;

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
pub enum Match {
    /// Proved by build-id or banner, or release, sizes and code agree.
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
            found: Mutex::default(),
        })
    }

    /// Finds the splat's vmlinux, checks it, and fills in the frames' positions.
    pub fn symbolize(&self, splat: &mut Splat, boot: &BootFacts<'_>) -> Symbols {
        let images = self.images(splat, boot);
        let assessments = images
            .into_iter()
            .map(|image| Assessment::new(image, splat, boot));
        let best = assessments.reduce(|best, other| match other.rank() > best.rank() {
            true => other,
            false => best,
        });
        let Some(best) = best else {
            fill::module_frames(self, splat);
            return Symbols::default();
        };
        let matched = best.verdict.matched.clone();
        let mut symbols = Symbols {
            from: Some("vmlinux".to_owned()),
            evidence: best.verdict.evidence.clone(),
            ..Symbols::default()
        };
        if !matches!(matched, Match::Mismatch { .. }) {
            fill::kernel_frames(&best, splat, &mut symbols);
            fill::module_frames(self, splat);
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
            [] => self.open_all(self.dirs.by_release(release?)),
            images => images.to_vec(),
        };
        let is_of_release = |image: &Arc<Image>| match (release, facts::release(image)) {
            (Some(wanted), Some(own)) => wanted == own,
            _ => true,
        };
        let image = images.into_iter().find(is_of_release)?;
        let address = match (&code.function, code.offset, code.address) {
            (Some(name), Some(offset), _) => image.resolve_name(name, offset, code.size)?,
            (None, _, Some(address)) => address.checked_sub(kaslr_offset?)?,
            _ => return None,
        };
        fill::frames_at(&image, address, exact)
    }

    /// The images that may be the splat's vmlinux.
    fn images(&self, splat: &Splat, boot: &BootFacts<'_>) -> Vec<Arc<Image>> {
        if !self.vmlinux.is_empty() {
            return self.vmlinux.clone();
        }
        let build_id = splat.kernel.build_id.as_deref().or(boot.build_id);
        let release = splat.kernel.release.as_deref();
        let release = release.or_else(|| boot.banner.and_then(facts::release_of));
        let by_id = build_id
            .map(|id| self.dirs.by_build_id(id))
            .unwrap_or_default();
        let by_release = release.map(|r| self.dirs.by_release(r)).unwrap_or_default();
        self.open_all(by_id.into_iter().chain(by_release).collect())
    }

    /// Opens files below the debug dirs; those that cannot be used are left out.
    fn open_all(&self, paths: Vec<PathBuf>) -> Vec<Arc<Image>> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let open = |path: PathBuf| {
            let image = found
                .entry(path)
                .or_insert_with_key(|path| Image::open(path, self.max_size).ok().map(Arc::new));
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

/// One vmlinux held against one splat.
struct Assessment {
    image: Arc<Image>,
    stack: Stack,
    verdict: Verdict,
    kaslr_offset: Option<u64>,
}

impl Assessment {
    fn new(image: Arc<Image>, splat: &Splat, boot: &BootFacts<'_>) -> Assessment {
        let mut stack = Stack::find(&image, splat);
        let code = match (&splat.code, stack.rip.address()) {
            (Some(code), Some(rip)) => code::compare(&image, code, rip),
            _ => CodeMatch::Unknown,
        };
        let mut verdict = verify::verify(&image, splat, boot, &stack, &code);
        let from_code = match code {
            CodeMatch::Same { kaslr_offset, .. } => kaslr_offset,
            _ => None,
        };
        let kaslr = kaslr::offset(&image, splat, boot, &stack, from_code);
        if let Some((offset, from)) = kaslr {
            verdict
                .evidence
                .push(format!("KASLR offset {offset:#x} by {from}"));
            stack.add_bare_addresses(splat, offset);
        }
        Assessment {
            image,
            stack,
            verdict,
            kaslr_offset: kaslr.map(|(offset, _)| offset),
        }
    }

    fn rank(&self) -> u8 {
        match self.verdict.matched {
            Match::Exact => 3,
            Match::ReleaseOnly => 2,
            Match::None => 1,
            Match::Mismatch { .. } => 0,
        }
    }
}

/// What the symbols stage found out about a splat.
#[derive(Default)]
pub struct Symbols {
    /// `vmlinux` where one was looked at.
    pub from: Option<String>,
    /// Whether it is the right one.
    pub matched: Match,
    /// How far KASLR moved the kernel, where the log proves it; 0 for not at all.
    pub kaslr_offset: Option<u64>,
    /// The vmlinux; `None` where it does not match.
    pub image: Option<Arc<Image>>,
    /// What was compared and found, in words.
    pub evidence: Vec<String>,
    /// Position of [`Splat::at`].
    pub at: Option<Arc<Position>>,
    /// Position of [`Splat::rip`].
    pub rip: Option<Arc<Position>>,
    /// Link address of RIP.
    pub rip_address: Option<u64>,
    /// Link address that the function at RIP returns to.
    return_address: Option<u64>,
}

impl Symbols {
    /// Value of a parameter or variable of `function` (DWARF name), which covers RIP itself or is
    /// inlined there.
    pub fn parameter(&self, splat: &Splat, function: &str, name: &str) -> ParameterValue {
        let Some(image) = &self.image else {
            return ParameterValue::unknown("no vmlinux that matches the log");
        };
        let Some(pc) = self.rip_address else {
            return ParameterValue::unknown("RIP was not found in vmlinux");
        };
        let machine = Machine {
            pc,
            registers: &splat.registers,
            return_address: self.return_address,
            kaslr_offset: self.kaslr_offset,
        };
        parameter::parameter(image, &machine, function, name)
    }

    /// Link address of a symbol; `None` where there is none or several.
    pub fn symbol_address(&self, name: &str) -> Option<u64> {
        match &*self.image.as_ref()?.symbols(name) {
            [symbol] => Some(symbol.address),
            _ => None,
        }
    }

    /// Whose `struct cpuinfo_x86` an address as printed is. `gs_base`: the `GS:` value.
    pub fn classify_cpuinfo(&self, value: u64, gs_base: Option<u64>) -> CpuInfo {
        match &self.image {
            _ if value == 0 => CpuInfo::All,
            Some(image) => cpuinfo::classify(image, value, gs_base, self.kaslr_offset),
            None => CpuInfo::Unknown,
        }
    }

    /// `x86_cap_flags[feature]`: `None` where vmlinux does not tell, `Some(None)` for a feature that
    /// /proc/cpuinfo does not show.
    pub fn cap_flag(&self, feature: u32) -> Option<Option<String>> {
        cpuinfo::cap_flag(self.image.as_ref()?, feature)
    }

    /// Whether the code right in front of the trap reads a global variable.
    pub fn code_loads(&self, splat: &Splat, variable: &str) -> Option<bool> {
        let variable = self.symbol_address(variable)?;
        cpuinfo::loads_before(splat.code.as_ref()?, self.rip_address?, variable)
    }

    /// The function that a frame's caller really called: another one than the frame shows where that one
    /// ended in a jump. `frame` is the index of the caller in [`Splat::frames`].
    pub fn callee(&self, splat: &Splat, frame: usize) -> Option<String> {
        let return_address = splat.frames.get(frame)?.link_address?;
        self.image.as_ref()?.call_site(return_address)?.callee
    }
}

impl Image {
    /// What DWARF says about a link address: the function with its inlines, innermost first, the
    /// function itself last.
    pub fn resolve_address(&self, address: u64) -> Option<Vec<Inline>> {
        fill::frames_at(self, address, true)
    }

    /// Link address of `name+offset`, where exactly one symbol has that name and, if given, the size that
    /// kallsyms prints.
    pub fn resolve_name(&self, name: &str, offset: u64, size: Option<u64>) -> Option<u64> {
        let symbols = self.symbols(name);
        let mut fitting: Vec<u64> = symbols
            .iter()
            .filter(|symbol| symbol.fits(offset, size))
            .map(|symbol| symbol.address)
            .collect();
        fitting.dedup();
        match fitting.as_slice() {
            &[address] => Some(address.wrapping_add(offset)),
            _ => None,
        }
    }
}
