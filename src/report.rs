//! Reports: a splat with everything the stages found out about it.
//!
//! In: splats, symbols and verdicts. Out: [`Report`]s with title, signature, culprit and incident,
//! numbered in the order of the output.

use crate::grammar::Grammar;
use crate::late_clear::LateClear;
use crate::splat::{Frame, Splat, base_name, is_fragment};
use crate::symbols::Symbols;

/// Frames of a signature: enough to tell bugs apart, few enough to survive inlining elsewhere.
const SIGNATURE_FRAMES: usize = 3;

/// A later report is part of the incident of the one before it within so many lines.
const INCIDENT_REACH: u64 = 32;

/// The frame a person should look at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Culprit {
    /// Without clone suffixes.
    pub function: String,
    /// Path relative to the kernel tree, where known.
    pub file: Option<String>,
}

/// A splat and what is known of it.
pub struct Report {
    /// Position in the output, counted from 0 over all inputs.
    pub index: usize,
    /// As printed, with symbols filled in.
    pub splat: Splat,
    /// Where the symbols come from.
    pub symbols: Symbols,
    /// Only for a late clear.
    pub late_clear: Option<LateClear>,
    /// As syzbot would title it.
    pub title: String,
    /// The same for one bug across boots and builds.
    pub signature: String,
    /// Number of the crash that it belongs to.
    pub incident: usize,
    /// Whom to look at.
    pub culprit: Option<Culprit>,
}

/// What numbering needs to know of the report before.
#[derive(Debug, Clone, Default)]
pub struct Sequence {
    next: usize,
    incidents: usize,
    last: Option<Last>,
}

#[derive(Debug, Clone)]
struct Last {
    incident: usize,
    boot: Option<usize>,
    last_line: u64,
}

impl Sequence {
    /// Index that the next report will have.
    pub fn next_index(&self) -> usize {
        self.next
    }

    /// A new input begins: no report of it belongs to an incident of another.
    pub fn next_input(&mut self) {
        self.last = None;
    }

    /// Makes the next report.
    pub fn report(
        &mut self,
        grammar: &Grammar,
        mut splat: Splat,
        symbols: Symbols,
        late_clear: Option<LateClear>,
    ) -> Report {
        if late_clear.is_some() && is_fragment(&splat) {
            "warning".clone_into(&mut splat.kind);
        }
        let incident = self.incident(grammar, &splat, late_clear.as_ref());
        let report = Report {
            index: self.next,
            title: title(grammar, &splat, late_clear.as_ref()),
            signature: signature(grammar, &splat, late_clear.as_ref()),
            incident,
            culprit: culprit(grammar, &splat, late_clear.as_ref()),
            splat,
            symbols,
            late_clear,
        };
        self.next += 1;
        report
    }

    /// A nested repeat and a panic that a warning caused belong to what came before.
    fn incident(
        &mut self,
        grammar: &Grammar,
        splat: &Splat,
        late_clear: Option<&LateClear>,
    ) -> usize {
        let follows = grammar.kind(&splat.kind).is_some_and(|kind| kind.follows);
        let nested = late_clear.is_some_and(|verdict| verdict.caused_by.is_some());
        let near = |last: &&Last| {
            let gap = splat.source.first_line.saturating_sub(last.last_line);
            last.boot == splat.boot && gap <= INCIDENT_REACH
        };
        let joined = self
            .last
            .as_ref()
            .filter(|_| nested || follows)
            .filter(near)
            .map(|last| last.incident);
        let incident = joined.unwrap_or_else(|| {
            self.incidents += 1;
            self.incidents - 1
        });
        self.last = Some(Last {
            incident,
            boot: splat.boot,
            last_line: splat.source.last_line,
        });
        incident
    }
}

/// The function that the report is about: the header's, else RIP's, else the innermost frame that
/// is no machinery.
fn subject<'a>(
    grammar: &'a Grammar,
    splat: &'a Splat,
    late_clear: Option<&LateClear>,
) -> Option<&'a str> {
    if splat.header_line == 0 && late_clear.is_some() {
        return grammar.sites.first().map(|site| site.function.as_str());
    }
    let printed = splat
        .at
        .function
        .as_deref()
        .or_else(|| splat.rip.as_ref()?.function.as_deref());
    printed
        .map(base_name)
        .or_else(|| meaningful(grammar, splat).next().map(Frame::base_name))
}

fn meaningful<'a>(grammar: &'a Grammar, splat: &'a Splat) -> impl Iterator<Item = &'a Frame> {
    let telling = |frame: &&Frame| frame.reliable && !frame.base_name().is_empty();
    splat
        .frames
        .iter()
        .filter(telling)
        .filter(|frame| !grammar.is_in("noise", frame.base_name()))
}

fn title(grammar: &Grammar, splat: &Splat, late_clear: Option<&LateClear>) -> String {
    let Some(kind) = grammar.kind(&splat.kind) else {
        return splat.header.clone();
    };
    let function = subject(grammar, splat, late_clear).unwrap_or("corrupted");
    let mut title = kind.title.0.replace("{function}", function);
    for pattern in &kind.headers {
        let Some(captures) = pattern.captures(&splat.header) else {
            continue;
        };
        for name in pattern.group_names() {
            let value = captures.name(&name).map_or("", |m| m.as_str());
            title = title.replace(&format!("{{{name}}}"), value);
        }
        break;
    }
    title
}

fn signature(grammar: &Grammar, splat: &Splat, late_clear: Option<&LateClear>) -> String {
    if let Some(verdict) = late_clear {
        let feature = verdict.feature.as_ref();
        let feature =
            feature.and_then(|f| f.name.clone().or_else(|| f.number.map(|n| n.to_string())));
        let parts = [
            "late-clear".to_owned(),
            crate::late_clear::path_name(verdict.path).to_owned(),
            feature.unwrap_or("?".to_owned()),
            verdict.requester.clone().unwrap_or("?".to_owned()),
        ];
        return parts.join(":");
    }
    let subject = subject(grammar, splat, None);
    let frames = meaningful(grammar, splat)
        .map(Frame::base_name)
        .filter(|name| Some(*name) != subject);
    let parts: Vec<_> = [splat.kind.as_str()]
        .into_iter()
        .chain(subject)
        .chain(frames.take(SIGNATURE_FRAMES))
        .collect();
    parts.join(":")
}

fn culprit(grammar: &Grammar, splat: &Splat, late_clear: Option<&LateClear>) -> Option<Culprit> {
    if let Some(requester) = late_clear.and_then(|verdict| verdict.requester.clone()) {
        let frame = splat
            .frames
            .iter()
            .find(|frame| frame.base_name() == requester);
        let file = frame.and_then(|frame| frame.file.clone());
        return Some(Culprit {
            function: requester,
            file,
        });
    }
    let function = subject(grammar, splat, late_clear)?.to_owned();
    Some(Culprit {
        function,
        file: splat.at_file.clone(),
    })
}
