//! Code of arm64: each instruction is a word of four bytes, printed as a number.

use super::{Access, CodeLine, Disassembly, Targets};
use crate::splat::{Registers, Splat};
use crate::symbols::Symbols;
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::{
    InstDecoder, Instruction, Operand, SIMDSizeCode, ShiftStyle, SizeCode,
};

/// Bytes of an instruction.
const WORD: usize = 4;

/// Number of the register that a memory operand has for SP.
const SP: u16 = 31;

/// What reads memory; each may have a letter for a size after it.
const LOADS: &[&str] = &[
    "ldr", "ldur", "ldp", "ldnp", "ldar", "ldxr", "ldaxr", "ldtr", "ldapr", "ldlar",
];
/// What writes it.
const STORES: &[&str] = &[
    "str", "stur", "stp", "stnp", "stlr", "stxr", "stlxr", "sttr", "stllr",
];
/// Sizes in bytes that a mnemonic ends in; without one the register's is meant.
const SIZES: &[(&str, usize)] = &[("b", 1), ("sb", 1), ("h", 2), ("sh", 2), ("sw", 4)];

/// The instructions of a splat; `None` where it is not of arm64, or no place is marked.
pub(super) fn of(splat: &Splat, symbols: &Symbols) -> Option<Disassembly> {
    if !is_arm64(&splat.registers) {
        return None;
    }
    let (bytes, trap) = super::bytes(splat)?;
    let targets = Targets::of(splat, symbols);
    // Words that were cut off would shift all after them.
    if trap % WORD != 0 {
        return None;
    }
    let mut instructions = Vec::new();
    let mut access = None;
    for (index, word) in bytes.chunks_exact(WORD).enumerate() {
        let word = u32::from_be_bytes(word.try_into().ok()?);
        let offset = (index * WORD) as i64 - trap as i64;
        // The kernel prints words as numbers, the decoder wants bytes in the order of memory.
        let decoded = InstDecoder::default().decode(&mut U8Reader::new(&word.to_le_bytes()));
        let text = match &decoded {
            Ok(instruction) => text(instruction, offset, &targets),
            // A word that is data, or newer than the decoder: those after it can still be read.
            Err(_) => ".word".to_owned(),
        };
        if let Some(instruction) = decoded.ok().filter(|_| offset == 0) {
            access = accessed(&instruction, splat, &text);
        }
        instructions.push(CodeLine {
            offset,
            bytes: format!("{word:08x}"),
            text,
        });
    }
    let has_trap = instructions.iter().any(|line| line.offset == 0);
    has_trap.then_some(Disassembly {
        instructions,
        access,
    })
}

/// No other machine names its registers `x0` to `x30`.
fn is_arm64(registers: &Registers) -> bool {
    let number = |name: &str| name.strip_prefix('x')?.parse::<u8>().ok();
    registers.iter().any(|(name, _)| number(name).is_some())
}

/// The instruction with its operands in a column, and the place that a branch goes to by its name.
fn text(instruction: &Instruction, offset: i64, targets: &Targets) -> String {
    let text = instruction.to_string();
    let (mnemonic, operands) = text.split_once(' ').unwrap_or((&text, ""));
    let is_branch =
        mnemonic.starts_with("b.") || ["b", "bl", "cbz", "cbnz", "tbz", "tbnz"].contains(&mnemonic);
    let distance = instruction
        .operands
        .iter()
        .find_map(|operand| match operand {
            Operand::PCOffset(distance) if is_branch => Some(*distance),
            _ => None,
        });
    // The decoder writes `$` and the distance, which says nothing to a reader.
    let operands = match (distance, operands.rfind('$')) {
        (Some(distance), Some(at)) => {
            format!(
                "{}{}",
                &operands[..at],
                targets.name(offset.wrapping_add(distance))
            )
        }
        _ => operands.to_owned(),
    };
    format!("{mnemonic:<6} {operands}").trim_end().to_owned()
}

/// The place in memory that an instruction uses; `None` where the processor says that another one was at fault.
fn accessed(instruction: &Instruction, splat: &Splat, text: &str) -> Option<Access> {
    let registers = &splat.registers;
    let mnemonic = text.split(' ').next()?;
    let kind = match () {
        () if is_one_of(LOADS, mnemonic) => "read",
        () if is_one_of(STORES, mnemonic) => "write",
        () => return None,
    };
    let mut operands = instruction.operands.iter();
    let memory = operands.find_map(|operand| place(operand, registers))?;
    let size = size(mnemonic, &instruction.operands);
    // The access did not happen as the registers say: nothing is claimed of it.
    if let (Some(address), Some(fault)) = (memory.address, fault_address(&splat.header))
        && fault.wrapping_sub(address) >= size.unwrap_or(1) as u64
    {
        return None;
    }
    let printed = memory.registers.into_iter().filter_map(|name| {
        let value = registers.text(&name)?.to_owned();
        Some((name, value))
    });
    Some(Access {
        kind,
        address: memory.address.map(|address| format!("{address:x}")),
        size,
        instruction: text.split_whitespace().collect::<Vec<_>>().join(" "),
        registers: printed.collect(),
    })
}

fn is_one_of(names: &[&str], mnemonic: &str) -> bool {
    let sizes = || SIZES.iter().map(|(ending, _)| *ending).chain([""]);
    names.iter().any(|name| {
        mnemonic
            .strip_prefix(name)
            .is_some_and(|rest| sizes().any(|ending| ending == rest))
    })
}

/// An operand in memory.
struct MemoryOperand {
    address: Option<u64>,
    /// The registers that the address is made of.
    registers: Vec<String>,
}

fn place(operand: &Operand, registers: &Registers) -> Option<MemoryOperand> {
    let (base, index) = match *operand {
        Operand::RegPreIndex(base, offset, _) => (base, Index::Number(offset.into())),
        // The offset is added after the access.
        Operand::RegPostIndex(base, _) | Operand::RegPostIndexReg(base, _) => {
            (base, Index::Number(0))
        }
        Operand::RegRegOffset(base, index, size, style, shift) => {
            (base, Index::Register(index, size, style, shift))
        }
        _ => return None,
    };
    let base = name(base);
    let mut names = vec![base.clone()];
    let added = match index {
        Index::Number(offset) => Some(offset as u64),
        Index::Register(number, size, style, shift) => {
            let value = match number {
                // XZR.
                31 => Some(0),
                number => {
                    names.push(name(number));
                    registers.value(&name(number))
                }
            };
            value.and_then(|value| extended(value, size, style, shift))
        }
    };
    let address = registers.value(&base).zip(added);
    Some(MemoryOperand {
        address: address.map(|(base, added)| base.wrapping_add(added)),
        registers: names,
    })
}

/// What is added to the base of an address.
enum Index {
    Number(i64),
    Register(u16, SizeCode, ShiftStyle, u8),
}

/// The index as it is added: a 64-bit one shifted, a 32-bit one extended before.
fn extended(value: u64, size: SizeCode, style: ShiftStyle, shift: u8) -> Option<u64> {
    let value = match (size, style) {
        (SizeCode::X, ShiftStyle::LSL | ShiftStyle::UXTX | ShiftStyle::SXTX) => value,
        (SizeCode::W, ShiftStyle::UXTW) => value & 0xffff_ffff,
        (SizeCode::W, ShiftStyle::SXTW) => value as u32 as i32 as i64 as u64,
        _ => return None,
    };
    value.checked_shl(shift.into())
}

/// As the kernel prints it.
fn name(register: u16) -> String {
    match register {
        SP => "sp".to_owned(),
        number => format!("x{number}"),
    }
}

/// Bytes of the access.
fn size(mnemonic: &str, operands: &[Operand]) -> Option<usize> {
    let of_name = SIZES.iter().rev().find(|(ending, _)| {
        let stem = mnemonic.strip_suffix(ending);
        stem.is_some_and(|stem| LOADS.contains(&stem) || STORES.contains(&stem))
    });
    let pair = if mnemonic.contains('p') && !mnemonic.starts_with("ldap") {
        2
    } else {
        1
    };
    if let Some((_, size)) = of_name {
        return Some(size * pair);
    }
    // The first register of an exclusive store takes its status.
    let transferred = operands.get(usize::from(
        mnemonic.starts_with("stxr") || mnemonic.starts_with("stlxr"),
    ))?;
    let size = match transferred {
        Operand::Register(SizeCode::X, _) => 8,
        Operand::Register(SizeCode::W, _) => 4,
        Operand::SIMDRegister(SIMDSizeCode::Q, _) => 16,
        Operand::SIMDRegister(SIMDSizeCode::D, _) => 8,
        Operand::SIMDRegister(SIMDSizeCode::S, _) => 4,
        Operand::SIMDRegister(SIMDSizeCode::H, _) => 2,
        Operand::SIMDRegister(SIMDSizeCode::B, _) => 1,
        _ => return None,
    };
    Some(size * pair)
}

/// The address of the header, which is what the processor reported (arch/arm64/mm/fault.c, die_kernel_fault()).
fn fault_address(header: &str) -> Option<u64> {
    let (_, address) = header.split_once("at virtual address ")?;
    let digits = address.split(|c: char| !c.is_ascii_hexdigit()).next()?;
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::super::of;
    use crate::splat::{Code, Splat};
    use crate::symbols::Symbols;
    use proptest::prelude::*;

    fn splat(words: &[u32], trap: usize, registers: &[(&str, &str)]) -> Splat {
        Splat {
            code: Some(Code {
                bytes: words.iter().flat_map(|word| word.to_be_bytes()).collect(),
                trap_offset: Some(trap),
            }),
            registers: registers.iter().copied().collect(),
            rip: Some(crate::splat::CodeRef {
                function: Some("zeta".to_owned()),
                offset: Some(0x2c),
                ..Default::default()
            }),
            ..Splat::default()
        }
    }

    /// Instruction, registers, text, what it did, address, size.
    type Row<'a> = (
        u32,
        &'a [(&'a str, &'a str)],
        &'a str,
        Option<(&'a str, Option<&'a str>, usize)>,
    );

    #[test]
    fn the_access_is_made_of_the_printed_registers() {
        let rows: &[Row<'_>] = &[
            (
                0xb940_3800,
                &[("x0", "0")],
                "ldr    w0, [x0, #0x38]",
                Some(("read", Some("38"), 4)),
            ),
            (
                0x38e1_6841,
                &[("x2", "1000"), ("x1", "23")],
                "ldrsb  w1, [x2, x1]",
                Some(("read", Some("1023"), 1)),
            ),
            (
                0xf860_5841,
                &[("x2", "1000"), ("x0", "ffffffff00000002")],
                "ldr    x1, [x2, w0, uxtw #3]",
                Some(("read", Some("1010"), 8)),
            ),
            (
                0xf862_c820,
                &[("x1", "1000"), ("x2", "ffffffff")],
                "ldr    x0, [x1, w2, sxtw #0]",
                Some(("read", Some("fff"), 8)),
            ),
            (
                0xa9bd_7bfd,
                &[("sp", "ffff80008a3b3c20"), ("x0", "0")],
                "stp    x29, x30, [sp, #-0x30]!",
                Some(("write", Some("ffff80008a3b3bf0"), 16)),
            ),
            (
                0x08df_fe60,
                &[("x19", "dead000000000100"), ("x0", "0")],
                "ldarb  w0, [x19]",
                Some(("read", Some("dead000000000100"), 1)),
            ),
            (
                0xf940_0674,
                &[("x0", "0")],
                "ldr    x20, [x19, #0x8]",
                Some(("read", None, 8)),
            ),
            (0x9100_603f, &[("x0", "0")], "add    sp, x1, #0x18", None),
            (0xd421_0000, &[("x0", "0")], "brk    #0x800", None),
        ];
        for (word, registers, text, access) in rows {
            let found = of(&splat(&[*word], 0, registers), &Symbols::default()).expect(text);
            assert_eq!(found.instructions[0].text, *text);
            let found = found.access.as_ref();
            let found = found.map(|a| (a.kind, a.address.as_deref(), a.size.unwrap_or(0)));
            assert_eq!(found, *access, "{text}");
        }
    }

    #[test]
    fn all_words_are_instructions_and_branches_have_names() {
        let words = [0xaa00_03f3, 0x5400_0ee1, 0xb940_3800];
        let found = of(&splat(&words, 8, &[("x0", "0")]), &Symbols::default()).expect("code");
        let lines: Vec<_> = found
            .instructions
            .iter()
            .map(|line| (line.offset, line.text.as_str()))
            .collect();
        assert_eq!(
            lines,
            [
                (-8, "mov    x19, x0"),
                (-4, "b.ne   zeta+0x204"),
                (0, "ldr    w0, [x0, #0x38]")
            ]
        );
    }

    #[test]
    fn an_access_to_another_place_than_the_fault_is_none() {
        let fault = |header: &str| {
            let mut splat = splat(&[0xb940_3800], 0, &[("x0", "0")]);
            splat.header = header.to_owned();
            of(&splat, &Symbols::default())
                .expect("code")
                .access
                .is_some()
        };
        assert!(fault(
            "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000038"
        ));
        assert!(!fault(
            "Unable to handle kernel paging request at virtual address ffff800012345678"
        ));
        assert!(fault("Internal error: Oops"));
    }

    proptest! {
        #[test]
        fn any_words_have_their_trap_or_nothing(words: Vec<u32>, trap in 0_usize..80, value: u64) {
            let value = format!("{value:x}");
            let registers = [("x0", value.as_str()), ("x1", "1"), ("sp", "2")];
            if let Some(found) = of(&splat(&words, trap, &registers), &Symbols::default()) {
                prop_assert!(found.instructions.iter().any(|line| line.offset == 0));
            }
        }
    }
}
