//! Signatures: what two sightings of one bug have in common.
//!
//! In: a splat, its name, its verdict. Out: the signature, and the one that earlier versions made of the same
//! report, so that baselines written by them keep working.

use super::{Culprit, meaningful};
use crate::grammar::Grammar;
use crate::late_clear::{LateClear, path_name};
use crate::splat::{Frame, Splat, base_name};
use crate::title::Name;
use std::borrow::Cow;
use std::iter;

/// Frames of a signature: enough to separate bugs, few enough to survive inlining elsewhere.
const FRAMES: usize = 3;

/// The signature of a report.
///
/// It is made of what identifies the bug: the kind; the function that the report is about, where none is known
/// the place that the header names, and only then the header's words; the functions that called it, on the
/// report's own stack. The line of the place is a part of it although lines move from version to version: it is
/// all by which two bugs of one file differ, and to take a new bug for a known one is worse.
pub fn of(
    grammar: &Grammar,
    splat: &Splat,
    name: &Name,
    culprit: Option<&Culprit>,
    late_clear: Option<&LateClear>,
) -> String {
    if let Some(verdict) = late_clear {
        return of_late_clear(verdict);
    }
    let function = culprit
        .filter(|_| !name.general)
        .map(|culprit| culprit.function.clone());
    let named = name.function.clone().or(function);
    let what = named
        .clone()
        .or_else(|| place(splat).filter(|_| !name.general))
        .unwrap_or_else(|| words(name).to_owned());
    let kind = grammar.kind(&splat.kind);
    // Its stack is of whoever happened to ask, and another one each time.
    if kind.is_some_and(|kind| kind.innocent_stack) {
        return join(&splat.kind, &what, iter::empty());
    }
    let callers = callers(grammar, splat, named.as_deref());
    join(&splat.kind, &what, callers)
}

/// The signatures that versions before 0.2 made, where they were others.
pub fn former(grammar: &Grammar, splat: &Splat, name: &Name, signature: &str) -> Vec<String> {
    let function = name.syzbot_function.as_deref();
    let printed = splat.frames.iter().filter(|frame| !frame.recovered);
    let printed = printed.flat_map(printed_names);
    let frames = printed
        .filter(|name| super::is_meaningful(grammar, name))
        .filter(|name| Some(*name) != function)
        .map(Cow::from);
    let what = function.unwrap_or(&name.syzbot);
    let former = join(&splat.kind, what, frames);
    // They dropped the stack of a report that is one line as a rule.
    let single = grammar.kind(&splat.kind).is_some_and(|kind| kind.single);
    let without_stack = single.then(|| join(&splat.kind, what, iter::empty()));
    let mut all: Vec<_> = without_stack.into_iter().chain([former]).collect();
    all.dedup();
    all.retain(|former| former != signature);
    all
}

fn of_late_clear(verdict: &LateClear) -> String {
    let feature = verdict.feature.as_ref();
    let feature = feature.and_then(|f| f.name.clone().or_else(|| f.number.map(|n| n.to_string())));
    let parts = [
        "late-clear".to_owned(),
        path_name(verdict.path).to_owned(),
        feature.unwrap_or("?".to_owned()),
        verdict.requester.clone().unwrap_or("?".to_owned()),
    ];
    parts.join(":")
}

fn join<'a>(kind: &'a str, what: &'a str, frames: impl Iterator<Item = Cow<'a, str>>) -> String {
    let parts: Vec<_> = [Cow::from(kind), Cow::from(what)]
        .into_iter()
        .chain(frames.take(FRAMES))
        .collect();
    parts.join(":")
}

/// The title, unless a function is missing in it.
fn words(name: &Name) -> &str {
    if name.general {
        &name.title
    } else {
        &name.words
    }
}

/// `FILE:LINE` of the header.
fn place(splat: &Splat) -> Option<String> {
    let file = splat.at_file.as_deref()?;
    Some(match splat.at_line {
        Some(line) => format!("{file}:{line}"),
        None => file.to_owned(),
    })
}

/// The functions that called `function`; the whole stack where it is not on it.
fn callers<'a>(
    grammar: &'a Grammar,
    splat: &'a Splat,
    function: Option<&'a str>,
) -> impl Iterator<Item = Cow<'a, str>> {
    let own = splat.own_frames();
    let kind = grammar.kind(&splat.kind);
    let is_it = |frame: &Frame| {
        frame.reliable && function.is_some_and(|name| super::is_of(grammar, frame, name))
    };
    let after = own.iter().position(is_it).map_or(0, |index| index + 1);
    // The same with and without a vmlinux.
    let printed = own[after..].iter().filter(|frame| !frame.recovered);
    let skips = move |name: &Cow<'_, str>| kind.is_some_and(|kind| kind.skips(grammar, name));
    meaningful(grammar, printed)
        .filter(move |name| Some(name.as_ref()) != function)
        // Callers of a function say where it is, whatever they are; alone they are what the report is about.
        .filter(move |name| function.is_some() || !skips(name))
}

/// The functions of a frame, those that a symbolizer printed for its inlines first: earlier versions took them
/// for frames.
fn printed_names(frame: &Frame) -> impl Iterator<Item = &str> {
    let inlines = frame
        .inlines
        .iter()
        .filter(|_| frame.link_address.is_none());
    let inlines = inlines.filter_map(|inline| inline.function.as_deref());
    let own = frame.reliable.then(|| frame.base_name());
    inlines.map(base_name).chain(own)
}
