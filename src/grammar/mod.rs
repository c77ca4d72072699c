//! Knowledge as data: what `grammars/*.toml` say, read and checked.
//!
//! In: TOML text, compiled in or from a directory of the user's. Out: a [`Grammar`], the one table
//! that every later stage asks. All files share one format (`document`): any file may hold any
//! section, and an entry replaces the earlier one of the same name.

mod boot_events;
mod builtin;
mod cpus;
mod dependencies;
mod document;
mod error;
pub mod features;
mod frames;
mod kind;
mod late_clear;
mod lines;
mod literals;
mod margins;
mod memberships;
mod memo;
mod memory;
mod msr;
mod names;
mod passed_over;
mod pattern;
mod required_literals;
mod rewrite;
mod summary;
mod template;
mod timeline;
mod who;

pub use cpus::{CountedUnit, CpuColumns, CpuListing, CpuLiterals, CpuStatement, OwnPart};
pub use dependencies::Dependency;
pub use error::GrammarError;
pub use frames::{Dump, FrameSet, Landmark, LandmarkUse, StackOf, Wrappers, unwrapped};
pub use kind::{Example, FRAMES, Follows, FunctionRule, Kind, Level, TitleForm};

pub use boot_events::{BootEvent, BootEvents};
pub use late_clear::{
    Ask, ClearSite, DecidingRegister, Diagnosis, Fault, FaultName, FeatureNumbering, ListedAdvice,
    Meaning, NeverLate, PathName, PathRule, RangeCheck, Requester, StageName, Usual, WarnLines,
    Word,
};
pub use lines::{Detail, Halves, HalvesName, LineForm, LineRule, LineRules};
pub use margins::{MarginSign, MarginWords, Margins};
pub(crate) use memo::Memo;
pub use memory::{MemoryName, MemoryRule};
pub use msr::{Msr, MsrBit};
pub use passed_over::PassedOver;
pub use pattern::{MatchedGroup, MatchedGroups, Pattern};
pub(crate) use rewrite::beginning;
pub use rewrite::{Rewrite, rewrite};
pub use summary::{SummaryRule, Taint};
pub(crate) use template::{fill, fill_known};
pub use timeline::{Fact, FactField, Milestone, MilestoneName};
pub use who::WhoLine;

use boot_events::BootEventFinder;
use features::FeatureDb;
use literals::{KindFinder, LineFinder};
use memberships::Memberships;

/// The landmark which says that the machine stops.
const KERNEL_PANIC: &str = "kernel-panic";

/// Begins a call trace, which may be all that is left of a report.
const CALL_TRACE: [&str; 2] = ["Call Trace:", "Call trace:"];

/// What is printed before a WARN or BUG (include/asm-generic/bug.h, `CUT_HERE`).
pub const CUT_HERE: &str = "[ cut here ]";

/// What is printed after the call trace of a WARN or an oops (kernel/panic.c, `print_oops_end_marker()`).
pub const END_TRACE: &str = "[ end trace ";

/// Everything ksplat knows about kernel logs.
#[derive(Debug)]
pub struct Grammar {
    /// Kinds of reports, in the order in which they are tried.
    pub kinds: Vec<Kind>,
    /// Named sets of functions.
    pub frames: Vec<FrameSet>,
    /// Prefixes of functions that are one in a title.
    pub wrappers: Vec<Wrappers>,
    /// Lines of reports that are known by their form.
    pub landmarks: Vec<Landmark>,
    /// What lines of reports begin with.
    pub lines: LineRules,
    /// What proves that something was put in front of every line.
    pub margins: Margins,
    /// Lines of reports that name task, CPU or kernel.
    pub who: Vec<WhoLine>,
    /// How LKP names what it finds.
    pub lkp: Vec<Rewrite>,
    /// What titles leave out.
    pub tidy: Vec<Rewrite>,
    /// Titles without what they leave out, by what they were before.
    pub(crate) tidied: Memo<String>,
    memberships: Memberships,
    finder: KindFinder,
    signs: LineFinder,
    who_finder: LineFinder,
    boot_events: BootEventFinder,
    /// Points of a boot that a late clear is judged by.
    pub milestones: Vec<Milestone>,
    /// Lines that describe the boot.
    pub facts: Vec<Fact>,
    /// Functions whose WARN is a late clear.
    pub sites: Vec<ClearSite>,
    /// Which frames decide path and stage.
    pub paths: Vec<PathRule>,
    /// Which frames show that a CPU was on its way up, whatever the report is about.
    pub bring_ups: Vec<PathRule>,
    /// Who asks for clears, and what that means.
    pub requesters: Vec<Requester>,
    /// Functions whose clears are never late.
    pub never_late: Vec<NeverLate>,
    /// Kernels whose features have the numbers of the tables.
    pub numberings: Vec<FeatureNumbering>,
    /// What the log itself says of a feature.
    pub words: Vec<Word>,
    /// Verdicts in words.
    pub diagnoses: Vec<Diagnosis>,
    /// Who may be at fault, and what is said then.
    pub faults: Vec<Fault>,
    /// What to do where the log lists the registers.
    pub listed: Vec<ListedAdvice>,
    /// What is asked of whoever is at fault.
    pub asks: Vec<Ask>,
    /// Which CPU features fall with which.
    pub dependencies: Vec<Dependency>,
    /// Names of registers.
    pub msrs: Vec<Msr>,
    /// Where the numbers of the memory are.
    pub memory: Vec<MemoryRule>,
    /// Listings of what single CPUs are.
    pub cpu_listings: Vec<CpuListing>,
    /// Tables with a line for each CPU.
    pub cpu_columns: Vec<CpuColumns>,
    /// Lines that say something of one CPU.
    pub cpu_lines: Vec<CpuStatement>,
    /// The search for what both begin with.
    pub cpu_literals: CpuLiterals,
    /// Reports in words.
    pub summaries: Vec<SummaryRule>,
    /// Taint letters in words.
    pub taints: Vec<Taint>,
    /// CPU features in words.
    pub meanings: Vec<Meaning>,
    /// What is passed over where the file to blame is looked for.
    pub passed_over: Vec<PassedOver>,
    /// The user's own feature tables.
    features: Option<FeatureDb>,
    /// File and name of each kind of the user's.
    pub(crate) own_kinds: Vec<(String, String)>,
}

impl Grammar {
    /// The names of CPU features.
    pub fn features(&self) -> &FeatureDb {
        self.features
            .as_ref()
            .unwrap_or_else(|| FeatureDb::builtin())
    }

    /// The kind of that name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    /// What is known of `function` as the one that asked for a clear of `feature`; of an unknown feature, what
    /// all rules of the function agree on.
    pub fn requester(&self, function: &str, feature: Option<&str>) -> Option<&Requester> {
        let of_function = || self.requesters.iter().filter(|rule| rule.is_of(function));
        let about =
            |rule: &&Requester| feature.is_some_and(|name| rule.features.iter().any(|f| f == name));
        let agreed = || {
            let first = of_function().next().filter(|_| feature.is_none())?;
            let same = |rule: &Requester| rule.cause == first.cause && rule.ap == first.ap;
            of_function().all(same).then_some(first)
        };
        // From the special to the general: a rule of this feature, one of all others, what all say
        // alike.
        of_function()
            .find(about)
            .or_else(|| self.general(function))
            .or_else(agreed)
    }

    /// The rule for whatever else `function` clears than the features of its other rules.
    pub fn general(&self, function: &str) -> Option<&Requester> {
        let mut rules = self.requesters.iter();
        rules.find(|rule| rule.is_of(function) && rule.features.is_empty())
    }

    /// Features (X86_FEATURE_ names) that `function` is known to clear.
    pub fn features_of<'a>(&'a self, function: &'a str) -> impl Iterator<Item = &'a str> {
        let rules = self
            .requesters
            .iter()
            .filter(move |rule| rule.function == function);
        rules.flat_map(|rule| rule.features.iter().map(String::as_str))
    }

    /// True where `function` (without clone suffixes) is in the set `set`.
    pub fn is_in(&self, set: &str, function: &str) -> bool {
        self.memberships.is_in(&self.frames, set, function)
    }

    /// True for a function that no report is about.
    pub fn is_machinery(&self, function: &str) -> bool {
        self.memberships.is_machinery(&self.frames, function)
    }

    /// True for a line that begins the stack dump of something that is no report.
    pub fn is_intruder(&self, line: &str) -> bool {
        self.signs_in(line)
            .any(|mark| mark.purpose == LandmarkUse::Intruder)
    }

    /// True for a line that says what is wrong in front of a report, or that goes on with such a line where one is
    /// `open`.
    pub fn is_preamble(&self, line: &str, open: bool) -> bool {
        self.signs_in(line).any(|mark| match mark.purpose {
            LandmarkUse::Preamble => true,
            LandmarkUse::PreambleRest => open,
            _ => false,
        })
    }

    /// What a line says of a dump of CPUs or tasks; `None` for nearly every line.
    pub fn dump_at(&self, line: &str) -> Option<Dump> {
        self.signs_in(line).find_map(|mark| match mark.purpose {
            LandmarkUse::Request => Some(Dump::Asked),
            LandmarkUse::Dump => Some(Dump::Begun),
            _ => None,
        })
    }

    /// The landmarks with a use of their own that a line is: one search shows that it is none of them.
    pub fn signs_in<'g>(&'g self, line: &str) -> impl Iterator<Item = &'g Landmark> {
        let has_use = |mark: &&Landmark| mark.purpose != LandmarkUse::Place;
        let signs = self.landmarks.iter().filter(has_use);
        let literals = || {
            let each: Option<Vec<_>> = signs.clone().map(|mark| mark.pattern.literals()).collect();
            Some(each?.concat())
        };
        // One search for all literals, since hardly any line has one of them.
        let may_be = self.signs.may_be_in(literals, line);
        signs.filter(move |mark| may_be && mark.pattern.is_match(line))
    }

    /// The rules for other lines that name task, CPU or kernel, where the line may be of one: one search shows it.
    pub fn who_lines<'g>(&'g self, line: &str) -> impl Iterator<Item = &'g WhoLine> + use<'g> {
        let literals = || {
            let others = self.who.iter().filter(|who| !who.head);
            let each: Option<Vec<_>> = others.map(|who| who.pattern.literals()).collect();
            Some(each?.concat())
        };
        let may_be = self.who_finder.may_be_in(literals, line);
        self.who.iter().filter(move |who| may_be && !who.head)
    }

    /// The forms of the line that every report of a CPU has: `CPU: 1 PID: 0 Comm: …`.
    pub fn head_lines(&self) -> impl Iterator<Item = &WhoLine> {
        self.who.iter().filter(|who| who.head)
    }

    /// The names of all kinds.
    pub fn kind_names(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| kind.name.as_str())
    }

    /// Whose stack begins at a line; `None` where it begins none.
    pub fn stack_at(&self, line: &str) -> Option<StackOf> {
        let mut marks = self.landmarks.iter();
        marks.find_map(|mark| mark.stack.filter(|_| mark.pattern.is_match(line)))
    }

    /// The landmark of that name.
    pub fn landmark(&self, name: &str) -> Option<&Landmark> {
        self.landmarks.iter().find(|landmark| landmark.name == name)
    }

    /// True for a line which says that the machine stops.
    pub fn is_panic(&self, line: &str) -> bool {
        let landmark = self.landmark(KERNEL_PANIC);
        landmark.is_some_and(|landmark| landmark.pattern.is_match(line.trim_start()))
    }

    /// The kinds that may begin at a line, in the order in which they are tried.
    pub fn kinds_in(&self, text: &str) -> impl Iterator<Item = &Kind> {
        let found = self.finder.candidates(&self.kinds, text);
        found.into_iter().filter_map(|index| self.kinds.get(index))
    }

    /// True for a line that matters without being a header: it may be printed before one, or belong to
    /// a quoted piece of a report.
    pub fn is_mark(&self, line: &str) -> bool {
        self.marks().any(|mark| line.contains(mark))
    }

    fn marks(&self) -> impl Iterator<Item = &str> {
        let anchors = self.paths.iter().filter(|rule| rule.anchor);
        let frames = anchors.flat_map(|rule| rule.frames.iter());
        let sites = self.sites.iter().map(|site| &site.function);
        frames
            .chain(sites)
            .map(String::as_str)
            .chain([CUT_HERE, END_TRACE])
            .chain(CALL_TRACE)
    }

    /// Literals of the lines that a report, or a quoted piece of one, may begin with.
    pub fn report_literals(&self) -> impl Iterator<Item = &str> {
        let kinds = self.kinds.iter().flat_map(|kind| kind.literals.iter());
        kinds.map(String::as_str).chain(self.marks())
    }

    /// Literals of the lines that begin a boot, or that end one by starting another kernel.
    pub fn boot_literals(&self) -> impl Iterator<Item = &str> {
        let banners = self
            .facts
            .iter()
            .filter(|rule| matches!(rule.field, FactField::Banner | FactField::Kexec));
        banners.map(|rule| rule.literal.as_str())
    }

    /// Literals of the lines that may be milestones.
    pub fn milestone_literals(&self) -> impl Iterator<Item = &str> {
        self.milestones.iter().map(|rule| rule.literal.as_str())
    }

    /// What is said where somebody is at fault.
    pub fn fault(&self, name: FaultName) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.name == name)
    }

    /// Literals of the lines that only say something else of the boot, each on its own line.
    pub fn note_literals(&self) -> impl Iterator<Item = &str> {
        let facts = self.facts.iter().map(|rule| rule.literal.as_str());
        let words = self.words.iter().map(|rule| rule.literal.as_str());
        facts.chain(words)
    }
}

#[cfg(test)]
mod tests;
