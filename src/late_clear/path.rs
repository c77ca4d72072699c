//! Path and stage: through which CPU's identification the clear came, and when.

use super::{Case, Confidence, Evidence};
use crate::boot::PassedMilestone;
use crate::grammar::{MilestoneName, PathName, PathRule, StageName};
use crate::splat::{Frame, names};

/// No user process brings CPUs online so early; only the boot's own bring-up does.
const BRING_UP_WINDOW_US: u64 = 3_000_000;

/// The verdict on path and stage.
pub struct Path {
    pub path: PathName,
    pub stage: StageName,
    pub confidence: Confidence,
}

/// Decides by frames, then by circumstances; lists what speaks against.
pub fn judge(case: &Case<'_>, evidence: &mut Vec<Evidence>) -> Path {
    let (frames, reliable) = case.frames();
    let rule = case
        .grammar
        .paths
        .iter()
        .find_map(|rule| Some((rule, decisive(rule, &frames)?)));
    let mut path = match rule {
        Some((rule, found)) => by_rule(rule, &found, reliable, evidence),
        None => by_circumstances(case, evidence),
    };
    // Frames show the way, but boot, hotplug and resume go through the same functions.
    if path.path == PathName::Ap && path.stage == StageName::Unknown {
        let (stage, sure) = ap_stage(case, evidence);
        path.stage = stage;
        path.confidence = path.confidence.min(if sure {
            Confidence::Certain
        } else {
            Confidence::Likely
        });
    }
    // One contradiction is enough: a trace may be mixed from two CPUs.
    if contradictions(case, &path, evidence) > 0 {
        path.confidence = path.confidence.min(Confidence::Likely);
    }
    path
}

/// A frame that decides, and the function that does: the frame's own or one inlined into it.
pub(super) struct Decisive<'f> {
    frame: &'f Frame,
    function: &'f str,
}

pub(super) fn decisive<'f>(rule: &PathRule, frames: &[&'f Frame]) -> Option<Decisive<'f>> {
    if !rule.with.is_empty() && first_of(&rule.with, frames).is_none() {
        return None;
    }
    if first_of(&rule.without, frames).is_some() {
        return None;
    }
    first_of(&rule.frames, frames)
}

fn first_of<'f>(functions: &[String], frames: &[&'f Frame]) -> Option<Decisive<'f>> {
    frames.iter().find_map(|frame| {
        let inlined = frame
            .inlines
            .iter()
            .filter_map(|inline| inline.function.as_deref());
        // Inlined functions were called by the one that the frame names: innermost first, as the trace itself.
        let mut printed = inlined.chain([frame.base_name()]);
        let function = printed.find(|function| names(functions, function))?;
        Some(Decisive { frame, function })
    })
}

fn by_rule(
    rule: &PathRule,
    found: &Decisive<'_>,
    reliable: bool,
    evidence: &mut Vec<Evidence>,
) -> Path {
    let doubt = if reliable {
        ""
    } else {
        " (every frame is marked '?')"
    };
    evidence.push(place(rule, found, doubt));
    Path {
        path: rule.path,
        stage: rule.stage.unwrap_or(StageName::Unknown),
        confidence: if reliable {
            Confidence::Certain
        } else {
            Confidence::Likely
        },
    }
}

/// The frame that decides, as evidence.
pub(super) fn place(rule: &PathRule, found: &Decisive<'_>, doubt: &str) -> Evidence {
    let frame = found.frame;
    let place = match found.function == frame.base_name() {
        true => "in the call trace".to_owned(),
        false => format!("inlined into {} in the call trace", frame.base_name()),
    };
    let says = format!("{} {place}{doubt}: {}", found.function, rule.why);
    Case::note(frame.log_line, says, name(rule.path))
}

/// Without a telling frame: which CPU's idle task ran, and between which milestones.
fn by_circumstances(case: &Case<'_>, evidence: &mut Vec<Evidence>) -> Path {
    let splat = case.splat;
    let unknown = Path {
        path: PathName::Unknown,
        stage: StageName::Unknown,
        confidence: Confidence::Weak,
    };
    // With frames that say nothing the task would only be a guess.
    let Some(comm) = splat.comm.as_deref().filter(|_| splat.frames.is_empty()) else {
        return unknown;
    };
    let begun = case
        .boot
        .passed_before(MilestoneName::SecondaryBringUp, splat.header_line);
    let done = case
        .boot
        .passed_before(MilestoneName::SecondaryBringUpDone, splat.header_line);
    let idle_cpu = comm
        .strip_prefix("swapper/")
        .and_then(|n| n.parse::<u32>().ok());
    match (idle_cpu, begun, done) {
        (Some(cpu), Some(begun), None) if cpu > 0 => {
            let says = format!(
                "the idle task of CPU {cpu} ran while the secondary CPUs came up (line {})",
                begun.line
            );
            evidence.push(Case::note(splat.header_line, says, name(PathName::Ap)));
            Path {
                path: PathName::Ap,
                ..unknown
            }
        }
        // The boot thread is `swapper` until `sched_init()` makes it the idle task `swapper/0` (kernel/sched/core.c,
        // `init_idle()`).
        (None, None, None) if comm == "swapper" => {
            let says = "the boot thread ran, before the secondary CPUs came up";
            evidence.push(Case::note(splat.header_line, says, name(PathName::Bsp)));
            Path {
                path: PathName::Bsp,
                stage: StageName::Boot,
                ..unknown
            }
        }
        _ => unknown,
    }
}

/// When an AP was identified, and whether that is sure.
pub(super) fn ap_stage(case: &Case<'_>, evidence: &mut Vec<Evidence>) -> (StageName, bool) {
    use MilestoneName::{
        CpuOnline, Resume, ResumeDone, SecondaryBringUp, SecondaryBringUpDone, Suspend,
    };
    let line = case.splat.source.first_line;
    let before = |name| case.boot.passed_before(name, line);
    let line_of = |passed: Option<&PassedMilestone>| passed.map_or(0, |passed| passed.line);
    let done = before(SecondaryBringUpDone);
    let sleeps = before(Resume).max_by_line(before(Suspend));
    // Before hotplug: a resume brings CPUs online as well.
    if line_of(sleeps) > line_of(before(ResumeDone)) {
        evidence.push(Case::note(
            line_of(sleeps),
            "the system was waking up",
            "resume",
        ));
        return (StageName::Resume, true);
    }
    if let Some(online) =
        before(CpuOnline).filter(|online| online.cpu.is_none() || online.cpu == case.splat.cpu)
    {
        evidence.push(Case::note(
            online.line,
            "the CPU was brought online after boot",
            "hotplug",
        ));
        return (StageName::Hotplug, true);
    }
    if let (Some(begun), None) = (before(SecondaryBringUp), done) {
        evidence.push(Case::note(
            begun.line,
            "the secondary CPUs were coming up",
            "smp-boot",
        ));
        return (StageName::SmpBoot, true);
    }
    if let Some(done) = done {
        evidence.push(Case::note(
            done.line,
            "the bring-up at boot was over",
            "hotplug",
        ));
        // Not sure: the line that brought the CPU online may be missing, or be of another one.
        return (StageName::Hotplug, false);
    }
    if let Some(done) = case.boot.first(SecondaryBringUpDone) {
        evidence.push(Case::note(
            done.line,
            "the bring-up at boot ended after this",
            "smp-boot",
        ));
        return (StageName::SmpBoot, true);
    }
    // A zero is no time: a secondary CPU prints it until its clock is set, at boot and at hotplug.
    let is_early = |time: &u64| (1..BRING_UP_WINDOW_US).contains(time);
    match case.splat.time_us.filter(is_early) {
        Some(time) => {
            let says = format!(
                "{:.6} s after boot no user process brings CPUs online yet",
                time as f64 / 1e6
            );
            evidence.push(Case::note(line, says, "smp-boot"));
            (StageName::SmpBoot, false)
        }
        None => {
            let says =
                "no bring-up message and no early time: boot or hotplug cannot be told apart";
            evidence.push(Case::note(line, says, "unknown"));
            (StageName::Unknown, false)
        }
    }
}

/// The later of two milestones.
trait LaterOf<'a> {
    fn max_by_line(self, other: Option<&'a PassedMilestone>) -> Option<&'a PassedMilestone>;
}

impl<'a> LaterOf<'a> for Option<&'a PassedMilestone> {
    fn max_by_line(self, other: Option<&'a PassedMilestone>) -> Option<&'a PassedMilestone> {
        self.into_iter()
            .chain(other)
            .max_by_key(|passed| passed.line)
    }
}

/// Lists evidence against the path; gives how much there is.
fn contradictions(case: &Case<'_>, path: &Path, evidence: &mut Vec<Evidence>) -> usize {
    let before = evidence.len();
    let line = case.splat.header_line;
    let is_boot_cpu = case.splat.cpu.map(|cpu| cpu == 0);
    match (path.path, is_boot_cpu) {
        (PathName::Ap, Some(true)) => {
            evidence.push(Case::note(
                line,
                "CPU 0 printed it, and CPU 0 is the boot CPU",
                name(PathName::Bsp),
            ));
        }
        (PathName::Bsp, Some(false)) => {
            evidence.push(Case::note(
                line,
                "another CPU than the boot CPU printed it",
                name(PathName::Ap),
            ));
        }
        _ => {}
    }
    let idle_of = case
        .splat
        .comm
        .as_deref()
        .and_then(|comm| comm.strip_prefix("swapper/")?.parse::<u32>().ok());
    if let (Some(idle_of), Some(cpu)) = (idle_of, case.splat.cpu)
        && idle_of != cpu
        && case.splat.pid == Some(0)
    {
        let says = format!("the idle task of CPU {idle_of} ran, but CPU {cpu} printed it");
        evidence.push(Case::note(line, says, name(PathName::Unknown)));
    }
    evidence.len() - before
}

/// As the contract spells it.
pub fn name(path: PathName) -> &'static str {
    match path {
        PathName::Ap => "ap",
        PathName::Bsp => "bsp",
        PathName::Other => "other",
        PathName::Unknown => "unknown",
    }
}
