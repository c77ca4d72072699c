//! Reports about something else that came from inside a clear: an Oops, a KASAN or a lockdep report whose own stack
//! holds the function that clears.

use super::path::Path;
use super::site::ClearPlace;
use super::{Case, Confidence};
use crate::grammar::{ClearSite, PathName, StageName};
use crate::splat::{Frame, names};

/// The site, where the report came from inside it. Whether the clear was late the path must show.
pub fn find<'a>(case: &Case<'a>, rule: &'a ClearSite) -> Option<ClearPlace<'a>> {
    if !rule.passing.contains(&case.splat.kind) {
        return None;
    }
    let frame = clearing(case, rule)?;
    let says = format!("{} in the call trace of this report", rule.function);
    let mut evidence = vec![Case::note(frame.log_line, says, "late clear")];
    let warning = warned(case, rule).map(|frame| {
        let says = format!(
            "{} in front of it: {} was printing a WARNING",
            frame.base_name(),
            rule.function
        );
        Case::note(frame.log_line, says, "late clear")
    });
    // It may be the function's other WARN.
    let confidence = match (&warning, &rule.range_check) {
        (Some(_), Some(_)) => Confidence::Likely,
        _ => Confidence::Certain,
    };
    evidence.extend(warning);
    Some(ClearPlace {
        rule,
        in_passing: true,
        confidence,
        evidence,
    })
}

/// The outermost frame of the clear itself; whoever called it asked for it. A `?` is no proof that it ran.
fn clearing<'a>(case: &Case<'a>, rule: &ClearSite) -> Option<&'a Frame> {
    case.splat
        .own_frames()
        .get(end(case, rule)?.checked_sub(1)?)
}

/// How many frames of the report's own stack are the clear and what it called.
pub fn end(case: &Case<'_>, rule: &ClearSite) -> Option<usize> {
    let frames = case.splat.own_frames();
    let is_it = |frame: &Frame| frame.reliable && frame.base_name() == rule.function;
    let function = frames.iter().rposition(is_it)?;
    let helper = |frame: &&Frame| !frame.reliable || names(&rule.helpers, frame.base_name());
    let helpers = frames[function..].iter().take_while(helper);
    Some(function + helpers.count())
}

/// A frame of WARN() that the clear called: it had warned, and the report came from the printing.
pub fn warned<'a>(case: &Case<'a>, rule: &ClearSite) -> Option<&'a Frame> {
    let inside = &case.splat.own_frames()[..end(case, rule)?];
    let is_it = |frame: &&Frame| frame.reliable && names(&rule.warned_by, frame.base_name());
    inside.iter().find(is_it)
}

/// Before the alternatives are patched a clear is in order: only the path shows that it was after that, or the warning.
pub fn is_late(case: &Case<'_>, rule: &ClearSite, path: &Path) -> bool {
    let by_path = match (path.path, path.stage) {
        (PathName::Ap | PathName::Other, _) | (PathName::Bsp, StageName::Resume) => true,
        (PathName::Bsp | PathName::Unknown, _) => false,
    };
    by_path || warned(case, rule).is_some()
}
