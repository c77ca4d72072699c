//! Reports on a CPU's way up: whatever they are about, it happened while a CPU was identified, or while another one
//! brought it up. What differs between CPUs shows there first.

use super::path::{ap_stage, decisive, place};
use super::{Case, Evidence};
use crate::grammar::{MilestoneName, PathName, StageName};
use serde::Serialize;

/// On which way up a report happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BringUp {
    /// `ap`: a secondary CPU on its own way up; `bsp`: the boot CPU; `other`: a CPU that brought another one up.
    pub path: PathName,
    /// When: at boot, by hotplug, at resume.
    pub stage: StageName,
    /// The CPU that ran.
    pub cpu: Option<u32>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

/// The way up that the call trace shows; `None` where it shows none.
pub fn bring_up(case: &Case<'_>) -> Option<BringUp> {
    let (frames, reliable) = case.frames();
    let frames = if reliable { frames } else { Vec::new() };
    let mut rules = case.grammar.bring_ups.iter();
    let (rule, found) = rules.find_map(|rule| {
        let possible = !rule.while_coming_up || cpus_come_up(case);
        Some((rule, decisive(rule, &frames).filter(|_| possible)?))
    })?;
    let mut evidence = vec![place(rule, &found, "")];
    let stage = match (rule.stage, rule.path) {
        (Some(stage), _) => stage,
        (None, PathName::Ap) => ap_stage(case, &mut evidence).0,
        (None, _) => StageName::Unknown,
    };
    Some(BringUp {
        path: rule.path,
        stage,
        cpu: case.splat.cpu,
        evidence,
    })
}

/// True where the milestones show that CPUs were coming up: at boot, or at the end of a suspend.
fn cpus_come_up(case: &Case<'_>) -> bool {
    use MilestoneName::{Resume, ResumeDone, SecondaryBringUp, SecondaryBringUpDone, Suspend};
    let line = case.splat.source.first_line;
    let passed = |name| {
        let passed = case.boot.passed_before(name, line);
        passed.map_or(0, |passed| passed.line)
    };
    let at_boot = passed(SecondaryBringUp) > 0 && passed(SecondaryBringUpDone) == 0;
    at_boot || passed(Resume) > passed(Suspend).max(passed(ResumeDone))
}
