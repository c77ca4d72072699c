//! Code of x86: where an instruction begins is not printed.

use super::{Access, CodeLine, Disassembly, Targets, hex};
use crate::splat::{Registers, Splat};
use crate::symbols::Symbols;
use iced_x86::{
    Code as Opcode, Decoder, DecoderOptions, Formatter, GasFormatter, Instruction,
    InstructionInfoFactory, OpAccess, Register, SymbolResolver, SymbolResult, UsedMemory,
};
use std::collections::BTreeSet;

/// The longest instruction, in bytes: a decoder that starts so far in front of another one has met it by then.
const LONGEST: usize = 15;

/// The instructions of a splat; `None` where none has its place marked. `bits`: 64 or 32.
pub(super) fn of(splat: &Splat, bits: u32, symbols: &Symbols) -> Option<Disassembly> {
    let (bytes, trap) = super::bytes(splat)?;
    let begin = agreed_begin(bytes, trap, bits);
    let decoded = decode(bytes.get(begin..)?, begin, bits);
    let mut formatter = formatter(Targets::of(splat, symbols), trap);
    let mut instructions = Vec::new();
    let mut access = None;
    for (at, instruction) in decoded {
        let text = text(&instruction, &mut formatter);
        if at == trap {
            access = accessed(&instruction, &splat.registers, &text);
        }
        let end = at + instruction.len();
        instructions.push(CodeLine {
            offset: at as i64 - trap as i64,
            bytes: hex(bytes.get(at..end).unwrap_or_default()),
            text,
        });
    }
    let has_trap = instructions.iter().any(|line| line.offset == 0);
    has_trap.then_some(Disassembly {
        instructions,
        access,
    })
}

/// 64 or 32, by the names of the registers; `None` for another architecture. RIP alone says nothing: the code that
/// other machines ran is kept under that name as well.
pub(super) fn bits(registers: &Registers) -> Option<u32> {
    let has = |name| registers.text(name).is_some();
    match () {
        () if has("rsp") || has("rax") => Some(64),
        () if has("esp") || has("eax") => Some(32),
        () => None,
    }
}

/// The first place from which on all ways to cut the bytes in front of the trap agree, each from another of the first
/// bytes on; the trap itself where none leads to it.
fn agreed_begin(bytes: &[u8], trap: usize, bits: u32) -> usize {
    let mut agreed: Option<BTreeSet<usize>> = None;
    // Fifteen ways are enough: an instruction has no more bytes, so that one of them begins where
    // an instruction does.
    for start in 0..trap.min(LONGEST) {
        let cuts = decode(bytes.get(start..).unwrap_or_default(), start, bits);
        let places: BTreeSet<usize> = cuts.map(|(at, _)| at).collect();
        if places.contains(&trap) {
            agreed = Some(match agreed {
                Some(all) => all.intersection(&places).copied().collect(),
                None => places,
            });
        }
    }
    // The kernel may begin in the middle of an instruction: what only one way has found is no agreement.
    let agreed = agreed.filter(|_| trap > LONGEST);
    let first = agreed.and_then(|places| places.first().copied());
    first.unwrap_or(trap).min(trap)
}

/// The instructions from the first byte on, each with its place, up to the first that is none.
fn decode(bytes: &[u8], begin: usize, bits: u32) -> impl Iterator<Item = (usize, Instruction)> {
    let mut decoder = Decoder::with_ip(bits, bytes, begin as u64, DecoderOptions::NONE);
    std::iter::from_fn(move || {
        let at = begin + decoder.position();
        let instruction = decoder.can_decode().then(|| decoder.decode())?;
        (instruction.code() != Opcode::INVALID).then_some((at, instruction))
    })
}

/// Names the targets of jumps and calls.
struct Resolver {
    targets: Targets,
    trap: u64,
}

impl SymbolResolver for Resolver {
    fn symbol(
        &mut self,
        instruction: &Instruction,
        _: u32,
        _: Option<u32>,
        address: u64,
        _: u32,
    ) -> Option<SymbolResult<'_>> {
        let is_branch = instruction.is_jcc_short_or_near()
            || instruction.is_jmp_short_or_near()
            || instruction.is_call_near();
        if !is_branch {
            return None;
        }
        let from_trap = (address as i64).wrapping_sub(self.trap as i64);
        let name = self.targets.name(from_trap);
        Some(SymbolResult::with_string(address, name))
    }
}

fn formatter(targets: Targets, trap: usize) -> GasFormatter {
    let resolver = Resolver {
        targets,
        trap: trap as u64,
    };
    let mut formatter = GasFormatter::with_options(Some(Box::new(resolver)), None);
    let options = formatter.options_mut();
    options.set_rip_relative_addresses(true);
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(false);
    options.set_first_operand_char_index(7);
    options.set_branch_leading_zeros(false);
    options.set_gas_space_after_memory_operand_comma(false);
    formatter
}

fn text(instruction: &Instruction, formatter: &mut GasFormatter) -> String {
    let mut text = String::new();
    formatter.format(instruction, &mut text);
    text
}

/// The one place in memory that an instruction uses.
fn accessed(instruction: &Instruction, registers: &Registers, text: &str) -> Option<Access> {
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(instruction);
    let real = |memory: &&UsedMemory| memory.access() != OpAccess::NoMemAccess;
    let mut all = info.used_memory().iter().filter(real);
    // Of two places (a string copy) nobody knows which one was at fault.
    let memory = all.next().filter(|_| all.next().is_none())?;
    let kind = match memory.access() {
        OpAccess::Read | OpAccess::CondRead => "read",
        OpAccess::Write | OpAccess::CondWrite => "write",
        OpAccess::ReadWrite | OpAccess::ReadCondWrite => "read-write",
        OpAccess::None | OpAccess::NoMemAccess => return None,
    };
    let parts = [memory.base(), memory.index()];
    let named = parts.into_iter().filter(|part| *part != Register::None);
    let printed = |register: Register| {
        let name = name(register, registers);
        let value = registers.text(&name)?;
        Some((name, value.to_owned()))
    };
    // What is relative to RIP was counted from the beginning of the line.
    let is_relative = instruction.is_ip_rel_memory_operand();
    let address = address(memory, registers).filter(|_| !is_relative);
    let size = memory.memory_size().size();
    if address.is_some_and(|address| !may_fault(address, size, registers)) {
        return None;
    }
    Some(Access {
        kind,
        address: address.map(|address| format!("{address:x}")),
        size: (size > 0).then_some(size),
        instruction: text.split_whitespace().collect::<Vec<_>>().join(" "),
        registers: named.filter_map(printed).collect(),
    })
}

/// False where the processor says that another address was at fault: then the instruction was interrupted by a fault of
/// its own fault, or the registers are of another moment. CR2 is only written by page faults; an address that is not
/// canonical gives none.
fn may_fault(address: u64, size: usize, registers: &Registers) -> bool {
    let is_canonical = matches!(address >> 47, 0 | 0x1_ffff);
    let reaches = |cr2: u64| cr2.wrapping_sub(address) < size.max(1) as u64;
    !is_canonical || registers.value("cr2").is_none_or(reaches)
}

fn address(memory: &UsedMemory, registers: &Registers) -> Option<u64> {
    memory.virtual_address(0, |register, _, _| match register {
        Register::ES | Register::CS | Register::SS | Register::DS => Some(0),
        Register::FS => registers.value("fs"),
        Register::GS => registers.value("gs"),
        register => {
            let value = registers.value(&name(register, registers))?;
            // The parts of a register are printed as the whole one.
            let bits = 8 * register.size() as u32;
            Some(value & u64::MAX.checked_shr(64 - bits.min(64)).unwrap_or(u64::MAX))
        }
    })
}

/// As the kernel prints it: `rax` for EAX on 64 bits, `eax` for AX on 32, `r08` for R8D.
fn name(register: Register, registers: &Registers) -> String {
    let full = match bits(registers) {
        Some(32) => register.full_register32(),
        _ => register.full_register(),
    };
    let full = format!("{full:?}").to_lowercase();
    match full
        .strip_prefix('r')
        .and_then(|digits| digits.parse::<u8>().ok())
    {
        Some(number) => format!("r{number:02}"),
        None => full,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Disassembly, of};
    use crate::splat::{Code, CodeRef, Register as Printed, Registers, Splat};
    use crate::symbols::Symbols;
    use proptest::prelude::*;

    /// Code, registers, instruction, what it does, address, size.
    type Row<'a> = (
        &'a str,
        &'a [(&'a str, &'a str)],
        &'a str,
        &'a str,
        Option<&'a str>,
        Option<usize>,
    );

    fn splat(dump: &str, registers: &[(&str, &str)]) -> Splat {
        let mut code = Code::default();
        for word in dump.split_whitespace() {
            if word.starts_with('<') {
                code.trap_offset = Some(code.bytes.len());
            }
            let digits = word.trim_matches(['<', '>']);
            code.bytes
                .push(u8::from_str_radix(digits, 16).expect("hex"));
        }
        let registers = registers
            .iter()
            .map(|(name, value)| -> Printed { ((*name).into(), (*value).into()) });
        Splat {
            code: Some(code),
            registers: Registers(registers.collect()),
            rip: Some(CodeRef {
                function: Some("zeta".to_owned()),
                offset: Some(0x2a),
                size: Some(0x100),
                ..CodeRef::default()
            }),
            ..Splat::default()
        }
    }

    fn marked(disassembly: &Disassembly) -> &str {
        let mut lines = disassembly.instructions.iter();
        lines
            .find(|line| line.offset == 0)
            .map_or("", |line| &line.text)
    }

    #[test]
    fn the_access_is_made_of_the_printed_registers() {
        let rows: &[Row<'_>] = &[
            (
                "<48> 8b 50 10",
                &[("rsp", "1"), ("rax", "0000000000000000")],
                "mov 0x10(%rax),%rdx",
                "read",
                Some("10"),
                Some(8),
            ),
            (
                "<89> 14 8f",
                &[("rsp", "1"), ("rdi", "1000"), ("rcx", "3")],
                "mov %edx,(%rdi,%rcx,4)",
                "write",
                Some("100c"),
                Some(4),
            ),
            (
                "<f0> 41 ff 00",
                &[("rsp", "1"), ("r08", "dead000000000100")],
                "lock incl (%r8)",
                "read-write",
                Some("dead000000000100"),
                Some(4),
            ),
            (
                "<65> 48 8b 10",
                &[("rsp", "1"), ("rax", "8"), ("gs", "ffff9a1ebf780000")],
                "mov %gs:(%rax),%rdx",
                "read",
                Some("ffff9a1ebf780008"),
                Some(8),
            ),
            (
                "<8b> 40 10",
                &[("esp", "1"), ("eax", "00000020")],
                "mov 0x10(%eax),%eax",
                "read",
                Some("30"),
                Some(4),
            ),
            (
                "<48> 8b 50 10",
                &[("rsp", "1")],
                "mov 0x10(%rax),%rdx",
                "read",
                None,
                Some(8),
            ),
            (
                "<48> 8b 05 10 00 00 00",
                &[("rsp", "1")],
                "mov 0x10(%rip),%rax",
                "read",
                None,
                Some(8),
            ),
        ];
        for (dump, registers, text, kind, address, size) in rows {
            let found = of(&splat(dump, registers), &Symbols::default()).expect(text);
            let access = found.access.expect(text);
            assert_eq!(access.instruction, *text);
            assert_eq!(
                (access.kind, access.address.as_deref(), access.size),
                (*kind, *address, *size),
                "{text}"
            );
        }
    }

    #[test]
    fn an_access_that_cannot_be_the_fault_is_none() {
        let access = |cr2: &str, rax: &str| {
            let registers = [("rsp", "1"), ("rax", rax), ("cr2", cr2)];
            of(&splat("<48> 8b 50 10", &registers), &Symbols::default())
                .expect("code")
                .access
                .is_some()
        };
        assert!(access("10", "0"));
        assert!(access("1000", "fe9"), "it reaches into the page behind");
        assert!(!access("2000", "0"), "a fault within the fault");
        assert!(access("2000", "dead000000000100"), "CR2 is an old one");
    }

    #[test]
    fn what_uses_no_memory_has_no_access() {
        for dump in ["<0f> 0b", "<48> 89 c3", "<90>"] {
            let found = of(&splat(dump, &[("rsp", "1")]), &Symbols::default()).expect(dump);
            assert_eq!(found.access, None, "{dump}");
        }
    }

    #[test]
    fn in_front_of_the_trap_is_what_all_ways_agree_on() {
        let dump = "41 57 41 56 41 55 41 54 49 89 fc 55 48 89 f5 53 48 83 ec 18 48 8b 46 10 48 89 44 24 08 <65> 48 8b 04 25 28 00 00 00 48 89 44 24";
        let found = of(&splat(dump, &[("rsp", "1")]), &Symbols::default()).expect("code");
        assert_eq!(marked(&found), "mov    %gs:0x28,%rax");
        let before = found.instructions.iter().filter(|line| line.offset < 0);
        let last: Vec<_> = before.map(|line| line.text.as_str()).collect();
        assert!(
            last.ends_with(&["mov    0x10(%rsi),%rax", "mov    %rax,0x8(%rsp)"]),
            "{last:?}"
        );
        // Nothing is known in front of the first bytes, and the last one is cut off.
        assert!(found.instructions.iter().all(|line| line.offset > -29));
        assert_eq!(found.instructions.last().map(|line| line.offset), Some(0));
    }

    #[test]
    fn jumps_are_named_by_the_function_of_rip() {
        let found = of(
            &splat("<74> 05 e8 fb ff ff ff", &[("rsp", "1")]),
            &Symbols::default(),
        )
        .expect("code");
        let texts: Vec<_> = found
            .instructions
            .iter()
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!(texts, ["je     zeta+0x31", "call   zeta+0x2c"]);
    }

    /// The code of any machine is kept as RIP.
    #[test]
    fn code_of_other_machines_is_not_taken_for_that_of_x86() {
        for registers in [[("r0", "1")], [("nip", "1")], [("epc", "1")]] {
            let registers = [registers[0], ("rip", "c008000000a40abc")];
            assert_eq!(
                of(&splat("<e8> 69 00 38", &registers), &Symbols::default()),
                None
            );
        }
        let unmarked = splat("48 8b 50 10", &[("rsp", "1")]);
        assert_eq!(of(&unmarked, &Symbols::default()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_have_their_trap_or_nothing(bytes: Vec<u8>, trap in 0_usize..80, wide: bool) {
            let mut splat = splat("90", &[(if wide { "rsp" } else { "esp" }, "1")]);
            splat.code = Some(Code { bytes, trap_offset: Some(trap) });
            if let Some(found) = of(&splat, &Symbols::default()) {
                prop_assert!(found.instructions.iter().any(|line| line.offset == 0));
            }
        }
    }
}
