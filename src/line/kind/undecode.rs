//! Takes out of a line what a symbolizer put in.
//!
//! In: a line of a report. Out: the line as the kernel printed it, save that offset and size are 0 where
//! the symbolizer dropped them. Titles and names of reports are made of this, so that a rule of the grammar
//! need not know how many symbolizers there are, and a decoded report is called like the raw one.

use super::code_ref::{begins_symbol, symbol_ref};
use super::types::CodeRef;
use std::borrow::Cow;
use std::fmt::Write;

/// How the names of source files end, with the colon in front of the line number: one of them is in every
/// line that a symbolizer changed.
const SOURCES: [&str; 7] = [".c:", ".h:", ".S:", ".rs:", ".s:", ".cc:", ".cpp:"];

/// What decode_stacktrace.sh writes if addr2line knows nothing.
const UNKNOWN: &str = "(??:";

/// `zeta_go (drivers/zeta/core.c:99) zeta` becomes `zeta_go+0x0/0x0 [zeta]`, `f+0x1/0x2 fs/x.c:3` becomes
/// `f+0x1/0x2`, wherever in the line.
pub fn undecoded(text: &str) -> Cow<'_, str> {
    if !is_decoded(text) {
        return text.into();
    }
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(start) = next_symbol(text, at) {
        match symbol_ref(&text[start..]) {
            Ok((rest, code))
                if is_changed(&text[start..text.len() - rest.len()]) && is_code(&code, rest) =>
            {
                out.push_str(&text[copied..start]);
                write_raw(&mut out, &code);
                copied = text.len() - rest.len();
                at = copied;
            }
            _ => at = end_of_word(text, start),
        }
    }
    out.push_str(&text[copied..]);
    out.into()
}

fn is_decoded(text: &str) -> bool {
    // A place has a colon. To look for one byte is quick, and most lines have none.
    memchr::memchr(b':', text.as_bytes()).is_some() && is_changed(text)
}

/// True where a place in a source file is in the text.
fn is_changed(text: &str) -> bool {
    text.contains(UNKNOWN) || SOURCES.iter().any(|source| text.contains(source))
}

/// A word with a place after it is code if it has an offset. Without one it may be a word of a message, which
/// goes on with a colon or a stop: `FAILED at (lib/handle.c:93): x`.
fn is_code(code: &CodeRef, rest: &str) -> bool {
    let is_end = |c: char| c == ',' || c.is_whitespace();
    code.offset.is_some() || rest.is_empty() || rest.starts_with(is_end)
}

/// Where the next word begins that may be a symbol: after a blank, a parenthesis or a selector (`0010:f`).
fn next_symbol(text: &str, from: usize) -> Option<usize> {
    let mut before = text[..from].chars().next_back().unwrap_or(' ');
    for (offset, c) in text[from..].char_indices() {
        if begins_symbol(c) && (before.is_whitespace() || matches!(before, '(' | ':' | ']')) {
            return Some(from + offset);
        }
        before = c;
    }
    None
}

fn end_of_word(text: &str, start: usize) -> usize {
    let blank = text[start..].find([' ', '\t']);
    blank.map_or(text.len(), |offset| start + offset)
}

fn write_raw(out: &mut String, code: &CodeRef) {
    let function = code.function.as_deref().unwrap_or_default();
    let offset = code.offset.unwrap_or(0);
    let size = code.size.unwrap_or(0);
    // Writing into a String cannot fail.
    let _ = write!(out, "{function}+{offset:#x}/{size:#x}");
    if let Some(module) = &code.module {
        let _ = write!(out, " [{module}]");
    }
}

#[cfg(test)]
mod tests {
    use super::undecoded;

    #[test]
    fn what_symbolizers_add_is_taken_out() {
        for (decoded, raw) in [
            (
                "RIP: 0010:zeta_go (a/core.c:12 (discriminator 3) a/core.c:99) zeta",
                "RIP: 0010:zeta_go+0x0/0x0 [zeta]",
            ),
            (
                "WARNING: CPU: 0 PID: 7 at fs/x.c:3 f (fs/x.c:3)",
                "WARNING: CPU: 0 PID: 7 at fs/x.c:3 f+0x0/0x0",
            ),
            (
                "WARNING: fs/x.c:3 at f+0x1/0x2 fs/x.c:9, CPU#0: a/1",
                "WARNING: fs/x.c:3 at f+0x1/0x2, CPU#0: a/1",
            ),
            (
                "ffff8881 (&z->a){+.+.}-{3:3}, at: g+0x1/0x2 [zeta] a/core.c:-1",
                "ffff8881 (&z->a){+.+.}-{3:3}, at: g+0x1/0x2 [zeta]",
            ),
            ("pc : f (??:?)", "pc : f+0x0/0x0"),
            (
                "<4>[<c0123456>] f+0x1/0x2 a/b.c:1",
                "<4>[<c0123456>] f+0x1/0x2",
            ),
        ] {
            assert_eq!(undecoded(decoded), raw);
        }
    }

    #[test]
    fn lines_of_the_kernel_stay_as_they_are() {
        for text in [
            "kernel BUG at mm/rmap.c:2104!",
            "WARNING: arch/x86/kernel/cpu/zeta.c:2856 at f+0x2e/0x40, CPU#1: swapper/0/1",
            "UBSAN: shift-out-of-bounds in fs/ntfs3/super.c:736:14",
            " zetafs_lookup_one fs/zetafs/namei.c:50 [inline]",
            "äöü fs/x.c:3",
            "trusty: panic (caller 0x1): ASSERT FAILED at (lib/handle.c:93): list_in_list(&ref->ref_node)",
        ] {
            assert_eq!(undecoded(text), text);
        }
    }
}
