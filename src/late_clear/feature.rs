//! Which feature was cleared, and in whose data.
//!
//! By DWARF where a vmlinux matches; else out of the registers, where the feature number shows more
//! than once; else from the requester and the log's own words.

use super::site::ClearPlace;
use super::{Case, Confidence, Evidence, Target};
use crate::boot::FeatureMessage;
use crate::grammar::features::Feature;
use crate::grammar::{ClearSite, Word};
use crate::splat::{Registers, base_name};
use serde::Serialize;

/// Where the feature is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FeatureFrom {
    /// The parameter's location in DWARF and the printed registers.
    Dwarf,
    /// Registers that agree, without DWARF.
    Register,
    /// The requester or the log's own words.
    Caller,
}

/// A feature as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NamedFeature {
    /// word * 32 + bit; null where only the name is known.
    pub number: Option<u32>,
    /// Word of `x86_capability[]`.
    pub word: Option<u32>,
    /// Bit in the word.
    pub bit: Option<u32>,
    /// X86_FEATURE_ name.
    pub name: Option<String>,
    /// /proc/cpuinfo flag; null where hidden.
    pub flag: Option<String>,
    /// Where it is known from.
    pub from: FeatureFrom,
}

/// How functions of a kernel call each other.
struct Convention {
    /// Carries the second argument.
    second: &'static str,
    /// Registers that a call keeps, the one first that mostly holds the parameter meanwhile.
    kept: &'static [&'static str],
}

/// The System V ABI of x86-64.
const X86_64: Convention = Convention {
    second: "rsi",
    kept: &["rbp", "r12", "rbx", "r13", "r14", "r15"],
};

/// 32-bit kernels are built with `-mregparm=3` (arch/x86/Makefile).
const I386: Convention = Convention {
    second: "edx",
    kept: &["ebx", "esi", "edi", "ebp"],
};

impl Convention {
    /// That of the kernel which printed the registers.
    fn of(registers: &Registers) -> &'static Convention {
        match registers.text("eax").or(registers.text("esi")) {
            Some(_) => &I386,
            None => &X86_64,
        }
    }
}

/// The feature, and how sure it is.
pub struct FoundFeature {
    pub feature: Option<NamedFeature>,
    pub confidence: Confidence,
}

/// Finds the feature. What rests on one fact alone is likely; on two that agree, or on DWARF, certain.
pub fn judge(
    case: &Case<'_>,
    place: &ClearPlace<'_>,
    requester: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> FoundFeature {
    let rule = place.rule;
    let found = match case
        .vmlinux
        .parameter(case.splat, &rule.function, &rule.feature)
    {
        Ok((number, how)) => {
            evidence.push(Case::note(
                0,
                format!("{} = {number}: {how}", rule.feature),
                "feature",
            ));
            // More than 32 bits are no number of a feature: then DWARF says nothing.
            let number = u32::try_from(number).ok();
            number.map(|number| (number, FeatureFrom::Dwarf, Confidence::Certain))
        }
        // The registers are those of RIP: in a function that was called they hold something else.
        Err(_) if place.in_passing && !is_at(case, rule) => None,
        Err(_) => from_registers(case, requester, evidence)
            .map(|(number, confidence)| (number, FeatureFrom::Register, confidence)),
    };
    let Some((number, from, mut confidence)) = found else {
        return without_number(case, requester, evidence);
    };
    let feature = named(case, number, from, evidence);
    let told = near_words(case, requester).find(|(word, note)| {
        speaks_of(word, note, feature.name.as_deref(), feature.flag.as_deref())
    });
    if let Some((_, note)) = told {
        evidence.push(Case::note(note.line, log_says(note), "feature"));
        confidence = Confidence::Certain;
    } else if let Some(doubt) = doubt_of_number(case, requester, &feature) {
        evidence.push(doubt);
        confidence = confidence.min(Confidence::Likely);
    }
    FoundFeature {
        feature: Some(feature),
        confidence,
    }
}

/// Numbers that Linux chose are shifted in kernels with words of their own. The vmlinux has its own table; a feature that
/// the requester is known to clear confirms the number.
fn doubt_of_number(
    case: &Case<'_>,
    requester: Option<&str>,
    feature: &NamedFeature,
) -> Option<Evidence> {
    let number = feature.number?;
    let name = feature.name.as_deref()?;
    let release = case.splat.kernel.release.as_deref();
    let release = release.or(case.boot.release())?;
    let mut known = case.grammar.numberings.iter();
    let shifts = case.features.is_numbered_by_linux(number)
        && case.vmlinux.flag(number).is_none()
        && !known.any(|rule| rule.releases.is_match(release));
    let confirmed = requester.is_some_and(|function| {
        let mut cleared = case.grammar.features_of(function);
        cleared.any(|cleared| cleared == name)
    });
    let says = || {
        format!(
            "{release} is no release of mainline or of a distribution whose tables are known: there {number} may be \
             another feature than {name}"
        )
    };
    (shifts && !confirmed).then(|| Case::note(0, says(), "feature"))
}

/// True where RIP is in the function.
fn is_at(case: &Case<'_>, rule: &ClearSite) -> bool {
    let rip = case.splat.rip.as_ref();
    let function = rip.and_then(|rip| rip.function.as_deref());
    function.is_some_and(|function| base_name(function) == rule.function)
}

/// True where a message is about a feature, by its name or by the flag that it prints.
pub fn speaks_of(
    word: &Word,
    note: &FeatureMessage,
    name: Option<&str>,
    flag: Option<&str>,
) -> bool {
    let by_name = name.is_some_and(|name| word.features.iter().any(|feature| feature == name));
    by_name || (note.flag.is_some() && note.flag.as_deref() == flag)
}

fn log_says(note: &FeatureMessage) -> String {
    format!("the log says \"{}\"", note.text)
}

fn named(
    case: &Case<'_>,
    number: u32,
    from: FeatureFrom,
    evidence: &mut Vec<Evidence>,
) -> NamedFeature {
    let known = case.features.feature(number);
    let mut feature = NamedFeature {
        number: Some(number),
        word: Some(number / 32),
        bit: Some(number % 32),
        flag: known.as_ref().and_then(|known| known.flag.clone()),
        name: known.map(|known| known.name),
        from,
    };
    // vmlinux is the kernel that ran, the tables are of a release upstream: where they differ the name is not known.
    if let Some(flag) = case.vmlinux.flag(number)
        && flag != feature.flag
    {
        let says = format!(
            "x86_cap_flags[{number}] of vmlinux is {}: not as the feature tables say",
            flag.as_deref().unwrap_or("hidden")
        );
        evidence.push(Case::note(0, says, "feature"));
        feature.name = None;
        feature.flag = flag;
    }
    feature
}

/// One register carries the second argument, and the compiler keeps it in another one. Both
/// agree, or the line of one of them is lost: then the other one alone is likely. Where both are printed and
/// differ, one counts that holds a feature that the requester or the log speaks of.
fn from_registers(
    case: &Case<'_>,
    requester: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> Option<(u32, Confidence)> {
    let registers = &case.splat.registers;
    let plausible = |name: &&str| {
        let number = u32::try_from(registers.value(name)?).ok()?;
        // Registers are zero for many reasons: a zero is no evidence.
        (number > 0 && case.features.feature(number).is_some()).then_some(number)
    };
    let convention = Convention::of(registers);
    let argument = plausible(&convention.second);
    let kept: Vec<_> = convention
        .kept
        .iter()
        .filter_map(|name| Some((*name, plausible(name)?)))
        .collect();
    let (says, number, confidence) = match argument {
        // Two registers with one number by chance: the numbers of features are few, so that it
        // hardly happens.
        Some(number) if kept.iter().any(|(_, other)| *other == number) => {
            let (name, _) = kept.iter().find(|(_, other)| *other == number)?;
            let names = (convention.second.to_uppercase(), name.to_uppercase());
            let says = format!("{} and {} both hold {number}", names.0, names.1);
            (says, number, Confidence::Certain)
        }
        _ => {
            // A value alone may be anything; a feature that something else speaks of is a second
            // witness.
            let fits = |number: &u32| {
                let feature = case.features.feature(*number);
                feature.is_some_and(|feature| is_expected(case, requester, &feature))
            };
            let values = || {
                argument
                    .into_iter()
                    .chain(kept.iter().map(|(_, number)| *number))
            };
            let expected = values().find(fits).map(|number| {
                let says = format!(
                    "a register holds {number}, a feature that the requester or the log speaks of"
                );
                (says, number, Confidence::Certain)
            });
            expected.or_else(|| alone(case, convention, argument, &kept))?
        }
    };
    evidence.push(Case::note(case.splat.header_line, says, "feature"));
    Some((number, confidence))
}

/// The value of one register where the line with the other one is lost: the first of those that a call keeps is
/// the one that holds the feature in every kernel of the corpus. Of several that hold small numbers none is known to be it.
fn alone(
    case: &Case<'_>,
    convention: &Convention,
    argument: Option<u32>,
    kept: &[(&str, u32)],
) -> Option<(String, u32, Confidence)> {
    let is_lost = |name: &str| case.splat.registers.text(name).is_none();
    let keeps = convention.kept.first().is_some_and(|name| is_lost(name));
    let (name, number) = match (argument, kept) {
        (Some(number), []) if keeps => (convention.second, number),
        (None, [(name, number)]) if is_lost(convention.second) => (*name, *number),
        _ => return None,
    };
    let says = format!(
        "{} holds {number}; the line with the register that would confirm it is lost",
        name.to_uppercase()
    );
    Some((says, number, Confidence::Likely))
}

/// A feature that the requester is known to clear, or that a message near the splat names.
fn is_expected(case: &Case<'_>, requester: Option<&str>, feature: &Feature) -> bool {
    let cleared_by = |function| {
        case.grammar
            .features_of(function)
            .any(|name| name == feature.name)
    };
    let (name, flag) = (Some(feature.name.as_str()), feature.flag.as_deref());
    let mut words = near_words(case, requester);
    requester.is_some_and(cleared_by) || words.any(|(word, note)| speaks_of(word, note, name, flag))
}

/// Messages about features near the splat, the nearest first: those after the milestone that the boot
/// passed last. A limit in lines would give other answers for another form of the same log. A quoted
/// fragment has all messages, since its lines are in no order.
pub fn near_words<'a>(
    case: &Case<'a>,
    requester: Option<&'a str>,
) -> impl Iterator<Item = (&'a Word, &'a FeatureMessage)> {
    let (grammar, source) = (case.grammar, &case.splat.source);
    let fragment = crate::splat::is_fragment(case.splat);
    let mut passed = case.boot.milestones.iter().rev();
    let last = passed.find(|passed| passed.line < source.first_line);
    let range = last.map_or(0, |passed| passed.line)..=source.last_line;
    let near = move |note: &&FeatureMessage| fragment || range.contains(&note.line);
    case.boot
        .notes
        .iter()
        .rev()
        .filter(near)
        .filter_map(move |note| {
            let word = grammar
                .words
                .iter()
                .find(|word| Some(&word.name) == note.word.as_ref())?;
            let same = requester.is_none_or(|name| name == word.requester) || fragment;
            (same && (!word.after || fragment)).then_some((word, note))
        })
}

/// A message that names one feature, or a requester that clears only one.
fn from_words(
    case: &Case<'_>,
    requester: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> Option<NamedFeature> {
    for (word, note) in near_words(case, requester) {
        let feature = match (word.features.as_slice(), &note.flag) {
            ([name], _) => case.features.by_name(name),
            (_, Some(flag)) => case.features.by_flag(flag),
            _ => None,
        };
        if let Some(feature) = feature {
            evidence.push(Case::note(note.line, log_says(note), "feature"));
            return Some(named(case, feature.number, FeatureFrom::Caller, evidence));
        }
    }
    let function = requester?;
    let mut names = case.grammar.features_of(function);
    let clears_more = case.grammar.general(function).is_some();
    // A rule without features means that the function clears others as well.
    let (Some(only), None, false) = (names.next(), names.next(), clears_more) else {
        return None;
    };
    let feature = case.features.by_name(only)?;
    let says = format!("{function} clears no other feature");
    evidence.push(Case::note(0, says, "feature"));
    Some(named(case, feature.number, FeatureFrom::Caller, evidence))
}

/// What the kernel clears with the feature.
pub fn dependents(case: &Case<'_>, feature: Option<&NamedFeature>) -> Vec<String> {
    let name = feature.and_then(|feature| feature.name.as_deref());
    let fallen = name.map(|name| case.grammar.dependents_of(name, case.features));
    fallen.into_iter().flatten().map(str::to_owned).collect()
}

/// Without a register: by what the log says, else by what the requester usually clears.
fn without_number(
    case: &Case<'_>,
    requester: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> FoundFeature {
    let named = from_words(case, requester, evidence);
    let confidence = match named {
        Some(_) => Confidence::Certain,
        None => Confidence::Likely,
    };
    FoundFeature {
        feature: named.or_else(|| usual(case, requester, evidence)),
        confidence,
    }
}

/// The feature that is likely where nothing at all is left that names one.
fn usual(
    case: &Case<'_>,
    requester: Option<&str>,
    evidence: &mut Vec<Evidence>,
) -> Option<NamedFeature> {
    let rules = case.grammar.requesters.iter();
    let mut of_function = rules.filter(|rule| Some(rule.function.as_str()) == requester);
    let usual = of_function.find_map(|rule| rule.usual.as_ref())?;
    let feature = case.features.by_name(&usual.feature)?;
    evidence.push(Case::note(0, usual.why.as_str(), "feature"));
    Some(named(case, feature.number, FeatureFrom::Caller, evidence))
}

/// In whose data the flag was cleared.
pub fn target(
    case: &Case<'_>,
    rule: &ClearSite,
    nested: bool,
    evidence: &mut Vec<Evidence>,
) -> Option<Target> {
    if let Ok((value, how)) = case
        .vmlinux
        .parameter(case.splat, &rule.function, &rule.cpuinfo)
    {
        let target = case
            .vmlinux
            .cpuinfo(value, case.splat.registers.value("gs"));
        evidence.push(Case::note(
            0,
            format!("{} = {value:#x}: {how}", rule.cpuinfo),
            "target",
        ));
        // A pointer that is none of the known ones leaves the question open.
        if target.is_some() {
            return target;
        }
    }
    if nested {
        let says = "the nested call is for boot_cpu_data (clear_feature() with a NULL pointer)";
        evidence.push(Case::note(case.splat.header_line, says, "target"));
        return Some(Target::BootCpuData);
    }
    None
}
