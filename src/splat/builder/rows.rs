//! Lines that only the one before explains: rows of registers and of instructions that have no name, and a
//! place in the code that is no frame.

use super::SplatBuilder;
use crate::line::kind::{Code, LineKind, Register, Words, next_row};

/// What the next line is, where it has no name of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Awaited {
    /// What it looks like.
    #[default]
    Any,
    /// More registers of the row before.
    Registers,
    /// More instructions.
    Code,
    /// A place that is no frame.
    Aside,
}

/// Instruction bytes that a report may show; the longest dumps have 64.
const MAX_CODE: usize = 512;

/// The registers that hold the place of the fault, by their names on each architecture.
const POINTERS: [&str; 6] = ["pc", "epc", "era", "tpc", "nip", "iaoq"];

impl Awaited {
    /// What follows a line that is `kind`.
    pub fn after(self, kind: &LineKind) -> Awaited {
        match kind {
            LineKind::Registers(_) => Awaited::Registers,
            LineKind::Code(_) => Awaited::Code,
            // More rows may follow.
            LineKind::Words(_) => self,
            LineKind::Aside => Awaited::Aside,
            _ => Awaited::Any,
        }
    }
}

impl SplatBuilder {
    /// The first instructions are those of the report.
    pub(super) fn take_code(&mut self, code: Code) {
        // powerpc prints the kernel's instructions last, after the registers of the program (show_regs() in
        // arch/powerpc/kernel/process.c), and those of a program never.
        let registers = &self.splat.registers.0;
        let is_kernels =
            !self.is_interrupted_context || registers.iter().any(|(name, _)| name == "nip");
        if is_kernels && !code.bytes.is_empty() {
            // What comes later is of a program, or of another CPU.
            self.splat.code.get_or_insert(code);
        }
    }

    pub(super) fn take_words(&mut self, awaited: Awaited, words: Words) {
        match awaited {
            Awaited::Code => self.go_on_with(words.code),
            Awaited::Registers => {
                let last = self.splat.registers.0.last().map(|(name, _)| name.as_str());
                let words: Vec<_> = words.words.iter().map(String::as_str).collect();
                self.take_registers(next_row(last, &words));
            }
            // Without a row in front these may be a dump of the stack.
            Awaited::Any | Awaited::Aside => {}
        }
    }

    fn go_on_with(&mut self, more: Code) {
        if self.is_interrupted_context {
            return;
        }
        let code = self.splat.code.get_or_insert_default();
        if code.bytes.len() + more.bytes.len() <= MAX_CODE {
            let trap = more.trap_offset.map(|offset| offset + code.bytes.len());
            code.trap_offset = code.trap_offset.or(trap);
            code.bytes.extend(more.bytes);
        }
    }

    /// The address of the place that another line names.
    pub(super) fn learn_address(&mut self, registers: &[Register]) {
        let Some(rip) = self.splat.rip.as_mut().filter(|rip| rip.address.is_none()) else {
            return;
        };
        let pointer = registers
            .iter()
            .find(|(name, _)| POINTERS.contains(&name.as_str()));
        rip.address = pointer.and_then(|(_, value)| u64::from_str_radix(value, 16).ok());
    }
}
