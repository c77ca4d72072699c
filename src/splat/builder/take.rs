//! What a line says goes into the splat.

use super::limits::{MAX_FRAMES, MAX_REGISTERS};
use super::phase::TraceState;
use super::rows::Awaited;
use super::{LineClass, SplatBuilder};
use crate::line::LogLine;
use crate::line::kind::{CodeRef, CpuLine, Header, LineKind, Register, Section, is_user_segment};
use compact_str::format_compact;

/// Bytes of the first page, in which no program has code.
const PAGE_SIZE: u64 = 4096;

impl SplatBuilder {
    /// Takes in a line. False where the splat is over because foreign lines follow.
    pub fn take(&mut self, line: &LogLine<'_>, kind: LineKind) -> bool {
        let is_foreign = kind == LineKind::Foreign;
        // A foreign line may be another program's, whose form says nothing of the report's.
        if !is_foreign {
            self.layout.settle(line);
        }
        let unreliable = matches!(&kind, LineKind::Frame(frame) if !frame.reliable);
        // A record of several lines has its stamp on the first.
        let goes_on = matches!(kind, LineKind::Known(_)) && line.text.starts_with([' ', '\t']);
        // A line without a stamp in a log with stamps was written by somebody else into the text.
        let is_alike = line.framing.time_us.is_some() == self.layout.stamped || goes_on;
        if is_alike && !unreliable {
            self.keep(line, LineClass::of(&line.text, &kind));
        }
        if is_foreign {
            return self.tolerate(line);
        }
        self.reach(line);
        self.strangers = Default::default();
        self.advance(&kind);
        let awaited = self.awaited;
        self.awaited = awaited.after(&kind);
        match kind {
            LineKind::Cpu(cpu) => self.take_cpu(*cpu),
            LineKind::Hardware(name) => self.learn_hardware(&name),
            LineKind::Rip(user, code) => self.take_rip(user, code),
            LineKind::Code(code) => self.take_code(code),
            LineKind::Words(words) => self.take_words(awaited, words),
            LineKind::Registers(registers) => self.take_registers(registers),
            LineKind::Section(section, opens) => {
                self.section = if opens { section } else { Section::Task };
            }
            LineKind::Frame(..) if awaited == Awaited::Aside || self.repeats_trace(&line.text) => {}
            LineKind::Frame(mut frame) if self.splat.frames.len() < MAX_FRAMES => {
                frame.behind = self.splat.lines.len();
                frame.section = self.section;
                self.splat.frames.push(*frame);
            }
            _ => {}
        }
        true
    }

    /// Writes what the header says into the splat.
    pub(super) fn take_header(&mut self, header: Header<'_>) {
        let (file, line) = header.place();
        let splat = &mut self.splat;
        splat.at_file = file.map(str::to_owned);
        splat.at_line = line;
        splat.kind.clone_from(&header.kind.name);
        splat.header = header.text;
        splat.cpu = header.cpu;
        splat.pid = header.pid;
        splat.comm = header.comm;
        splat.at = header.at;
        splat.message.extend(header.condition);
    }

    /// All reports of a boot are of one machine.
    pub fn learn_hardware(&mut self, name: &str) {
        self.splat.hardware.get_or_insert_with(|| name.to_owned());
    }

    /// The `CPU:` line. That of another task, as the watchdog's after a task that hangs, only names the
    /// kernel.
    fn take_cpu(&mut self, mut line: CpuLine) {
        let splat = &mut self.splat;
        // Names count only where the task is the same: a CPU line may come from whoever found the
        // hang.
        if line.pid.is_none() || splat.pid.is_none_or(|pid| line.pid == Some(pid)) {
            splat.comm = line.comm.take().or(splat.comm.take());
            self.add_who(line);
        } else {
            self.add_who(CpuLine {
                kernel: line.kernel,
                ..CpuLine::default()
            });
        }
    }

    /// What another line than the `CPU:` line says of task, CPU and kernel, where the splat does not know yet.
    pub fn add_who(&mut self, said: CpuLine) {
        let splat = &mut self.splat;
        let known = CpuLine {
            cpu: splat.cpu.take(),
            pid: splat.pid.take(),
            comm: splat.comm.take(),
            kernel: std::mem::take(&mut splat.kernel),
            hardware: splat.hardware.take(),
        };
        let all = known.with(said);
        (splat.cpu, splat.pid, splat.comm) = (all.cpu, all.pid, all.comm);
        splat.kernel = all.kernel;
        splat.hardware = all.hardware;
    }

    /// A second RIP, or one in user mode, begins the registers of the interrupted context: those
    /// are not the splat's.
    fn take_rip(&mut self, user: bool, code: Option<CodeRef>) {
        if self.completes_rip(code.as_ref()) {
            return;
        }
        if user || self.splat.rip.is_some() {
            if user && self.splat.rip.is_none() {
                self.expect_no_frames();
            }
            self.is_interrupted_context = true;
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

    /// The CPU ran a program: the kernel has no stack to print. A trace that was begun is another one.
    fn expect_no_frames(&mut self) {
        if self.trace == TraceState::Awaited && self.splat.frames.is_empty() {
            self.expect_no_trace();
        }
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
        // The same place once more is no second context.
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

    pub(super) fn take_registers(&mut self, registers: Vec<Register>) {
        // A stack segment of user mode is only in the `pt_regs` of a task that entered the kernel.
        let user_stack = |(name, value): &Register| name == "ss" && is_user_segment(value);
        self.is_interrupted_context |= registers.iter().any(user_stack);
        if self.is_interrupted_context {
            return;
        }
        let is_in_program = |(name, value): &Register| is_pointer(name) && is_of_program(value);
        if self.splat.rip.is_none() && registers.iter().any(is_in_program) {
            self.expect_no_frames();
        }
        self.learn_address(&registers);
        let known = &mut self.splat.registers.0;
        for (name, value) in registers {
            // The first value counts: an oops prints CR2 once more after its trace.
            if known.len() < MAX_REGISTERS && !known.iter().any(|(n, _)| *n == name) {
                known.push((name, value));
            }
        }
    }

    /// sparc prints its stack once more after the call trace (arch/sparc/kernel/traps_64.c, `die_if_kernel()`).
    fn repeats_trace(&self, line: &str) -> bool {
        self.trace != TraceState::Awaited && line.trim_start().starts_with("Caller[")
    }
}

/// The instruction pointer of riscv and mips, arm and arm64, powerpc, loongarch.
fn is_pointer(name: &str) -> bool {
    matches!(name, "epc" | "pc" | "nip" | "era")
}

/// True for an address in the lower half of 64 bits, where these architectures have programs; a call of NULL is the
/// kernel's.
fn is_of_program(address: &str) -> bool {
    let number = u64::from_str_radix(address, 16).ok();
    let is_low = |number| (PAGE_SIZE..1 << 63).contains(&number);
    address.len() == 16 && number.is_some_and(is_low)
}
