//! Registers of x86: `RAX: … RBX: …`, `FS:  …(0000) GS:…` (arch/x86/kernel/process_64.c and
//! process_32.c, `__show_regs()`).

use crate::line::kind::Register;

/// One printed register: selector before the value (`RSP: 0018:ffff…`), value, selector after it
/// (`GS:ffff…(0000)`).
struct PrintedRegister<'a> {
    /// In lower case.
    name: &'static str,
    selector: Option<&'a str>,
    value: &'a str,
}

/// Reads a register line; `None` where it is none.
pub fn registers(text: &str) -> Option<Vec<Register>> {
    let mut rest = text.trim();
    let mut found = 0;
    let mut entries = Vec::new();
    while let Some((behind, printed)) = register(rest) {
        rest = behind.trim_start_matches([' ', '\t']);
        found += 1;
        if is_whole(&printed) {
            enter(&printed, &mut entries);
        }
    }
    // A line that was cut ends in a name without a value; other text shows it is no register line.
    let is_line = found > 0 && (rest.is_empty() || is_cut_name(rest));
    is_line.then_some(entries)
}

/// False for a value that a cut line shortened: registers print as 4, 8 or 16 digits, the general
/// ones of x86-64 as 16.
fn is_whole(printed: &PrintedRegister<'_>) -> bool {
    match printed.value.len() {
        16 => true,
        4 | 8 => !printed.name.starts_with('r'),
        _ => false,
    }
}

/// The stack segment of a Xen PV guest, kernel and programs alike: both run in ring 3
/// (include/xen/interface/xen.h, `FLAT_RING3_SS64`).
const XEN_STACK: &str = "e02b";

/// The stack segment of `RSP: 0018:…`: that of a program, for certain.
pub fn is_user_segment(selector: &str) -> bool {
    is_user_selector(selector) && selector != XEN_STACK
}

/// The code segment of `RIP: 0010:…`: its two low bits are the privilege level. Xen takes them off where a PV
/// guest's kernel was interrupted (`e030`).
pub fn is_user_selector(selector: &str) -> bool {
    u16::from_str_radix(selector, 16).is_ok_and(|s| s & 3 == 3)
}

/// A register at the beginning of a text, and what follows it.
fn register(input: &str) -> Option<(&str, PrintedRegister<'_>)> {
    let (name, rest) = name(input)?;
    let rest = rest.strip_prefix(':')?.trim_start_matches([' ', '\t']);
    let (first, behind) = hex(rest)?;
    let split = behind.strip_prefix(':').and_then(hex);
    let (selector, value, rest) = match split {
        Some((value, rest)) => (Some(first), value, rest),
        None => (None, first, behind),
    };
    let segment = rest.strip_prefix('(').and_then(hex);
    let behind = segment.and_then(|(_, rest)| rest.strip_prefix(')'));
    let printed = PrintedRegister {
        name,
        selector,
        value,
    };
    Some((behind.unwrap_or(rest), printed))
}

/// The name at the beginning of a text, in lower case, and what follows it; `None` for what is no name of a
/// register.
fn name(text: &str) -> Option<(&'static str, &str)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (name, rest) = split_while(text, is_part)?;
    let name = match name.as_bytes() {
        b"CS" => "cs",
        b"DS" => "ds",
        b"ES" => "es",
        b"FS" => "fs",
        b"GS" => "gs",
        b"SS" => "ss",
        b"CR0" => "cr0",
        b"CR2" => "cr2",
        b"CR3" => "cr3",
        b"CR4" => "cr4",
        b"DR0" => "dr0",
        b"DR1" => "dr1",
        b"DR2" => "dr2",
        b"DR3" => "dr3",
        b"DR6" => "dr6",
        b"DR7" => "dr7",
        b"EAX" => "eax",
        b"EBP" => "ebp",
        b"EBX" => "ebx",
        b"ECX" => "ecx",
        b"EDI" => "edi",
        b"EDX" => "edx",
        b"ESI" => "esi",
        b"ESP" => "esp",
        b"R08" => "r08",
        b"R09" => "r09",
        b"R10" => "r10",
        b"R11" => "r11",
        b"R12" => "r12",
        b"R13" => "r13",
        b"R14" => "r14",
        b"R15" => "r15",
        b"RAX" => "rax",
        b"RBP" => "rbp",
        b"RBX" => "rbx",
        b"RCX" => "rcx",
        b"RDI" => "rdi",
        b"RDX" => "rdx",
        b"RSI" => "rsi",
        b"RSP" => "rsp",
        b"PKRU" => "pkru",
        b"knlGS" => "knlgs",
        // crash(8) calls it by its name of 64-bit mode.
        b"EFLAGS" | b"RFLAGS" => "eflags",
        b"ORIG_RAX" => "orig_rax",
        _ => return None,
    };
    Some((name, rest))
}

/// The hexadecimal digits at the beginning of a text, and what follows them.
fn hex(text: &str) -> Option<(&str, &str)> {
    split_while(text, |byte| byte.is_ascii_hexdigit())
}

/// The longest beginning whose bytes, all of them ASCII, fit, and the rest; `None` where it is empty.
fn split_while(text: &str, fits: impl Fn(u8) -> bool) -> Option<(&str, &str)> {
    let end = text
        .bytes()
        .position(|byte| !fits(byte))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_cut_name(rest: &str) -> bool {
    name(rest).is_some_and(|(_, behind)| matches!(behind, "" | ":" | ": "))
}

fn enter(printed: &PrintedRegister<'_>, entries: &mut Vec<Register>) {
    let name = printed.name;
    if let Some(selector) = printed.selector {
        let segment = match name.starts_with(['r', 'e']) {
            true => "ss",
            false => "cs",
        };
        entries.push((segment.into(), selector.into()));
    }
    entries.push((name.into(), printed.value.into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use compact_str::CompactString;

    fn read(text: &str) -> Vec<Register> {
        registers(text).unwrap_or_else(|| panic!("no register line: {text}"))
    }

    fn value(text: &str, name: &str) -> Option<CompactString> {
        read(text)
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    }

    #[test]
    fn the_lines_of_x86_64() {
        let rsp = "RSP: 0000:ffffc900001f7cd0 EFLAGS: 00010002 ORIG_RAX: 0000000000000139";
        assert_eq!(value(rsp, "rsp").as_deref(), Some("ffffc900001f7cd0"));
        assert_eq!(value(rsp, "ss").as_deref(), Some("0000"));
        let fs = "FS:  0000000000000000(0000) GS:ffff888817c80000(0000) knlGS:0000000000000000";
        assert_eq!(value(fs, "gs").as_deref(), Some("ffff888817c80000"));
        assert_eq!(
            value("CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033", "cr0").as_deref(),
            Some("0000000080050033")
        );
    }

    #[test]
    fn a_line_cut_in_the_middle_keeps_what_is_whole() {
        assert_eq!(read("RAX: 0000000000000003 RBX:").len(), 1);
        assert_eq!(read("RAX: 0000000000000003 RBX").len(), 1);
        assert_eq!(read("RAX: 0000000000000003 RBX: 00000000").len(), 1);
    }

    #[test]
    fn other_text_is_none() {
        for text in ["CPU: 1 PID: 0", "RAX is 3", "DS: prose", "Call Trace:", ""] {
            assert!(registers(text).is_none(), "{text}");
        }
    }
}
