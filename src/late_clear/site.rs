//! Is a splat a late clear, who asked for it, and is it a repeat of the one before?

use super::{Case, Confidence, Evidence};
use crate::grammar::ClearSite;
use crate::splat::{Frame, base_name, is_fragment, is_headless, names};

/// The site of a late clear, and how sure it is that the splat is one.
pub struct Site<'a> {
    pub rule: &'a ClearSite,
    pub confidence: Confidence,
    pub evidence: Vec<Evidence>,
}

/// Finds the site that the splat came from.
pub fn find<'a>(case: &Case<'a>) -> Option<Site<'a>> {
    let sites = case.grammar.sites.iter();
    sites
        .filter_map(|rule| {
            if is_fragment(case.splat) {
                fragment(case, rule)
            } else {
                warning(case, rule)
            }
        })
        .next()
}

/// A WARN in the function, or in a copy of it inlined into one of its helpers.
fn warning<'a>(case: &Case<'a>, rule: &'a ClearSite) -> Option<Site<'a>> {
    let splat = case.splat;
    if splat.kind != "warning" && !is_headless(splat) {
        return None;
    }
    let printed = splat
        .at
        .function
        .as_deref()
        .or(splat.rip.as_ref()?.function.as_deref());
    let in_file = splat.at_file.as_deref() == Some(rule.file.as_str());
    let function = printed.map(base_name);
    let here = function == Some(rule.function.as_str())
        || in_file && function.is_none_or(|f| rule.helpers.iter().any(|helper| helper == f));
    if !here || is_range_check(case, rule) {
        return None;
    }
    let place = function.unwrap_or(&rule.file);
    let says = match is_headless(splat) {
        true => format!("RIP in {place}(), in a report whose head is missing"),
        false => format!("WARN in {place}()"),
    };
    let mut evidence = vec![Case::note(splat.header_line, says, "late clear")];
    if case.vmlinux.tests_variable(splat, &rule.patched_flag) == Some(true) {
        let says = format!(
            "the code in front of the trap reads {} (vmlinux)",
            rule.patched_flag
        );
        evidence.push(Case::note(0, says, "late clear"));
    }
    let confidence = match splat.frames.is_empty() {
        true => Confidence::Weak,
        false if is_headless(splat) => Confidence::Likely,
        false => Confidence::Certain,
    };
    Some(Site {
        rule,
        confidence,
        evidence,
    })
}

/// The function's other WARN says that the feature number is out of range; nothing is cleared there.
fn is_range_check(case: &Case<'_>, rule: &ClearSite) -> bool {
    let splat = case.splat;
    if splat
        .message
        .iter()
        .any(|text| text.contains("MAX_FEATURE_BITS"))
    {
        return true;
    }
    match case.vmlinux.tests_variable(splat, &rule.patched_flag) {
        Some(reads_flag) => !reads_flag,
        None => code_compares_with_limit(case),
    }
}

/// `cmp $imm32, %reg; ja` in front of the trap, as the range check compiles, with the limit of this
/// kernel: bits start at 0, so the highest valid one is limit - 1. Where the trap is out of line
/// only the register can tell.
fn code_compares_with_limit(case: &Case<'_>) -> bool {
    let Some(limit) = case.features.max_feature_bits() else {
        return false;
    };
    let highest = (limit - 1).to_le_bytes();
    let code = case.splat.code.as_ref();
    let before = code.and_then(|code| code.bytes.get(..code.trap_offset?));
    let compares = before.is_some_and(|bytes| {
        let tail = &bytes[bytes.len().saturating_sub(12)..];
        memchr::memmem::find(tail, &highest).is_some()
    });
    compares
        || case
            .splat
            .registers
            .value("rsi")
            .is_some_and(|rsi| rsi >= u64::from(limit) && rsi < u64::from(u32::MAX))
            && !reads_global(before.unwrap_or_default())
}

/// `mov disp32(%rip),%reg; test %reg,%reg; je`: a global that is tested for zero right before the
/// trap, as `WARN_ON(alternatives_patched)` compiles.
fn reads_global(before: &[u8]) -> bool {
    let test = before
        .strip_suffix(&before[before.len().saturating_sub(6)..])
        .unwrap_or_default();
    matches!(test, [.., 0x8b, modrm, _, _, _, _, 0x85, _] if modrm & 0xc7 == 0x05)
}

/// Frames quoted without their header: a late clear where the quoted trace, or the text around it,
/// names the function.
fn fragment<'a>(case: &Case<'a>, rule: &'a ClearSite) -> Option<Site<'a>> {
    let frame = case
        .splat
        .frames
        .iter()
        .find(|frame| frame.base_name() == rule.function);
    let evidence = match frame {
        Some(frame) => Case::note(
            frame.log_line,
            format!("{} in the quoted trace", rule.function),
            "late clear",
        ),
        None => {
            let mention = case
                .boot
                .notes
                .iter()
                .find(|note| note.word.is_none() && note.text.contains(&rule.function))?;
            Case::note(
                mention.line,
                format!("the text around the trace speaks of {}", rule.function),
                "late clear",
            )
        }
    };
    Some(Site {
        rule,
        confidence: Confidence::Likely,
        evidence: vec![evidence],
    })
}

/// The function that asked for the clear: the innermost frame that is neither machinery nor helper.
/// Quoted frames show it only where the function that warned stands in front of it; else a message
/// of the kernel may tell.
pub fn requester(
    case: &Case<'_>,
    rule: &ClearSite,
    evidence: &mut Vec<Evidence>,
) -> Option<String> {
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
        (frame.reliable || !reliable) && !name.is_empty() && !machinery
    };
    let index = case.splat.frames.iter().position(asks)?;
    let frame = &case.splat.frames[index];
    match case.vmlinux.callee(case.splat, index) {
        Some(callee) if !names(&rule.helpers, &callee) && callee != frame.base_name() => {
            let says = format!(
                "{} called {callee} here (DWARF call site), which left no frame: a tail call",
                frame.base_name()
            );
            evidence.push(Case::note(frame.log_line, says, "requester"));
            Some(callee)
        }
        _ => Some(frame.base_name().to_owned()),
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
pub fn nested_in(case: &Case<'_>, rule: &ClearSite, evidence: &mut Vec<Evidence>) -> Option<usize> {
    let (frames, _) = case.frames();
    let innermost = frames
        .iter()
        .find(|frame| !case.grammar.is_in("noise", frame.base_name()))?;
    if innermost.base_name() != rule.function || is_trap_itself(case, innermost) {
        return None;
    }
    let cause = case.earlier.last()?;
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
