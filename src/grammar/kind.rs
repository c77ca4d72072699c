//! Kinds of kernel reports: how each begins, goes on, ends, and what it is called.

use super::{Grammar, MilestoneName, Pattern};
use serde::{Deserialize, Serialize};

/// How much a report matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Level {
    /// Something broke.
    #[default]
    Report,
    /// Healthy boots print it as well: worth a line, no reason to fail.
    Notice,
}

/// A kind of report.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Short name, the `kind` of a splat in the JSON.
    pub name: String,
    /// What it is and which kernel code prints it.
    pub about: String,
    /// What it means for the machine, a sentence or two for a person.
    pub means: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// How much it matters.
    #[serde(default)]
    pub level: Level,
    /// How much it matters where no call trace follows, if that makes a difference.
    pub alone: Option<Level>,
    /// Only news where the boot has passed this milestone, and had not said the same before it.
    pub after: Option<MilestoneName>,
    /// Fixed strings, one of which every header contains. They drive the search.
    pub literals: Vec<String>,
    /// Forms of the header. Named groups: `cpu`, `pid`, `comm`, `file`, `line`, `condition`,
    /// `code`, a code reference (`FUNC+0x1/0x2`) without which the line is no header, and `place`,
    /// one that may be missing.
    pub headers: Vec<Pattern>,
    /// What may be before the header in its line where the log has no framing. After a time
    /// stamp anything may: the kernel's own line was cut into by another one.
    #[serde(default)]
    pub before: Vec<String>,
    /// Lines that look like a header and are none.
    #[serde(default)]
    pub never: Vec<Pattern>,
    /// Lines of people and robots that look like a header. What the framing shows to be the kernel's is none of
    /// them.
    #[serde(default)]
    pub prose: Vec<Pattern>,
    /// True where prose could read alike. A fallback counts only where the framing shows that the kernel printed the
    /// line; another kind also after nothing, or after the names that the kernel's drivers put in front.
    #[serde(default)]
    pub framed: bool,
    /// True where the header begins in the first column: indented it is somebody's list.
    #[serde(default)]
    pub unindented: bool,
    /// True where the header begins a boot, and so is a report only if the input holds an earlier one that did not
    /// end in order.
    #[serde(default)]
    pub restart: bool,
    /// Forms of the line that may be the first half of another kind's header, which a mailer broke.
    #[serde(default)]
    pub halves: Vec<Pattern>,
    /// True where every other kind is tried first.
    #[serde(default)]
    pub fallback: bool,
    /// True where the header is the whole report.
    #[serde(default)]
    pub single: bool,
    /// Headers of a single kind that a CPU line and a call trace may follow.
    #[serde(default)]
    pub traced: Vec<Pattern>,
    /// Headers which say by themselves that a CPU, group `cpu`, is on its way up.
    #[serde(default)]
    pub on_way_up: Vec<Pattern>,
    /// True where the instruction that RIP points at is what went wrong: the report says what it did with memory.
    #[serde(default)]
    pub faults: bool,
    /// True where the call trace shows who happened to ask, and nothing of it is at fault.
    #[serde(default)]
    pub innocent_stack: bool,
    /// True where the state of the memory is in the report, for `[[memory]]` to read.
    #[serde(default)]
    pub memory: bool,
    /// True where the kernel closes the report with `---[ end trace`.
    #[serde(default)]
    pub end_marker: bool,
    /// True where the registers may be printed once more after the end marker.
    #[serde(default)]
    pub repeats_registers: bool,
    /// Headers that are a part of this report where they follow closely and before its call trace.
    /// Every other header begins a report of its own.
    #[serde(default)]
    pub parts: Vec<Pattern>,
    /// Lines that this report ends with, and that are notices where they are alone.
    #[serde(default)]
    pub tail: Vec<Pattern>,
    /// Headers of other kinds that turn out to be the beginning of this report where its own header
    /// follows them closely and before their call trace.
    #[serde(default)]
    pub takes_over: Vec<Pattern>,
    /// Headers of other kinds whose whole report, call trace and all, is the beginning of this one: its own header is
    /// the last line, which closes it.
    #[serde(default)]
    pub completes: Vec<Pattern>,
    /// Forms of its own header that complete those reports; where absent, all do.
    #[serde(default)]
    pub completing: Vec<Pattern>,
    /// Headers in front of which the state of the CPU was printed.
    #[serde(default)]
    pub state_ahead: Vec<Pattern>,
    /// Lines which say that no call trace will follow.
    #[serde(default)]
    pub without_trace: Vec<Pattern>,
    /// How far after another report this one counts as its consequence.
    pub follows: Option<Follows>,
    /// What it is called: the first form that fits.
    #[serde(default, rename = "title")]
    pub titles: Vec<TitleForm>,
    /// A log and the title that it must get.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

/// The reach of a consequence; either bound suffices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follows {
    /// Lines after the end of the report before.
    pub lines: u64,
    /// Seconds after the report before.
    #[serde(default)]
    pub seconds: u64,
    /// Kinds that can bring it about; where absent, any can.
    #[serde(default)]
    pub after: Vec<String>,
    /// What both headers must have in common: its group `same`.
    pub same: Option<Pattern>,
}

impl Follows {
    /// True where a report of that kind can bring it about.
    pub fn can_be_after(&self, kind: &str) -> bool {
        self.after.is_empty() || self.after.iter().any(|after| after == kind)
    }

    /// True where both headers have what they must have in common.
    pub fn agrees(&self, cause: &str, header: &str) -> bool {
        // Most consequences need only be near.
        let Some(pattern) = &self.same else {
            return true;
        };
        let groups = [cause, header].map(|text| pattern.captures(text));
        let [Some(cause), Some(header)] = &groups else {
            return false;
        };
        let same = [cause, header].map(|groups| groups.name("same").map(|group| group.as_str()));
        same[0] == same[1]
    }
}

/// One form of a title.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitleForm {
    /// Why the title is taken from there.
    pub why: String,
    /// Must fit the header; where absent, any header does.
    pub header: Option<Pattern>,
    /// Must fit later lines, in this order. The named groups of all patterns may be in the
    /// title.
    #[serde(default)]
    pub lines: Vec<Pattern>,
    /// Where the function comes from; where absent, from a group `function`.
    pub function: Option<FunctionRule>,
    /// The title: text with `{function}`, `{origin}` (the function of the second call trace of the walk) and
    /// `{group}`.
    pub title: String,
    /// Groups that hold a CPU feature, by its flag or as `word*32+bit`: the title has its name in this kernel.
    #[serde(default)]
    pub features: Vec<String>,
    /// Other titles under which the same bug may be known.
    #[serde(default)]
    pub alt: Vec<String>,
    /// True where a whole report of this form has no call trace.
    #[serde(default)]
    pub no_stack: bool,
    /// True where the form itself shows that the report was damaged.
    #[serde(default)]
    pub corrupted: bool,
    /// True where the report is damaged only if the one that it is the consequence of is missing.
    #[serde(default)]
    pub consequence: bool,
}

/// The step of a walk that takes the frames of a call trace.
pub const FRAMES: &str = "frames";

/// How the function of a title is found.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionRule {
    /// Walk through the report: names of landmarks, and `frames` for the frames up to the next
    /// call trace. Every function on the way is a candidate.
    pub find: Vec<String>,
    /// The walk to try where the first one finds none.
    #[serde(default)]
    pub or: Vec<String>,
    /// The walk to try last.
    #[serde(default)]
    pub last: Vec<String>,
    /// Sets of functions that are no candidates for this kind, besides the machinery.
    #[serde(default)]
    pub skip: Vec<String>,
    /// Sets of functions that decide the title wherever they are.
    #[serde(default)]
    pub decisive: Vec<String>,
    /// A set of functions: the candidate that the first of them called is taken.
    pub called_by: Option<String>,
    /// True where the innermost candidate is taken if none of that set is in the trace.
    #[serde(default)]
    pub or_innermost: bool,
    /// Sets of functions that are passed over where none of the above decided. Where nothing else is
    /// in the trace, its outermost function is taken.
    #[serde(default)]
    pub pass: Vec<String>,
}

impl FunctionRule {
    /// True where its walk takes a second call trace, whose function is the `origin`.
    pub fn has_origin(&self) -> bool {
        self.find.iter().filter(|step| *step == FRAMES).count() > 1
    }
}

/// An example of a kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Lines of a log.
    pub log: String,
    /// Its title.
    pub title: String,
}

impl Kind {
    /// How much a report of the kind matters, with or without a call trace.
    pub fn level_of(&self, has_trace: bool) -> Level {
        self.alone.filter(|_| !has_trace).unwrap_or(self.level)
    }

    /// True where a literal of its headers is in the text.
    pub fn is_in(&self, text: &str) -> bool {
        let mut literals = self.literals.iter();
        literals.any(|literal| text.contains(literal.as_str()))
    }

    /// True for a function that a title of the kind passes over.
    pub fn skips(&self, grammar: &Grammar, function: &str) -> bool {
        let rules = self.titles.iter().filter_map(|form| form.function.as_ref());
        let mut sets = rules.flat_map(|rule| &rule.skip);
        sets.any(|set| grammar.is_in(set, function))
    }

    /// True where this header is the whole report.
    pub fn is_whole(&self, header: &str) -> bool {
        self.single && !self.traced.iter().any(|traced| traced.is_match(header))
    }

    /// True where a whole report of some form has a call trace.
    pub fn needs_stack(&self) -> bool {
        !self.single && self.titles.iter().any(|form| !form.no_stack)
    }

    /// Every pattern of the kind.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let titles = self
            .titles
            .iter()
            .flat_map(|form| form.header.iter().chain(&form.lines));
        let lines = self.never.iter().chain(&self.prose);
        let lines = lines
            .chain(&self.parts)
            .chain(&self.halves)
            .chain(&self.traced);
        let others = self.takes_over.iter().chain(&self.without_trace);
        let others = others.chain(&self.completes).chain(&self.completing);
        let others = others.chain(&self.tail).chain(&self.state_ahead);
        let same = self
            .follows
            .iter()
            .filter_map(|follows| follows.same.as_ref());
        let lines = lines.chain(others).chain(same);
        self.headers.iter().chain(lines).chain(titles)
    }
}
