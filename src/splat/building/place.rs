//! Where in a report a line stands: what tells reports apart that are printed at once.
//!
//! In: a report as far as it came, and a line. Out: whether the line may be its next one, and how well
//! it fits. The order is that of x86 (arch/x86/kernel/dumpstack.c, `show_regs()` and
//! `show_trace_log_lvl()`); what other architectures print in another order fits no report better than
//! the one that is being printed.

use super::Building;
use crate::splat::FRAGMENT;
use crate::splat::body::Body;
use crate::splat::types::{Register, Section};

/// Places in the order in which they are printed.
const CPU: u16 = 1;
const HARDWARE: u16 = 2;
const RIP: u16 = 3;
const CODE: u16 = 4;
const REGISTERS: u16 = 5;
const TRACE: u16 = REGISTERS + REGISTER_LINES.len() as u16 + 1;
const STACK: u16 = TRACE + 1;
const FRAME: u16 = STACK + 1;
const STACK_END: u16 = FRAME + 1;
const END: u16 = STACK_END + 1;

/// A register of each line of `__show_regs()` (arch/x86/kernel/process_64.c) up to those that not every
/// CPU has.
const REGISTER_LINES: [&str; 8] = ["rsp", "rax", "rdx", "rbp", "r10", "r13", "fs", "cs"];

/// How well a line fits a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The line names the report's CPU or code.
    pub certain: bool,
    /// Places between the report's last line and this one.
    pub gap: u16,
    /// It may stand anywhere in the report's trace.
    pub anywhere: bool,
}

impl Building {
    /// How well a line fits; `None` where it is not the report's, or tells nothing of where it stands.
    pub fn fit(&self, body: &Body) -> Option<Fit> {
        let place = self.place_of(body)?;
        let certain = match body {
            Body::Cpu(line) => agree(self.splat.cpu, line.cpu)? | agree(self.splat.pid, line.pid)?,
            Body::Rip(false, Some(code)) if place == RIP => {
                agree(self.splat.at.function.as_ref(), code.function.as_ref())?
            }
            _ => false,
        };
        let due = match place {
            CPU => true,
            HARDWARE | RIP | TRACE => self.place >= CPU,
            CODE..TRACE => self.place >= RIP,
            STACK | FRAME => self.in_trace(),
            STACK_END => self.in_trace() && self.stack_opened,
            _ if self.stack_opened => self.place >= STACK_END,
            _ => self.place >= FRAME,
        };
        let next = self.place < place || place == FRAME || self.continues_registers(body);
        let gap = match body {
            // Few traces hold the registers of an interrupted context.
            Body::Rip(..) if place == FRAME => RIP,
            Body::Code(_) | Body::Registers(_) if place == FRAME && self.waits => RIP,
            // Of two open traces none is nearer to its next line.
            _ if (STACK..END).contains(&place) => 0,
            _ => place.saturating_sub(self.place),
        };
        let anywhere = place == FRAME;
        (due && next).then_some(Fit {
            certain,
            gap,
            anywhere,
        })
    }

    /// The report as it may print its registers once more.
    pub fn echo(&self) -> Building {
        Building {
            place: CPU,
            in_block: false,
            ..self.clone()
        }
    }

    /// True for the next line of the registers that were printed before.
    pub fn repeats(&self, body: &Body) -> bool {
        let known = match body {
            Body::Rip(_, code) => code.is_some() && *code == self.splat.rip,
            Body::Code(code) => self.splat.code.as_ref() == Some(code),
            Body::Registers(registers) => {
                let known = &self.splat.registers.0;
                registers.iter().all(|register| known.contains(register))
            }
            _ => false,
        };
        known && self.fit(body).is_some_and(|fit| fit.gap <= 2)
    }

    /// True where more of the report may follow although another one begins.
    pub fn may_go_on(&self) -> bool {
        let open_stack = self.place == STACK || self.in_trace() && self.stack_opened;
        self.splat.kind != FRAGMENT && (self.end_marker || self.waits_for_trace() || open_stack)
    }

    /// True where more than its header was printed.
    pub fn has_begun(&self) -> bool {
        self.place > 0
    }

    /// Remembers how far the report has come. Older kernels print some lines also out of order (`IP:`
    /// before `CPU:`), which says nothing.
    pub fn advance(&mut self, body: &Body) {
        self.stack_opened |= *body == Body::Section(Section::Task, true);
        if let Some(place) = self.fit(body).and(self.place_of(body)) {
            self.place = place;
            self.in_block = match body {
                Body::Rip(..) => place == FRAME,
                Body::Code(_) | Body::Registers(_) => self.in_block,
                _ => false,
            };
        }
    }

    /// The registers of an interrupted context stand among the frames.
    fn place_of(&self, body: &Body) -> Option<u16> {
        Some(match body {
            // An oops prints CR2 alone once more behind the trace (`show_fault_oops()`).
            Body::Registers(registers) if is_alone(registers, "cr2") => return None,
            Body::Cpu(_) => CPU,
            Body::Hardware(_) => HARDWARE,
            Body::Rip(..) if self.in_trace() => FRAME,
            Body::Code(_) | Body::Registers(_) if self.in_block => FRAME,
            Body::Rip(true, _) => return None,
            Body::Rip(false, _) => RIP,
            Body::Code(_) => CODE,
            Body::Registers(registers) => REGISTERS + register_line(registers),
            Body::TraceStart => TRACE,
            Body::Section(Section::Task, true) => STACK,
            Body::Section(Section::Task, false) => STACK_END,
            Body::Section(..) | Body::Frame(_) => FRAME,
            Body::End => END,
            Body::Words(_) | Body::Aside => return None,
            Body::CutHere | Body::Known | Body::Foreign => return None,
        })
    }

    fn in_trace(&self) -> bool {
        (TRACE..=FRAME).contains(&self.place)
    }

    /// Registers whose order is not known, and that the report does not have yet.
    fn continues_registers(&self, body: &Body) -> bool {
        let Body::Registers(registers) = body else {
            return false;
        };
        let unordered = register_line(registers) as usize == REGISTER_LINES.len();
        let known = |name: &str| {
            self.splat
                .registers
                .0
                .iter()
                .any(|(known, _)| known == name)
        };
        unordered && self.place < TRACE && !registers.iter().any(|(name, _)| known(name))
    }
}

/// Index of the line among those of `__show_regs()`, or their number.
fn register_line(registers: &[Register]) -> u16 {
    let has = |wanted: &&str| registers.iter().any(|(name, _)| name == wanted);
    let line = REGISTER_LINES.iter().position(has);
    line.unwrap_or(REGISTER_LINES.len()) as u16
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
