//! Reports on a CPU's way up: whatever they are about, it happened while a CPU was identified, or while another one
//! brought it up. What differs between CPUs shows there first.

use super::path::{ap_stage, decisive, name, place};
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

/// The way up that the call trace shows, or the header says; `None` where neither does.
pub fn bring_up(case: &Case<'_>) -> Option<BringUp> {
    by_trace(case).or_else(|| by_header(case))
}

fn by_trace(case: &Case<'_>) -> Option<BringUp> {
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

/// A line that the kernel only prints of a CPU on its way up. The boot CPU is CPU 0, and may come up again later.
fn by_header(case: &Case<'_>) -> Option<BringUp> {
    let kind = case.grammar.kind(&case.splat.kind)?;
    let header = &case.splat.header;
    if !kind.on_way_up.iter().any(|form| form.is_match(header)) {
        return None;
    }
    let cpu = case.splat.cpu;
    let line = case.splat.source.first_line;
    let bring_up = MilestoneName::SecondaryBringUp;
    let path = match (cpu, case.boot.passed_before(bring_up, line)) {
        (Some(0), None) => PathName::Bsp,
        _ => PathName::Ap,
    };
    let says = "the kernel says so only of a CPU on its way up";
    let mut evidence = vec![Case::note(case.splat.header_line, says, name(path))];
    let stage = match path {
        PathName::Bsp => StageName::Boot,
        _ => ap_stage(case, &mut evidence).0,
    };
    Some(BringUp {
        path,
        stage,
        cpu,
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
