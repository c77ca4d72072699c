//! Grammar files: one format for all of them, merged into one [`Grammar`].
//!
//! In: TOML, compiled in as JSON by `build.rs` or from a directory of the user's. Out: the grammar, or an error
//! with file, line and reason.

use super::boot_events::BootEventFinder;
use super::builtin::{Builtin, builtin};
use super::features::{self, FeatureDb};
use super::literals::{KindFinder, LineFinder};
use super::memberships::Memberships;
use super::{
    Ask, ClearSite, CpuColumns, CpuListing, CpuLiterals, CpuStatement, Dependency, Diagnosis, Fact,
    Fault, FeatureNumbering, FrameSet, Grammar, GrammarError, Halves, Kind, Landmark, LineRule,
    LineRules, ListedAdvice, MarginWords, Margins, Meaning, Memo, MemoryRule, Milestone, Msr,
    NeverLate, PassedOver, PathRule, Requester, Rewrite, SummaryRule, Taint, WhoLine, Word,
    Wrappers, names,
};
use serde::Deserialize;
use std::path::Path;

/// The files that are compiled in, in the order in which they are merged.
pub(super) const BUILTIN: &[Builtin] = &[
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
    builtin!("memory-state"),
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

/// One grammar file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    pub kind: Vec<Kind>,
    pub frames: Vec<FrameSet>,
    pub wrappers: Vec<Wrappers>,
    pub landmark: Vec<Landmark>,
    pub line: Vec<LineRule>,
    pub halves: Vec<Halves>,
    pub margin: Vec<MarginWords>,
    pub who: Vec<WhoLine>,
    pub lkp: Vec<Rewrite>,
    pub tidy: Vec<Rewrite>,
    pub milestone: Vec<Milestone>,
    pub fact: Vec<Fact>,
    pub site: Vec<ClearSite>,
    pub path: Vec<PathRule>,
    pub bring_up: Vec<PathRule>,
    pub requester: Vec<Requester>,
    pub never_late: Vec<NeverLate>,
    pub numbering: Vec<FeatureNumbering>,
    pub word: Vec<Word>,
    pub diagnosis: Vec<Diagnosis>,
    pub fault: Vec<Fault>,
    pub listed: Vec<ListedAdvice>,
    pub ask: Vec<Ask>,
    pub depends: Vec<Dependency>,
    pub msr: Vec<Msr>,
    pub memory: Vec<MemoryRule>,
    pub cpu_listing: Vec<CpuListing>,
    pub cpu_columns: Vec<CpuColumns>,
    pub cpu_line: Vec<CpuStatement>,
    pub summary: Vec<SummaryRule>,
    pub taint: Vec<Taint>,
    pub meaning: Vec<Meaning>,
    pub passed_over: Vec<PassedOver>,
}

impl Grammar {
    /// The grammar that is compiled in.
    pub fn builtin() -> Grammar {
        // Built-in files are not checked here: a test compiles all their patterns.
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
        let mut own_kinds = Vec::new();
        for path in toml_files(dir)? {
            let text = std::fs::read_to_string(&path).map_err(|e| GrammarError::read(&path, &e))?;
            let file = path.display().to_string();
            let document = parse(&file, &text)?;
            document.check(&file, &text)?;
            let kinds = document.kind.iter().map(|kind| kind.name.clone());
            own_kinds.extend(kinds.map(|kind| (file.clone(), kind)));
            // Merged file by file, so that an unknown name is reported with the file that has it.
            all.merge(document);
            names::check(&all, &file, &text)?;
        }
        let features = match dir.join(features::FOLDER) {
            folder if folder.is_dir() => Some(feature_tables(&folder)?),
            _ => None,
        };
        Ok(Grammar {
            own_kinds,
            ..all.into_grammar(features)
        })
    }
}

impl Document {
    pub fn merge(&mut self, later: Document) {
        replace_by(&mut self.kind, later.kind, |kind| &kind.name);
        replace_by(&mut self.frames, later.frames, |set| &set.name);
        replace_by(&mut self.wrappers, later.wrappers, |set| &set.name);
        replace_by(&mut self.landmark, later.landmark, |line| &line.name);
        replace_by(&mut self.line, later.line, |rule| &rule.name);
        // `replace_by` takes names that are strings, and these are of an enum.
        for table in later.halves {
            self.halves.retain(|old| old.name != table.name);
            self.halves.push(table);
        }
        for table in later.margin {
            self.margin.retain(|old| old.name != table.name);
            self.margin.push(table);
        }
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
        // Lists without names: a user's file can only add to them.
        self.never_late.extend(later.never_late);
        replace_by(&mut self.numbering, later.numbering, |rule| &rule.name);
        self.depends.extend(later.depends);
        replace_by(&mut self.cpu_listing, later.cpu_listing, |rule| &rule.name);
        replace_by(&mut self.cpu_columns, later.cpu_columns, |rule| &rule.name);
        self.cpu_line.extend(later.cpu_line);
        // In front, as with summaries below: the first one that fits is taken.
        self.listed.splice(..0, later.listed);
        self.ask.splice(..0, later.ask);
        for msr in later.msr {
            self.msr.retain(|old| old.number != msr.number);
            self.msr.push(msr);
        }
        for rule in later.memory {
            self.memory.retain(|old| old.name != rule.name);
            self.memory.push(rule);
        }
        replace_by(&mut self.taint, later.taint, |taint| &taint.letter);
        replace_by(&mut self.meaning, later.meaning, |word| &word.feature);
        replace_by(&mut self.passed_over, later.passed_over, |rule| &rule.name);
        // The first rule that fits is taken: those of the user's come first.
        self.summary.splice(0..0, later.summary);
    }

    /// Compiles every pattern, so that an error is reported now and with its file.
    pub fn check(&self, file: &str, text: &str) -> Result<(), GrammarError> {
        let kinds = self.kind.iter().flat_map(|kind| kind.patterns());
        let milestones = self.milestone.iter().map(|rule| &rule.pattern);
        let facts = self.fact.iter().map(|rule| &rule.pattern);
        let words = self.word.iter().map(|rule| &rule.pattern);
        let landmarks = self.landmark.iter().map(|line| &line.pattern);
        let who = self.who.iter().map(|line| &line.pattern);
        let memory = self.memory.iter().map(|rule| &rule.pattern);
        let of_lines = self.line.iter().filter_map(|rule| rule.pattern.as_ref());
        let rewrites = self.lkp.iter().chain(&self.tidy);
        let rewrites = rewrites.map(|rule| &rule.pattern);
        let proofs = self.fault.iter();
        let proofs = proofs.flat_map(|fault| fault.hardware.iter().chain(&fault.command_line));
        let summaries = self.summary.iter().flat_map(SummaryRule::patterns);
        let lines = milestones.chain(facts).chain(words).chain(landmarks);
        let lines = lines.chain(proofs).chain(summaries).chain(who);
        let own_parts = self.cpu_listing.iter().flat_map(|rule| &rule.own_parts);
        let own_parts = own_parts.map(|part| &part.pattern);
        let lines = lines.chain(memory).chain(of_lines).chain(own_parts);
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
        // Also after the kinds that a user adds.
        // The sort is stable, so that the order of the files stays otherwise.
        self.kind.sort_by_key(|kind| kind.fallback);
        Grammar {
            kinds: self.kind,
            frames: self.frames,
            wrappers: self.wrappers,
            landmarks: self.landmark,
            lines: LineRules::new(self.line, self.halves),
            margins: Margins::new(self.margin),
            who: self.who,
            lkp: self.lkp,
            tidy: self.tidy,
            tidied: Memo::default(),
            memberships: Memberships::default(),
            finder: KindFinder::default(),
            signs: LineFinder::default(),
            who_finder: LineFinder::default(),
            boot_events: BootEventFinder::default(),
            milestones: self.milestone,
            facts: self.fact,
            sites: self.site,
            paths: self.path,
            bring_ups: self.bring_up,
            requesters: self.requester,
            never_late: self.never_late,
            numberings: self.numbering,
            words: self.word,
            diagnoses: self.diagnosis,
            faults: self.fault,
            listed: self.listed,
            asks: self.ask,
            dependencies: self.depends,
            msrs: self.msr,
            memory: self.memory,
            cpu_listings: self.cpu_listing,
            cpu_columns: self.cpu_columns,
            cpu_lines: self.cpu_line,
            cpu_literals: CpuLiterals::default(),
            summaries: self.summary,
            taints: self.taint,
            meanings: self.meaning,
            passed_over: self.passed_over,
            features,
            own_kinds: Vec::new(),
        }
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<Document, GrammarError> {
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
    // The order of a folder differs from disk to disk, and a later file replaces an earlier one.
    files.sort();
    Ok(files)
}
