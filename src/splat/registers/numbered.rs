//! Registers of powerpc, four to a line behind the number of the first: `GPR04: c000… c000…`
//! (arch/powerpc/kernel/process.c, `__show_regs()`).

use crate::splat::types::Register;
use compact_str::format_compact;

/// Digits of a register: 32 or 64 bits.
const WIDTHS: [usize; 2] = [8, 16];

/// Reads a register line.
pub fn registers(text: &str) -> Option<Vec<Register>> {
    let (first, values) = text.trim().strip_prefix("GPR")?.split_once(':')?;
    let first: u32 = first.parse().ok().filter(|first| *first < 32)?;
    let whole = |value: &&str| {
        WIDTHS.contains(&value.len()) && value.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let values = values.split_whitespace().take_while(whole);
    let named = (first..32).zip(values);
    Some(
        named
            .map(|(n, value)| (format_compact!("gpr{n}"), value.into()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::registers;

    #[test]
    fn four_to_a_line() {
        let line = "GPR04: c000000002957d20 0000000000000001 c00000000024a60c 00000000";
        let all = registers(line).expect("a register line");
        let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["gpr4", "gpr5", "gpr6", "gpr7"]);
        assert!(registers("GPR99: 00000000").is_none());
    }
}
