//! Registers with their names, as every architecture but x86 prints them: `x29: ffff800012345678 x28: …`,
//! `sp : 8bdfc010  ip : …`, `v0 = 0000000000000000  t0 = …`, `r1=CF8D1EA4, r2=…`, `pc 90000000851b5ac0 ra …`.
//!
//! One table ([`SIGNS`]): which sign is between name and value, and which names are before that sign. The
//! names and their forms are those of `show_regs()` in arch/*/kernel/{process,ptrace,traps}.c.

use crate::line::kind::Register;
use crate::line::kind::code_ref;
use compact_str::{CompactString, format_compact};

/// What is between a name and its value, blanks aside.
struct Sign {
    sign: &'static str,
    /// Names with a number after them, and the largest number.
    numbered: &'static [(&'static str, u32)],
    /// All other names.
    words: &'static [&'static str],
}

/// The longest sign first: the empty one fits everything.
const SIGNS: &[Sign] = &[
    Sign {
        sign: ":",
        numbered: &[
            ("x", 30), // arm64
            ("r", 31), // arm, arc, csky, nios2
            ("R", 15), // sh
            ("a", 7),  // riscv, m68k, csky
            ("s", 11), // riscv
            ("t", 6),  // riscv
            ("d", 7),  // m68k
            ("g", 7),  // sparc, and the next three
            ("o", 7),
            ("l", 7),
            ("i", 7),
            ("GPR", 31), // openrisc
            ("lc", 1),   // hexagon, and the next two
            ("sa", 1),
            ("cs", 1),
        ],
        words: &[
            // arm, arm64, riscv
            "sp",
            "lr",
            "fp",
            "ip",
            "gp",
            "tp",
            "ra",
            "pc",
            "psr",
            "pstate",
            "pmr_save",
            "epc",
            "status",
            "badaddr",
            "cause",
            "orig_a0", // mips, loongarch
            "Acx",
            "Hi",
            "Lo",
            "Status",
            "Cause",
            "BadVA",
            "PrId",
            "ERA",
            "CRMD",
            "PRMD",
            "EUEN",
            "ECFG",
            "ESTAT",
            "BADV", // powerpc
            "NIP",
            "LR",
            "CTR",
            "REGS",
            "TRAP",
            "MSR",
            "CR",
            "XER",
            "CFAR",
            "DAR",
            "DSISR",
            "DEAR",
            "ESR",
            "IRQMASK",
            "SOFTE", // sparc
            "TSTATE",
            "TPC",
            "TNPC",
            "Y",
            "ret_pc",
            "PSR",
            "PC",
            "NPC", // parisc
            "IASQ",
            "IAOQ",
            "IIR",
            "ISR",
            "IOR",
            "CPU",
            "CR30",
            "CR31",
            "ORIG_R28",
            // sh, m68k, openrisc, csky
            "SP",
            "SR",
            "TEA",
            "MACH",
            "MACL",
            "GBR",
            "PR",
            "RES",
            "oGPR11",
            "PT_REGS",
            "tls",
            "hi",
            "lo", // xtensa
            "ps",
            "depc",
            "excvaddr",
            "lbeg",
            "lend",
            "lcount",
            "sar", // arc
            "BTA",
            "FP",
            "LPS",
            "LPE",
            "LPC",
            "[ECR   ]",
            "[EFA   ]",
            "[STAT32]",
            // nios2, hexagon
            "ea",
            "estatus",
            "elr",
            "psp",
            "badva",
            "ugp",
            "usr",
            "preds",
            "restart_r0",
            "syscall_nr",
            "user_mode",
            "int_enabled",
        ],
    },
    Sign {
        sign: "=",
        numbered: &[
            ("t", 12), // alpha, and the next two
            ("s", 6),
            ("a", 5),
            ("r", 31), // microblaze
        ],
        words: &[
            "pc", "ra", "ps", "v0", "pv", "at", "gp", "sp", // alpha
            "rPC", "msr", "ear", "esr", "fsr", // microblaze
        ],
    },
    // loongarch
    Sign {
        sign: "",
        numbered: &[("a", 7), ("t", 8), ("s", 9)],
        words: &["pc", "ra", "tp", "sp", "u0"],
    },
];

/// Registers whose value is shorter than a word of the machine.
const SHORT: &[&str] = &[
    "SR",
    "TRAP",
    "IRQMASK",
    "SOFTE",
    "CPU",
    "ps",
    "syscall_nr",
    "user_mode",
    "int_enabled",
];

/// The register whose bits are named by words after its value.
const TOLD: &str = "Status";

/// Reads a register line.
pub fn registers(text: &str) -> Option<Vec<Register>> {
    let mut rest = text.trim();
    let mut found = Vec::new();
    let mut any = false;
    while !rest.is_empty() {
        // All of the line must be registers: prose may begin with a word, a colon and a number as
        // well.
        let (behind, register) = register(rest)?;
        rest = behind.trim_start_matches([' ', '\t', ',']);
        found.extend(register);
        any = true;
    }
    any.then_some(found)
}

/// A register at the beginning of a text, and what follows it; no register where its value is hidden
/// (`(____ptrval____)`) or is that of a name.
fn register(text: &str) -> Option<(&str, Option<Register>)> {
    let (printed, rest) = name(text)?;
    let behind = rest.trim_start_matches([' ', '\t']);
    let sign = SIGNS.iter().find(|sign| behind.starts_with(sign.sign))?;
    let behind = behind[sign.sign.len()..].trim_start_matches([' ', '\t']);
    let name = sign.known(printed)?;
    if let Some(rest) = hidden(behind) {
        return Some((rest, None));
    }
    let (value, rest) = value(behind, printed)?;
    Some((remark(rest, printed), Some((name, value.into()))))
}

impl Sign {
    /// The name in lower case, numbers without zeros in front; `None` for what is no register.
    fn known(&self, printed: &str) -> Option<CompactString> {
        if self.words.contains(&printed) {
            let word = printed.trim_matches(['[', ']']).trim_end();
            return Some(CompactString::from(word).to_ascii_lowercase());
        }
        let digits = printed.find(|c: char| c.is_ascii_digit())?;
        let (letters, digits) = printed.split_at(digits);
        // No machine has more than 99 of a kind, so that a longer number is no name.
        let number: u32 = digits.parse().ok().filter(|_| digits.len() <= 2)?;
        let fits = |(name, last): &&(&str, u32)| *name == letters && number <= *last;
        self.numbered.iter().find(fits)?;
        Some(format_compact!("{}{number}", letters.to_ascii_lowercase()))
    }
}

/// The word at the beginning, arc's in brackets (`[ECR   ]`).
fn name(text: &str) -> Option<(&str, &str)> {
    let end = match text.starts_with('[') {
        true => text.find(']')? + 1,
        false => text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?,
    };
    (end > 0).then(|| text.split_at(end))
}

/// A word of the machine, `0x…`, `[<…>]`, or a place in the code.
fn value<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    let (open, close) = match text.starts_with("[<") {
        true => ("[<", ">]"),
        false => ("", ""),
    };
    let printed = &text[open.len()..];
    let digits = printed.strip_prefix("0x").unwrap_or(printed);
    let is_prefixed = digits.len() < printed.len();
    let end = digits.bytes().position(|byte| !byte.is_ascii_hexdigit());
    let (digits, rest) = digits.split_at(end.unwrap_or(digits.len()));
    let may_be_short = is_prefixed || SHORT.contains(&name);
    // Prose has numbers of any length after a colon, a register is as wide as the machine's words.
    let whole = matches!(digits.len(), 8 | 16) || may_be_short && (1..=16).contains(&digits.len());
    match rest.strip_prefix(close) {
        Some(rest) if whole && rest.starts_with(|c: char| !c.is_ascii_alphanumeric()) => {
            Some((digits, rest))
        }
        Some("") if whole => Some((digits, "")),
        _ => place(text),
    }
}

/// `f+0x1/0x2`.
fn place(text: &str) -> Option<(&str, &str)> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (place, rest) = text.split_at(end);
    place.contains("+0x").then_some((place, rest))
}

/// What `%p` prints before the kernel has its random numbers.
fn hidden(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("(____ptrval____)");
    rest.or_else(|| text.strip_prefix("(ptrval)"))
}

/// Takes off what comes after a value: its symbol, its bits by their names, the next value of a queue.
fn remark<'t>(rest: &'t str, name: &str) -> &'t str {
    let text = rest.trim_start();
    let closed = |close: char| text.find(close).map(|end| &text[end + 1..]);
    match text.chars().next() {
        Some('(') => closed(')').unwrap_or(rest),
        Some('<') => closed('>').unwrap_or(rest),
        Some('[') => closed(')').unwrap_or(rest),
        Some('=') if text.starts_with("=> ") => "",
        Some(':') => "",
        _ if name == TOLD && is_told(text) => "",
        _ if text.trim_end() == "Not tainted" || text.starts_with("Tainted: ") => "",
        _ if text.starts_with("Not tainted  (") => "",
        _ => match code_ref(text) {
            Ok((rest, code)) if code.offset.is_some() => rest,
            _ => second_of_queue(text, name).unwrap_or(rest),
        },
    }
}

/// parisc executes two instructions at once: `IAOQ: 10444814 10444818`.
fn second_of_queue<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let is_queue = matches!(name, "IASQ" | "IAOQ");
    is_queue
        .then(|| value(text, name))
        .flatten()
        .map(|(_, rest)| rest)
}

fn is_told(text: &str) -> bool {
    let is_bit = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '_');
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(is_bit)
}

#[cfg(test)]
#[path = "named_tests.rs"]
mod tests;
