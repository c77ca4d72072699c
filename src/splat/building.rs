//! A splat in the making: takes in the lines between header and end.

mod next;
mod place;

pub use place::Fit;

use next::Next;

use super::body::Body;
use super::cpu_line::CpuLine;
use super::frame::{INLINE_MARK, class, fold_inlined};
use super::header::Header;
use super::types::{CodeRef, Frame, LineClass, Register, Section, Splat};
use super::undecode::undecoded;
use super::{FRAGMENT, HEADLESS};
use crate::grammar::Grammar;
use crate::line::LogLine;
use compact_str::format_compact;

/// Bounds on what one splat may hold; real ones stay far below.
const MAX_FRAMES: usize = 1024;
const MAX_REGISTERS: usize = 128;

const MAX_LINES: usize = 2000;
const MAX_TEXT: usize = 256 * 1024;

/// Lines that are no part of a splat but may stand in it: messages of other CPUs where the log has
/// no caller tags.
const MAX_FOREIGN: u32 = 16;

/// The same in a report that has no end marker: another of its call traces may be to come.
const MAX_FOREIGN_BETWEEN_TRACES: u32 = 48;

/// The same before the first frame of a report that must have a call trace.
const MAX_FOREIGN_BEFORE_TRACE: u32 = 100;

/// The same for lines that the log's framing or quoting sets apart: prose of a mail between two
/// pieces of a quoted splat.
const MAX_PROSE: u32 = 300;

/// Lines of others that may stand between a header and another one that is a part of its report: arm64
/// prints a dozen lines about the fault between the two (arch/arm64/mm/fault.c).
const MAX_FOREIGN_BEFORE_PART: u32 = 32;

/// Time between the two: the CPU prints both in one go, on a slow console perhaps.
const MAX_PART_DELAY_US: u64 = 10_000_000;

/// Time between a header that was interrupted and its repetition.
const MAX_REPEAT_DELAY_US: u64 = 1_000_000;

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

/// A splat that is not complete yet.
#[derive(Debug, Clone)]
pub struct Building {
    splat: Splat,
    end_marker: bool,
    needs_stack: bool,
    trace_begun: bool,
    text: usize,
    text_over: bool,
    section: Section,
    trace_closed: bool,
    block_over: bool,
    framed: bool,
    stamped: bool,
    quote: usize,
    foreign: u32,
    prose: u32,
    place: u16,
    stack_opened: bool,
    in_block: bool,
    waits: bool,
    resumed: bool,
    next: Next,
    settled: bool,
}

impl Building {
    /// Begins with a header.
    pub fn from_header(
        header: Header<'_>,
        line: &LogLine<'_>,
        boot: usize,
        path: &str,
    ) -> Building {
        let kind = header.kind;
        let mut building = Building::empty(line, boot, path, kind.end_marker);
        building.needs_stack = kind.needs_stack();
        building.splat.header_line = line.number;
        header.fill(&mut building.splat);
        building.keep(line, LineClass::Text);
        building
    }

    /// Begins with frames that have no header.
    pub fn from_frames(
        frames: Vec<Frame>,
        line: &LogLine<'_>,
        boot: usize,
        path: &str,
    ) -> Building {
        let mut building = Building::empty(line, boot, path, true);
        building.splat.kind = FRAGMENT.to_owned();
        building.with_frames(frames)
    }

    /// Of these frames, which stand in front of its first line.
    pub fn with_frames(mut self, frames: Vec<Frame>) -> Building {
        if let Some(first) = frames.first() {
            self.splat.source.first_line = first.log_line;
        }
        self.splat.frames = frames;
        self
    }

    /// Begins inside of a report whose head is missing. Its boot is not known yet.
    pub fn without_head(line: &LogLine<'_>, path: &str) -> Building {
        let mut building = Building::empty(line, 0, path, true);
        building.splat.kind = HEADLESS.to_owned();
        building
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
    pub fn of_boot(mut self, boot: usize) -> Building {
        self.splat.boot = Some(boot);
        self
    }

    /// True where its lines can only be those of a report: a place in the kernel, and a call trace.
    pub fn shows_a_report(&self) -> bool {
        let splat = &self.splat;
        let has_place = splat.rip.is_some() || !splat.registers.0.is_empty();
        has_place && splat.frames.iter().any(|frame| frame.reliable)
    }

    fn empty(line: &LogLine<'_>, boot: usize, path: &str, end_marker: bool) -> Building {
        let mut splat = Splat {
            boot: Some(boot),
            time_us: line.framing.time_us,
            caller: line.framing.caller,
            ..Splat::default()
        };
        path.clone_into(&mut splat.source.path);
        splat.source.first_line = line.number;
        splat.source.last_line = line.number;
        Building {
            splat,
            end_marker,
            needs_stack: true,
            trace_begun: false,
            text: 0,
            text_over: false,
            section: Section::Task,
            trace_closed: false,
            block_over: false,
            framed: line.framing.present,
            stamped: line.framing.time_us.is_some(),
            quote: line.quote,
            foreign: 0,
            prose: 0,
            place: 0,
            stack_opened: false,
            in_block: false,
            waits: false,
            resumed: false,
            next: Next::default(),
            settled: false,
        }
    }

    /// Puts the text that stood before the header in front.
    pub fn prepend(&mut self, first_line: u64, mut messages: Vec<String>) {
        messages.append(&mut self.splat.message);
        self.splat.message = messages;
        self.splat.source.first_line = first_line;
    }

    /// The state of the CPU was printed in front of the header.
    pub fn take_state(&mut self, state: Building) {
        let state = state.splat;
        let splat = &mut self.splat;
        splat.source.first_line = state.source.first_line;
        splat.registers = state.registers;
        splat.rip = state.rip;
        splat.pid = splat.pid.or(state.pid);
        splat.comm = splat.comm.take().or(state.comm);
    }

    /// Which stack the next frame stands on.
    pub fn section(&self) -> Section {
        self.section
    }

    /// Last line that was part of the splat.
    pub fn last_line(&self) -> u64 {
        self.splat.source.last_line
    }

    /// True where the log's framing stands in front of the header.
    pub fn is_framed(&self) -> bool {
        self.framed
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
        self.waits = true;
    }

    /// It goes on behind lines of another report.
    pub fn resume(&mut self) {
        self.waits = false;
        self.resumed = true;
    }

    /// True where it once went on behind lines of another report.
    pub fn has_resumed(&self) -> bool {
        self.resumed
    }

    /// Its lines and those of another report could not be told apart.
    pub fn interleave(&mut self) {
        self.splat.interleaved = true;
    }

    /// True where the call trace that the report must have is still to come.
    pub fn waits_for_trace(&self) -> bool {
        self.needs_stack && !self.trace_begun
    }

    /// True where this is only the beginning of `header`: printk was interrupted in it and prints
    /// it once more.
    pub fn is_begun_by(&self, header: &str, line: &LogLine<'_>) -> bool {
        let alone = self.splat.lines.len() <= 1 && self.splat.frames.is_empty();
        let soon = self.is_within(MAX_REPEAT_DELAY_US, line);
        alone && soon && header.starts_with(&self.splat.header)
    }

    /// True where another header may be a part of this report: nothing of a call trace was printed yet,
    /// and little of anything else.
    pub fn may_have_part(&self, line: &LogLine<'_>) -> bool {
        let near = self.foreign <= MAX_FOREIGN_BEFORE_PART && self.prose <= MAX_PROSE;
        !self.trace_begun && near && self.is_within(MAX_PART_DELAY_US, line)
    }

    /// True where the line was printed so soon after the header, or nothing tells.
    fn is_within(&self, limit_us: u64, line: &LogLine<'_>) -> bool {
        let times = line.framing.time_us.zip(self.splat.time_us);
        times.is_none_or(|(now, then)| now.saturating_sub(then) <= limit_us)
    }

    /// No call trace will follow.
    pub fn expect_no_trace(&mut self) {
        self.needs_stack = false;
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

    /// Another report's stack begins, and no caller tells the two apart: what follows says nothing
    /// certain of this one.
    pub fn end_text(&mut self) {
        self.text_over = true;
    }

    /// Takes in a header that is a part of the report.
    pub fn take_part(&mut self, header: &Header<'_>, line: &LogLine<'_>) {
        self.splat.source.last_line = line.number;
        self.keep(line, LineClass::Text);
        header.add_who(&mut self.splat);
    }

    /// The report is of the kind of this header, which stands behind its beginning.
    pub fn become_kind_of(&mut self, header: Header<'_>, line: &LogLine<'_>) {
        let splat = &mut self.splat;
        let (cpu, pid, comm) = (splat.cpu, splat.pid, splat.comm.take());
        self.needs_stack = header.kind.needs_stack();
        splat.header_line = line.number;
        splat.source.last_line = line.number;
        header.fill(splat);
        splat.cpu = splat.cpu.or(cpu);
        splat.pid = splat.pid.or(pid);
        splat.comm = splat.comm.take().or(comm);
        self.keep(line, LineClass::Text);
    }

    fn keep(&mut self, line: &LogLine<'_>, class: LineClass) {
        if self.text_over {
            return;
        }
        self.text += line.text.len();
        if self.splat.lines.len() < MAX_LINES && self.text <= MAX_TEXT {
            let raw = undecoded(&line.text);
            self.splat.lines.push(&line.text, raw, class, line.number);
        }
    }

    /// Its first header was printed for an inlined function, on an earlier line.
    pub fn begin_at(&mut self, first_line: u64) {
        self.splat.source.first_line = self.splat.source.first_line.min(first_line);
    }

    /// Takes in a line. False where the splat is over because foreign lines follow.
    pub fn take(&mut self, line: &LogLine<'_>, body: Body) -> bool {
        let unreliable = matches!(&body, Body::Frame(frame) if !frame.reliable);
        self.settle(line, &body);
        if line.framing.time_us.is_some() == self.stamped && !unreliable {
            self.keep(line, class_of(&line.text, &body));
        }
        if body == Body::Foreign {
            return self.tolerate(line);
        }
        self.splat.source.last_line = line.number;
        self.foreign = 0;
        self.prose = 0;
        self.advance(&body);
        let next = self.next;
        self.next = next.after(&body);
        match body {
            Body::Cpu(cpu) => self.take_cpu(*cpu),
            Body::Hardware(name) => self.learn_hardware(&name),
            Body::Rip(user, code) => self.take_rip(user, code),
            Body::Code(code) => self.take_code(code),
            Body::Words(words) => self.take_words(next, words),
            Body::Frame(_) if next == Next::Aside || self.repeats_trace(&line.text) => {}
            Body::Registers(registers) => self.take_registers(registers),
            Body::Section(section, opens) => {
                self.trace_closed |= !opens && section == Section::Task;
                self.section = if opens { section } else { Section::Task };
            }
            Body::TraceStart => self.trace_begun = true,
            Body::Frame(mut frame) if self.splat.frames.len() < MAX_FRAMES => {
                frame.behind = self.splat.lines.len();
                self.splat.frames.push(*frame);
            }
            _ => {}
        }
        true
    }

    /// The first line that surely is the report's shows whether its lines have stamps: only the header may have got
    /// one, or lost it, where two lines ran together.
    fn settle(&mut self, line: &LogLine<'_>, body: &Body) {
        if !self.settled && *body != Body::Foreign {
            self.settled = true;
            self.stamped = line.framing.time_us.is_some();
        }
    }

    /// All reports of a boot are of one machine.
    pub fn learn_hardware(&mut self, name: &str) {
        self.splat.hardware.get_or_insert_with(|| name.to_owned());
    }

    /// The `CPU:` line. That of another task, as the watchdog's behind a task that hangs, only tells the
    /// kernel.
    fn take_cpu(&mut self, line: CpuLine) {
        let splat = &mut self.splat;
        if line.pid.is_none() || splat.pid.is_none_or(|pid| line.pid == Some(pid)) {
            splat.cpu = splat.cpu.or(line.cpu);
            splat.pid = splat.pid.or(line.pid);
            splat.comm = line.comm.or(splat.comm.take());
        }
        let known = &mut splat.kernel;
        known.release = known.release.take().or(line.kernel.release);
        known.build = known.build.take().or(line.kernel.build);
        known.taint = known.taint.take().or(line.kernel.taint);
        known.build_id = known.build_id.take().or(line.kernel.build_id);
    }

    /// What another line than the `CPU:` line says.
    pub fn take_who(&mut self, told: CpuLine) {
        let splat = &mut self.splat;
        let known = CpuLine {
            cpu: splat.cpu.take(),
            pid: splat.pid.take(),
            comm: splat.comm.take(),
            kernel: std::mem::take(&mut splat.kernel),
        };
        let all = known.with(told);
        (splat.cpu, splat.pid, splat.comm) = (all.cpu, all.pid, all.comm);
        splat.kernel = all.kernel;
    }

    /// A second RIP, or one in user mode, begins the registers of the interrupted context: those
    /// are not the splat's.
    fn take_rip(&mut self, user: bool, code: Option<CodeRef>) {
        if self.completes_rip(code.as_ref()) {
            return;
        }
        if user || self.splat.rip.is_some() {
            self.block_over = true;
            return;
        }
        if let Some(address) = code.as_ref().and_then(|code| code.address) {
            // As many digits as the machine's words have.
            let address = match u32::try_from(address) {
                Ok(address) if address > 0 => format_compact!("{address:08x}"),
                _ => format_compact!("{address:016x}"),
            };
            self.take_registers(vec![("rip".into(), address)]);
        }
        self.splat.rip = code;
    }

    /// Some print the place twice: arm by name and by address, i386 the other way round, sh by both.
    fn completes_rip(&mut self, code: Option<&CodeRef>) -> bool {
        let fresh = self.splat.registers.0.is_empty();
        let Some((rip, code)) = self.splat.rip.as_mut().zip(code) else {
            return false;
        };
        // i386 before 3.8 prints the address first and the function on the next line.
        if rip.function.is_none() && rip.address.is_some() && code.function.is_some() {
            let address = rip.address;
            *rip = CodeRef {
                address,
                ..code.clone()
            };
            return true;
        }
        let same =
            code.offset.is_some() && (&rip.function, rip.offset) == (&code.function, code.offset);
        let is_address = code.function.is_none() && code.address.is_some();
        let again = is_address && code.address == rip.address;
        let completes = same || again || fresh && code.function.is_none();
        if completes {
            rip.address = rip.address.or(code.address);
        }
        completes
    }

    fn take_registers(&mut self, registers: Vec<Register>) {
        let user_stack = |(name, value): &Register| name == "ss" && super::is_user_segment(value);
        self.block_over |= registers.iter().any(user_stack);
        if self.block_over {
            return;
        }
        self.learn_address(&registers);
        let known = &mut self.splat.registers.0;
        for (name, value) in registers {
            if known.len() < MAX_REGISTERS && !known.iter().any(|(n, _)| *n == name) {
                known.push((name, value));
            }
        }
    }

    /// Counts a line that is no part of it. False where that is one too many.
    pub fn tolerate(&mut self, line: &LogLine<'_>) -> bool {
        if line.framing.present == self.framed && line.quote == self.quote {
            self.foreign += 1;
        } else {
            self.prose += 1;
        }
        let foreign_limit = match self.splat.frames.is_empty() {
            _ if self.splat.kind == FRAGMENT => MAX_PROSE,
            true if self.needs_stack => MAX_FOREIGN_BEFORE_TRACE,
            false if !self.end_marker => MAX_FOREIGN_BETWEEN_TRACES,
            _ => MAX_FOREIGN,
        };
        self.foreign <= foreign_limit && self.prose <= MAX_PROSE
    }

    /// The splat as far as it came.
    pub fn close(mut self, closing: Closing) -> Splat {
        let closing = match closing {
            Closing::Silence | Closing::Cut if self.waits => Closing::NextReport,
            closing => closing,
        };
        // That the end marker is missing proves nothing: kernels that panic_on_warn print none, and people cut
        // it off. A stack that was opened and not closed does.
        let has_trace = self.trace_closed || !self.splat.frames.is_empty();
        let is_open = self.stack_opened && !self.trace_closed;
        let whole = match closing {
            Closing::EndMarker => true,
            Closing::NextReport => has_trace,
            Closing::Silence | Closing::Cut => has_trace && !is_open,
        };
        let whole = whole || !self.needs_stack;
        self.splat.marked |= closing == Closing::EndMarker;
        self.splat.truncated = self.splat.header_line == 0 || !whole;
        fold_inlined(&mut self.splat.frames);
        self.splat
    }
}

/// What a line is that was read as `body`.
fn class_of(text: &str, body: &Body) -> LineClass {
    match body {
        Body::Frame(frame) => class(frame, text),
        _ if text.trim_end().ends_with(INLINE_MARK) => LineClass::Inlined,
        Body::TraceStart => LineClass::TraceStart,
        Body::Known | Body::Foreign => LineClass::Text,
        _ => LineClass::Read,
    }
}
