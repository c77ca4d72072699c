//! The verdict in words, from the templates of `grammars/late-clear.toml`.

use super::listed::{Listed, ListedRegisters};
use super::{Case, Divergence, LateClear};
use crate::grammar::{self, Diagnosis, FaultName, Requester};

/// Writes headline and diagnosis into the verdict.
pub fn write(case: &Case<'_>, listed: &Listed, verdict: &mut LateClear) {
    let Some(template) = case
        .grammar
        .diagnoses
        .iter()
        .find(|template| fits(template, listed, verdict))
    else {
        return;
    };
    let name = verdict
        .feature
        .as_ref()
        .and_then(|feature| feature.name.as_deref());
    let requester = verdict.requester.as_deref();
    let rule = requester.and_then(|function| case.grammar.requester(function, name));
    let values = Values::new(case, verdict, rule, listed);
    let headline = values.fill(&template.headline);
    let sentence = template.sentence.as_ref().unwrap_or(&template.headline);
    let sentence = values.fill(sentence);
    verdict.sentence = capitalized(&sentence);
    let diagnosis = values.fill(&template.text);
    verdict.headline = capitalized(&headline);
    verdict.diagnosis = capitalized(&diagnosis);
}

fn fits(template: &Diagnosis, listed: &Listed, verdict: &LateClear) -> bool {
    template.path.is_none_or(|path| path == verdict.path)
        && template.stage.is_none_or(|stage| stage == verdict.stage)
        && template
            .uniform
            .is_none_or(|uniform| uniform == (verdict.divergence == Divergence::Uniform))
        && template
            .contradicted
            .is_none_or(|contradicted| contradicted == listed.contradicted)
        && template
            .passing
            .is_none_or(|passing| passing == verdict.in_passing)
        && template
            .nested
            .is_none_or(|nested| nested == verdict.caused_by.is_some())
}

/// A value at the start of a sentence may begin in lower case.
fn capitalized(text: &str) -> String {
    let mut text = text.to_owned();
    // One beyond ASCII stays as it is.
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// Values in values in values end here.
const MAX_DEPTH: usize = 4;

/// What may be between braces.
struct Values(Vec<(&'static str, String)>);

impl Values {
    fn new(
        case: &Case<'_>,
        verdict: &LateClear,
        rule: Option<&Requester>,
        listed: &Listed,
    ) -> Values {
        let on_ap = verdict.path == crate::grammar::PathName::Ap;
        let requester = verdict.requester.clone();
        let unknown_cause = || match &requester {
            Some(requester) => format!("{requester}() decided so for this CPU"),
            None => "the log does not show why".to_owned(),
        };
        let fault = case.grammar.fault(verdict.at_fault);
        // On other paths no CPU differs, and what a fault says does not apply.
        let differs = fault.filter(|_| on_ap);
        let of_fault = differs.and_then(|fault| fault.advice.clone());
        let of_listed = listed_advice(case, listed).filter(|_| on_ap);
        // From the special to the general: what the log lists, what the rule says, what always
        // helps.
        let advice = of_fault.or(of_listed).unwrap_or_else(|| match rule {
            Some(rule) if on_ap => rule.ap.clone(),
            Some(rule) => rule.bsp.clone(),
            None if on_ap => GENERIC_AP.to_owned(),
            None => GENERIC_BSP.to_owned(),
        });
        let cause_line = verdict
            .caused_by
            .and_then(|index| case.earlier.iter().find(|earlier| earlier.index == index));
        Values(vec![
            (
                "cpu",
                verdict
                    .cpu
                    .map_or("a CPU that the log does not name".to_owned(), |cpu| {
                        format!("CPU {cpu}")
                    }),
            ),
            ("feature", feature(verdict)),
            ("meant", meant(case, verdict)),
            ("label", label(verdict.at_fault)),
            (
                "requester",
                requester.clone().unwrap_or("requester unknown".to_owned()),
            ),
            (
                "in",
                requester
                    .as_ref()
                    .map_or(String::new(), |name| format!(" in {name}()")),
            ),
            (
                "through",
                requester
                    .as_ref()
                    .map_or(String::new(), |name| format!(" through {name}()")),
            ),
            (
                "cause",
                rule.filter(|_| !listed.contradicted)
                    .map_or_else(unknown_cause, |rule| rule.cause.clone()),
            ),
            ("advice", advice),
            (
                "fault",
                fault.map_or(String::new(), |fault| match &listed.says {
                    Some(says) => format!("{}; {says}", fault.says),
                    None => fault.says.clone(),
                }),
            ),
            ("against", against(verdict)),
            ("culprit", culprit(verdict.at_fault).to_owned()),
            (
                "others",
                match rule {
                    Some(rule) if rule.every_cpu => EVERY_CPU.to_owned(),
                    _ => FIRST_CPU.to_owned(),
                },
            ),
            ("since", since(case, rule)),
            (
                "cause_line",
                cause_line.map_or(String::new(), |earlier| earlier.last_line.to_string()),
            ),
        ])
    }

    fn fill(&self, template: &str) -> String {
        self.filled(template.trim(), MAX_DEPTH)
    }

    /// Values may have braces themselves.
    fn filled(&self, template: &str, depth: usize) -> String {
        grammar::fill_known(template, |name| {
            let value = self.get(name).filter(|_| depth > 0)?;
            Some(self.filled(value, depth - 1).into())
        })
    }

    fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| value.as_str())
    }
}

/// What to do where the log lists the registers already.
fn listed_advice(case: &Case<'_>, listed: &Listed) -> Option<String> {
    if !listed.contradicted && listed.registers == ListedRegisters::Unlisted {
        return None;
    }
    let alike = listed.contradicted;
    let mut rules = case.grammar.listed.iter();
    let rule = rules.find(|rule| rule.alike == alike)?;
    Some(rule.advice.clone())
}

const GENERIC_AP: &str = "Compare /proc/cpuinfo (flags, cpuid level, microcode) and the feature's control MSR on all CPUs; update BIOS and microcode";
const GENERIC_BSP: &str = "Make the decision before alternative_instructions()";

const FIRST_CPU: &str = "Only the first CPU that lacks a feature warns (each AP's flags are ANDed into boot_cpu_data): no splat from another CPU does not mean that it has the feature.";
const EVERY_CPU: &str = "Every CPU that lacks it warns here: the check runs after the CPU's flags were ANDed into boot_cpu_data.";

/// What contradicts the verdict, as clauses.
fn against(verdict: &LateClear) -> String {
    let says = verdict.against.iter().map(|item| item.says.as_str());
    says.collect::<Vec<_>>().join("; ")
}

/// Who did not restore a CPU.
fn culprit(fault: FaultName) -> &'static str {
    match fault {
        FaultName::Unknown => "firmware or the hypervisor",
        FaultName::PreviousKernel => "kernel before",
        other => other.as_str(),
    }
}

/// Since when kernels warn, and what else changed for the requester.
fn since(case: &Case<'_>, rule: Option<&Requester>) -> String {
    let site = case.grammar.sites.first().map(|site| site.since.as_str());
    let own = rule.and_then(|rule| rule.since.as_deref());
    let both: Vec<_> = site.into_iter().chain(own).collect();
    both.join(" ")
}

/// The feature in words, with its name: `virtualization (VMX)`.
fn meant(case: &Case<'_>, verdict: &LateClear) -> String {
    let name = verdict
        .feature
        .as_ref()
        .and_then(|feature| feature.name.as_deref());
    let mut meanings = case.grammar.meanings.iter();
    match name.and_then(|name| meanings.find(|meaning| meaning.feature == name)) {
        Some(meaning) => format!("{} ({})", meaning.means, meaning.feature),
        None => feature(verdict),
    }
}

/// Who is at fault, in capitals.
fn label(fault: FaultName) -> String {
    match fault {
        FaultName::Unknown => "CPUS DIFFER".to_owned(),
        known => known.as_str().replace('-', " ").to_uppercase(),
    }
}

fn feature(verdict: &LateClear) -> String {
    let Some(feature) = &verdict.feature else {
        return "a feature that the log does not name".to_owned();
    };
    match (&feature.name, &feature.flag, feature.number) {
        (Some(name), _, _) => name.clone(),
        (None, Some(flag), _) => format!("the feature {flag}"),
        (None, None, Some(number)) => format!(
            "feature {number} (word {}, bit {})",
            number / 32,
            number % 32
        ),
        (None, None, None) => "a feature that the log does not name".to_owned(),
    }
}
