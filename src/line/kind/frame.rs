//! Frames: one line of a call trace.
//!
//! In: a line's text. Out: a [`Frame`], or nothing where the line is no frame.

use super::code_ref::{code_ref, source_line, usual};
use super::crash;
use super::types::{CodeRef, Frame, Inline, SourceLine};
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::LazyLock;

/// `[<80de0078>] (f)`, or `[<80de0574>] (g+0x28/0x2c)`; what renders Markdown takes the blank for that of a link.
fn in_parentheses(text: &str, log_line: u64) -> Option<Frame> {
    let inside = text.trim().strip_suffix(')')?;
    let (address, rest) = inside.strip_prefix("[<")?.split_once(">]")?;
    let function = rest.trim_start().strip_prefix('(')?;
    let by_name = || {
        let (name, module) = name_and_module(function);
        let code = CodeRef {
            function: Some(name.to_owned()),
            module: module.map(str::to_owned),
            ..CodeRef::default()
        };
        ("", code)
    };
    let (rest, mut code) = code_ref(function).ok().unwrap_or_else(by_name);
    code.address = Some(u64::from_str_radix(address, 16).ok()?);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    let named = code.function.as_deref()?.chars().all(is_name);
    (rest.is_empty() && named).then(|| from_code(code, true, log_line))
}

/// `[<80de0078>] (f) from [<80de0574>] (g+0x28/0x2c)`, as arm prints frames up to 5.14: the function by its name alone,
/// and its caller (arch/arm/kernel/traps.c, `dump_backtrace_entry()`).
fn in_parentheses_from(text: &str, log_line: u64) -> Option<Frame> {
    let (called, caller) = text.split_once(" from ")?;
    Some(Frame {
        caller: in_parentheses(caller, log_line).map(Box::new),
        ..in_parentheses(called, log_line)?
    })
}

/// `f [mod]`: a function by its name alone.
fn name_and_module(text: &str) -> (&str, Option<&str>) {
    match text.split_once(" [") {
        Some((function, module)) => (function, module.strip_suffix(']')),
        None => (text, None),
    }
}

/// What arm puts between a function and its caller.
static FROM: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(" from "));

/// Reads a frame. `log_line` is the line it is on.
pub fn frame(text: &str, log_line: u64) -> Option<Frame> {
    let text = behind_marker(text.trim());
    if text.starts_with('#') {
        return crash::frame(text).map(|code| from_code(code, true, log_line));
    }
    let (reliable, text) = reliability(undressed(text));
    if let Some(code) = usual(&text) {
        return Some(from_code(code, reliable, log_line));
    }
    // Most lines of a report end here, before a parser looks at them.
    if !may_be_reference(&text) {
        return None;
    }
    if let Some(inline) = inlined(&text) {
        return Some(Frame {
            reliable,
            log_line,
            inlines: vec![inline],
            ..Frame::default()
        });
    }
    if FROM.find(text.as_bytes()).is_some() {
        if text.starts_with("[<") {
            return in_parentheses_from(&text, log_line);
        }
        if let Some((called, caller)) = called_from(&text) {
            return Some(Frame {
                caller: Some(Box::new(from_code(caller, reliable, log_line))),
                ..from_code(called, reliable, log_line)
            });
        }
    }
    if let Some(frame) = in_parentheses(&text, log_line) {
        return Some(frame);
    }
    if let Some(code) = hexagon(&text) {
        return Some(from_code(code, reliable, log_line));
    }
    let (rest, code) = code_ref(&text).ok()?;
    // powerpc does not vouch for the first frame of a stack (arch/powerpc/kernel/process.c,
    // `show_stack()`).
    is_frame_end(rest)
        .then(|| from_code(code, reliable && !rest.contains("(unreliable)"), log_line))
}

/// The frame after the marker of its stack: `<NMI>  [<addr>] f`, `<<EOE>>  [<addr>] f` (x86 up to 4.8,
/// arch/x86/kernel/dumpstack_64.c).
fn behind_marker(text: &str) -> &str {
    let mut rest = text;
    while let Some((marker, behind)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'))
    {
        let name = marker.trim_start_matches('<');
        let is_marker = |c: char| c.is_ascii_uppercase() || c == '#';
        if name.is_empty() || !name.chars().all(is_marker) {
            return text;
        }
        rest = behind.trim_start_matches('>').trim_start();
    }
    if rest.starts_with("[<") { rest } else { text }
}

/// False for a text without an offset, a place or an address.
fn may_be_reference(text: &str) -> bool {
    text.starts_with("0x") || memchr::memchr3(b'+', b'(', b'[', text.as_bytes()).is_some()
}

/// `f [mod] from g+0x28/0x2c`, as arm prints frames since 5.15: the function, by its name alone, and
/// its caller (arch/arm/kernel/traps.c, `dump_backtrace_entry()`).
fn called_from(text: &str) -> Option<(CodeRef, CodeRef)> {
    let (called, caller) = text.split_once(" from ")?;
    let (rest, caller) = code_ref(caller).ok()?;
    let (function, module) = name_and_module(called);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.$".contains(c);
    let has_place = caller.offset.is_some() || !caller.sources.is_empty();
    let is_frame = has_place && is_frame_end(rest);
    let called = CodeRef {
        function: Some(function.to_owned()),
        module: module.map(str::to_owned),
        ..CodeRef::default()
    };
    let is_named = !function.is_empty() && function.chars().all(is_name);
    (is_frame && is_named).then_some((called, caller))
}

/// `[c1823e60] 0xc0012345: f + 0x10 [mod]`: the frame pointer, the place and its address
/// (arch/hexagon/kernel/traps.c, `do_show_stack()`).
fn hexagon(text: &str) -> Option<CodeRef> {
    let (pointer, rest) = text.strip_prefix('[')?.split_once("] 0x")?;
    let (address, place) = rest.split_once(": ")?;
    let (function, offset) = place.split_once(" + 0x")?;
    let address = u64::from_str_radix(address, 16)
        .ok()
        .filter(|_| is_hex(pointer))?;
    let place = format!("{function}+0x{offset}");
    let (rest, code) = code_ref(&place).ok()?;
    is_frame_end(rest).then_some(CodeRef {
        address: Some(address),
        ..code
    })
}

/// Takes off what some architectures put around or in front of an address: s390 the parentheses of a frame that
/// it does not vouch for, sparc `Caller`, openrisc an address that printk() hides, user mode Linux the place on the stack (`6083be58:  [<60012345>] f`).
fn undressed(text: &str) -> &str {
    let hidden = ["[<(ptrval)>] ", "[<(____ptrval____)>] "];
    let starts = ["Caller"].into_iter().chain(hidden);
    if let Some(frame) = starts
        .into_iter()
        .find_map(|start| text.strip_prefix(start))
    {
        return frame;
    }
    match text.split_once(": ") {
        Some((stack, frame)) if matches!(stack.len(), 8 | 16) => match frame.trim_start() {
            frame if frame.starts_with("[<") && is_hex(stack) => frame,
            _ => text,
        },
        _ => text,
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Takes off the `? ` of an unreliable frame, wherever the form puts it (`? f`, `[<addr>] ? f`).
fn reliability(text: &str) -> (bool, Cow<'_, str>) {
    if let Some(rest) = text.strip_prefix("? ") {
        return (false, rest.into());
    }
    // s390
    if let Some(rest) = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return (!rest.starts_with("[<"), rest.into());
    }
    let split = || text.split_once("] ? ");
    match text.starts_with('[').then(split).flatten() {
        Some((address, rest)) => (false, format!("{address}] {rest}").into()),
        None => (true, text.into()),
    }
}

/// What may come after a frame: nothing, a remark in parentheses, or what is left of a module where a pager cut the line
/// off (systemd runs less with -S).
fn is_frame_end(rest: &str) -> bool {
    let rest = rest.trim();
    let chopped = rest.strip_suffix('>');
    let is_chopped = chopped.is_some_and(|rest| rest.is_empty() || rest.starts_with('['));
    rest.is_empty()
        || is_chopped
        || (rest.starts_with('(') && rest.ends_with(')'))
        || rest.starts_with("from ")
}

/// `ene_get_card_type drivers/usb/storage/ene_ub6250.c:1843 [inline]`: syzbot prints an inlined
/// function on a line of its own.
pub fn inlined(text: &str) -> Option<Inline> {
    let text = text.trim().strip_suffix(INLINE_MARK)?.trim_end();
    let (function, position) = text.rsplit_once(' ')?;
    let (rest, source) = source_line(position).ok()?;
    rest.is_empty().then(|| Inline {
        function: Some(function.trim_end().to_owned()),
        file: Some(source.file),
        line: source.line,
    })
}

/// What syzbot puts after the place of an inlined function.
pub const INLINE_MARK: &str = "[inline]";

fn from_code(code: CodeRef, reliable: bool, log_line: u64) -> Frame {
    // decode_stacktrace.sh prints the innermost place first: the last one is that of the function
    // itself.
    let own = code.sources.last().cloned();
    let inlined = code.sources.len().saturating_sub(1);
    let inlines = code.sources[..inlined].iter().map(printed_inline).collect();
    Frame {
        reliable,
        log_line,
        inlines,
        line: own.as_ref().and_then(|source| source.line),
        file: own.map(|source| source.file),
        code,
        ..Frame::default()
    }
}

/// A decoded log gives the place of an inline but not its name.
fn printed_inline(source: &SourceLine) -> Inline {
    Inline {
        function: None,
        file: Some(source.file.clone()),
        line: source.line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Frame> {
        frame(text, 1)
    }

    #[test]
    fn reliable_and_not() {
        assert!(read("  init_intel+0x11/0x330").is_some_and(|f| f.reliable));
        assert!(read(" ? __warn+0x8c/0xf6").is_some_and(|f| !f.reliable));
        let old = read(" [<ffffffff81012345>] ? f+0x1/0x2").expect("a frame");
        assert!(!old.reliable);
        assert_eq!(old.code.address, Some(0xffff_ffff_8101_2345));
        assert!(
            read("[c1] [c000000001480418] f+0xc8/0x100 (unreliable)").is_none_or(|f| !f.reliable)
        );
    }

    #[test]
    fn a_decoded_frame_has_its_inlines_and_its_own_place_last() {
        let f = read("init_intel (a/msr.h:146 a/intel.c:583 a/intel.c:687) ").expect("a frame");
        assert_eq!(f.inlines.len(), 2);
        assert_eq!((f.file.as_deref(), f.line), (Some("a/intel.c"), Some(687)));
    }

    #[test]
    fn arm_names_the_function_and_its_caller() {
        let read = |text| read(text).expect("a frame").code;
        let old = read("[<80de0078>] (f) from [<80de0574>] (g+0x28/0x2c)");
        let new = read(" f from g+0x28/0x2c");
        assert_eq!(
            (old.function, new.function.as_deref()),
            (new.function.clone(), Some("f"))
        );
        let module = read("mydrv_open [mydrv] from __dev_open+0xf0/0x1a8");
        assert_eq!(module.module.as_deref(), Some("mydrv"));
        let module = read("[<bf001010>] (eta_setup [eta]) from [<c0102d50>] (g+0x50/0x1e0)");
        let names = (module.function.as_deref(), module.module.as_deref());
        assert_eq!(names, (Some("eta_setup"), Some("eta")));
        let decoded = read("zeta_pop from zeta_poll (drivers/zeta/ring.c:99)");
        assert_eq!(decoded.function.as_deref(), Some("zeta_pop"));
        let symbolized = read("[<80de0574>] (g+0x28/0x2c arch/arm/kernel/traps.c:257)");
        assert_eq!(
            (symbolized.function.as_deref(), symbolized.sources.len()),
            (Some("g"), 1)
        );
        let decoded = read("[<80de0574>] g (arch/arm/kernel/traps.c:257)");
        assert_eq!(
            (decoded.function.as_deref(), decoded.sources.len()),
            (Some("g"), 1)
        );
    }

    #[test]
    fn every_architecture_dresses_its_frames() {
        for (text, reliable, address) in [
            (
                "([<0000021761df4090>] f+0x24/0x90 [mydrv])",
                false,
                Some(0x0217_61df_4090),
            ),
            (
                "Caller[000000000065b4b0]: f+0x60/0x120",
                true,
                Some(0x65_b4b0),
            ),
            ("[<(ptrval)>] f+0x60/0x120", true, None),
            (
                "6083be58:  [<60012345>] f+0x10/0x20",
                true,
                Some(0x6001_2345),
            ),
            ("[c1823e38] 0xc00a302c: f + 0x2c", true, Some(0xc00a_302c)),
            (
                "[c3d7bc60] [f1240d20] f+0x60/0x120 [mydrv]",
                true,
                Some(0xf124_0d20),
            ),
        ] {
            let frame = read(text).unwrap_or_else(|| panic!("no frame: {text}"));
            assert_eq!(frame.name(), "f", "{text}");
            assert_eq!(
                (frame.reliable, frame.code.address),
                (reliable, address),
                "{text}"
            );
        }
        for prose in [
            "(see f+0x1/0x2 for more",
            "Caller said so",
            "[1] 0x10: a + b",
            "12345678: f",
        ] {
            assert!(read(prose).is_none(), "{prose}");
        }
    }

    #[test]
    fn prose_behind_a_reference_is_no_frame() {
        assert!(read("a patch from init_intel+0x11/0x330").is_none());
        assert!(read("init_intel+0x11/0x330 is where it broke").is_none());
        assert!(read("Hardware name: x").is_none());
    }
}
