//! Knowledge as data: what `grammars/*.toml` say, read and checked.
//!
//! In: TOML text, compiled in or from a directory of the user's. Out: a [`Grammar`], the one table
//! that every later stage asks. All files share one format (`Document`): any file may hold any
//! section, and an entry replaces the earlier one of the same name.

mod cpus;
mod dependencies;
mod error;
pub mod features;
mod frames;
mod kind;
mod late_clear;
mod literals;
mod memberships;
mod memo;
mod msr;
mod names;
mod required_literals;
mod passed_over;
mod pattern;
mod rewrite;
mod summary;
mod tellers;
mod timeline;
mod who;

pub use cpus::{CpuListing, CpuStatement};
pub use dependencies::Dependency;
pub use error::GrammarError;
pub use frames::{FrameSet, KnownLines, Landmark, LandmarkUse, StackOf, Wrappers, unwrapped};
pub use kind::{Example, FRAMES, Follows, FunctionRule, Kind, Level, TitleForm};

pub use late_clear::{
    Ask, ClearSite, DecidingRegister, Diagnosis, Fault, FaultName, ListedAdvice, Meaning,
    NeverLate, PathName, PathRule, RangeCheck, Requester, StageName, Usual, WarnLines, Word,
};
pub(crate) use memo::Memo;
pub use msr::{Msr, MsrBit};
pub use passed_over::PassedOver;
pub use pattern::{Group, Groups, Pattern};
pub(crate) use rewrite::beginning;
pub use rewrite::{Rewrite, rewrite};
pub use summary::{SummaryRule, Taint};
pub use tellers::{Tells, Told};
pub use timeline::{Fact, FactField, Milestone, MilestoneName};
pub use who::WhoLine;

use features::FeatureDb;
use literals::{KindFinder, LineFinder};
use memberships::Memberships;
use serde::Deserialize;
use std::path::Path;
use tellers::Tellers;

/// A file of `grammars/`: its name, and what `build.rs` made of it.
macro_rules! builtin {
    ($name:literal) => {
        $crate::grammar::Builtin {
            name: concat!("grammars/", $name, ".toml"),
            json: include_str!(concat!(env!("OUT_DIR"), "/grammars/", $name, ".json")),
        }
    };
}
use builtin;

/// A file that is compiled in.
#[derive(Debug, Clone, Copy)]
struct Builtin {
    /// Path of the source in the repository.
    name: &'static str,
    json: &'static str,
}

impl Builtin {
    /// The tables of the file.
    fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(self.json).expect("the tests read every compiled-in file")
    }
}

/// The files that are compiled in, in the order in which they are merged.
const BUILTIN: &[Builtin] = &[
    builtin!("kinds/warning"),
    builtin!("kinds/oops"),
    builtin!("kinds/sanitizers"),
    builtin!("kinds/lockdep"),
    builtin!("kinds/stall"),
    builtin!("kinds/memory"),
    builtin!("kinds/livepatch"),
    builtin!("kinds/filesystem"),
    builtin!("kinds/hardware"),
    builtin!("kinds/scheduler"),
    builtin!("kinds/notices-cpu"),
    builtin!("kinds/notices-graphics"),
    builtin!("kinds/notices-storage"),
    builtin!("kinds/notices-platform"),
    builtin!("kinds/notices-devices"),
    builtin!("kinds/notices"),
    builtin!("kinds/panic"),
    builtin!("kinds/userspace"),
    builtin!("kinds/other"),
    builtin!("frames"),
    builtin!("lines"),
    builtin!("titles"),
    builtin!("boot"),
    builtin!("lkp"),
    builtin!("late-clear"),
    builtin!("dependencies"),
    builtin!("msr"),
    builtin!("cpus"),
    builtin!("summaries"),
    builtin!("guilty"),
];

/// The landmark which says that the machine stops.
const KERNEL_PANIC: &str = "kernel-panic";

/// What stands in front of a WARN or BUG (include/asm-generic/bug.h, `CUT_HERE`).
pub const CUT_HERE: &str = "[ cut here ]";

/// What stands behind the call trace of a WARN or an oops (kernel/panic.c, `print_oops_end_marker()`).
pub const END_TRACE: &str = "[ end trace ";

/// One grammar file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    kind: Vec<Kind>,
    frames: Vec<FrameSet>,
    wrappers: Vec<Wrappers>,
    landmark: Vec<Landmark>,
    known: Vec<KnownLines>,
    who: Vec<WhoLine>,
    lkp: Vec<Rewrite>,
    tidy: Vec<Rewrite>,
    milestone: Vec<Milestone>,
    fact: Vec<Fact>,
    site: Vec<ClearSite>,
    path: Vec<PathRule>,
    bring_up: Vec<PathRule>,
    requester: Vec<Requester>,
    never_late: Vec<NeverLate>,
    word: Vec<Word>,
    diagnosis: Vec<Diagnosis>,
    fault: Vec<Fault>,
    listed: Vec<ListedAdvice>,
    ask: Vec<Ask>,
    depends: Vec<Dependency>,
    msr: Vec<Msr>,
    cpu_listing: Vec<CpuListing>,
    cpu_line: Vec<CpuStatement>,
    summary: Vec<SummaryRule>,
    taint: Vec<Taint>,
    meaning: Vec<Meaning>,
    passed_over: Vec<PassedOver>,
}

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
    /// Lines that belong to reports.
    pub known: Vec<KnownLines>,
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
    tellers: Tellers,
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
    /// Listings of what single CPUs are.
    pub cpu_listings: Vec<CpuListing>,
    /// Lines that say something of one CPU.
    pub cpu_lines: Vec<CpuStatement>,
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
}

impl Grammar {
    /// The grammar that is compiled in.
    pub fn builtin() -> Grammar {
        let mut all = Document::default();
        for file in BUILTIN {
            all.merge(file.read());
        }
        all.into_grammar(None)
    }

    /// The compiled-in grammar with the `*.toml` files of `dir` laid over it, in the order of their
    /// names. A file in its folder `cpu-features` takes the place of the feature table of its name,
    /// or adds to the tables.
    ///
    /// # Errors
    /// A directory that cannot be read, or a file that is no grammar: the error names the file, the
    /// line and the reason.
    pub fn with_overrides(dir: &Path) -> Result<Grammar, GrammarError> {
        let mut all = Document::default();
        for file in BUILTIN {
            all.merge(file.read());
        }
        for path in toml_files(dir)? {
            let text = std::fs::read_to_string(&path).map_err(|e| GrammarError::read(&path, &e))?;
            let document = parse(&path.display().to_string(), &text)?;
            document.check(&path.display().to_string(), &text)?;
            all.merge(document);
            names::check(&all, &path.display().to_string(), &text)?;
        }
        let features = match dir.join(features::FOLDER) {
            folder if folder.is_dir() => Some(feature_tables(&folder)?),
            _ => None,
        };
        Ok(all.into_grammar(features))
    }

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

    /// True for a line that belongs to reports.
    pub fn is_known(&self, line: &str) -> bool {
        self.known_as(line).is_some()
    }

    /// The lines of reports that a line is one of.
    pub fn known_as(&self, line: &str) -> Option<&KnownLines> {
        let line = line.trim_start();
        let first = line.as_bytes().first();
        let fits =
            |start: &String| start.as_bytes().first() == first && line.starts_with(start.as_str());
        self.known
            .iter()
            .find(|known| known.starts.iter().any(fits))
    }

    /// True for a line that begins the stack dump of something that is no report.
    pub fn is_intruder(&self, line: &str) -> bool {
        self.signs_in(line)
            .any(|mark| mark.purpose == LandmarkUse::Intruder)
    }

    /// The landmarks with a use of their own that a line is: one search tells that it is none of them.
    pub fn signs_in<'g>(&'g self, line: &str) -> impl Iterator<Item = &'g Landmark> {
        let has_use = |mark: &&Landmark| mark.purpose != LandmarkUse::Place;
        let signs = self.landmarks.iter().filter(has_use);
        let literals = || {
            let each: Option<Vec<_>> = signs.clone().map(|mark| mark.pattern.literals()).collect();
            Some(each?.concat())
        };
        let may_be = self.signs.may_be_in(literals, line);
        signs.filter(move |mark| may_be && mark.pattern.is_match(line))
    }

    /// The rules for other lines that name task, CPU or kernel, where the line may be of one: one search tells.
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

    /// True for a line that matters without being a header: it may stand in front of one, or belong to
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

    /// Literals of the lines that only tell something else of the boot, each on its own line.
    pub fn note_literals(&self) -> impl Iterator<Item = &str> {
        let facts = self.facts.iter().map(|rule| rule.literal.as_str());
        let words = self.words.iter().map(|rule| rule.literal.as_str());
        facts.chain(words)
    }
}

impl Document {
    fn merge(&mut self, later: Document) {
        replace_by(&mut self.kind, later.kind, |kind| &kind.name);
        replace_by(&mut self.frames, later.frames, |set| &set.name);
        replace_by(&mut self.wrappers, later.wrappers, |set| &set.name);
        replace_by(&mut self.landmark, later.landmark, |line| &line.name);
        replace_by(&mut self.known, later.known, |lines| &lines.name);
        replace_by(&mut self.who, later.who, |line| &line.name);
        replace_by(&mut self.lkp, later.lkp, |rule| &rule.name);
        replace_by(&mut self.tidy, later.tidy, |rule| &rule.name);
        replace_by(&mut self.milestone, later.milestone, |rule| {
            &rule.pattern.source
        });
        replace_by(&mut self.fact, later.fact, |rule| &rule.pattern.source);
        replace_by(&mut self.site, later.site, |site| &site.function);
        replace_by(&mut self.path, later.path, |rule| &rule.name);
        replace_by(&mut self.bring_up, later.bring_up, |rule| &rule.name);
        replace_by(&mut self.requester, later.requester, |rule| &rule.name);
        replace_by(&mut self.word, later.word, |rule| &rule.name);
        replace_by(&mut self.diagnosis, later.diagnosis, |rule| &rule.name);
        for fault in later.fault {
            self.fault.retain(|old| old.name != fault.name);
            self.fault.push(fault);
        }
        self.never_late.extend(later.never_late);
        self.depends.extend(later.depends);
        replace_by(&mut self.cpu_listing, later.cpu_listing, |rule| &rule.name);
        self.cpu_line.extend(later.cpu_line);
        self.listed.splice(..0, later.listed);
        self.ask.splice(..0, later.ask);
        for msr in later.msr {
            self.msr.retain(|old| old.number != msr.number);
            self.msr.push(msr);
        }
        replace_by(&mut self.taint, later.taint, |taint| &taint.letter);
        replace_by(&mut self.meaning, later.meaning, |word| &word.feature);
        replace_by(&mut self.passed_over, later.passed_over, |rule| &rule.name);
        // The first rule that fits is taken: those of the user's come first.
        self.summary.splice(0..0, later.summary);
    }

    /// Compiles every pattern, so that an error is told now and with its file.
    fn check(&self, file: &str, text: &str) -> Result<(), GrammarError> {
        let kinds = self.kind.iter().flat_map(|kind| kind.patterns());
        let milestones = self.milestone.iter().map(|rule| &rule.pattern);
        let facts = self.fact.iter().map(|rule| &rule.pattern);
        let words = self.word.iter().map(|rule| &rule.pattern);
        let landmarks = self.landmark.iter().map(|line| &line.pattern);
        let who = self.who.iter().map(|line| &line.pattern);
        let rewrites = self.lkp.iter().chain(&self.tidy);
        let rewrites = rewrites.map(|rule| &rule.pattern);
        let proofs = self.fault.iter();
        let proofs = proofs.flat_map(|fault| fault.hardware.iter().chain(&fault.command_line));
        let summaries = self.summary.iter().flat_map(SummaryRule::patterns);
        let lines = milestones.chain(facts).chain(words).chain(landmarks);
        let lines = lines.chain(proofs).chain(summaries).chain(who);
        for pattern in kinds.chain(lines).chain(rewrites) {
            pattern
                .check()
                .map_err(|reason| GrammarError::pattern(file, text, &pattern.source, &reason))?;
        }
        for kind in &self.kind {
            names::check_kind(kind, file, text)?;
        }
        Ok(())
    }

    fn into_grammar(mut self, features: Option<FeatureDb>) -> Grammar {
        // Also behind the kinds that a user adds.
        self.kind.sort_by_key(|kind| kind.fallback);
        Grammar {
            kinds: self.kind,
            frames: self.frames,
            wrappers: self.wrappers,
            landmarks: self.landmark,
            known: self.known,
            who: self.who,
            lkp: self.lkp,
            tidy: self.tidy,
            tidied: Memo::default(),
            memberships: Memberships::default(),
            finder: KindFinder::default(),
            signs: LineFinder::default(),
            who_finder: LineFinder::default(),
            tellers: Tellers::default(),
            milestones: self.milestone,
            facts: self.fact,
            sites: self.site,
            paths: self.path,
            bring_ups: self.bring_up,
            requesters: self.requester,
            never_late: self.never_late,
            words: self.word,
            diagnoses: self.diagnosis,
            faults: self.fault,
            listed: self.listed,
            asks: self.ask,
            dependencies: self.depends,
            msrs: self.msr,
            cpu_listings: self.cpu_listing,
            cpu_lines: self.cpu_line,
            summaries: self.summary,
            taints: self.taint,
            meanings: self.meaning,
            passed_over: self.passed_over,
            features,
        }
    }
}

fn parse(name: &str, text: &str) -> Result<Document, GrammarError> {
    toml::from_str(text).map_err(|e| GrammarError::toml(name, text, &e))
}

/// Puts each later entry in the place of the earlier one with its key, or at the end.
fn replace_by<T>(all: &mut Vec<T>, later: Vec<T>, key: impl Fn(&T) -> &String) {
    for entry in later {
        match all.iter_mut().find(|old| key(old) == key(&entry)) {
            Some(old) => *old = entry,
            None => all.push(entry),
        }
    }
}

/// The compiled-in feature tables with the files of `folder` laid over them.
fn feature_tables(folder: &Path) -> Result<FeatureDb, GrammarError> {
    let mut files = Vec::new();
    for path in toml_files(folder)? {
        let text = std::fs::read_to_string(&path).map_err(|e| GrammarError::read(&path, &e))?;
        files.push((path.display().to_string(), text));
    }
    Ok(FeatureDb::builtin_with(&files)?)
}

fn toml_files(dir: &Path) -> Result<Vec<std::path::PathBuf>, GrammarError> {
    let entries = std::fs::read_dir(dir).map_err(|e| GrammarError::read(dir, &e))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compiled_in_file_parses_and_every_pattern_compiles() {
        let mut all = Document::default();
        for file in BUILTIN {
            let text = std::fs::read_to_string(file.name).unwrap_or_else(|e| panic!("{e}"));
            let document = parse(file.name, &text).unwrap_or_else(|e| panic!("{e}"));
            document
                .check(file.name, "")
                .unwrap_or_else(|e| panic!("{e}"));
            let compiled_in: Document = file.read();
            assert_eq!(compiled_in.kind.len(), document.kind.len());
            all.merge(document);
        }
        names::check(&all, "grammars", "").unwrap_or_else(|e| panic!("{e}"));
    }

    #[test]
    fn an_error_names_file_line_and_reason() {
        let error =
            parse("my.toml", "[[kind]]\nname = \"x\"\nfoo = 1\n").expect_err("foo is unknown");
        let text = error.to_string();
        assert!(
            text.starts_with("my.toml:3:") && text.contains("foo"),
            "{text}"
        );
    }

    #[test]
    fn a_file_of_the_user_replaces_by_name_and_adds() {
        let dir = tempfile::tempdir().expect("a directory");
        let set = "[[frames]]\nname = \"noise\"\nwhy = \"w\"\nfunctions = [\"only_this\"]\n";
        std::fs::write(dir.path().join("a.toml"), set).expect("written");
        let grammar = Grammar::with_overrides(dir.path()).expect("a grammar");
        assert!(grammar.is_in("noise", "only_this"));
        assert!(!grammar.is_in("noise", "__warn"));
        assert!(grammar.kind("warning").is_some());
    }

    #[test]
    fn a_feature_table_of_the_user_replaces_the_one_of_its_name() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = dir.path().join("cpu-features");
        std::fs::create_dir(&folder).expect("a folder");
        let row = "feature = [{ number = \"4*32+5\", name = \"MINE\", flag = \"mine\" }]";
        std::fs::write(folder.join("cpuid.toml"), row).expect("written");
        let grammar = Grammar::with_overrides(dir.path()).expect("a grammar");
        let table = grammar.features().for_release(Some("6.12.1"));
        assert_eq!(table.feature(133).map(|f| f.name).as_deref(), Some("MINE"));
        assert_eq!(table.by_name("VMX"), None);
        assert!(table.by_name("REP_GOOD").is_some());

        std::fs::write(folder.join("mine.toml"), "\nfeature = 3").expect("written");
        let error = Grammar::with_overrides(dir.path()).expect_err("no table");
        assert!(error.to_string().contains("mine.toml:2:"), "{error}");
    }

    #[test]
    fn a_name_that_nothing_has_is_an_error_with_its_line() {
        let dir = tempfile::tempdir().expect("a directory");
        let rule = "[[kind]]\nname = \"x\"\nabout = \"x\"\nliterals = [\"x\"]\nheaders = [\"x\"]\n\
            [[kind.title]]\nwhy = \"x\"\ntitle = \"x\"\nfunction = { find = [\"call-tracee\"] }\n";
        std::fs::write(dir.path().join("b.toml"), rule).expect("written");
        let error = Grammar::with_overrides(dir.path()).expect_err("no landmark");
        let text = error.to_string();
        assert!(
            text.contains("b.toml:9:") && text.contains("call-tracee"),
            "{text}"
        );
    }

    #[test]
    fn a_broken_pattern_of_the_user_is_an_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let rule = "[[milestone]]\nname = \"userspace\"\nliteral = \"x\"\npattern = \"(\"\n";
        std::fs::write(dir.path().join("b.toml"), rule).expect("written");
        let error = Grammar::with_overrides(dir.path()).expect_err("no pattern");
        assert!(error.to_string().contains("b.toml"), "{error}");
    }
}
