//! What crash(8) prints of a dump: its summary quotes the header of the report (`PANIC: "…"`), and `bt` has
//! frames of its own form.
//!
//! In: a line's text. Out: the header, code references.

use super::types::CodeRef;

/// The header that the summary quotes: `PANIC: "BUG: unable to handle …"`; any other text as it is.
pub fn unquoted(text: &str) -> &str {
    let quoted = text.strip_prefix("PANIC: \"");
    quoted.map_or(text, |rest| rest.strip_suffix('"').unwrap_or(rest))
}

/// A frame of `bt`: `#4 [ffff880337517d10] f at ffffffffa0412345 [module]`, with `-s` also `f+37 at …`.
pub fn frame(text: &str) -> Option<CodeRef> {
    let (number, rest) = text.strip_prefix('#')?.split_once(" [")?;
    let (stack, rest) = rest.split_once("] ")?;
    let (function, rest) = rest.split_once(" at ")?;
    let (address, module) = match rest.split_once(" [") {
        Some((address, module)) => (address, Some(module.strip_suffix(']')?)),
        None => (rest, None),
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && is_address(stack) && is_address(address)).then_some(())?;
    Some(CodeRef {
        module: module.map(str::to_owned),
        address: u64::from_str_radix(address, 16).ok(),
        ..place(function)?
    })
}

/// Where the exception happened: `[exception RIP: f+16]`.
pub fn rip(text: &str) -> Option<CodeRef> {
    let (_, inside) = text.strip_suffix(']')?.split_once(": ")?;
    place(inside)
}

/// `f`, or `f+37` with the offset in decimal digits, as gdb has it; in hexadecimal ones where the user set that radix.
fn place(text: &str) -> Option<CodeRef> {
    let (function, offset) = match text.split_once('+') {
        Some((function, offset)) => (function, Some(number(offset)?)),
        None => (text, None),
    };
    let in_name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    let is_name = !function.is_empty() && function.chars().all(in_name);
    is_name.then(|| CodeRef {
        function: Some(function.to_owned()),
        offset,
        ..CodeRef::default()
    })
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn is_address(text: &str) -> bool {
    text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_bt() {
        let code =
            frame("#4 [ffff880337517d10] zeta_ioctl at ffffffffa0412345 [zeta]").expect("a frame");
        assert_eq!(code.function.as_deref(), Some("zeta_ioctl"));
        assert_eq!(code.module.as_deref(), Some("zeta"));
        assert_eq!(code.address, Some(0xffff_ffff_a041_2345));
        let code =
            frame("#10 [ffff880337517e00] do_vfs_ioctl+773 at ffffffff811f1f5d").expect("a frame");
        assert_eq!(
            (code.function.as_deref(), code.offset),
            (Some("do_vfs_ioctl"), Some(773))
        );
        for prose in [
            "#4 [1] see f at g",
            "#1 is at 8 [x] y at z",
            "#x [ffff880337517e00] f at ffffffff811f1f5d",
        ] {
            assert_eq!(frame(prose), None, "{prose}");
        }
    }

    #[test]
    fn the_place_of_the_exception() {
        let code = rip("[exception RIP: zeta_read+16]").expect("a place");
        assert_eq!(
            (code.function.as_deref(), code.offset),
            (Some("zeta_read"), Some(16))
        );
        let hexadecimal = rip("[exception RIP: zeta_read+0x10]").expect("a place");
        assert_eq!(hexadecimal.offset, Some(16));
        assert_eq!(rip("[exception RIP: unknown or invalid address]"), None);
    }

    #[test]
    fn the_quoted_header() {
        assert_eq!(
            unquoted("PANIC: \"Oops: 0000 [#1] SMP \""),
            "Oops: 0000 [#1] SMP "
        );
        assert_eq!(unquoted("PANIC: double fault"), "PANIC: double fault");
    }
}
