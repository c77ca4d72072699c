//! The timeline of a boot, drawn: milestones above the rail, splats below it.
//!
//! The stops are in the order of the log at equal distances: a boot spends its first second on most of
//! them, and early lines all have the time 0. From the stop where alternatives were patched the rail
//! changes its colour: a clear after it is a late one.

use super::anchor;
use super::tone::Tone;
use crate::boot::{Boot, PassedMilestone};
use crate::grammar::MilestoneName;
use crate::render::facts;
use crate::report::Report;
use maud::{Markup, html};

/// Distances, in pixels.
const STEP: usize = 148;
const MARGIN: usize = 76;
const RAIL: usize = 62;
const ABOVE: usize = 62;
const BELOW: usize = 60;

/// Stops drawn; the rest of a machine that hotplugs for weeks is left out.
const MAX_STOPS: usize = 60;

/// Characters of a label.
const MAX_LABEL: usize = 22;

/// What a timeline needs to know of a splat.
pub struct SplatStop {
    /// Index of its boot.
    pub boot: Option<usize>,
    id: String,
    bug: String,
    line: u64,
    time_us: Option<u64>,
    /// Its stamp is not the time.
    before_clock: bool,
    tone: Tone,
    title: String,
    label: String,
}

impl SplatStop {
    /// Of a report.
    pub fn of(report: &Report) -> SplatStop {
        SplatStop {
            boot: report.splat.boot,
            id: anchor::splat(report),
            bug: anchor::bug(&report.signature),
            line: report.splat.source.first_line,
            time_us: report.splat.time_us,
            before_clock: facts::is_before_clock(report),
            tone: Tone::of(report),
            title: report.title.clone(),
            label: label(report),
        }
    }
}

/// A point on the rail.
struct TimelineStop<'a> {
    line: u64,
    time_us: Option<u64>,
    /// Its stamp is not the time.
    before_clock: bool,
    what: What<'a>,
    /// How often, one right after the other.
    times: usize,
}

enum What<'a> {
    Milestone(&'a PassedMilestone),
    Splat(&'a SplatStop),
}

/// The drawing; `None` where no two things of the boot are known.
pub fn render(boot: &Boot, splats: &[&SplatStop]) -> Option<Markup> {
    let mut stops = stops(boot, splats);
    let left_out = stops.len().saturating_sub(MAX_STOPS);
    stops.truncate(MAX_STOPS);
    let last = stops.len().checked_sub(1).filter(|last| *last > 0)?;
    let width = 2 * MARGIN + last * STEP;
    let (top, height) = extent(&stops);
    let patched = stops.iter().position(TimelineStop::is_patching);
    Some(html! {
        div.scroll.timeline tabindex="0" role="region" aria-label="Timeline of the boot" {
            svg width=(width) height=(height) viewBox={ "0 " (top) " " (width) " " (height) } role="group" aria-label="Milestones and splats in the order of the log" {
                line.rail x1=(x(0)) y1=(RAIL) x2=(x(last)) y2=(RAIL) {}
                @if let Some(patched) = patched {
                    line.rail.late x1=(x(patched)) y1=(RAIL) x2=(x(last)) y2=(RAIL) {}
                }
                @for (index, stop) in stops.iter().enumerate() { (stop.draw(x(index))) }
            }
        }
        @if left_out > 0 { p.note { (left_out) " further stops are not drawn." } }
    })
}

/// Top and height of the drawing: there are milestones above the rail, splats below it, or both.
fn extent(stops: &[TimelineStop<'_>]) -> (usize, usize) {
    let is_splat = |stop: &TimelineStop<'_>| matches!(stop.what, What::Splat(_));
    let above = if stops.iter().all(is_splat) {
        14
    } else {
        ABOVE
    };
    let below = if stops.iter().any(is_splat) {
        BELOW
    } else {
        14
    };
    (RAIL - above, above + below)
}

fn x(index: usize) -> usize {
    MARGIN + index * STEP
}

/// Milestones and splats in the order of the log; equal ones in a row are one.
fn stops<'a>(boot: &'a Boot, splats: &[&'a SplatStop]) -> Vec<TimelineStop<'a>> {
    let milestones = boot.milestones.iter().map(|passed| TimelineStop {
        line: passed.line,
        time_us: passed.time_us,
        before_clock: false,
        what: What::Milestone(passed),
        times: 1,
    });
    let splats = splats.iter().map(|splat| TimelineStop {
        line: splat.line,
        time_us: splat.time_us,
        before_clock: splat.before_clock,
        what: What::Splat(splat),
        times: 1,
    });
    let mut all: Vec<_> = milestones.chain(splats).collect();
    all.sort_by_key(|stop| stop.line);
    let mut clock_runs = false;
    for stop in &mut all {
        // A zero after a later stamp is of a CPU whose clock is not set yet (kernel/sched/clock.c).
        stop.before_clock |= clock_runs && stop.time_us == Some(0);
        clock_runs |= stop.time_us > Some(0);
    }
    all.dedup_by(|next, kept| {
        let same = kept.is_like(next);
        kept.times += usize::from(same);
        same
    });
    all
}

impl TimelineStop<'_> {
    fn is_patching(&self) -> bool {
        matches!(self.what, What::Milestone(passed) if passed.name == MilestoneName::AlternativesPatched)
    }

    fn is_like(&self, next: &TimelineStop<'_>) -> bool {
        match (&self.what, &next.what) {
            (What::Milestone(a), What::Milestone(b)) => a.name == b.name,
            (What::Splat(a), What::Splat(b)) => a.bug == b.bug,
            _ => false,
        }
    }

    fn draw(&self, x: usize) -> Markup {
        match self.what {
            What::Milestone(passed) => html! {
                circle.stop cx=(x) cy=(RAIL) r="5" {}
                text.label x=(x) y="22" { (self.repeated(milestone(passed))) }
                text.when x=(x) y="40" { (self.when()) }
            },
            What::Splat(splat) => {
                let (above, below) = (RAIL - 9, RAIL + 9);
                html! {
                    a href={ "#" (splat.id) } class=(splat.tone.class()) {
                        title { (splat.title) }
                        path.mark d={ "M" (x) " " (above) "L" (x + 9) " " (RAIL) "L" (x) " " (below) "L" (x - 9) " " (RAIL) "Z" } {}
                        text.label x=(x) y="92" { (self.repeated(splat.label.clone())) }
                        text.when x=(x) y="110" { (self.when()) }
                    }
                }
            }
        }
    }

    fn repeated(&self, label: String) -> String {
        match self.times {
            1 => label,
            times => format!("{label} \u{d7}{times}"),
        }
    }

    fn when(&self) -> String {
        match self.time_us {
            Some(_) if self.before_clock => format!("clock not set \u{b7} line {}", self.line),
            Some(us) => {
                let (seconds, thousandths) = (us / 1_000_000, us / 1000 % 1000);
                format!("{seconds}.{thousandths:03} s \u{b7} line {}", self.line)
            }
            None => format!("line {}", self.line),
        }
    }
}

/// What a splat is called on the rail.
fn label(report: &Report) -> String {
    let Some(verdict) = report.warned_clear() else {
        return short(&report.splat.kind);
    };
    let feature = verdict.feature.as_ref().and_then(|f| f.name.as_deref());
    let path = Tone::of_path(verdict.path).label();
    match feature {
        Some(feature) => short(&format!("{path}: {feature}")),
        None => path.to_owned(),
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_LABEL) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

fn milestone(passed: &PassedMilestone) -> String {
    let name = match passed.name {
        MilestoneName::BootCpuIdentified => "boot CPU identified",
        MilestoneName::AlternativesPatched => "alternatives patched",
        MilestoneName::SecondaryBringUp => "secondary CPUs start",
        MilestoneName::SecondaryBringUpDone => "secondary CPUs are up",
        MilestoneName::Suspend => "suspend",
        MilestoneName::Resume => "resume",
        MilestoneName::ResumeDone => "resumed",
        MilestoneName::CpuOnline => "online",
        MilestoneName::CpuOffline => "offline",
        MilestoneName::Userspace => "userspace",
    };
    match passed.cpu {
        Some(cpu) => format!("CPU {cpu} {name}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(name: MilestoneName, line: u64) -> PassedMilestone {
        PassedMilestone {
            name,
            line,
            time_us: Some(1_234_567),
            cpu: Some(1),
        }
    }

    #[test]
    fn equal_stops_in_a_row_are_one() {
        let boot = Boot {
            milestones: vec![
                passed(MilestoneName::CpuOffline, 9),
                passed(MilestoneName::CpuOffline, 7),
                passed(MilestoneName::CpuOnline, 8),
                passed(MilestoneName::CpuOffline, 10),
            ],
            ..Boot::default()
        };
        let stops = stops(&boot, &[]);
        let seen: Vec<_> = stops.iter().map(|stop| (stop.line, stop.times)).collect();
        assert_eq!(seen, [(7, 1), (8, 1), (9, 2)]);
        assert_eq!(stops[0].when(), "1.234 s \u{b7} line 7");
    }

    #[test]
    fn labels_are_cut_at_characters() {
        assert_eq!(short("warning"), "warning");
        assert_eq!(short(&"\u{e9}".repeat(30)).chars().count(), MAX_LABEL + 1);
    }
}
