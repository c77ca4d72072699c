//! What a report is called where its lines do not lead to a function.
//!
//! syzbot says "in corrupted" then, which joins all such reports to one bug. The log mostly names a function
//! all the same: in the header, at the instruction pointer, or in the first frame.

use super::lines::readable;
use super::{Captured, FUNCTION, fill, tidy};
use crate::grammar::{FunctionRule, Grammar, TitleForm};
use crate::splat::{Frame, Splat};

/// The function that the log names. Where the lines of two reports were mixed only that of the header is
/// `sure` to be of this one. What the rule skips is never named, what it passes over only where there is nothing else.
pub fn function(
    grammar: &Grammar,
    rule: Option<&FunctionRule>,
    splat: &Splat,
    sure: bool,
) -> Option<String> {
    let at = splat.at.function.as_deref();
    let rip = splat.rip.as_ref().and_then(|rip| rip.function.as_deref());
    // The header's function is of this report for certain; RIP and frames may be of another one.
    let known = at.or(rip.filter(|_| sure)).map(readable);
    known.or_else(|| first_frame(grammar, rule, splat).filter(|_| sure))
}

fn first_frame(grammar: &Grammar, rule: Option<&FunctionRule>, splat: &Splat) -> Option<String> {
    // Where the kernel vouches for none of its frames, as without frame pointers, the first one is all that is named.
    let vouches = splat.own_frames().iter().any(|frame| frame.reliable);
    let frames = splat
        .own_frames()
        .iter()
        .filter(|frame| frame.reliable == vouches);
    let names = frames.map(Frame::name).filter(|name| !name.is_empty());
    let names = names.map(readable);
    let names = names.filter(|name| !grammar.is_machinery(name) && !grammar.is_in("noise", name));
    let is_in = |sets: &[String], name: &str| sets.iter().any(|set| grammar.is_in(set, name));
    let mut names = names.filter(|name| !rule.is_some_and(|rule| is_in(&rule.skip, name)));
    let first = names.next()?;
    let mut all = std::iter::once(first.clone()).chain(names);
    let other = all.find(|name| !rule.is_some_and(|rule| is_in(&rule.pass, name)));
    Some(other.unwrap_or(first))
}

/// The title with this function; without one with the file that the header names; without that it ends before.
pub fn title(
    grammar: &Grammar,
    form: &TitleForm,
    mut groups: Captured,
    function: Option<&str>,
    splat: &Splat,
) -> String {
    // A file is better than nothing: reports without it would all be one bug.
    let template = match function.or(splat.at_file.as_deref()) {
        Some(name) => {
            groups.insert("function".to_owned(), name.to_owned());
            form.title.as_str()
        }
        None => without_function(&form.title),
    };
    tidy::tidy(grammar, &fill(template, &groups))
}

/// `KASAN: {what} in {function}` becomes `KASAN: {what}`.
fn without_function(template: &str) -> &str {
    let before = template.split(FUNCTION).next().unwrap_or(template);
    before.strip_suffix(" in ").unwrap_or(before).trim_end()
}
