//! Modules of a splat. In: the splat, and the files that may be of its modules. Out: files and lines of the frames in
//! modules, and whether each file is the one that was loaded.
//!
//! A module of another build gives wrong lines that look right, as a vmlinux does, and is found more easily: its
//! name has no version.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::elf::fitting;
use super::fill::{is_exact, set_position};
use super::finder::DebugInfoFinder;
use super::vmlinux::{self, CodeMatch, Says, Sizes, Tally, Verdict};
use super::{Image, Match, Position, Symbols};
use crate::splat::{Code, CodeRef, Splat};

/// What is known of a module's file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModuleSymbols {
    /// The module's name in the log.
    pub name: String,
    /// The file, without its folder.
    pub file: String,
    /// Whether it is the module that was loaded.
    pub matched: Match,
    /// What was compared and found, in words.
    pub evidence: Vec<String>,
}

/// What the log says of the kernel around a module.
#[derive(Clone, Copy)]
pub(super) struct LoadedKernel<'a> {
    /// `uname -r`.
    pub(super) release: Option<&'a str>,
    /// The vmlinux, where it matches.
    pub(super) vmlinux: Option<&'a Image>,
}

/// A module's file that was accepted.
struct Accepted {
    image: Arc<Image>,
    is_ours: String,
}

/// Fills in the frames in modules, and RIP and the place of the header where they are in one.
pub(super) fn fill(
    finder: &DebugInfoFinder,
    splat: &mut Splat,
    kernel: LoadedKernel<'_>,
    symbols: &mut Symbols,
) {
    let mut accepted = Vec::new();
    for (name, codes) in by_module(splat) {
        let trap = splat
            .rip
            .as_ref()
            .zip(splat.code.as_ref())
            .filter(|(rip, _)| rip.module.as_deref() == Some(name.as_str()));
        // The other modules may have debug info all the same.
        let Some((image, verdict)) = choose(finder, &name, &codes, trap, kernel) else {
            continue;
        };
        if !matches!(verdict.matched, Match::Mismatch { .. }) {
            accepted.push(Accepted {
                image: Arc::clone(&image),
                is_ours: name.clone(),
            });
        }
        symbols.modules.push(ModuleSymbols {
            name,
            file: image.name(),
            matched: verdict.matched,
            evidence: verdict.evidence,
        });
    }
    let place = |code: &CodeRef, exact: bool| {
        let module = code.module.as_deref()?;
        let accepted = accepted.iter().find(|file| file.is_ours == module)?;
        position(&accepted.image, code, exact)
    };
    for frame in &mut splat.frames {
        if let Some(position) = place(&frame.code, is_exact(&frame.code)) {
            set_position(frame, &position);
        }
    }
    // A place in vmlinux was filled in before, and is never in a module.
    let rip = splat.rip.as_ref().and_then(|rip| place(rip, true));
    symbols.rip = symbols.rip.take().or(rip);
    symbols.at = symbols.at.take().or_else(|| place(&splat.at, true));
}

/// The position of one place in a module, of a log without a splat around it.
pub(super) fn locate(
    finder: &DebugInfoFinder,
    code: &CodeRef,
    name: &str,
    kernel: LoadedKernel<'_>,
    exact: bool,
) -> Option<Arc<Position>> {
    let (image, verdict) = choose(finder, name, &[code], None, kernel)?;
    match verdict.matched {
        Match::Mismatch { .. } => None,
        _ => position(&image, code, exact),
    }
}

fn position(image: &Image, code: &CodeRef, exact: bool) -> Option<Arc<Position>> {
    let address = image.resolve_name(code.function.as_deref()?, code.offset?, code.size)?;
    let position = image.position_at(address, exact);
    (*position != Position::default()).then_some(position)
}

/// The places of a splat in each module.
fn by_module(splat: &Splat) -> BTreeMap<String, Vec<&CodeRef>> {
    let frames = splat.frames.iter().map(|frame| &frame.code);
    let mut modules: BTreeMap<String, Vec<&CodeRef>> = BTreeMap::new();
    for code in frames.chain(&splat.rip).chain([&splat.at]) {
        if let Some(module) = &code.module {
            modules.entry(module.clone()).or_default().push(code);
        }
    }
    modules
}

/// The best of the files that may be a module; a wrong one where there is no other.
fn choose(
    finder: &DebugInfoFinder,
    name: &str,
    codes: &[&CodeRef],
    trap: Option<(&CodeRef, &Code)>,
    kernel: LoadedKernel<'_>,
) -> Option<(Arc<Image>, Verdict)> {
    let build_id = codes
        .iter()
        .find_map(|code| code.module_build_id.as_deref());
    let mut best: Option<(Arc<Image>, Verdict)> = None;
    for image in finder.modules(name, build_id, kernel.release) {
        let verdict = verify(&image, build_id, codes, trap, kernel);
        if best
            .as_ref()
            .is_none_or(|(_, best)| verdict.rank() > best.rank())
        {
            best = Some((image, verdict));
        }
    }
    // Reported once the best is known, since a wrong file next to the right one does no harm.
    if let Some((image, verdict)) = &best
        && let Match::Mismatch { why } = &verdict.matched
    {
        let path = image.path().display().to_string();
        finder
            .missing
            .other_module(&path, name, why, kernel.release);
    }
    best
}

/// Whether a file is the module that was loaded.
fn verify(
    image: &Image,
    build_id: Option<&str>,
    codes: &[&CodeRef],
    trap: Option<(&CodeRef, &Code)>,
    kernel: LoadedKernel<'_>,
) -> Verdict {
    let mut tally = Tally::default();
    let identity = [
        says_build_id(image, build_id),
        says_release(image, kernel.release),
        says_salt(image, kernel.vmlinux),
    ];
    for says in identity.into_iter().flatten() {
        tally.add(says);
    }
    tally.weigh(&sizes(image, codes), &code(image, trap))
}

fn says_build_id(image: &Image, printed: Option<&str>) -> Option<Says> {
    let (own, printed) = (image.build_id()?, printed?);
    Some(match own.eq_ignore_ascii_case(printed) {
        true => Says::Proof(format!("build-id {own} is the log's")),
        false => Says::Against(format!(
            "the log's build-id is {printed}, that of the file is {own}"
        )),
    })
}

/// The `vermagic` that the loader compares as well.
fn says_release(image: &Image, printed: Option<&str>) -> Option<Says> {
    let own = image.module_release()?;
    let printed = printed?;
    Some(match own == printed {
        true => Says::Release(format!("it is built for {own}, as the log's kernel")),
        false => Says::Against(format!("it is built for {own}, the log is of {printed}")),
    })
}

/// A distribution's builds differ in their salts.
fn says_salt(image: &Image, vmlinux: Option<&Image>) -> Option<Says> {
    let (own, kernel) = (image.build_salt()?, vmlinux?.build_salt()?);
    // Debian's salt is the release, so that an equal one proves no more than `says_release()`.
    (own != kernel).then(|| {
        Says::Against(format!(
            "it is of the build {own}, the vmlinux is of {kernel}"
        ))
    })
}

fn sizes(image: &Image, codes: &[&CodeRef]) -> Sizes {
    let mut sizes = Sizes::default();
    let names: Vec<&str> = codes
        .iter()
        .filter_map(|code| code.function.as_deref())
        .collect();
    image.find_symbols(&names);
    for code in codes {
        let (Some(name), Some(offset)) = (code.function.as_deref(), code.offset) else {
            continue;
        };
        let symbols = image.symbols(name);
        if symbols.is_empty() {
            sizes.missing.insert(name.to_owned());
        } else if fitting(&symbols, offset, code.size).is_empty() {
            let why = vmlinux::contradiction(name, offset, code.size, &symbols);
            if !sizes.contradictions.contains(&why) {
                sizes.contradictions.push(why);
            }
        } else if code.size.is_some() {
            sizes.agreeing.insert(name.to_owned());
        }
    }
    sizes
}

fn code(image: &Image, trap: Option<(&CodeRef, &Code)>) -> CodeMatch {
    let place = |rip: &CodeRef| {
        let address = image.resolve_name(rip.function.as_deref()?, rip.offset?, rip.size)?;
        Some((address, address.wrapping_sub(rip.offset?)))
    };
    match trap.and_then(|(rip, code)| Some((place(rip)?, code))) {
        // The comparison decodes instructions, those of x86-64 only.
        Some(((address, function), code)) if image.layout.machine.is_x86_64() => {
            vmlinux::compare(image, code, address, function)
        }
        _ => CodeMatch::Unknown,
    }
}
