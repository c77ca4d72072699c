//! Reports: a splat with everything the stages found out about it.
//!
//! In: splats, symbols and verdicts. Out: [`Report`]s with title, LKP's name, signature, culprit and
//! incident, numbered in the order of the output.

mod details;
pub(crate) mod disassembly;
mod guilty;
mod known;
mod lkp;
mod msr;
mod seen;
mod signature;
mod stacks;
mod summary;
mod tainting;
mod top;

pub use disassembly::{Access, CodeLine, Disassembly};
pub use known::Known;
pub use msr::MsrAccess;
pub use seen::{FixedBy, Seen};
pub use summary::Summary;
pub use tainting::TaintingModule;

use crate::boot::Boot;
use crate::excerpt::Excerpt;
use crate::grammar::{Follows, Grammar, Level, PathName, unwrapped};
use crate::late_clear::{BringUp, LateClear};
use crate::line::Caller;
use crate::routing::{Routing, SourceCode, Sources};
use crate::splat::{CodeRef, Frame, Lines, Splat, base_name, demangled, is_headless};
use crate::symbols::Symbols;
use crate::title::{self, Name};
use std::borrow::Cow;
use std::collections::VecDeque;
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

    /// Log lines that the verdict stands on.
    pub fn evidence_lines(&self) -> impl Iterator<Item = u64> {
        let evidence = self.late_clear.iter().flat_map(|clear| &clear.evidence);
        evidence.filter_map(|item| item.line)
    }
}

/// What numbering needs to know of the report before.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    next: usize,
    incidents: usize,
    /// Notices are counted apart: they are no splats.
    notices: usize,
    /// The last reports of the input, the latest last.
    last: VecDeque<LastReport>,
}

/// Reports whose consequences may still come: as many as CPUs usually crash at once.
const MAX_LAST: usize = 8;

#[derive(Debug, Clone)]
struct LastReport {
    incident: usize,
    /// Line at which the incident's first report begins.
    begin: u64,
    caller: Option<Caller>,
    boot: Option<usize>,
    last_line: u64,
    time_us: Option<u64>,
    /// Kind of the incident's first report.
    cause: String,
    /// Who asked for the last late clear, and on which CPU.
    asked: Option<(Option<u32>, String)>,
    /// Header of its last report.
    header: String,
}

/// Lines between two late clears that one function asked for on one CPU: they have one cause.
const MAX_ASKED_GAP: u64 = 100;

impl Sequence {
    /// Index that the next report will have.
    pub fn next_index(&self) -> usize {
        self.next
    }

    /// Numbers a report of another sequence anew, to stand behind those of this one.
    pub fn shift(&self, report: &mut Report) {
        if report.level == Level::Notice {
            report.index += self.notices;
            report.incident = report.index;
            return;
        }
        report.index += self.next;
        report.incident += self.incidents;
        if let Some(verdict) = &mut report.late_clear {
            verdict.caused_by = verdict.caused_by.map(|index| index + self.next);
        }
    }

    /// Counts a report of another sequence, with all before it there.
    pub fn cover(&mut self, report: &Report) {
        if report.level == Level::Notice {
            self.notices = self.notices.max(report.index + 1);
        } else {
            self.next = self.next.max(report.index + 1);
            self.incidents = self.incidents.max(report.incident + 1);
        }
    }

    /// Counts on behind all reports of another sequence.
    pub fn skip(&mut self, other: &Sequence) {
        self.next += other.next;
        self.notices += other.notices;
        self.incidents += other.incidents;
    }

    /// A new input begins: no report of it belongs to an incident of another.
    pub fn next_input(&mut self) {
        self.last.clear();
    }

    /// Makes the next report.
    pub fn report(
        &mut self,
        grammar: &Arc<Grammar>,
        known: &Known,
        mut splat: Splat,
        symbols: Symbols,
        late_clear: Option<LateClear>,
        boot: Option<&Boot>,
    ) -> Report {
        if let Some(site) = grammar.sites.first().filter(|_| late_clear.is_some()) {
            splat.kind.clone_from(&site.kind);
        }
        let has_trace = !splat.frames.is_empty();
        let level = grammar
            .kind(&splat.kind)
            .map_or(Level::Report, |kind| kind.level_of(has_trace));
        let (incident, incident_line) = match level {
            Level::Report => self.incident(grammar, &splat, late_clear.as_ref()),
            Level::Notice => (self.notices, None),
        };
        let count = match level {
            Level::Report => &mut self.next,
            Level::Notice => &mut self.notices,
        };
        let index = *count;
        *count += 1;
        let platform = Platform::of(&splat, boot);
        // A report of one line names no kernel; that of its boot it is.
        splat.kernel.release.clone_from(&platform.release);
        let told = known.told(grammar, &mut splat, &symbols, late_clear.as_ref());
        splat.lines = Lines::default();
        let name = told.name;
        let is_consequence = name.consequence && incident_line.is_some();
        // Behind an oops, panic() prints no stack (kernel/panic.c, TAINT_DIE): nothing is missing.
        splat.truncated &= !is_consequence || has_trace;
        Report {
            index,
            level,
            signature: told.signature,
            former_signatures: told.former_signatures,
            incident,
            incident_line,
            panic_line: splat.panic_line,
            culprit: told.culprit,
            guilty_file: told.guilty_file,
            routing: None,
            source_code: None,
            msr: told.msr,
            summary: told.summary,
            tainting_modules: told.tainting_modules,
            platform,
            excerpt: Excerpt::default(),
            seen: None,
            rules: Rules(Arc::clone(grammar)),
            title: name.title,
            syzbot: name.syzbot,
            alt_titles: name.alt_titles,
            corrupted: name.corrupted && !is_consequence,
            splat,
            symbols,
            late_clear,
            bring_up: None,
        }
    }

    /// The number of the crash; and where the report belongs to one that came before, as a nested repeat or as what that
    /// one brought about (a panic, a stall), the line at which that begins.
    fn incident(
        &mut self,
        grammar: &Grammar,
        splat: &Splat,
        late_clear: Option<&LateClear>,
    ) -> (usize, Option<u64>) {
        let nested = late_clear.is_some_and(|verdict| verdict.caused_by.is_some());
        let asked = late_clear.and_then(|verdict| Some((verdict.cpu, verdict.requester.clone()?)));
        let follows = grammar
            .kind(&splat.kind)
            .and_then(|kind| kind.follows.as_ref());
        let causes = |last: &&LastReport| {
            nested
                || last.asked_as(asked.as_ref(), splat)
                || follows.is_some_and(|follows| last.brings_about(follows, splat))
        };
        let by_same = |last: &&LastReport| splat.caller.is_some() && last.caller == splat.caller;
        let before = self
            .last
            .iter()
            .rev()
            .find(|last| by_same(last) && causes(last));
        let before = before.or_else(|| self.last.back().filter(causes));
        let joined = before.map(|last| (last.incident, last.begin));
        let cause = before.map(|last| last.cause.clone());
        let begin = joined.map(|(_, begin)| begin);
        let incident = joined.map(|(incident, _)| incident);
        let incident = incident.unwrap_or_else(|| self.next_incident());
        if self.last.len() >= MAX_LAST {
            self.last.pop_front();
        }
        self.last.push_back(LastReport {
            incident,
            begin: begin.unwrap_or(splat.source.first_line),
            caller: splat.caller,
            boot: splat.boot,
            last_line: splat.source.last_line,
            time_us: splat.time_us,
            cause: cause.unwrap_or_else(|| splat.kind.clone()),
            asked,
            header: splat.header.clone(),
        });
        (incident, begin)
    }

    fn next_incident(&mut self) -> usize {
        self.incidents += 1;
        self.incidents - 1
    }
}

impl LastReport {
    /// True where `splat` is near enough to be its consequence, and of a kind that it can have.
    fn brings_about(&self, follows: &Follows, splat: &Splat) -> bool {
        let able = follows.can_be_after(&self.cause) && follows.agrees(&self.header, &splat.header);
        let passed = splat.time_us.zip(self.time_us);
        let soon = passed.is_some_and(|(now, then)| {
            now.saturating_sub(then) <= follows.seconds.saturating_mul(1_000_000)
        });
        let same_boot = self.boot == splat.boot;
        able && (self.is_within(follows.lines, splat) || same_boot && follows.seconds > 0 && soon)
    }

    /// True where the same function asked for the last late clear on the same CPU: one register or one
    /// microcode takes several features.
    fn asked_as(&self, asked: Option<&(Option<u32>, String)>, splat: &Splat) -> bool {
        asked.is_some() && asked == self.asked.as_ref() && self.is_within(MAX_ASKED_GAP, splat)
    }

    fn is_within(&self, lines: u64, splat: &Splat) -> bool {
        let gap = splat.source.first_line.saturating_sub(self.last_line);
        self.boot == splat.boot && gap <= lines
    }
}

/// What the report is called. A late clear is always about its site, however little of it is left.
fn name(grammar: &Grammar, splat: &Splat, late_clear: Option<&LateClear>) -> Name {
    let name = match is_headless(splat) {
        true => headless(grammar, splat),
        false => title::name(grammar, splat, splat.kernel.release.as_deref()),
    };
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

/// Nothing tells what a report without its head was about but the place where it happened.
fn headless(grammar: &Grammar, splat: &Splat) -> Name {
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

/// The functions of frames that tell one report from another, innermost first.
fn meaningful<'a>(
    grammar: &'a Grammar,
    frames: impl IntoIterator<Item = &'a Frame>,
) -> impl Iterator<Item = Cow<'a, str>> {
    let frames = frames.into_iter().filter(|frame| frame.reliable);
    let names = frames.map(|frame| demangled(frame.base_name()));
    names.filter(|name| is_meaningful(grammar, name))
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
    let requester = late_clear.and_then(|verdict| verdict.requester.clone());
    let printed = splat.at.function.as_deref();
    let printed = printed.or_else(|| splat.rip.as_ref()?.function.as_deref());
    let printed = printed.map(|symbol| demangled(base_name(symbol)));
    let first = || meaningful(grammar, splat.own_frames()).next();
    let function = requester
        .or_else(|| name.function.clone())
        .or_else(|| printed.clone().or_else(first).map(Cow::into_owned))?;
    let is_it = |frame: &&Frame| is_of(grammar, frame, &function);
    let frame = splat.frames.iter().find(is_it);
    let of_header = splat.at_file.clone();
    let of_header = of_header.filter(|_| printed.as_deref() == Some(function.as_str()));
    let file = frame.and_then(|frame| frame.file.clone()).or(of_header);
    Some(Culprit { function, file })
}
