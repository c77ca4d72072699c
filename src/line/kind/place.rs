//! Where the CPU was: the instruction pointer in the forms of all architectures.

use super::code_ref::code_ref;
use super::frame::INLINE_MARK;
use super::{CodeRef, LineKind, register_row};
use crate::grammar::Detail;

/// `RIP: 0010:f+0x1/0x2`, `RIP: 0010:[<addr>]  [<addr>] f+0x1/0x2`, `EIP: f (FILE:LINE)`.
pub(super) fn rip(text: &str) -> Option<LineKind> {
    // A symbolizer prints the functions that are inlined there in front of it.
    if text.ends_with(INLINE_MARK) {
        return Some(LineKind::Known(Detail::None));
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
    Some(LineKind::Rip(user, code))
}

/// `RIP: ffffffffa0412c2c  RSP: ffff880337517d18  RFLAGS: 00010246`: crash(8) prints the address of the
/// place that it has named in the line before.
pub(super) fn row_of_crash(text: &str) -> Option<LineKind> {
    let (_, registers) = text.split_once("  RSP: ")?;
    register_row(&format!("RSP: {registers}"))
}

/// The place after a beginning: `PC is at f+0x1/0x2`, `NIP [c000000000123456] f+0x1/0x2`. Signs in which it is put
/// are part of the beginning: `TPC: <f+0x1/0x2>`, `PC: [<00291512>] f+0x1/0x2`.
pub(super) fn after(start: &str, text: &str) -> Option<LineKind> {
    let signs = start.len() - start.trim_end_matches(['[', '<']).len();
    let place = text.get(start.len() - signs..)?;
    let place = match place.strip_prefix('<') {
        Some(inside) => inside.split('>').next().unwrap_or(inside),
        None => place,
    };
    at_place(place)
}

fn at_place(text: &str) -> Option<LineKind> {
    let code = code_ref(text).ok().map(|(_, code)| code);
    Some(LineKind::Rip(false, code))
}

/// A name and its place (`pc : f+0x1/0x2`), the place after its address (`epc   : 800347b0 f+0x1/0x2`), or
/// the address alone among other registers (`epc : ffffffff80405f16 ra : …`).
pub(super) fn or_registers(text: &str) -> Option<LineKind> {
    let (_, place) = text.split_once(':')?;
    let place = place.trim_start();
    let (address, rest) = place.split_once(' ').unwrap_or((place, ""));
    match code_ref(rest) {
        Ok((_, code)) if code.offset.is_some() => {
            let address = u64::from_str_radix(address, 16).ok();
            Some(LineKind::Rip(false, Some(CodeRef { address, ..code })))
        }
        _ => register_row(text)
            .filter(has_address)
            .or_else(|| at_place(place)),
    }
}

/// False for registers whose first one is a name.
fn has_address(body: &LineKind) -> bool {
    let LineKind::Registers(registers) = body else {
        return false;
    };
    let value = registers.first().map(|(_, value)| value.as_str());
    value.is_some_and(|value| value.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// An address and the place in parentheses: `Krnl PSW : 0704c00180000000 00000000001ff1c2 (f+0x1/0x2)`
/// (arch/s390/kernel/dumpstack.c), `PC: 0x900a302c (f+0x1/0x2)` (arch/csky/kernel/ptrace.c).
pub(super) fn after_address(text: &str) -> Option<LineKind> {
    let (address, place) = text.split_once('(')?;
    let place = place.split_once(')').map_or(place, |(place, _)| place);
    let digits = address.split_whitespace().last()?;
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let address = u64::from_str_radix(digits, 16).ok();
    let code = code_ref(place)
        .ok()
        .map(|(_, code)| CodeRef { address, ..code });
    Some(LineKind::Rip(false, code))
}

fn is_selector(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
