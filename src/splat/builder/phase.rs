//! How far a report has come: what separates reports that are printed at once.
//!
//! In: a report as far as it came, and a line. Out: whether the line may be its next one, and how well
//! it fits. The order is that of x86 (arch/x86/kernel/dumpstack.c, `show_regs()` and
//! `show_trace_log_lvl()`); what other architectures print in another order fits no report better than
//! the one that is being printed.

use super::SplatBuilder;
use crate::line::kind::{LineKind, Register, Section};
use crate::splat::FRAGMENT;

/// The last line of a report that was printed in the order of x86.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Nothing but the header.
    Header,
    /// `CPU: …`
    Cpu,
    /// `Hardware name: …`
    Hardware,
    /// `RIP: …`
    Rip,
    /// `Code: …`
    Code,
    /// This row of [`REGISTER_ROWS`], or one after them.
    Registers(u8),
    /// The line that names the task of a dump: nothing comes between it and the trace.
    Dump,
    /// `Call Trace:`
    Trace,
    /// `<TASK>`
    Stack,
    /// Frames.
    Frames,
    /// The registers of an interrupted context, among the frames.
    Interrupted,
    /// `</TASK>`
    StackEnd,
    /// The end marker.
    End,
}

/// A register of each row of `__show_regs()` (arch/x86/kernel/process_64.c) up to those that not every
/// CPU has.
const REGISTER_ROWS: [&str; 8] = ["rsp", "rax", "rdx", "rbp", "r10", "r13", "fs", "cs"];

impl Phase {
    /// Its place in the order.
    fn place(self) -> u16 {
        const TRACE: u16 = 5 + REGISTER_ROWS.len() as u16 + 1;
        match self {
            Phase::Header => 0,
            Phase::Cpu => 1,
            Phase::Hardware => 2,
            Phase::Rip => 3,
            Phase::Code => 4,
            Phase::Registers(row) => 5 + u16::from(row),
            Phase::Dump => TRACE - 1,
            Phase::Trace => TRACE,
            Phase::Stack => TRACE + 1,
            Phase::Frames | Phase::Interrupted => TRACE + 2,
            Phase::StackEnd => TRACE + 3,
            Phase::End => TRACE + 4,
        }
    }

    fn is_in_trace(self) -> bool {
        (Phase::Trace..=Phase::Interrupted).contains(&self)
    }
}

/// Whether the report's call trace was printed, in whatever order the rest came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TraceState {
    /// Not yet.
    Awaited,
    /// `Call Trace:` was.
    Begun,
    /// `<TASK>` was, and its end is to come.
    Open,
    /// `</TASK>` was. What comes later is the stack of something else.
    Closed,
}

impl TraceState {
    fn after(self, kind: &LineKind) -> TraceState {
        match (self, kind) {
            (TraceState::Closed, _) => TraceState::Closed,
            (_, LineKind::Section(Section::Task, false)) => TraceState::Closed,
            (_, LineKind::Section(Section::Task, true)) => TraceState::Open,
            (TraceState::Awaited, LineKind::TraceStart) => TraceState::Begun,
            _ => self,
        }
    }
}

/// How well a line fits a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The line names the report's CPU or code.
    pub certain: bool,
    /// Places between the report's last line and this one.
    pub gap: u16,
    /// It may be anywhere in the report's trace.
    pub anywhere: bool,
}

impl SplatBuilder {
    /// How well a line fits; `None` where it is not the report's, or says nothing of its place.
    pub fn fit(&self, kind: &LineKind) -> Option<Fit> {
        let phase = self.phase_of(kind)?;
        let certain = match kind {
            LineKind::Cpu(line) => {
                agree(self.splat.cpu, line.cpu)? | agree(self.splat.pid, line.pid)?
            }
            LineKind::Rip(false, Some(code)) if phase == Phase::Rip => {
                // The code of another function is another report's.
                agree(self.splat.at.function.as_ref(), code.function.as_ref())?
            }
            _ => false,
        };
        let is_next = self.phase.place() < phase.place()
            || phase == Phase::Frames
            || self.continues_registers(kind);
        let gap = match kind {
            // Few traces hold the registers of an interrupted context.
            LineKind::Rip(..) if phase == Phase::Frames => Phase::Rip.place(),
            LineKind::Code(_) | LineKind::Registers(_)
                if phase == Phase::Frames && self.is_waiting() =>
            {
                Phase::Rip.place()
            }
            // What ends without a mark is printed by dump_stack(), which prints no registers in between.
            _ if phase == Phase::Trace && !self.expects.end_marker => 1,
            // Of two open traces none is nearer to its next line.
            _ if (Phase::Stack..Phase::End).contains(&phase) => 0,
            _ => phase.place().saturating_sub(self.phase.place()),
        };
        (self.is_due(phase) && is_next).then_some(Fit {
            certain,
            gap,
            anywhere: phase == Phase::Frames,
        })
    }

    /// True where enough of the report was printed for a line of this phase to come.
    fn is_due(&self, phase: Phase) -> bool {
        match phase {
            Phase::Header | Phase::Cpu => true,
            Phase::Hardware | Phase::Rip | Phase::Trace => self.phase >= Phase::Cpu,
            Phase::Code | Phase::Registers(_) => {
                self.phase >= Phase::Rip && self.phase != Phase::Dump
            }
            Phase::Dump => false,
            Phase::Stack | Phase::Frames | Phase::Interrupted => self.phase.is_in_trace(),
            Phase::StackEnd => self.phase.is_in_trace() && self.trace == TraceState::Open,
            // The mark comes after the stack's end, so a stack that is still open belongs to
            // another report.
            Phase::End => self.phase >= Phase::Frames && self.trace != TraceState::Open,
        }
    }

    /// Another stack of the report begins: its frames come next.
    pub fn begin_stack(&mut self) {
        self.phase = Phase::Frames;
    }

    /// The call trace is what comes next: the line before named the task that it is of.
    pub fn expect_trace(&mut self) {
        if self.phase == Phase::Header {
            self.phase = Phase::Dump;
        }
    }

    /// True where the dump of a task or a CPU shows that the rest of the report is lost: its own trace was still to come. A
    /// stall or a hung task has nothing but a header before the dumps that are its traces.
    pub fn is_cut_by_dump(&self) -> bool {
        self.lacks_trace() && (self.expects.end_marker || self.phase > Phase::Header)
    }

    /// True where its call trace is still to come, or was not printed to its end.
    fn lacks_trace(&self) -> bool {
        let has_none = self.trace == TraceState::Begun && self.splat.frames.is_empty();
        self.waits_for_trace() || has_none || self.trace == TraceState::Open
    }

    /// The report as it may print its registers once more.
    pub fn echo(&self) -> SplatBuilder {
        SplatBuilder {
            phase: Phase::Cpu,
            ..self.clone()
        }
    }

    /// True for the next line of the registers that were printed before.
    pub fn repeats(&self, kind: &LineKind) -> bool {
        let known = match kind {
            LineKind::Rip(_, code) => code.is_some() && *code == self.splat.rip,
            LineKind::Code(code) => self.splat.code.as_ref() == Some(code),
            LineKind::Registers(registers) => {
                let known = &self.splat.registers.0;
                registers.iter().all(|register| known.contains(register))
            }
            _ => false,
        };
        known && self.fit(kind).is_some_and(|fit| fit.gap <= 2)
    }

    /// True where more of the report may follow although another one begins.
    pub fn may_go_on(&self) -> bool {
        let is_open = self.phase.is_in_trace() && self.trace == TraceState::Open;
        self.splat.kind != FRAGMENT
            // Without an end to come nothing would ever show that the report goes on.
            && (self.expects.end_marker || self.waits_for_trace() || is_open)
    }

    /// True where more than its header was printed.
    pub fn has_begun(&self) -> bool {
        self.phase > Phase::Header
    }

    /// Remembers how far the report has come. Older kernels print some lines also out of order (`IP:`
    /// before `CPU:`), which says nothing.
    pub fn advance(&mut self, kind: &LineKind) {
        let phase = self.fit(kind).and_then(|_| self.phase_of(kind));
        // Not earlier: the end of a stack fits a stack that is still open.
        self.trace = self.trace.after(kind);
        // A line without a place in the order leaves the report where it was.
        let Some(phase) = phase else {
            return;
        };
        let goes_on = matches!(kind, LineKind::Code(_) | LineKind::Registers(_));
        self.phase = match (phase, kind) {
            (Phase::Frames, LineKind::Rip(..)) => Phase::Interrupted,
            (Phase::Frames, _) if goes_on => Phase::Interrupted,
            (phase, _) => phase,
        };
    }

    /// The registers of an interrupted context are among the frames.
    fn phase_of(&self, kind: &LineKind) -> Option<Phase> {
        Some(match kind {
            // An oops prints CR2 alone once more after the trace (`show_fault_oops()`).
            LineKind::Registers(registers) if is_alone(registers, "cr2") => return None,
            LineKind::Cpu(_) => Phase::Cpu,
            LineKind::Hardware(_) => Phase::Hardware,
            LineKind::Rip(..) if self.phase.is_in_trace() => Phase::Frames,
            LineKind::Code(_) | LineKind::Registers(_) if self.phase == Phase::Interrupted => {
                Phase::Frames
            }
            LineKind::Rip(true, _) => return None,
            LineKind::Rip(false, _) => Phase::Rip,
            LineKind::Code(_) => Phase::Code,
            LineKind::Registers(registers) => Phase::Registers(register_row(registers)),
            LineKind::TraceStart => Phase::Trace,
            LineKind::Section(Section::Task, true) => Phase::Stack,
            LineKind::Section(Section::Task, false) => Phase::StackEnd,
            LineKind::Section(..) | LineKind::Frame(..) => Phase::Frames,
            LineKind::End => Phase::End,
            LineKind::Header | LineKind::CutHere | LineKind::Words(_) | LineKind::Aside => {
                return None;
            }
            LineKind::Who | LineKind::Known(_) | LineKind::Foreign => return None,
        })
    }

    /// Registers whose order is not known, and that the report does not have yet.
    fn continues_registers(&self, kind: &LineKind) -> bool {
        let LineKind::Registers(registers) = kind else {
            return false;
        };
        let unordered = usize::from(register_row(registers)) == REGISTER_ROWS.len();
        let known = |name: &str| self.splat.registers.text(name).is_some();
        unordered && self.phase < Phase::Trace && !registers.iter().any(|(name, _)| known(name))
    }
}

/// Index of the row among those of `__show_regs()`, or their number.
fn register_row(registers: &[Register]) -> u8 {
    let has = |wanted: &&str| registers.iter().any(|(name, _)| name == wanted);
    let row = REGISTER_ROWS.iter().position(has);
    row.unwrap_or(REGISTER_ROWS.len()) as u8
}

fn is_alone(registers: &[Register], name: &str) -> bool {
    matches!(registers, [(only, _)] if only == name)
}

/// Whether two values are known and the same; `None` where they contradict each other.
fn agree<T: PartialEq>(report: Option<T>, line: Option<T>) -> Option<bool> {
    match (report, line) {
        (Some(report), Some(line)) => (report == line).then_some(true),
        _ => Some(false),
    }
}
