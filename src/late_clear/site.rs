//! Is a splat a late clear, who asked for it, and is it a repeat of the one before?

use super::range_check::{self, WhichWarn};
use super::{Case, Confidence, Evidence, passing};
use crate::boot::FeatureMessage;
use crate::grammar::ClearSite;
use crate::splat::{Frame, base_name, is_fragment, is_headless, names};

/// The site of a late clear, and how sure it is that the splat is one.
pub struct ClearPlace<'a> {
    pub rule: &'a ClearSite,
    /// The report is about something else, and came from inside the clear.
    pub in_passing: bool,
    pub confidence: Confidence,
    pub evidence: Vec<Evidence>,
}

impl ClearPlace<'_> {
    /// True where the kernel warned of the clear.
    pub fn warned(&self, case: &Case<'_>) -> bool {
        !self.in_passing || passing::warned(case, self.rule).is_some()
    }
}

/// Finds the site that the splat came from.
pub fn find<'a>(case: &Case<'a>) -> Option<ClearPlace<'a>> {
    let sites = case.grammar.sites.iter();
    sites
        .filter_map(|rule| {
            if is_fragment(case.splat) {
                fragment(case, rule)
            } else {
                warning(case, rule).or_else(|| passing::find(case, rule))
            }
        })
        .next()
}

/// A WARN in the function, or in a copy of it inlined into one of its helpers.
fn warning<'a>(case: &Case<'a>, rule: &'a ClearSite) -> Option<ClearPlace<'a>> {
    let splat = case.splat;
    let headless = is_headless(splat) || rule.damaged.contains(&splat.kind);
    // Before anything else, because the same function has a WARN that clears nothing.
    let told = range_check::tell(case, rule);
    if told == WhichWarn::RangeCheck {
        return None;
    }
    let mut evidence = vec![if splat.kind == rule.kind {
        by_header(case, rule)?
    } else if headless {
        without_head(case, rule)?
    } else {
        return None;
    }];
    if let WhichWarn::LateClear(Some(item)) = told {
        evidence.push(item);
    }
    // Without frames neither path nor requester can be checked.
    let confidence = match splat.frames.is_empty() {
        true => Confidence::Weak,
        false if headless => Confidence::Likely,
        false => Confidence::Certain,
    };
    Some(ClearPlace {
        rule,
        in_passing: false,
        confidence,
        evidence,
    })
}

/// The header names the function; where a line of it is lost RIP does, or the file alone.
fn by_header(case: &Case<'_>, rule: &ClearSite) -> Option<Evidence> {
    let splat = case.splat;
    let rip = || splat.rip.as_ref()?.function.as_deref();
    let function = splat.at.function.as_deref().or_else(rip).map(base_name);
    let in_file = splat.at_file.as_deref() == Some(rule.file.as_str());
    let here = function == Some(rule.function.as_str())
        || in_file && function.is_none_or(|name| names(&rule.helpers, name));
    let says = || format!("WARN in {}()", function.unwrap_or(&rule.file));
    here.then(|| Case::note(splat.header_line, says(), "late clear"))
}

/// A report whose head is lost or damaged. Its kind is not known, so that it was a WARN must show: by the trapping
/// instruction, or by the marks that WARN() prints around a report (an NMI's backtrace has neither).
fn without_head(case: &Case<'_>, rule: &ClearSite) -> Option<Evidence> {
    let splat = case.splat;
    let trapped = trap(case, rule);
    if trapped == Some(false) {
        return None;
    }
    let proven = trapped == Some(true) || splat.marked;
    match splat.rip.as_ref().and_then(|rip| rip.function.as_deref()) {
        Some(rip) => {
            let rip = base_name(rip);
            let says = format!("RIP in {rip}(), in a report whose head is lost or damaged");
            (proven && names(&rule.helpers, rip))
                .then(|| Case::note(splat.source.first_line, says, "late clear"))
        }
        None if proven || is_headless(splat) && !splat.announced => in_front(case, rule),
        None => None,
    }
}

/// Whether RIP points at an instruction that WARN() traps with; `None` where no `Code:` line shows it.
fn trap(case: &Case<'_>, rule: &ClearSite) -> Option<bool> {
    let code = case.splat.code.as_ref()?;
    let at = code.bytes.get(code.trap_offset?..)?;
    Some(rule.traps.iter().any(|trap| at.starts_with(trap)))
}

/// The function that warns, or a helper of it, in front of the frames of those who called it.
fn in_front(case: &Case<'_>, rule: &ClearSite) -> Option<Evidence> {
    let called = |frame: &Frame| {
        let name = frame.base_name();
        frame.reliable && !names(&rule.helpers, name) && !case.grammar.is_in("noise", name)
    };
    let frames = &case.splat.frames;
    let end = frames.iter().position(called).unwrap_or(frames.len());
    let frame = frames[..end]
        .iter()
        .find(|frame| names(&rule.helpers, frame.base_name()))?;
    let says = format!("{} in the quoted trace", frame.base_name());
    Some(Case::note(frame.log_line, says, "late clear"))
}

/// Frames quoted without their header: a late clear where they hold the function, or where the mail
/// cites the WARNING beside them. That the input speaks of the function is no proof: a command line, a
/// tracer or another report does so as well.
fn fragment<'a>(case: &Case<'a>, rule: &'a ClearSite) -> Option<ClearPlace<'a>> {
    let evidence = in_front(case, rule).or_else(|| cited(case, rule))?;
    Some(ClearPlace {
        rule,
        in_passing: false,
        confidence: Confidence::Likely,
        evidence: vec![evidence],
    })
}

/// A line that people wrote, not the kernel, names the WARNING.
fn cited(case: &Case<'_>, rule: &ClearSite) -> Option<Evidence> {
    let cites = |note: &&FeatureMessage| {
        // What the kernel printed is of some report; a person's words are about the one that is
        // quoted.
        let written = note.word.is_none() && !note.framed;
        written && rule.cited.is_match(&note.text)
    };
    let note = case.boot.notes.iter().find(cites)?;
    let says = format!("the mail is about a WARNING in {}", rule.function);
    Some(Case::note(note.line, says, "late clear"))
}

/// The function that asked for the clear: the innermost frame that is neither machinery nor helper.
/// Quoted frames show it only where the function that warned is in front of it; else a message
/// of the kernel may name it.
pub fn requester(
    case: &Case<'_>,
    place: &ClearPlace<'_>,
    evidence: &mut Vec<Evidence>,
) -> Option<String> {
    let rule = place.rule;
    if is_fragment(case.splat) && !has_helper_in_front(case, rule) {
        let (word, note) = super::feature::near_words(case, None).next()?;
        let says = format!("{} prints \"{}\"", word.requester, note.text);
        evidence.push(Case::note(note.line, says, "requester"));
        return Some(word.requester.clone());
    }
    let (_, reliable) = case.frames();
    let asks = |frame: &Frame| {
        let name = frame.base_name();
        let machinery = names(&rule.helpers, name) || case.grammar.is_in("noise", name);
        // Frames marked `?` may be left on the stack by earlier calls: they count only where there are no others.
        (frame.reliable || !reliable) && !name.is_empty() && !machinery
    };
    let own = case.splat.own_frames();
    let inside = passing::end(case, rule).filter(|_| place.in_passing);
    let frame = own[inside.unwrap_or(0)..]
        .iter()
        .find(|frame| asks(frame))?;
    if frame.recovered {
        let says = format!(
            "{} ended in a jump and left no frame (DWARF call sites)",
            frame.base_name()
        );
        evidence.push(Case::note(frame.log_line, says, "requester"));
    } else if let Some(gap) = case.vmlinux.gap(frame.log_line) {
        evidence.push(Case::note(
            frame.log_line,
            gap.to_owned(),
            "requester unknown",
        ));
        // A pointer or lost lines are between: the frame may not be that of the function that
        // asked.
        return None;
    }
    Some(frame.base_name().to_owned())
}

/// How sure the requester is. Where no rule says that it clears the feature it may only have called the
/// function that does, whose frame is lost or left by a tail call.
pub fn requester_is_sure(
    case: &Case<'_>,
    requester: Option<&str>,
    feature: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> Confidence {
    let Some(requester) = requester else {
        return Confidence::Certain;
    };
    let mut early = case.grammar.never_late.iter();
    if let Some(early) = early.find(|early| names(&early.functions, requester)) {
        let says = format!(
            "{requester}() {}: its clear is late only where this kernel differs, or its frame is not the one that asked",
            early.why
        );
        evidence.push(Case::note(0, says, "requester"));
        return Confidence::Likely;
    }
    let other = case.grammar.requesters.iter().find(|rule| {
        let about = |name: &str| rule.features.iter().any(|feature| feature == name);
        !rule.names(requester) && feature.is_some_and(about)
    });
    match (case.grammar.requester(requester, feature), other) {
        (Some(rule), other)
            if rule.names(requester) && (other.is_none() || !rule.features.is_empty()) =>
        {
            Confidence::Certain
        }
        (_, Some(other)) => {
            let says = format!(
                "{}() is known to clear {}: its frame may be lost, or left by a tail call",
                other.function,
                feature.unwrap_or_default()
            );
            evidence.push(Case::note(0, says, "requester"));
            Confidence::Likely
        }
        _ => Confidence::Likely,
    }
}

fn has_helper_in_front(case: &Case<'_>, rule: &ClearSite) -> bool {
    let first_reliable = case.splat.frames.iter().position(|frame| frame.reliable);
    let in_front = &case.splat.frames[..first_reliable.unwrap_or(0)];
    in_front
        .iter()
        .any(|frame| names(&rule.helpers, frame.base_name()))
}

/// `setup_clear_cpu_cap()` clears for all CPUs, and from inside that once more for boot_cpu_data:
/// the second splat has the function itself as its innermost frame.
pub fn nested_in(
    case: &Case<'_>,
    place: &ClearPlace<'_>,
    evidence: &mut Vec<Evidence>,
) -> Option<usize> {
    if place.in_passing {
        return None;
    }
    let rule = place.rule;
    let (frames, _) = case.frames();
    let innermost = frames
        .iter()
        .find(|frame| !case.grammar.is_in("noise", frame.base_name()))?;
    if innermost.base_name() != rule.function || is_trap_itself(case, innermost) {
        return None;
    }
    let cause = case.earlier.last()?;
    // The repeat is printed from inside the first call, so that nothing of this CPU can come
    // between.
    let directly_before = !cause.nested && cause.index + 1 == case.index;
    if !directly_before || cause.boot != case.splat.boot || cause.cpu != case.splat.cpu {
        return None;
    }
    let says = format!("{} called itself: a nested repeat", rule.function);
    evidence.push(Case::note(innermost.log_line, says, "caused_by"));
    Some(cause.index)
}

/// A `? func` frame may be the trap's own address left on the stack.
fn is_trap_itself(case: &Case<'_>, frame: &Frame) -> bool {
    let rip = case.splat.rip.as_ref();
    rip.is_some_and(|rip| rip.offset.is_some() && rip.offset == frame.code.offset)
        || !frame.reliable && frame.code.offset.is_none()
}
