//! The `Code:` line as instructions, and what the one at fault did.
//!
//! In: the bytes and registers of a splat. Out: instructions as the kernel's people read them (AT&T syntax for x86), and the
//! access of the one that RIP points at. x86 and arm64; one module each.

mod arm64;
mod x86;

use crate::splat::Splat;
use crate::symbols::Symbols;
use serde::Serialize;

/// Bytes of a `Code:` line that are decoded; the kernel prints 64.
const MAX_BYTES: usize = 256;

/// The `Code:` line of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disassembly {
    /// In the order of their addresses. In front of the one that RIP points at are only those that every way to
    /// cut the bytes agrees on: where an instruction begins is not printed.
    pub instructions: Vec<CodeLine>,
    /// What the one that RIP points at read or wrote; `None` where that is no memory, or more than one place.
    pub access: Option<Access>,
}

/// An instruction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CodeLine {
    /// Bytes from RIP: negative in front of it.
    pub offset: i64,
    /// The bytes, in hex with blanks.
    pub bytes: String,
    /// AT&T syntax.
    pub text: String,
}

/// What an instruction does with memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Access {
    /// `read`, `write`, or both: `read-write`.
    pub kind: &'static str,
    /// Hex; `None` where a register that it is made of is not printed.
    pub address: Option<String>,
    /// Bytes; `None` where the instruction does not fix it.
    pub size: Option<usize>,
    /// The instruction.
    pub instruction: String,
    /// The registers that the address is made of, as printed: `("rax", "0000000000000010")`.
    pub registers: Vec<(String, String)>,
}

/// The instructions of a splat; `None` where its machine has no decoder here, or no place in the code is marked.
pub(crate) fn of(splat: &Splat, symbols: &Symbols) -> Option<Disassembly> {
    // By the registers, since nothing in a report names its machine.
    match x86::bits(&splat.registers) {
        Some(bits) => x86::of(splat, bits, symbols),
        None => arm64::of(splat, symbols),
    }
}

/// The bytes, and the place of the one that RIP points at.
fn bytes(splat: &Splat) -> Option<(&[u8], usize)> {
    let code = splat.code.as_ref()?;
    let bytes = code.bytes.get(..code.bytes.len().min(MAX_BYTES))?;
    Some((bytes, code.trap_offset?))
}

/// Names where jumps and calls go to: by the vmlinux, else by the function of RIP, the only place that a log names.
struct Targets {
    function: Option<(String, u64)>,
    symbols: Symbols,
}

impl Targets {
    fn of(splat: &Splat, symbols: &Symbols) -> Targets {
        let named = splat.rip.as_ref().and_then(|rip| {
            let function = crate::splat::demangled(rip.function.as_deref()?);
            Some((function.into_owned(), rip.offset?))
        });
        Targets {
            function: named,
            symbols: symbols.clone(),
        }
    }

    /// The name of the place so many bytes from RIP.
    fn name(&self, from_rip: i64) -> String {
        // Only a vmlinux knows what else is called; the log has one name.
        if let Some(called) = self.symbols.function_from_rip(from_rip) {
            return called;
        }
        match &self.function {
            Some((function, offset)) => {
                let offset = (*offset as i64).wrapping_add(from_rip);
                format!("{function}{}", signed(offset))
            }
            None => format!("RIP{}", signed(from_rip)),
        }
    }
}

fn signed(offset: i64) -> String {
    match offset < 0 {
        true => format!("-{:#x}", offset.unsigned_abs()),
        false => format!("+{offset:#x}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    let all: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    all.join(" ")
}
