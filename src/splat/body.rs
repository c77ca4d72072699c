//! The lines between a splat's header and its end.
//!
//! In: a line's text. Out: what it is ([`Body`]). A new kind of line is one more row in [`READERS`].

use super::code_ref::code_ref;
use super::cpu_line::{CpuLine, cpu_line};
use super::crash;
use super::frame::{INLINE_MARK, frame};
use super::registers::registers;
use super::types::{Code, CodeRef, Frame, Register, Section};

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
    /// `Code: …`
    Code(Code),
    /// Registers, names in lower case.
    Registers(Vec<Register>),
    /// `Call Trace:`
    TraceStart,
    /// `<IRQ>`, `</TASK>`: which stack, and whether it opens.
    Section(Section, bool),
    /// A frame.
    Frame(Box<Frame>),
    /// A line that belongs to splats and carries nothing more to keep.
    Known,
    /// Anything else.
    Foreign,
}

type Reader = fn(&str) -> Option<Body>;

/// By what a line starts with; the first row that reads it wins.
const READERS: &[(&str, Reader)] = &[
    ("------------[ cut here ]", |_| Some(Body::CutHere)),
    ("---[ end trace", |_| Some(Body::End)),
    ("---[ end Kernel panic", |_| Some(Body::End)),
    ("CPU: ", cpu),
    ("Pid: ", cpu),
    ("Hardware name: ", hardware),
    ("RIP: ", rip),
    ("RIP ", rip),
    ("EIP: ", rip),
    ("IP: ", rip),
    ("pc : ", rip),
    ("PC is at ", pc_is_at),
    ("[exception RIP: ", exception_rip),
    ("NIP [", nip),
    ("epc : ", rip),
    ("Krnl PSW : ", psw),
    ("Code: ", code),
    ("Call Trace:", |_| Some(Body::TraceStart)),
    ("Call trace:", |_| Some(Body::TraceStart)),
    ("Backtrace:", |_| Some(Body::TraceStart)),
    ("backtrace", |_| Some(Body::TraceStart)),
    ("<", section),
    ("Modules linked in:", known),
    ("Tainted: [", known),
    ("Workqueue: ", known),
    ("Stopper: ", known),
    ("Sched_ext: ", known),
    ("irq event stamp: ", known),
    ("hardirqs last ", known),
    ("softirqs last ", known),
    ("task: ", known),
    ("Stack:", known),
    ("CR2: 0000", reg),
    ("All code", disassembly),
    ("=====", disassembly),
    ("-----", disassembly),
    ("Code starting with the faulting instruction", known),
    ("Code disassembly (best guess)", known),
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
pub fn body(text: &str, log_line: u64, current: Section) -> Body {
    let trimmed = text.trim();
    by_beginning(trimmed)
        .or_else(|| with_colon(trimmed))
        .or_else(|| frame(text, log_line, current).map(|frame| Body::Frame(Box::new(frame))))
        .unwrap_or(Body::Foreign)
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

/// Registers and disassembly: no frame has a colon.
fn with_colon(text: &str) -> Option<Body> {
    memchr::memchr(b':', text.as_bytes())?;
    reg(text).or_else(|| is_disassembly(text).then_some(Body::Known))
}

fn known(_: &str) -> Option<Body> {
    Some(Body::Known)
}

fn cpu(text: &str) -> Option<Body> {
    cpu_line(text).map(|line| Body::Cpu(Box::new(line)))
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
    let user = selector.is_some_and(super::registers::is_user_selector);
    Some(Body::Rip(user, code_ref(place).ok().map(|(_, code)| code)))
}

/// `PC is at f+0x1/0x2` (arch/arm/kernel/process.c).
fn pc_is_at(text: &str) -> Option<Body> {
    let place = text.strip_prefix("PC is at ")?;
    Some(Body::Rip(false, code_ref(place).ok().map(|(_, code)| code)))
}

/// `[exception RIP: f+16]` of crash(8).
fn exception_rip(text: &str) -> Option<Body> {
    crash::rip(text).map(|code| Body::Rip(false, Some(code)))
}

/// `NIP [c000000000123456] f+0x1/0x2` (arch/powerpc/kernel/process.c).
fn nip(text: &str) -> Option<Body> {
    let (_, place) = text.split_once(' ')?;
    Some(Body::Rip(false, code_ref(place).ok().map(|(_, code)| code)))
}

/// `Krnl PSW : 0704c00180000000 00000000001ff1c2 (f+0x1/0x2)` (arch/s390/kernel/dumpstack.c).
fn psw(text: &str) -> Option<Body> {
    let (_, place) = text.split_once('(')?;
    let place = place.split_once(')').map_or(place, |(place, _)| place);
    Some(Body::Rip(false, code_ref(place).ok().map(|(_, code)| code)))
}

fn is_selector(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Instruction bytes; the one in `<>` is where RIP points. Words of other architectures are split
/// into bytes as printed.
fn code(text: &str) -> Option<Body> {
    let (_, dump) = text.split_once(": ")?;
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
        if token.starts_with('<') {
            code.trap_offset = Some(begin);
        }
    }
    Some(if code.bytes.is_empty() {
        Body::Known
    } else {
        Body::Code(code)
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
        body(text, 1, Section::Task)
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
    fn sections_open_and_close() {
        assert_eq!(read(" <IRQ>"), Body::Section(Section::Irq, true));
        assert_eq!(read(" </TASK>"), Body::Section(Section::Task, false));
        assert_eq!(read("<script>"), Body::Foreign);
    }
}
