//! The function that a report is about: a walk through its lines, past the machinery.

use super::lines::{TitleLine, readable};
use crate::grammar::{FRAMES, FrameSet, FunctionRule, Grammar, Landmark, Wrappers, unwrapped};

/// A function as titles name it and as the log prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFunction {
    /// Without what wrappers put in front.
    pub name: String,
    /// `None` where it goes by one name only.
    printed: Option<String>,
}

/// One way to name functions: titles that differ only in the prefix of a wrapper are of one bug.
#[derive(Debug, Clone, Copy)]
pub enum Naming<'g> {
    /// Without what wrappers put in front: the one for the title.
    Plain,
    /// As the log prints it.
    Printed,
    /// Without this prefix.
    Without(&'g str),
}

impl<'g> Naming<'g> {
    /// All ways, the one for the title first.
    pub fn all(wrappers: &'g [Wrappers]) -> impl Iterator<Item = Naming<'g>> {
        let prefixes = wrappers.iter().flat_map(|set| &set.prefixes);
        let without = prefixes.map(|prefix| Naming::Without(prefix));
        [Naming::Plain, Naming::Printed].into_iter().chain(without)
    }
}

impl NamedFunction {
    /// A function that goes by one name.
    pub fn plain(name: &str) -> NamedFunction {
        NamedFunction {
            name: name.to_owned(),
            printed: None,
        }
    }

    /// Its name.
    pub fn named(&self, naming: Naming<'_>) -> &str {
        let printed = self.printed.as_deref().unwrap_or(&self.name);
        match naming {
            Naming::Without(prefix) if self.printed.is_some() => {
                printed.strip_prefix(prefix).unwrap_or(printed)
            }
            Naming::Plain => &self.name,
            _ => printed,
        }
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The function of the first call trace.
    pub function: Option<NamedFunction>,
    /// The function of the second one: where the object came from.
    pub origin: Option<NamedFunction>,
    /// True where every call trace has its own.
    pub whole: bool,
}

/// Takes the rule's walk, then its other ones, until one comes through whole.
pub fn find(grammar: &Grammar, rule: &FunctionRule, lines: &[TitleLine<'_>]) -> Walked {
    let mut last = Walked::default();
    // Each later walk is looser than the one before: it would find a function in a report that was
    // cut off.
    for steps in [&rule.find, &rule.or, &rule.last] {
        if steps.is_empty() {
            continue;
        }
        let mut walk = TraceWalk::new(grammar, lines);
        for (index, step) in steps.iter().enumerate() {
            walk.step(step, steps.get(index + 1));
        }
        last = walk.choose(rule);
        if last.whole {
            break;
        }
    }
    last
}

/// A walk through the lines of a report.
struct TraceWalk<'a, 'l> {
    grammar: &'a Grammar,
    rest: std::slice::Iter<'a, TitleLine<'l>>,
    /// Candidates by call trace; a second trace must have its own.
    candidates: Vec<Vec<String>>,
    traces: usize,
    /// A landmark that the walk came past while it took frames.
    passed: Option<&'a str>,
    damaged: bool,
}

impl<'a, 'l> TraceWalk<'a, 'l> {
    fn new(grammar: &'a Grammar, lines: &'a [TitleLine<'l>]) -> TraceWalk<'a, 'l> {
        TraceWalk {
            grammar,
            rest: lines.iter(),
            candidates: vec![Vec::new()],
            traces: 0,
            passed: None,
            damaged: false,
        }
    }

    fn step(&mut self, step: &'a str, next: Option<&'a String>) {
        // `take_frames()` has read the line of this landmark: to look for it again would find a later one.
        if self.passed.take() == Some(step) {
            return;
        }
        if step == FRAMES {
            // Only from the second trace on: what was found on the way to the first one is a
            // candidate of it.
            self.traces += 1;
            if self.traces > 1 {
                self.candidates.push(Vec::new());
            }
            self.take_frames(next.map(String::as_str));
        } else {
            self.go_to(step);
        }
    }

    fn go_to(&mut self, name: &str) {
        let landmark = self.grammar.landmark(name);
        while let Some(line) = self.rest.next() {
            // After a line of another report the frames may be that report's.
            if line.is_damage() {
                self.damaged = true;
                return;
            }
            if landmark.is_some_and(|landmark| self.reaches(landmark, line.text)) {
                return;
            }
        }
    }

    /// Frames up to the next call trace, or to the next step's landmark.
    fn take_frames(&mut self, next: Option<&'a str>) {
        let next = next.and_then(|name| self.grammar.landmark(name));
        while let Some(line) = self.rest.next() {
            if line.is_damage() {
                self.damaged = true;
                return;
            }
            if line.begins_trace() {
                return;
            }
            if let Some(next) = next.filter(|next| self.reaches(next, line.text)) {
                self.passed = Some(&next.name);
                return;
            }
            for function in line.functions() {
                self.add(function);
            }
        }
    }

    /// True where the line is the landmark; its functions are candidates.
    fn reaches(&mut self, landmark: &Landmark, line: &str) -> bool {
        let Some(functions) = landmark.functions(line) else {
            return false;
        };
        for function in functions.iter() {
            self.add(readable(function));
        }
        true
    }

    fn add(&mut self, function: String) {
        if let Some(candidates) = self.candidates.last_mut() {
            candidates.push(function);
        }
    }

    /// The function of each trace.
    fn choose(&self, rule: &FunctionRule) -> Walked {
        let traces = self.candidates.iter();
        let chosen: Vec<_> = traces
            .map(|names| choose(self.grammar, rule, names))
            .collect();
        // A trace without a function is one that was cut off.
        let whole = !self.damaged && chosen.iter().all(Option::is_some);
        let mut chosen = chosen.into_iter().map(Option::into_iter);
        let mut next = || chosen.next().and_then(|mut found| found.next());
        Walked {
            function: next(),
            origin: next(),
            whole,
        }
    }
}

/// The candidate that the report is about.
fn choose(grammar: &Grammar, rule: &FunctionRule, candidates: &[String]) -> Option<NamedFunction> {
    let is_in = |sets: &[String], name: &str| sets.iter().any(|set| grammar.is_in(set, name));
    let found: Vec<NamedFunction> = candidates
        .iter()
        .filter(|name| !grammar.is_machinery(name) && !is_in(&rule.skip, name))
        .map(|printed| found(&grammar.wrappers, printed))
        .collect();
    for (index, candidate) in found.iter().enumerate() {
        // In the order of the frames: of two decisive functions the innermost one counts.
        if let Some(set) = set_of(grammar, &rule.decisive, &candidate.name) {
            return Some(called(candidate, set));
        }
        let anchor = rule.called_by.as_ref();
        if anchor.is_some_and(|set| grammar.is_in(set, &candidate.name)) {
            // Frames are innermost first: the one before the anchor is the function that the anchor called.
            return found.get(index.saturating_sub(1)).cloned();
        }
    }
    if rule.called_by.is_some() {
        return found.into_iter().next().filter(|_| rule.or_innermost);
    }
    let mut left = found
        .into_iter()
        .filter(|found| !is_in(&rule.pass, &found.name));
    left.next().or_else(|| outermost(grammar, rule, candidates))
}

/// The function that all those that are passed over were called by. The first one alone shows
/// nothing: it is the scheduler's, whoever sleeps.
fn outermost(
    grammar: &Grammar,
    rule: &FunctionRule,
    candidates: &[String],
) -> Option<NamedFunction> {
    let passes = !rule.pass.is_empty() && candidates.len() > 1;
    let outermost = candidates.last().filter(|_| passes)?;
    Some(found(&grammar.wrappers, outermost))
}

fn set_of<'g>(grammar: &'g Grammar, sets: &[String], name: &str) -> Option<&'g FrameSet> {
    let mut decisive = grammar.frames.iter().filter(|set| sets.contains(&set.name));
    decisive.find(|set| set.has(name))
}

fn called(candidate: &NamedFunction, set: &FrameSet) -> NamedFunction {
    NamedFunction {
        name: set.called.clone().unwrap_or_else(|| candidate.name.clone()),
        printed: candidate.printed.clone(),
    }
}

/// Takes the longest prefix of a wrapper off.
fn found(wrappers: &[Wrappers], printed: &str) -> NamedFunction {
    NamedFunction {
        name: unwrapped(wrappers, printed).to_owned(),
        printed: Some(printed.to_owned()),
    }
}
