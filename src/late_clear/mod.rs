//! Late clears: the verdict.
//!
//! In: a splat, its boot, what vmlinux says of it, and the late clears before it. Out: a
//! [`LateClear`] with its evidence, or nothing where the splat is none. The rules are in
//! `grammars/late-clear.toml`.

mod bring_up;
mod diagnosis;
mod divergence;
mod fault;
mod feature;
mod listed;
mod passing;
mod path;
mod range_check;
mod site;
mod vmlinux;

pub use bring_up::{BringUp, bring_up};
pub use feature::{FeatureFrom, NamedFeature};
pub use path::name as path_name;
pub use vmlinux::{NoVmlinux, Vmlinux};

use crate::boot::Boot;
use crate::cpus::Listings;
use crate::grammar::features::FeatureTable;
use crate::grammar::{FaultName, Grammar, PathName, StageName};
use crate::splat::{Frame, Splat};
use serde::Serialize;

/// Whose data was cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Target {
    /// One CPU's cpuinfo.
    Cpu,
    /// `boot_cpu_data`.
    BootCpuData,
    /// A NULL pointer: all CPUs, for good.
    All,
}

/// Do the CPUs differ?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Divergence {
    /// The boot CPU has the feature, this CPU lost it.
    Divergent,
    /// All CPUs cleared it.
    Uniform,
    /// The evidence does not decide.
    Unknown,
}

/// How sure the verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Confidence {
    /// Circumstances only.
    Weak,
    /// Good evidence with a gap or a contradiction.
    Likely,
    /// Reliable frames, nothing against them.
    Certain,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Log line; null for what vmlinux says.
    pub line: Option<u64>,
    /// What it says.
    pub says: String,
    /// The value of the verdict that it speaks for.
    #[serde(rename = "for")]
    pub speaks_for: String,
}

/// The verdict on a late clear.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LateClear {
    /// Through which path.
    pub path: PathName,
    /// When.
    pub stage: StageName,
    /// On which CPU.
    pub cpu: Option<u32>,
    /// Which feature.
    pub feature: Option<NamedFeature>,
    /// Whose data.
    pub target: Option<Target>,
    /// Who asked.
    pub requester: Option<String>,
    /// Do the CPUs differ?
    pub divergence: Divergence,
    /// Index of the splat that this one is a nested repeat of.
    pub caused_by: Option<usize>,
    /// How sure.
    pub confidence: Confidence,
    /// True where the report is about something else, and came from inside the clear; its kind shows it.
    #[serde(skip)]
    pub in_passing: bool,
    /// The first sentence, for a person.
    #[serde(skip)]
    pub sentence: String,
    /// One line that says it all.
    #[serde(skip)]
    pub headline: String,
    /// For people: what it means and what to do.
    pub diagnosis: String,
    /// Who is at fault.
    pub at_fault: FaultName,
    /// X86_FEATURE_ names of what falls with the feature.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependents: Vec<String>,
    /// What the verdict rests on, and what contradicts it.
    pub evidence: Vec<Evidence>,
    /// Those of the evidence that contradict the verdict.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub against: Vec<Evidence>,
}

/// A late clear that was judged before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Index of its splat.
    pub index: usize,
    /// Its boot.
    pub boot: Option<usize>,
    /// Its CPU.
    pub cpu: Option<u32>,
    /// True for a nested repeat.
    pub nested: bool,
    /// Last line of its splat.
    pub last_line: u64,
}

/// Everything a verdict is made from.
pub struct Case<'a> {
    /// The rules.
    pub grammar: &'a Grammar,
    /// Names of the features of this kernel.
    pub features: &'a FeatureTable<'a>,
    /// The splat.
    pub splat: &'a Splat,
    /// Its boot.
    pub boot: &'a Boot,
    /// What vmlinux says.
    pub vmlinux: &'a dyn Vmlinux,
    /// The late clears before it, in the order of the log.
    pub earlier: &'a [Earlier],
    /// Index that the splat will have.
    pub index: usize,
    /// What the same log says of single CPUs.
    pub listings: &'a Listings<'a>,
}

impl LateClear {
    /// The evidence that supports the verdict, each with its place in the list of all.
    pub(crate) fn supporting(&self) -> impl Iterator<Item = (usize, &Evidence)> {
        let all = self.evidence.iter().enumerate();
        all.filter(|(_, item)| !self.against.contains(item))
    }

    /// The evidence that contradicts the verdict, each with its place in the list of all.
    pub(crate) fn contradicting(&self) -> impl Iterator<Item = (usize, &Evidence)> {
        let all = self.evidence.iter().enumerate();
        all.filter(|(_, item)| self.against.contains(item))
    }

    /// True where the verdict rests on this line of the log.
    pub(crate) fn speaks_of_line(&self, line: u64) -> bool {
        self.evidence.iter().any(|item| item.line == Some(line))
    }

    /// A nested repeat, which begins at `line`, shows the target of this one.
    pub(crate) fn learn_target(&mut self, target: Target, line: u64) {
        self.target = Some(target);
        let says = "a nested repeat follows: the pointer was NULL (clear_feature())";
        self.evidence.push(Case::note(line, says, "target"));
    }
}

impl Case<'_> {
    fn note(line: u64, says: impl Into<String>, speaks_for: impl Into<String>) -> Evidence {
        Evidence {
            line: (line > 0).then_some(line),
            says: says.into(),
            speaks_for: speaks_for.into(),
        }
    }

    /// Frames of the report's own stack that the unwinder vouches for; all of them where it vouches for none (a very early
    /// splat), with false.
    fn frames(&self) -> (Vec<&Frame>, bool) {
        let own = self.splat.own_frames();
        let reliable: Vec<_> = own.iter().filter(|frame| frame.reliable).collect();
        if reliable.is_empty() {
            (own.iter().collect(), false)
        } else {
            (reliable, true)
        }
    }
}

/// Judges a splat; `None` where it is no late clear.
pub fn judge(case: &Case<'_>) -> Option<LateClear> {
    let site = site::find(case)?;
    let mut evidence = site.evidence.clone();
    let requester = site::requester(case, &site, &mut evidence);
    let path = path::judge(case, &mut evidence);
    if site.in_passing && !passing::is_late(case, site.rule, &path) {
        return None;
    }
    let nested = site::nested_in(case, &site, &mut evidence);
    let found = feature::judge(case, &site, requester.as_deref(), &mut evidence);
    let feature = found.feature;
    let name = feature.as_ref().and_then(|feature| feature.name.as_deref());
    // Only now: the feature's number may decide which of the two WARNs it is.
    let told = range_check::settle(case, &site, feature.as_ref(), &mut evidence);
    let asked = site::requester_is_sure(case, requester.as_deref(), name, &mut evidence);
    let target = feature::target(case, site.rule, nested.is_some(), &mut evidence);
    let divergence = divergence::judge(
        case,
        (path.path, site.warned(case)),
        feature.as_ref(),
        requester.as_deref(),
        &mut evidence,
    );
    let rule = requester.as_deref().and_then(|function| {
        let name = feature.as_ref().and_then(|feature| feature.name.as_deref());
        case.grammar.requester(function, name)
    });
    let listed = listed::judge(
        case,
        (path.path, path.stage),
        divergence,
        feature.as_ref(),
        rule,
        &mut evidence,
    );
    let divergence = listed.divergence.unwrap_or(divergence);
    // Without the warning the feature may have been off before: then nobody is at fault.
    let had_it = site.warned(case) || divergence == Divergence::Divergent;
    let at_fault = match had_it {
        true => fault::judge(
            case,
            (path.path, path.stage),
            divergence,
            (rule, listed.contradicted),
            &mut evidence,
        ),
        false => FaultName::Unknown,
    };
    let dependents = feature::dependents(case, feature.as_ref());
    // Frames and registers may be those of the other report.
    let told_apart = if case.splat.interleaved {
        Confidence::Likely
    } else {
        Confidence::Certain
    };
    let mut verdict = LateClear {
        path: path.path,
        stage: path.stage,
        cpu: case.splat.cpu,
        feature,
        target,
        requester,
        divergence,
        caused_by: nested,
        // A chain is as sure as its weakest link.
        confidence: listed.lowered(
            path.confidence
                .min(site.confidence)
                .min(told)
                .min(found.confidence)
                .min(asked)
                .min(told_apart),
        ),
        in_passing: site.in_passing,
        sentence: String::new(),
        headline: String::new(),
        diagnosis: String::new(),
        at_fault,
        dependents,
        evidence,
        against: listed.against.clone(),
    };
    diagnosis::write(case, &listed, &mut verdict);
    Some(verdict)
}
