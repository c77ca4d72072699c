//! The lines between a splat's header and its end.
//!
//! In: a line's text. Out: what it is ([`Body`]). A new kind of line is one more row in [`READERS`].

use super::code_ref::code_ref;
use super::cpu_line::{CpuLine, cpu_line};
use super::crash;
use super::frame::{INLINE_MARK, frame};
use super::registers::registers;
use super::types::{Code, CodeRef, Frame, Register, Section};
use crate::grammar::Grammar;

/// What a line of a splat is.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// `------------[ cut here ]------------`
    CutHere,
    /// `---[ end trace 0000000000000000 ]---`
    End,
    /// `CPU: 1 PID: 0 Comm: …`
    Cpu(Box<CpuLine>),
    /// `Hardware name: …`
    Hardware(String),
    /// `RIP: 0010:…`: privilege (true for user mode) and place.
    Rip(bool, Option<CodeRef>),
    /// `Code: …`; without a byte where they are on the next lines.
    Code(Code),
    /// Words without a name: what they are tells the line before.
    Words(Words),
    /// Registers, names in lower case.
    Registers(Vec<Register>),
    /// `Call Trace:`
    TraceStart,
    /// `<IRQ>`, `</TASK>`: which stack, and whether it opens.
    Section(Section, bool),
    /// A frame.
    Frame(Box<Frame>),
    /// The next line may look like a frame and is none.
    Aside,
    /// A line that belongs to splats and carries nothing more to keep.
    Known,
    /// Anything else.
    Foreign,
}

/// Words of memory or of registers.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// As printed; none in a line of disassembly.
    pub words: Vec<String>,
    /// The same as instructions.
    pub code: Code,
}

type Reader = fn(&str) -> Option<Body>;

/// By what a line starts with; the first row that reads it wins. Lines that carry nothing to keep are in
/// `grammars/lines.toml`.
const READERS: &[(&str, Reader)] = &[
    ("------------[ cut here ]", |_| Some(Body::CutHere)),
    ("---[ end trace", |_| Some(Body::End)),
    ("---[ end Kernel panic", |_| Some(Body::End)),
    ("Rebooting in ", |_| Some(Body::End)), // panic() with a timeout prints no other end
    ("Hardware name: ", hardware),
    // --- where the CPU was
    ("RIP: ", row_of_crash),
    ("RIP: ", rip),
    ("RIP ", rip),
    ("EIP: ", rip),
    ("IP: ", rip),
    ("pc : ", place_or_registers),       // arm64; arm's second line
    ("PC is at ", place_behind::<9>),    // arm, sh, csky: arch/arm/kernel/process.c
    ("EIP is at ", place_behind::<10>),  // i386 before 3.12
    ("pc is at ", place_behind::<9>),    // alpha: dik_show_regs()
    ("[exception RIP: ", exception_rip), // crash(8)
    ("NIP ", place_behind::<4>),         // powerpc: show_regs()
    ("epc", place_or_registers),         // riscv, mips
    ("ERA", place_or_registers),         // loongarch: __show_regs()
    ("Krnl PSW : ", psw),                // s390: show_registers()
    ("TPC: <", place_in::<'<', '>'>),    // sparc64: show_regs()
    ("PC: <", place_in::<'<', '>'>),     // sparc32
    ("PC: 0x", place_in::<'(', ')'>),    // csky: show_regs()
    ("PC: [<", place_behind::<4>),       // m68k: show_registers()
    ("IAOQ[0]: ", place_behind::<9>),    // parisc: show_regs()
    ("[ERET  ]: ", place_behind::<10>),  // arc: show_regs()
    // --- instructions
    ("Code:", code),
    ("Krnl Code:", code),
    ("Instruction dump:", code), // powerpc: show_instructions()
    ("Instruction DUMP:", code), // sparc: instruction_dump()
    // --- call traces
    ("Call Trace:", trace),
    ("Call trace:", trace),
    ("Stack Trace:", trace), // arc: show_stacktrace()
    ("Backtrace:", trace),
    ("Trace:", trace), // alpha: dik_show_trace()
    ("backtrace", trace),
    ("Last Breaking-Event-Address:", |_| Some(Body::Aside)), // s390
    ("<", section),
    ("CR2: 0000", reg),
    ("All code", disassembly),
    ("=====", disassembly),
    ("-----", disassembly),
];

/// The first bytes of the rows.
const BEGINS: [bool; 256] = {
    let mut table = [false; 256];
    let mut row = 0;
    while row < READERS.len() {
        table[READERS[row].0.as_bytes()[0] as usize] = true;
        row += 1;
    }
    table
};

/// Reads one line.
pub fn body(grammar: &Grammar, text: &str, log_line: u64, current: Section) -> Body {
    let trimmed = text.trim();
    let frame = || {
        let text = frame_behind_title(trimmed).unwrap_or(text);
        frame(text, log_line, current).map(|frame| Body::Frame(Box::new(frame)))
    };
    head(grammar, trimmed)
        .or_else(|| by_beginning(trimmed))
        .or_else(|| with_colon(trimmed))
        .or_else(frame)
        // parisc, alpha and loongarch put no colon behind a register's name
        .or_else(|| reg(trimmed))
        .or_else(|| words(trimmed))
        .unwrap_or(Body::Foreign)
}

fn head(grammar: &Grammar, text: &str) -> Option<Body> {
    const HEADS: [&str; 3] = ["CPU", "Pid: ", "Tainted: ["];
    let may_be = matches!(text.as_bytes().first()?, b'C' | b'P' | b'T');
    let begins = may_be && HEADS.iter().any(|head| text.starts_with(head));
    let line = begins.then(|| cpu_line(grammar, text))?;
    line.map(|line| Body::Cpu(Box::new(line)))
}

fn by_beginning(text: &str) -> Option<Body> {
    // The first byte settles nearly every line.
    let first = text.as_bytes().first()?;
    if !BEGINS[usize::from(*first)] {
        return None;
    }
    let fits = |start: &str| start.as_bytes().first() == Some(first) && text.starts_with(start);
    let mut readers = READERS.iter().filter(|(start, _)| fits(start));
    readers.find_map(|(_, reader)| reader(text))
}

/// Registers and disassembly.
fn with_colon(text: &str) -> Option<Body> {
    memchr::memchr(b':', text.as_bytes())?;
    reg(text)
        .or_else(|| is_disassembly(text).then_some(Body::Known))
        .or_else(|| instruction(text))
}

fn hardware(text: &str) -> Option<Body> {
    let (_, name) = text.split_once(": ")?;
    Some(Body::Hardware(name.trim().to_owned()))
}

fn reg(text: &str) -> Option<Body> {
    registers(text).map(Body::Registers)
}

/// `RIP: 0010:f+0x1/0x2`, `RIP: 0010:[<addr>]  [<addr>] f+0x1/0x2`, `EIP: f (FILE:LINE)`.
fn rip(text: &str) -> Option<Body> {
    // A symbolizer prints the functions that are inlined there in front of it.
    if text.ends_with(INLINE_MARK) {
        return Some(Body::Known);
    }
    let (_, place) = text.split_once(' ')?;
    let place = place.trim_start_matches(": ");
    let (selector, place) = match place.trim().split_once(':') {
        Some((selector, place)) if is_selector(selector) => (Some(selector), place),
        _ => (None, place),
    };
    let code = code_ref(place).ok().map(|(_, code)| code);
    // User mode Linux has a selector of its host's user mode; the kernel names no function of a program.
    let is_function = code.as_ref().is_some_and(|code| code.offset.is_some());
    let user = !is_function && selector.is_some_and(super::registers::is_user_selector);
    Some(Body::Rip(user, code))
}

/// `RIP: ffffffffa0412c2c  RSP: ffff880337517d18  RFLAGS: 00010246`: crash(8) prints the address of the
/// place that it has named in the line before.
fn row_of_crash(text: &str) -> Option<Body> {
    let (_, registers) = text.split_once("  RSP: ")?;
    reg(&format!("RSP: {registers}"))
}

/// A place behind so many bytes: `PC is at f+0x1/0x2`, `NIP [c000000000123456] f+0x1/0x2`.
fn place_behind<const BYTES: usize>(text: &str) -> Option<Body> {
    at_place(text.get(BYTES..)?)
}

/// `[exception RIP: f+16]` of crash(8).
fn exception_rip(text: &str) -> Option<Body> {
    crash::rip(text).map(|code| Body::Rip(false, Some(code)))
}

/// A place between two signs: `TPC: <f+0x1/0x2>`.
fn place_in<const OPEN: char, const CLOSE: char>(text: &str) -> Option<Body> {
    let (_, place) = text.split_once(OPEN)?;
    at_place(place.split_once(CLOSE).map_or(place, |(place, _)| place))
}

fn at_place(text: &str) -> Option<Body> {
    let code = code_ref(text).ok().map(|(_, code)| code);
    Some(Body::Rip(false, code))
}

/// A name and its place (`pc : f+0x1/0x2`), the place behind its address (`epc   : 800347b0 f+0x1/0x2`), or
/// the address alone among other registers (`epc : ffffffff80405f16 ra : …`).
fn place_or_registers(text: &str) -> Option<Body> {
    let (_, place) = text.split_once(':')?;
    let place = place.trim_start();
    let (address, behind) = place.split_once(' ').unwrap_or((place, ""));
    match code_ref(behind) {
        Ok((_, code)) if code.offset.is_some() => {
            let address = u64::from_str_radix(address, 16).ok();
            Some(Body::Rip(false, Some(CodeRef { address, ..code })))
        }
        _ => reg(text).filter(has_address).or_else(|| at_place(place)),
    }
}

/// False for registers whose first one is a name.
fn has_address(body: &Body) -> bool {
    let Body::Registers(registers) = body else {
        return false;
    };
    let value = registers.first().map(|(_, value)| value.as_str());
    value.is_some_and(|value| value.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `Krnl PSW : 0704c00180000000 00000000001ff1c2 (f+0x1/0x2)` (arch/s390/kernel/dumpstack.c).
fn psw(text: &str) -> Option<Body> {
    let (address, place) = text.split_once('(')?;
    let place = place.split_once(')').map_or(place, |(place, _)| place);
    let address = address.split_whitespace().last();
    let address = address.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let code = code_ref(place)
        .ok()
        .map(|(_, code)| CodeRef { address, ..code });
    Some(Body::Rip(false, code))
}

/// A frame in the same line says more.
fn trace(text: &str) -> Option<Body> {
    frame_behind_title(text)
        .is_none()
        .then_some(Body::TraceStart)
}

/// `Call Trace: [<0027d4d6>] f+0x1/0x2`: m68k ends no line behind the title, mips and loongarch leave that to
/// the next printk().
fn frame_behind_title(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Call Trace:")?.trim_start();
    rest.starts_with("[<").then_some(rest)
}

fn is_selector(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Instruction bytes; the one in `<>`, on arm, riscv and openrisc in `()`, is where the CPU was. Words of other
/// architectures are split into bytes as printed.
fn code(text: &str) -> Option<Body> {
    let (_, dump) = text.split_once(':')?;
    if dump.trim().is_empty() {
        return Some(Body::Code(Code::default()));
    }
    // s390 begins its disassembly in the line.
    if let Some(Body::Words(words)) = instruction(dump.trim()) {
        return Some(Body::Code(words.code));
    }
    let code = instructions(dump);
    Some(match code.bytes.is_empty() {
        true => Body::Known,
        false => Body::Code(code),
    })
}

/// As many instructions as stand at the beginning of a text.
fn instructions(dump: &str) -> Code {
    let mut code = Code::default();
    for token in dump.split_ascii_whitespace() {
        if let Some(byte) = hex_byte(token.as_bytes()).filter(|_| token.len() == 2) {
            code.bytes.push(byte);
            continue;
        }
        let digits = token.trim_matches(['<', '>', '(', ')']).as_bytes();
        if !digits.len().is_multiple_of(2) || !(1..=16).contains(&digits.len()) {
            break;
        }
        let begin = code.bytes.len();
        let bytes = digits.chunks_exact(2).map_while(hex_byte);
        code.bytes.extend(bytes);
        if code.bytes.len() - begin < digits.len() / 2 {
            code.bytes.truncate(begin);
            break;
        }
        if token.starts_with(['<', '(']) {
            code.trap_offset = Some(begin);
        }
    }
    code
}

/// Nothing but words of the machine: a row of registers, of instructions, or of the stack.
fn words(text: &str) -> Option<Body> {
    // arm and sh put the end of the address in front: `5fa0: 00000000 be963e80`
    let text = match text.split_once(':') {
        Some((address, row)) if address.len() == 4 && hex_byte(address.as_bytes()).is_some() => row,
        _ => text,
    };
    let is_word = |word: &str| {
        let digits = word.trim_matches(['<', '>']);
        matches!(digits.len(), 4 | 8 | 16) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let all = || text.split_ascii_whitespace();
    (all().next().is_some() && all().all(is_word)).then(|| {
        Body::Words(Words {
            words: all().map(str::to_owned).collect(),
            code: instructions(text),
        })
    })
}

/// An instruction as s390 disassembles it, `>` before the one that comes next:
/// `>0000021761df4098: af000000            mc      0,0` (arch/s390/kernel/dis.c, `show_code()`).
fn instruction(text: &str) -> Option<Body> {
    let (address, rest) = text.split_once(": ")?;
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = address.trim_start_matches(['>', '#', '*']);
    let word = rest.split_ascii_whitespace().next()?;
    let is_one =
        digits.len() == 16 && is_hex(digits) && matches!(word.len(), 4 | 8 | 12) && is_hex(word);
    is_one.then(|| {
        let mut code = instructions(word);
        code.trap_offset = address.starts_with('>').then_some(0);
        Body::Words(Words {
            words: Vec::new(),
            code,
        })
    })
}

/// The byte that two digits stand for.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    };
    let [high, low, ..] = digits else { return None };
    Some(digit(*high)? << 4 | digit(*low)?)
}

/// Stack markers of arch/x86/kernel/dumpstack*.c, `stack_type_name()`.
fn section(text: &str) -> Option<Body> {
    let inside = text.strip_prefix('<')?.strip_suffix('>')?;
    let (opens, name) = match inside.strip_prefix('/') {
        Some(name) => (false, name),
        None => (true, inside),
    };
    let section = match name {
        "TASK" => Section::Task,
        "IRQ" => Section::Irq,
        "SOFTIRQ" => Section::SoftIrq,
        "EOI" => return Some(Body::Section(Section::Irq, false)),
        "NMI" => Section::Nmi,
        _ if name.starts_with('#') || name.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
            Section::Exception
        }
        _ => return None,
    };
    Some(Body::Section(section, opens))
}

fn disassembly(text: &str) -> Option<Body> {
    let rule = text.bytes().all(|b| matches!(b, b'=' | b'-'));
    (rule || text == "All code").then_some(Body::Known)
}

/// `  2a:*\t0f 0b                \tud2`, as scripts/decodecode prints it, or syzbot's `* 2a:\t…`.
fn is_disassembly(text: &str) -> bool {
    let text = text.trim_start_matches("* ");
    let Some((offset, rest)) = text.split_once(':') else {
        return false;
    };
    let bytes = rest.trim_start_matches('*').split_whitespace().next();
    let is_hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex(offset) && rest.contains('\t') && bytes.is_some_and(|b| b.len() == 2 && is_hex(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Body {
        body(&Grammar::builtin(), text, 1, Section::Task)
    }

    #[test]
    fn rip_in_its_forms() {
        for text in [
            "RIP: 0010:do_clear_cpu_cap+0xde/0x130",
            "RIP: 0010:[<ffffffff82d4e304>]  [<ffffffff82d4e304>] do_clear_cpu_cap+0xde/0x130",
            "RIP: 0010:do_clear_cpu_cap (arch/x86/kernel/cpu/cpuid-deps.c:118 (discriminator 1))",
            "EIP: do_clear_cpu_cap (arch/x86/kernel/cpu/cpuid-deps.c:118)",
            "pc : do_clear_cpu_cap+0xde/0x130",
            "PC is at do_clear_cpu_cap+0xde/0x130",
            "NIP [c000000000123456] do_clear_cpu_cap+0xde/0x130",
            "epc : do_clear_cpu_cap+0xde/0x130",
            "Krnl PSW : 0704c00180000000 00000000001ff1c2 (do_clear_cpu_cap+0xde/0x130)",
            "RIP: e030:do_clear_cpu_cap+0xde/0x130",
            "EIP is at do_clear_cpu_cap+0xde/0x130",
            "pc is at do_clear_cpu_cap+0xde/0x130",
            "epc   : 800347b0 do_clear_cpu_cap+0xde/0x130",
            "ERA: 90000000851b5ac0 do_clear_cpu_cap+0xde/0x130",
            "TPC: <do_clear_cpu_cap+0xde/0x130>",
            "PC: [<00291512>] do_clear_cpu_cap+0xde/0x130",
            "PC: 0x900a302c (do_clear_cpu_cap+0xde/0x130)",
            "IAOQ[0]: do_clear_cpu_cap+0xde/0x130",
            "[ERET  ]: do_clear_cpu_cap+0xde/0x130",
        ] {
            let Body::Rip(false, Some(code)) = read(text) else {
                panic!("{text}")
            };
            assert_eq!(code.function.as_deref(), Some("do_clear_cpu_cap"), "{text}");
        }
        assert!(matches!(
            read("RIP: 0033:0x47b7a0"),
            Body::Rip(true, Some(_))
        ));
    }

    #[test]
    fn code_with_its_trapping_byte() {
        let Body::Code(code) = read("Code: 0f 84 6e ff ff ff <0f> 0b e9") else {
            panic!()
        };
        assert_eq!((code.bytes.len(), code.trap_offset), (9, Some(6)));
        assert_eq!(
            read("Code: Unable to access opcode bytes at 0x47b776."),
            Body::Known
        );
    }

    #[test]
    fn the_disassembly_of_lkp_mails_is_no_frame_and_no_register() {
        for text in [
            "  2a:*\t0f 0b                \tud2    \t\t<-- trapping instruction",
            "   0:\t89 c1 \tmov    %eax,%ecx",
            "All code",
            "========",
            "* 2a:\t67 48 0f b9 3a \tud1",
        ] {
            assert_eq!(read(text), Body::Known, "{text}");
        }
    }

    #[test]
    fn a_place_may_stand_among_other_registers() {
        for text in [
            "pc : [<80de0078>]    lr : [<80de0574>]    psr: 60000013",
            "epc : ffffffff80405f16 ra : ffffffff804001d0 sp : ff20000000013c30",
        ] {
            assert!(
                matches!(read(text), Body::Registers(all) if all.len() == 3),
                "{text}"
            );
        }
    }

    #[test]
    fn words_without_a_name_wait_for_the_line_before() {
        let Body::Words(words) = read(" <c45c4038>") else {
            panic!()
        };
        assert_eq!(
            (words.code.bytes.len(), words.code.trap_offset),
            (4, Some(0))
        );
        assert!(matches!(
            read(">0000021761df4098: a7f4ffe1\t\tbrc\t15,0000021761df405a"),
            Body::Words(words) if words.words.is_empty() && words.code.bytes.len() == 4
        ));
        assert_eq!(read("Instruction DUMP:"), Body::Code(Code::default()));
        for text in ["dead men tell no tales", "cafe", "12:34:56 deadbeef"] {
            let is_word = matches!(read(text), Body::Words(_));
            assert_eq!(is_word, text == "cafe", "{text}");
        }
    }

    #[test]
    fn a_frame_behind_the_title_is_not_lost() {
        let Body::Frame(frame) = read("Call Trace: [<0027d4d6>] sys_ioctl+0x0/0x4c8") else {
            panic!()
        };
        assert_eq!(frame.name(), "sys_ioctl");
        assert_eq!(read("Call Trace:"), Body::TraceStart);
    }

    #[test]
    fn sections_open_and_close() {
        assert_eq!(read(" <IRQ>"), Body::Section(Section::Irq, true));
        assert_eq!(read(" </TASK>"), Body::Section(Section::Task, false));
        assert_eq!(read("<script>"), Body::Foreign);
    }
}
