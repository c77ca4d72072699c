//! A splat in the making: takes in the lines between header and end.
//!
//! `phase` says how far the report has come, `take` writes what a line says into the splat, `rows` reads what only the
//! line before explains, `limits` bounds it all.

mod limits;
mod phase;
mod rows;
mod take;

pub use phase::Fit;

use super::lines::LineClass;
use super::types::Splat;
use super::{FRAGMENT, HEADLESS};
use crate::grammar::Grammar;
use crate::line::LogLine;
use crate::line::kind::{CpuLine, Frame, Header, LineKind, Section, line_kind, undecoded};
use limits::{KeptText, LineLayout, Strangers};
use phase::{Phase, TraceState};
use rows::Awaited;

/// Why a splat is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// Its end marker.
    EndMarker,
    /// Another report, which the kernel prints in the same context.
    NextReport,
    /// Lines that do not belong to it.
    Silence,
    /// The end of the log.
    Cut,
}

/// What a report of its kind has.
#[derive(Debug, Clone, Copy)]
struct Expects {
    /// The kernel prints a mark after it.
    end_marker: bool,
    /// It must have a call trace.
    trace: bool,
}

/// Registers and frames that show a report which has neither head nor end.
const MIN_REGISTERS: usize = 3;
const MIN_FRAMES: usize = 2;

/// Whether a report is being printed, or waits while another one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It was never interrupted.
    Printing,
    /// Another report is being printed.
    Waiting,
    /// It went on after lines of another report.
    Resumed,
    /// It went on, and waits again.
    WaitingAgain,
}

/// A splat that is not complete yet.
#[derive(Debug, Clone)]
pub struct SplatBuilder {
    splat: Splat,
    expects: Expects,
    phase: Phase,
    trace: TraceState,
    /// Which stack the next frame is on.
    section: Section,
    /// The registers of an interrupted context began: they are not the splat's.
    is_interrupted_context: bool,
    awaited: Awaited,
    turn: Turn,
    layout: LineLayout,
    kept: KeptText,
    strangers: Strangers,
    /// When its last line was printed, in microseconds since boot.
    last_time_us: Option<u64>,
}

impl SplatBuilder {
    /// Begins with a header.
    pub fn from_header(
        header: Header<'_>,
        line: &LogLine<'_>,
        boot: usize,
        path: &str,
    ) -> SplatBuilder {
        let mut builder = SplatBuilder::empty(line, boot, path);
        builder.expects = Expects {
            end_marker: header.kind.end_marker,
            trace: header.kind.needs_stack(),
        };
        builder.splat.header_line = line.number;
        builder.take_header(header);
        builder.keep(line, LineClass::Text);
        builder
    }

    /// Begins with frames that have no header.
    pub fn from_frames(
        frames: Vec<Frame>,
        line: &LogLine<'_>,
        boot: usize,
        path: &str,
    ) -> SplatBuilder {
        let mut builder = SplatBuilder::empty(line, boot, path);
        builder.splat.kind = FRAGMENT.to_owned();
        builder.with_frames(frames)
    }

    /// Of these frames, which are in front of its first line.
    pub fn with_frames(mut self, frames: Vec<Frame>) -> SplatBuilder {
        if let Some(first) = frames.first() {
            self.splat.source.first_line = first.log_line;
        }
        self.splat.frames = frames;
        self
    }

    /// Begins inside of a report whose head is missing. Its boot is not known yet.
    pub fn without_head(line: &LogLine<'_>, path: &str) -> SplatBuilder {
        let mut builder = SplatBuilder::empty(line, 0, path);
        builder.splat.kind = HEADLESS.to_owned();
        builder
    }

    fn empty(line: &LogLine<'_>, boot: usize, path: &str) -> SplatBuilder {
        let mut splat = Splat {
            boot: Some(boot),
            time_us: line.framing.time_us,
            clock: line.framing.clock.map(|clock| clock.as_str().to_owned()),
            caller: line.framing.caller,
            ..Splat::default()
        };
        path.clone_into(&mut splat.source.path);
        splat.source.first_line = line.number;
        splat.source.last_line = line.number;
        // Without a header nothing says what to expect, so both are: most kinds have them.
        SplatBuilder {
            splat,
            expects: Expects {
                end_marker: true,
                trace: true,
            },
            phase: Phase::Header,
            trace: TraceState::Awaited,
            section: Section::Task,
            is_interrupted_context: false,
            awaited: Awaited::default(),
            turn: Turn::Printing,
            layout: LineLayout::of(line),
            kept: KeptText::default(),
            strangers: Strangers::default(),
            last_time_us: line.framing.time_us,
        }
    }

    /// The kernel's own marks show that it is a report.
    pub fn mark(&mut self) {
        self.splat.marked = true;
    }

    /// The line in front of it may be its header, though no rule knows it.
    pub fn announce(&mut self) {
        self.splat.announced = true;
    }

    /// Of this boot.
    pub fn of_boot(mut self, boot: usize) -> SplatBuilder {
        self.splat.boot = Some(boot);
        self
    }

    /// True where its lines can only be those of a report: a place in the kernel, and a call trace.
    pub fn shows_a_report(&self) -> bool {
        let splat = &self.splat;
        let has_place = splat.rip.is_some() || !splat.registers.0.is_empty();
        has_place && splat.frames.iter().any(|frame| frame.reliable)
    }

    /// True where no end marker is needed to show the same: the call trace was begun, too, and holds callers.
    pub fn proves_a_report(&self) -> bool {
        let splat = &self.splat;
        let has_place = splat.rip.is_some() || splat.registers.0.len() >= MIN_REGISTERS;
        let is_traced = self.trace != TraceState::Awaited && splat.frames.len() >= MIN_FRAMES;
        has_place && is_traced && splat.frames.iter().any(|frame| frame.reliable)
    }

    /// True for a line that only the next report's state begins with.
    pub fn is_followed_by_another(&self, kind: &LineKind) -> bool {
        let ends_trace = self.trace != TraceState::Awaited && !self.splat.frames.is_empty();
        matches!(kind, LineKind::Cpu(_)) && (self.phase > Phase::Hardware || ends_trace)
    }

    /// Puts the text that was printed before the header in front.
    pub fn prepend(&mut self, first_line: u64, mut messages: Vec<String>) {
        messages.append(&mut self.splat.message);
        self.splat.message = messages;
        self.splat.source.first_line = first_line;
    }

    /// The state of the CPU was printed in front of the header.
    pub fn take_state(&mut self, state: SplatBuilder) {
        let state = state.splat;
        let splat = &mut self.splat;
        splat.source.first_line = state.source.first_line;
        splat.registers = state.registers;
        // This state replaces what the header has: it was printed for this report, right in front
        // of it.
        splat.rip = state.rip;
        splat.pid = splat.pid.or(state.pid);
        splat.comm = splat.comm.take().or(state.comm);
    }

    /// Last line that was part of the splat.
    pub fn last_line(&self) -> u64 {
        self.splat.source.last_line
    }

    /// A line is the last one of the report so far.
    fn reach(&mut self, line: &LogLine<'_>) {
        self.splat.source.last_line = line.number;
        // A ruler, or an empty line, may be the first line of the next report.
        if !line.text.trim().bytes().all(|byte| byte == b'=') {
            self.last_time_us = line.framing.time_us.or(self.last_time_us);
        }
    }

    /// True where the log's framing is in front of the header.
    pub fn is_framed(&self) -> bool {
        self.layout.framed
    }

    /// First line that is part of the splat.
    pub fn first_line(&self) -> u64 {
        self.splat.source.first_line
    }

    /// Name of its kind.
    pub fn kind(&self) -> &str {
        &self.splat.kind
    }

    /// The header as printed.
    pub fn header(&self) -> &str {
        &self.splat.header
    }

    /// CPU that prints it, where known.
    pub fn cpu(&self) -> Option<u32> {
        self.splat.cpu
    }

    /// Another report is being printed.
    pub fn wait(&mut self) {
        self.turn = match self.turn {
            Turn::Printing | Turn::Waiting => Turn::Waiting,
            Turn::Resumed | Turn::WaitingAgain => Turn::WaitingAgain,
        };
    }

    /// It goes on after lines of another report.
    pub fn resume(&mut self) {
        self.turn = Turn::Resumed;
    }

    /// True where it once went on after lines of another report.
    pub fn has_resumed(&self) -> bool {
        matches!(self.turn, Turn::Resumed | Turn::WaitingAgain)
    }

    fn is_waiting(&self) -> bool {
        matches!(self.turn, Turn::Waiting | Turn::WaitingAgain)
    }

    /// Its lines and those of another report could not be separated.
    pub fn interleave(&mut self) {
        self.splat.interleaved = true;
    }

    /// True where the call trace that the report must have is still to come.
    pub fn waits_for_trace(&self) -> bool {
        self.expects.trace && self.trace == TraceState::Awaited
    }

    /// No call trace will follow.
    pub fn expect_no_trace(&mut self) {
        self.expects.trace = false;
    }

    /// True where the machine stopped in this report.
    pub fn has_panicked(&self) -> bool {
        self.splat.panic_line.is_some()
    }

    /// Remembers a line of the report which says that the machine stops.
    pub fn note_panic(&mut self, grammar: &Grammar, line: &LogLine<'_>) {
        if self.splat.panic_line.is_none() && grammar.is_panic(&line.text) {
            self.splat.panic_line = Some(line.number);
        }
    }

    /// Another report's stack begins, and no caller says which is whose: what follows says nothing
    /// certain of this one.
    pub fn end_text(&mut self) {
        self.kept.close();
    }

    /// Takes in a header that is a part of the report.
    pub fn take_part(&mut self, grammar: &Grammar, header: &Header<'_>, line: &LogLine<'_>) {
        self.reach(line);
        let class = match line_kind(grammar, &line.text, line.number) {
            LineKind::Known(detail) => LineClass::Known(detail),
            _ => LineClass::Text,
        };
        self.keep(line, class);
        self.add_who(CpuLine {
            cpu: header.cpu,
            pid: header.pid,
            comm: header.comm.clone(),
            ..CpuLine::default()
        });
    }

    /// The report is of the kind of this header, which comes after its beginning.
    pub fn become_kind_of(&mut self, header: Header<'_>, line: &LogLine<'_>) {
        let splat = &mut self.splat;
        let before = CpuLine {
            cpu: splat.cpu,
            pid: splat.pid,
            comm: splat.comm.take(),
            ..CpuLine::default()
        };
        // The new kind may need a trace where the old one did not.
        self.expects.trace = header.kind.needs_stack();
        splat.header_line = line.number;
        self.reach(line);
        self.take_header(header);
        self.add_who(before);
        self.keep(line, LineClass::Text);
    }

    /// The last line of the report is a header of this kind. Whoever ran when it began is still the task of the report.
    pub fn complete_with(&mut self, header: Header<'_>, line: &LogLine<'_>) {
        let splat = &mut self.splat;
        // The header names whoever ran when the machine stopped, which may be another task.
        let task = (splat.pid.take(), splat.comm.take());
        self.become_kind_of(header, line);
        let splat = &mut self.splat;
        splat.pid = task.0.or(splat.pid);
        splat.comm = task.1.or(splat.comm.take());
    }

    /// Its first header was printed for an inlined function, on an earlier line.
    pub fn begin_at(&mut self, first_line: u64) {
        self.splat.source.first_line = self.splat.source.first_line.min(first_line);
    }

    fn keep(&mut self, line: &LogLine<'_>, class: LineClass) {
        if self.kept.takes(self.splat.lines.len(), &line.text) {
            let raw = undecoded(&line.text);
            self.splat.lines.push(&line.text, raw, class, line.number);
        } else {
            self.splat.lines.cut();
        }
    }

    /// The splat as far as it came.
    pub fn close(mut self, closing: Closing) -> Splat {
        let closing = match closing {
            // It was interrupted by a report and never went on: that ended it, not the silence.
            Closing::Silence | Closing::Cut if self.is_waiting() => Closing::NextReport,
            closing => closing,
        };
        // That the end marker is missing proves nothing: kernels that panic_on_warn print none, and people cut
        // it off. A stack that was opened and not closed does.
        let has_trace = self.trace == TraceState::Closed || !self.splat.frames.is_empty();
        let whole = match closing {
            Closing::EndMarker => true,
            Closing::NextReport => has_trace,
            Closing::Silence | Closing::Cut => has_trace && self.trace != TraceState::Open,
        };
        let whole = whole || !self.expects.trace;
        self.splat.marked |= closing == Closing::EndMarker;
        // No header means that the beginning is lost.
        self.splat.truncated = self.splat.header_line == 0 || !whole;
        fold_inlined(&mut self.splat.frames);
        place_callers(&mut self.splat.frames);
        self.splat
    }
}

/// Gives the place of a caller, which arm prints on the line of the function that it called, to the caller's own
/// frame. Where its line is missing, as after the last one, it gets a frame.
fn place_callers(frames: &mut Vec<Frame>) {
    if frames.iter().all(|frame| frame.caller.is_none()) {
        return;
    }
    let mut placed: Vec<Frame> = Vec::with_capacity(frames.len() + 1);
    let mut waiting: Option<Frame> = None;
    for mut frame in frames.drain(..) {
        let next = frame.caller.take();
        match waiting.take() {
            Some(caller) if caller.name() == frame.name() => {
                placed.push(with_place(frame, caller));
            }
            lost => {
                placed.extend(lost);
                placed.push(frame);
            }
        }
        waiting = next.map(|caller| Frame {
            behind: placed.last().map_or(0, |frame| frame.behind),
            section: placed.last().map_or(Section::Task, |frame| frame.section),
            ..*caller
        });
    }
    placed.extend(waiting);
    *frames = placed;
}

/// A frame that is known by its name, or by the beginning of its function (arch/arm/lib/backtrace.S), with the place that
/// the line before names.
fn with_place(frame: Frame, mut named: Frame) -> Frame {
    if frame.code.offset.is_some_and(|offset| offset > 0) {
        return frame;
    }
    named.code.address = named.code.address.or(frame.code.address);
    Frame {
        reliable: frame.reliable,
        log_line: frame.log_line,
        place_line: Some(named.log_line),
        behind: frame.behind,
        section: frame.section,
        ..named
    }
}

/// Puts inlined functions that a symbolizer printed as frames of their own into the frame that they are
/// inlined in, which is the next one.
fn fold_inlined(frames: &mut Vec<Frame>) {
    if !frames.iter().any(Frame::is_inlined) {
        return;
    }
    let mut folded = Vec::with_capacity(frames.len());
    let mut inlines = Vec::new();
    for mut frame in frames.drain(..) {
        if frame.is_inlined() {
            inlines.append(&mut frame.inlines);
            continue;
        }
        frame.inlines.splice(..0, inlines.drain(..));
        folded.push(frame);
    }
    *frames = folded;
}
