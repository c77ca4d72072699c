//! Reports: a splat with everything the stages found out about it.
//!
//! In: splats, symbols and verdicts. Out: [`Report`]s with title, LKP's name, signature, culprit and
//! incident, numbered in the order of the output.

mod cache;
mod details;
pub(crate) mod disassembly;
mod guilty;
mod incidents;
mod lkp;
mod memory;
mod msr;
mod seen;
mod signature;
mod summary;
mod tainting;
mod top;

pub use cache::ReportCache;
pub use disassembly::{Access, CodeLine, Disassembly};
pub use incidents::Incidents;
pub use memory::{MemoryState, TaskMemory};
pub use msr::MsrAccess;
pub use seen::{FixedBy, Seen};
pub use summary::Summary;
pub use tainting::TaintingModule;

use crate::boot::Boot;
use crate::excerpt::Excerpt;
use crate::grammar::{Grammar, Level, PathName, unwrapped};
use crate::late_clear::{BringUp, LateClear};
use crate::routing::{Routing, SourceCode, Sources};
use crate::splat::{CodeRef, Frame, Splat, base_name, demangled, is_headless};
use crate::symbols::Symbols;
use crate::title::{self, Name};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The frame a person should look at first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Culprit {
    /// Without clone suffixes.
    pub function: String,
    /// The function's own file, relative to the kernel tree, where known.
    pub file: Option<String>,
}

/// Where a report comes from: as the splat says, else as its boot does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Platform {
    /// `uname -r`.
    pub release: Option<String>,
    /// What the firmware calls the machine.
    pub hardware: Option<String>,
}

impl Platform {
    fn of(splat: &Splat, boot: Option<&Boot>) -> Platform {
        let release = splat.kernel.release.as_deref();
        let hardware = splat.hardware.as_deref();
        Platform {
            release: release.or_else(|| boot?.release()).map(str::to_owned),
            hardware: hardware
                .or_else(|| boot?.hardware.as_deref())
                .map(str::to_owned),
        }
    }
}

/// The rules that a report was made with: what is worked out later needs them.
#[derive(Clone)]
pub(crate) struct Rules(pub(crate) Arc<Grammar>);

impl fmt::Debug for Rules {
    /// Without the thousands of rules, which are the same for all reports.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Rules(..)")
    }
}

/// A splat and what is known of it.
///
/// As text (`Display`) it is the block that the program prints, as a value of serde the object that is in the
/// `splats` of its JSON.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// Position among the splats, or among the notices, of the output, counted from 0 over all inputs.
    pub index: usize,
    /// How much it matters.
    pub level: Level,
    /// As printed, with symbols filled in.
    pub splat: Splat,
    /// Where the symbols come from.
    pub symbols: Symbols,
    /// Only for a late clear.
    pub late_clear: Option<LateClear>,
    /// A CPU was on its way up; only where it is no late clear, whose verdict has path and stage.
    pub bring_up: Option<BringUp>,
    /// What it is called: syzbot's convention, with the function that the log names where syzbot would say
    /// that the report is corrupted.
    pub title: String,
    /// As syzbot titles it.
    pub syzbot: String,
    /// Other titles under which the bug may be known.
    pub alt_titles: Vec<String>,
    /// Lines are missing or mixed up: title and culprit may be wrong.
    pub corrupted: bool,
    /// The same for one bug across boots and builds.
    pub signature: String,
    /// Signatures that earlier versions gave such a report: baselines that list one of them keep working.
    pub former_signatures: Vec<String>,
    /// Number of the crash that it belongs to.
    pub incident: usize,
    /// Line at which the first report of that crash begins; `None` for the first itself.
    pub incident_line: Option<u64>,
    /// Log line which says that the machine stopped in this incident; `None` where nothing says so.
    pub panic_line: Option<u64>,
    /// Whom to look at.
    pub culprit: Option<Culprit>,
    /// The file to blame, relative to the kernel tree: that of the requester of a late clear, else the first
    /// of the report that is no infrastructure.
    pub guilty_file: Option<String>,
    /// Who should hear of it, where a MAINTAINERS file is at hand.
    pub routing: Option<Routing>,
    /// Where it happened, where the kernel's sources are at hand.
    pub source_code: Option<SourceCode>,
    /// The register that it is about.
    pub msr: Option<MsrAccess>,
    /// What memory held, where the kernel ran out of it.
    pub memory: Option<MemoryState>,
    /// What happened, in words for a person.
    pub summary: Option<Summary>,
    /// The modules that tainted the kernel, where the report lists its modules.
    pub tainting_modules: Vec<TaintingModule>,
    /// Kernel and machine.
    pub platform: Platform,
    /// The lines of the log that it is made of, where the analyzer keeps them.
    pub excerpt: Excerpt,
    /// What a database knows of the bug, where one is at hand.
    pub seen: Option<Seen>,
    pub(crate) rules: Rules,
}

impl Report {
    /// The rules that it was made with.
    pub(crate) fn grammar(&self) -> &Grammar {
        &self.rules.0
    }

    /// LKP's name, made when it is asked for: it takes more patterns than all the rest.
    pub fn lkp(&self) -> String {
        lkp::name(self.grammar(), &self.splat)
    }

    /// All of LKP's names of it, that of its header first.
    pub fn lkp_all(&self) -> Vec<String> {
        lkp::names(self.grammar(), &self.splat)
    }

    /// The instructions of the `Code:` line, made when they are asked for, of a kind of report that an instruction
    /// brings about: where WARN() is called they say nothing. Where RIP is in no function of the kernel it is a
    /// program's code.
    pub fn disassembly(&self) -> Option<Disassembly> {
        let kind = self.grammar().kind(&self.splat.kind);
        // Where WARN() was called the instruction is its trap, on every machine.
        kind.filter(|kind| kind.faults)?;
        self.splat.rip.as_ref()?.function.as_ref()?;
        disassembly::of(&self.splat, &self.symbols)
    }

    /// File and line of the place that the header or RIP names, as a vmlinux or module has them.
    pub(crate) fn place_by_symbols(&self) -> Option<(String, Option<u32>)> {
        let (file, line) = top::by_symbols(&self.symbols)?;
        Some((file, Some(line)))
    }

    /// Looks up in the kernel's sources who should hear of it, and where it happened. A module without a file
    /// is looked up by its folder.
    pub(crate) fn look_up(&mut self, sources: &Sources) {
        let folder = || sources.folder_of(self.module()?);
        // A file says more than a folder, and both may be of one module.
        let about = self.guilty_file.clone().or_else(folder);
        self.routing = about.and_then(|about| sources.routing(&about));
        let release = self.platform.release.as_deref();
        let top = top::place(self.grammar(), &self.splat, &self.symbols);
        self.source_code = top.and_then(|(file, line)| sources.lines_around(&file, line, release));
    }

    /// The module that the culprit is in.
    fn module(&self) -> Option<&str> {
        let function = &self.culprit.as_ref()?.function;
        let splat = &self.splat;
        let frames = splat.frames.iter().map(|frame| &frame.code);
        let mut codes = splat.rip.iter().chain([&splat.at]).chain(frames);
        let is_it = |code: &&CodeRef| {
            let name = code.function.as_deref().map(base_name).map(demangled);
            name.is_some_and(|name| name == *function)
        };
        codes.find(is_it)?.module.as_deref()
    }

    /// The path of a late clear.
    pub fn path(&self) -> Option<PathName> {
        self.late_clear.as_ref().map(|verdict| verdict.path)
    }

    /// The verdict where the report is the warning about the late clear, not one that came from inside it.
    pub fn warned_clear(&self) -> Option<&LateClear> {
        let verdict = self.late_clear.as_ref();
        verdict.filter(|verdict| !verdict.in_passing)
    }

    /// Log lines that prove the verdict.
    pub fn evidence_lines(&self) -> impl Iterator<Item = u64> {
        let evidence = self.late_clear.iter().flat_map(|clear| &clear.evidence);
        evidence.filter_map(|item| item.line)
    }
}

/// What the report is called. A late clear is always about its site, however little of it is left.
fn name(grammar: &Grammar, splat: &Splat, late_clear: Option<&LateClear>) -> Name {
    let name = match is_headless(splat) {
        true => headless(grammar, splat),
        false => title::name(grammar, splat, splat.kernel.release.as_deref()),
    };
    // Also of a damaged report: the verdict has proved which function warns.
    let site = grammar.sites.first().filter(|_| late_clear.is_some());
    match site {
        Some(site) if name.function.as_ref() != Some(&site.function) => Name {
            title: format!("WARNING in {}", site.function),
            function: Some(site.function.clone()),
            ..name
        },
        _ => name,
    }
}

/// Of a report without its head only the place where it happened says what it was about.
fn headless(grammar: &Grammar, splat: &Splat) -> Name {
    // RIP in the machinery is where the report was printed, not what it is about.
    let rip = splat.rip.as_ref().and_then(|rip| rip.function.as_deref());
    let rip = rip
        .map(|symbol| demangled(base_name(symbol)))
        .filter(|name| !grammar.is_machinery(name));
    let function = rip.or_else(|| meaningful(grammar, splat.own_frames()).next());
    let function = function.map(Cow::into_owned);
    let title = match &function {
        Some(function) => format!("report without its head in {function}"),
        None => "report without its head".to_owned(),
    };
    Name {
        syzbot: title.clone(),
        words: title.clone(),
        title,
        corrupted: true,
        syzbot_function: function.clone(),
        function,
        ..Name::default()
    }
}

/// The functions of frames by which one report differs from another, innermost first.
fn meaningful<'a>(
    grammar: &'a Grammar,
    frames: impl IntoIterator<Item = &'a Frame>,
) -> impl Iterator<Item = Cow<'a, str>> {
    let frames = frames.into_iter().filter(|frame| frame.reliable);
    let names = frames.map(|frame| demangled(frame.base_name()));
    names.filter(|name| is_meaningful(grammar, name))
}

/// The same without those that no title of the kind names: what noticed a stall is not what stalls.
fn nameable<'a>(
    grammar: &'a Grammar,
    splat: &'a Splat,
    frames: impl IntoIterator<Item = &'a Frame>,
) -> impl Iterator<Item = Cow<'a, str>> {
    let kind = grammar.kind(&splat.kind);
    meaningful(grammar, frames)
        .filter(move |name| !kind.is_some_and(|kind| kind.skips(grammar, name)))
}

/// The module whose code the report is about, where it is known by an address only: the kernel has no names of it.
fn nameless_module<'a>(grammar: &Grammar, splat: &'a Splat) -> Option<&'a str> {
    let frames = splat.own_frames().iter().filter(|frame| frame.reliable);
    let mut codes = splat.rip.iter().chain(frames.map(|frame| &frame.code));
    let is_machinery = |code: &&CodeRef| {
        let name = code.function.as_deref().map(base_name);
        name.is_some_and(|name| !is_meaningful(grammar, name))
    };
    let innermost = codes.find(|code| !is_machinery(code))?;
    innermost
        .module
        .as_deref()
        .filter(|_| innermost.function.is_none())
}

fn is_meaningful(grammar: &Grammar, function: &str) -> bool {
    let is_machinery = || grammar.is_in("noise", function) || grammar.is_machinery(function);
    !function.is_empty() && !is_machinery()
}

/// True for a frame of that function, which may be printed with the prefix of a system call's wrapper.
fn is_of(grammar: &Grammar, frame: &Frame, function: &str) -> bool {
    let printed = demangled(frame.base_name());
    printed == function || unwrapped(&grammar.wrappers, &printed) == function
}

/// The requester of a late clear, else the function of the title, else the one that the header or
/// RIP points at, else the first of the call trace that is no machinery.
fn culprit(
    grammar: &Grammar,
    splat: &Splat,
    name: &Name,
    late_clear: Option<&LateClear>,
) -> Option<Culprit> {
    // The OOM killer, for example: whoever asked for memory last is not at fault.
    if grammar
        .kind(&splat.kind)
        .is_some_and(|kind| kind.innocent_stack)
    {
        return None;
    }
    let requester = late_clear.and_then(|verdict| verdict.requester.clone());
    // Whom the code of a module without names called, or was called by, is not at fault.
    if requester.is_none() && nameless_module(grammar, splat).is_some() {
        return None;
    }
    let printed = splat.at.function.as_deref();
    let printed = printed.or_else(|| splat.rip.as_ref()?.function.as_deref());
    let printed = printed.map(|symbol| demangled(base_name(symbol)));
    let first = || nameable(grammar, splat, splat.own_frames()).next();
    let function = requester
        .or_else(|| name.function.clone())
        .or_else(|| printed.clone().or_else(first).map(Cow::into_owned))?;
    let is_it = |frame: &&Frame| is_of(grammar, frame, &function);
    let frame = splat.frames.iter().find(is_it);
    // The file of the header is that of its own function only.
    let of_header = splat.at_file.clone();
    let of_header = of_header.filter(|_| printed.as_deref() == Some(function.as_str()));
    let file = frame.and_then(|frame| frame.file.clone()).or(of_header);
    Some(Culprit { function, file })
}
