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
mod tests {
    use super::registers;

    /// A line, and one register of it.
    const LINES: &[(&str, &str, &str)] = &[
        (
            "x29: ffff0000401f7c40 x28: 0000000000000007 ",
            "x28",
            "0000000000000007",
        ),
        (
            "pstate: 60400005 (nZCv daif +PAN -UAO -TCO BTYPE=--)",
            "pstate",
            "60400005",
        ),
        (
            "sp : 8bdfc010  ip : 8bdfc020  fp : 8bdfc01c",
            "ip",
            "8bdfc020",
        ),
        (
            "pc : [<80de0078>]    lr : [<80de0574>]    psr: 60000013",
            "lr",
            "80de0574",
        ),
        ("r3 : 8bdfc000  r2 : 00000000", "r3", "8bdfc000"),
        (
            "lr : process_srcu+0x10/0xa0",
            "lr",
            "process_srcu+0x10/0xa0",
        ),
        (
            " gp : ffffffff8588a060 tp : ffffffe0123a5000 t0 : 0000000000000010",
            "t0",
            "0000000000000010",
        ),
        (
            "NIP:  c00000000024a60c LR: c00000000024a5f0 CTR: c000000000123456",
            "lr",
            "c00000000024a5f0",
        ),
        (
            "REGS: c000000002957a80 TRAP: 0300   Not tainted  (5.10.0)",
            "trap",
            "0300",
        ),
        (
            "MSR:  8000000000009033 <SF,EE,ME,IR,DR,RI,LE>  CR: 24004822  XER: 20040000",
            "cr",
            "24004822",
        ),
        (
            "CFAR: c00000000024a5ec DAR: 0000000000000038 DSISR: 40000000 IRQMASK: 0 ",
            "irqmask",
            "0",
        ),
        (
            "ra    : 800347a0 zeta_read_reg+0x64/0x190",
            "ra",
            "800347a0",
        ),
        ("Status: 1100fc03\tKERNEL EXL IE ", "status", "1100fc03"),
        ("Cause : 00800010 (ExcCode 04)", "cause", "00800010"),
        ("PrId  : 00019650 (MIPS 24KEc)", "prid", "00019650"),
        (
            "pc 90000000851b5ac0 ra 90000000851b5aa4 tp 90000001076b8000 sp 90000001076bb600",
            "sp",
            "90000001076bb600",
        ),
        (
            "   ra: 90000000851b5aa4 zeta_run_xdp+0xac/0x8d8",
            "ra",
            "90000000851b5aa4",
        ),
        (
            " CRMD: 000000b0 (PLV0 -IE -DA +PG DACF=CC DACM=CC -WE)",
            "crmd",
            "000000b0",
        ),
        (
            "ESTAT: 00010000 [PIL] (IS= ECode=1 EsubCode=0)",
            "estat",
            "00010000",
        ),
        (
            "TSTATE: 00000044110033a1 TPC: 0000000000450f88 TNPC: 0000000000450f8c Y: 00000008    Not tainted",
            "tpc",
            "0000000000450f88",
        ),
        (
            "o4: 0000000000000000 o5: 0000000000000000 sp: fff0000001948b11 ret_pc: 0000000000450fa0",
            "ret_pc",
            "0000000000450fa0",
        ),
        (
            "IASQ: 00000000 00000000 IAOQ: 10444814 10444818",
            "iaoq",
            "10444814",
        ),
        (
            " CPU:        1   CR30: 11dd32b0 CR31: 00000000",
            "cr30",
            "11dd32b0",
        ),
        (
            "pc = [<fffffc000078cdb8>]  ra = [<fffffc00003df558>]  ps = 0000    Not tainted",
            "pc",
            "fffffc000078cdb8",
        ),
        (
            "t8 = fffffc0000e294a0  t9 = fffffc0000ec65e8  t10= 0000000000000001",
            "t10",
            "0000000000000001",
        ),
        (
            "gp = fffffc0000ec1e90  sp = (____ptrval____)",
            "gp",
            "fffffc0000ec1e90",
        ),
        ("SR: 2000  SP: 00b4bb88  a2: 009b2a30", "sr", "2000"),
        (
            "d0: 00000000    d1: 009b2a30    d2: 00000000    d3: 00b4a5a0",
            "d3",
            "00b4a5a0",
        ),
        (
            "PC  : 8c0115ce SP  : 8f82beb8 SR  : 400080f1 TEA : 00000004",
            "tea",
            "00000004",
        ),
        (
            "R8  : 8c0115ce R9  : 8f82beb8 R10 : 400080f1 R11 : 00000004",
            "r10",
            "400080f1",
        ),
        (
            "[ECR   ]: 0x00050100 => Invalid Read @ 0x012025a0 by insn @ 0x800aae66",
            "ecr",
            "00050100",
        ),
        ("[STAT32]: 0x00080002 :   K     ", "stat32", "00080002"),
        (
            "BTA: 0x800aae60\t SP: 0x803e9a78\t FP: 0x00000000",
            "sp",
            "803e9a78",
        ),
        (
            "r00: 0x012025a0\tr01: 0x0000000a\tr02: 0x00000000",
            "r1",
            "0000000a",
        ),
        (
            "pc: d0012345, ps: 00060030, depc: 0000000b, excvaddr: 00000004",
            "excvaddr",
            "00000004",
        ),
        (
            "lbeg: d0012345, lend: 00060030 lcount: 0000000b, sar: 00000004",
            "lend",
            "00060030",
        ),
        (
            "GPR04: 00000001 GPR05: c0345678 GPR06: 00000000 GPR07: 00000000",
            "gpr5",
            "c0345678",
        ),
        (
            "   PC: c0012345    SR: 0000807f    SP: c1823e30",
            "sr",
            "0000807f",
        ),
        (
            " r1=CF8D1EA4, r2=00000000, r3=00000001, r4=CF8D1F30",
            "r4",
            "CF8D1F30",
        ),
        (
            " r29=00000000, r30=00000000, r31=CF8C8000, rPC=C0012345",
            "rpc",
            "C0012345",
        ),
        (
            " a0: 0x00000001   a1: 0x90345678   a2: 0x00000000   a3: 0x00000000",
            "a1",
            "90345678",
        ),
    ];

    #[test]
    fn the_lines_of_all_architectures() {
        for (line, name, value) in LINES {
            let all = registers(line).unwrap_or_else(|| panic!("no register line: {line}"));
            let entry = ((*name).into(), (*value).into());
            assert!(all.contains(&entry), "{line}: {all:?}");
        }
    }

    #[test]
    fn other_text_is_none() {
        for text in [
            "sp : cut",
            "status: ok",
            "x is 3",
            "ip : 10.0.0.1",
            "",
            "cause: 12345678 is prose",
            "CPU: 1 PID: 0 Comm: swapper",
            "a 12",
            "r99: 00000000",
            "sp deadbeefcafe",
            "at = 12345678 o'clock",
        ] {
            assert!(registers(text).is_none(), "{text}");
        }
    }
}
