//! DWARF expressions on printed registers. In: an expression, the registers, the return address. Out: a
//! value with the way it was found, or the reason why there is none.

use gimli::{
    EvaluationResult, Expression, Location, Operation, Register, UnitOffset, Value, ValueType,
    X86_64,
};

use super::reader::{Dwarf, Slice, bytes};
use super::{Debug, call_site};
use crate::splat::Registers;

/// Operations of one expression; compilers make a dozen.
const MAX_OPERATIONS: u32 = 1000;

/// The printed name of each register, in upper case as oopses print them.
const REGISTERS: [(Register, &str); 17] = [
    (X86_64::RAX, "RAX"),
    (X86_64::RDX, "RDX"),
    (X86_64::RCX, "RCX"),
    (X86_64::RBX, "RBX"),
    (X86_64::RSI, "RSI"),
    (X86_64::RDI, "RDI"),
    (X86_64::RBP, "RBP"),
    (X86_64::RSP, "RSP"),
    (X86_64::R8, "R8"),
    (X86_64::R9, "R9"),
    (X86_64::R10, "R10"),
    (X86_64::R11, "R11"),
    (X86_64::R12, "R12"),
    (X86_64::R13, "R13"),
    (X86_64::R14, "R14"),
    (X86_64::R15, "R15"),
    (X86_64::RA, "RIP"),
];

/// The state of the CPU at RIP, as far as the log shows it.
pub(in crate::symbols) struct MachineState<'a> {
    /// RIP's link address.
    pub(in crate::symbols) pc: u64,
    pub(in crate::symbols) registers: &'a Registers,
    /// Link address that the function at RIP returns to.
    pub(in crate::symbols) return_address: Option<u64>,
    pub(in crate::symbols) kaslr_offset: Option<u64>,
}

impl MachineState<'_> {
    fn register(&self, register: Register) -> Result<(u64, &'static str), String> {
        let known = REGISTERS.iter().find(|(number, _)| *number == register);
        let &(_, name) = known.ok_or("it is in a register that logs do not print")?;
        let key = name.to_ascii_lowercase();
        // `R8` is printed as `R08`, RSP with its segment in front: `0018:ffff…`.
        let padded = key.replacen('r', "r0", 1);
        let text = self
            .registers
            .text(&key)
            .or_else(|| self.registers.text(&padded));
        let digits = text.and_then(|text| text.rsplit(':').next());
        let value = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        value
            .map(|value| (value, name))
            .ok_or(format!("it is in {name}, which the log does not print"))
    }
}

/// Runs the expression of a parameter of `function`.
pub(super) fn evaluate<'a>(
    debug: &Debug<'a>,
    dwarf: &Dwarf<'a>,
    unit: &gimli::Unit<Slice<'a>>,
    expression: Expression<Slice<'a>>,
    function: &str,
    machine: &MachineState<'_>,
) -> Result<(u64, String), String> {
    let mut evaluation = expression.evaluation(unit.encoding());
    evaluation.set_max_iterations(MAX_OPERATIONS);
    let mut used: Vec<String> = Vec::new();
    let mut state = evaluation.evaluate().map_err(broken)?;
    loop {
        state = match state {
            EvaluationResult::Complete => break,
            EvaluationResult::RequiresRegister {
                register,
                base_type,
            } => {
                let (value, name) = machine.register(register)?;
                used.push(name.to_owned());
                let value = typed(unit, base_type, value).map_err(broken)?;
                evaluation.resume_with_register(value)
            }
            EvaluationResult::RequiresEntryValue(entry) => {
                let register = entry_register(unit, entry)?;
                let value = call_site::argument(debug, machine.return_address, function, register)?;
                used.push("the call site".to_owned());
                evaluation.resume_with_entry_value(Value::Generic(value))
            }
            EvaluationResult::RequiresRelocatedAddress(address) => {
                evaluation.resume_with_relocated_address(relocated(machine, address)?)
            }
            EvaluationResult::RequiresIndexedAddress { index, relocate } => {
                let address = dwarf.address(unit, index).map_err(broken)?;
                let address = if relocate {
                    relocated(machine, address)?
                } else {
                    address
                };
                evaluation.resume_with_indexed_address(address)
            }
            EvaluationResult::RequiresBaseType(offset) => {
                let base = base_type(unit, offset).map_err(broken)?;
                evaluation.resume_with_base_type(base)
            }
            missing => return Err(reason(&missing)),
        }
        .map_err(broken)?;
    }
    finish(&evaluation.result(), used, machine)
}

/// The value that the finished expression gives. Several pieces lie one after the other, the lowest first.
fn finish(
    pieces: &[gimli::Piece<Slice<'_>>],
    mut used: Vec<String>,
    machine: &MachineState<'_>,
) -> Result<(u64, String), String> {
    let mut value = 0;
    let mut bits = 0;
    for piece in pieces {
        let part = piece_value(piece, &mut used, machine)?;
        let size = piece.size_in_bits.unwrap_or(64);
        let mask = u64::MAX.checked_shr(64_u64.saturating_sub(size) as u32);
        let part = part & mask.unwrap_or(0);
        value |= u32::try_from(bits)
            .ok()
            .and_then(|bits| part.checked_shl(bits))
            .unwrap_or(0);
        bits = u64::saturating_add(bits, size);
    }
    // A structure in several registers; its first 64 bits are no value of it.
    if pieces.len() > 1 && bits > 64 {
        return Err("it is larger than a register".to_owned());
    }
    let how = match used.as_slice() {
        [] => "a constant in DWARF".to_owned(),
        used => format!("from {} by DWARF", used.join(" and ")),
    };
    Ok((value, how))
}

fn piece_value(
    piece: &gimli::Piece<Slice<'_>>,
    used: &mut Vec<String>,
    machine: &MachineState<'_>,
) -> Result<u64, String> {
    match &piece.location {
        Location::Empty => Err("optimised out at RIP".to_owned()),
        Location::Register { register } => {
            let (value, name) = machine.register(*register)?;
            used.push(name.to_owned());
            Ok(value)
        }
        Location::Value { value } => value.to_u64(u64::MAX).map_err(broken),
        Location::Bytes { value } => {
            let bytes = bytes(value).iter().copied().chain([0; 8]).take(8);
            let bytes: Vec<u8> = bytes.collect();
            Ok(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
        }
        Location::Address { .. } => Err("it is in memory, which the log does not show".to_owned()),
        Location::ImplicitPointer { .. } => {
            Err("the variable it points at was optimised out".to_owned())
        }
    }
}

/// The register that an entry value is of: compilers only emit a single `DW_OP_regN`.
fn entry_register(
    unit: &gimli::Unit<Slice<'_>>,
    expression: Expression<Slice<'_>>,
) -> Result<Register, String> {
    match expression.operations(unit.encoding()).next() {
        Ok(Some(Operation::Register { register })) => Ok(register),
        _ => Err("its value at entry is not in a register".to_owned()),
    }
}

fn relocated(machine: &MachineState<'_>, address: u64) -> Result<u64, String> {
    let offset = machine
        .kaslr_offset
        .ok_or("it is an address, and the KASLR offset is not known")?;
    Ok(address.wrapping_add(offset))
}

fn base_type(unit: &gimli::Unit<Slice<'_>>, offset: UnitOffset) -> gimli::Result<ValueType> {
    // Offset 0 is the generic type of the size of an address.
    if offset.0 == 0 {
        return Ok(ValueType::Generic);
    }
    let entry = unit.entry(offset)?;
    ValueType::from_entry(&entry)?.ok_or(gimli::Error::UnsupportedTypeOperation)
}

fn typed(unit: &gimli::Unit<Slice<'_>>, offset: UnitOffset, value: u64) -> gimli::Result<Value> {
    Value::from_u64(base_type(unit, offset)?, value)
}

fn reason(missing: &EvaluationResult<Slice<'_>>) -> String {
    match missing {
        EvaluationResult::RequiresMemory { .. } => "it is in memory, which the log does not show",
        EvaluationResult::RequiresFrameBase | EvaluationResult::RequiresCallFrameCfa => {
            "it is on the stack, which the log does not show"
        }
        EvaluationResult::RequiresTls(_) => "it is thread-local",
        _ => "its location is of a kind that a log cannot answer",
    }
    .to_owned()
}

fn broken(error: gimli::Error) -> String {
    format!("broken debug info: {error}")
}
