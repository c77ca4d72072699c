//! References to code: the `FUNC+0xOFF/0xSIZE` of frames, RIP lines and headers, in every form.
//!
//! In: text that starts with a reference. Out: the [`CodeRef`] and the text after it. Strict on
//! purpose: prose must not pass for a frame, so a bare word is no reference; it needs an offset,
//! a source position or an address.

use super::paths::printed_path;
use super::types::{CodeRef, SourceLine};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1, hex_digit1, space0, space1};
use nom::combinator::{map, opt, recognize, verify};
use nom::multi::many1;
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

/// Longest symbol that kallsyms prints (`KSYM_NAME_LEN`, include/linux/kallsyms.h).
const KSYM_NAME_LEN: usize = 512;

/// Reads a reference at the start of `input` (leading blanks allowed).
pub fn code_ref(input: &str) -> IResult<&str, CodeRef> {
    preceded(space0, alt((symbol_ref, address_ref))).parse(input)
}

/// The usual reference, `FUNC+0x1/0x2` and nothing else, read by its bytes: [`code_ref`] would give the same.
pub(super) fn usual(text: &str) -> Option<CodeRef> {
    let plus = text
        .bytes()
        .position(|byte| !IN_SYMBOL[usize::from(byte)])?;
    let (function, extent) = text.split_at(plus);
    let is_symbol = function.len() < KSYM_NAME_LEN && function.starts_with(begins_symbol);
    let (offset, size) = extent.strip_prefix("+0x")?.split_once("/0x")?;
    let number = |digits: &str| {
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| parse_hex(digits))?
    };
    let (offset, size) = (number(offset)?, number(size)?);
    is_symbol.then(|| CodeRef {
        function: Some(function.to_owned()),
        offset: Some(offset),
        size: Some(size),
        ..CodeRef::default()
    })
}

/// `[<ffffffff81012345>] FUNC+0x1/0x2`, `FUNC+0x1/0x2 [mod] FILE:LINE`, `FUNC (FILE:LINE)`.
pub(super) fn symbol_ref(input: &str) -> IResult<&str, CodeRef> {
    let (mut rest, mut address) = (input, None);
    // powerpc prints the place on the stack in front of that in the code: the last one counts.
    while let Ok((behind, found)) = bracketed_address(rest) {
        (rest, address) = (behind, Some(found));
    }
    let (rest, function) = symbol(rest)?;
    let (rest, extent) = opt(extent).parse(rest)?;
    let (rest, (module, sources)) = tail(rest, extent.is_some())?;
    if extent.is_none() && sources.is_none() {
        return Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Verify,
        )));
    }
    let (module, module_build_id) = module.unwrap_or_default();
    let code = CodeRef {
        function: Some(function.to_owned()),
        offset: extent.map(|(offset, _)| offset),
        size: extent.and_then(|(_, size)| size),
        module,
        module_build_id,
        address,
        sources: sources.unwrap_or_default(),
    };
    Ok((rest, code))
}

/// A bare address: `0xffffffffa0106083`, `[<ffffffff81012345>]`; both where a kernel without kallsyms prints what it
/// would name (`[<8056fdb0>] 0x8056fdb0`), OpenWrt's with the module (`0xffffffc078f78a18 [mt76@00000000936acc78+0xe000]`).
fn address_ref(input: &str) -> IResult<&str, CodeRef> {
    let prefixed = || preceded(tag("0x"), hex_number);
    let (rest, address) = alt((prefixed(), bracketed_address)).parse(input)?;
    let (rest, _) = opt(prefixed()).parse(rest)?;
    let place = (char('@'), hex_digit1, tag("+0x"), hex_digit1);
    let module = delimited(
        tag(" ["),
        nom::sequence::terminated(module_name, place),
        char(']'),
    );
    let (rest, module) = opt(module).parse(rest)?;
    let code = CodeRef {
        address: Some(address),
        module: module.map(str::to_owned),
        ..CodeRef::default()
    };
    Ok((rest, code))
}

/// `[<ffffffff81012345>] ` (kernels before 4.10 and other architectures), `[c000000001480418] `
/// (powerpc), `[000000000065b4b0]: ` (sparc).
fn bracketed_address(input: &str) -> IResult<&str, u64> {
    let angle = delimited(tag("[<"), hex_number, tag(">]"));
    let plain = delimited(
        char('['),
        // As wide as an address: another number in brackets may be anything.
        verify(hex_digit1, |digits: &str| matches!(digits.len(), 8 | 16)).map_opt(parse_hex),
        pair(char(']'), opt(char(':'))),
    );
    nom::sequence::terminated(alt((angle, plain)), space0).parse(input)
}

/// A symbol: C identifier with the suffixes that compilers and linkers add.
fn symbol(input: &str) -> IResult<&str, &str> {
    let other = |c: char| u8::try_from(c).is_ok_and(|byte| IN_SYMBOL[usize::from(byte)]);
    let first = verify(nom::character::complete::anychar, |c| begins_symbol(*c));
    verify(recognize(pair(first, take_while(other))), |name: &str| {
        name.len() < KSYM_NAME_LEN
    })
    .parse(input)
}

pub(super) fn begins_symbol(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '$')
}

/// What may be in a symbol.
const IN_SYMBOL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let sign = matches!(byte, b'_' | b'.' | b'$' | b'@' | b':' | b'<' | b'>');
        table[byte as usize] = byte.is_ascii_alphanumeric() || sign;
        byte += 1;
    }
    table
};

/// `+0x11/0x330`, or `+0x11` alone where a log was cut. A pager marks what it cut off at the margin by `>`: of the size
/// in front of it digits may be missing.
fn extent(input: &str) -> IResult<&str, (u64, Option<u64>)> {
    let offset = preceded(tag("+0x"), hex_number);
    let size = preceded(tag("/0x"), hex_number);
    let (rest, (offset, size)) = pair(offset, opt(size)).parse(input)?;
    Ok((rest, (offset, size.filter(|_| !rest.starts_with('>')))))
}

type Module = (Option<String>, Option<String>);

/// What may follow a symbol: module and source positions, in either order. A position without
/// parentheses counts only after an offset, since `see fs/inode.c:3` is prose. faddr2line and GDB write `at` in
/// front of it; others put a dash there, or brackets around it.
fn tail(input: &str, has_extent: bool) -> IResult<&str, (Option<Module>, Option<Vec<SourceLine>>)> {
    let bracketed = delimited(char('['), source_line, char(']'));
    let place = alt((
        preceded(opt(alt((tag("at "), tag("- ")))), source_line),
        bracketed,
    ));
    let bare = nom::combinator::cond(has_extent, place).map_opt(|source| source.map(|s| vec![s]));
    let sources = alt((decoded_sources, bare));
    let (rest, before) = opt(preceded(space1, bracketed_module)).parse(input)?;
    let (rest, sources) = opt(preceded(space1, sources)).parse(rest)?;
    let (rest, after) = match (&before, &sources) {
        (None, Some(_)) => {
            // decode_stacktrace.sh puts the module last.
            opt(preceded(space1, alt((bracketed_module, bare_module)))).parse(rest)?
        }
        _ => (rest, None),
    };
    Ok((rest, (before.or(after), sources)))
}

/// `[ext4]`, `[ext4(OE)]`, `[ext4 0123456789abcdef…]` (build-id), `[ext4 (HASH:c3d4 8)]` (ChromeOS).
fn bracketed_module(input: &str) -> IResult<&str, Module> {
    let flags = opt(delimited(
        char('('),
        // Taints, and `+` or `-` of a module that is loaded or unloaded just now
        // (kernel/module/main.c, module_flags()).
        take_while(|c: char| c.is_ascii_uppercase() || c == '+' || c == '-'),
        char(')'),
    ));
    let build_id = opt(preceded(space1, hex_digit1));
    let hash = opt((tag(" (HASH:"), hex_digit1, char(' '), digit1, char(')')));
    map(
        delimited(char('['), (module_name, flags, build_id, hash), char(']')),
        |(name, _, id, _)| (Some(name.to_owned()), id.map(str::to_owned)),
    )
    .parse(input)
}

/// The module as decode_stacktrace.sh leaves it: a bare word that ends the line, save for the kernel's remark on the
/// frame, ` (P)` or ` (unreliable)`.
fn bare_module(input: &str) -> IResult<&str, Module> {
    let (rest, name) = module_name(input)?;
    let remark = delimited(char('('), nom::character::complete::alpha1, char(')'));
    let end = (space0, opt(remark), space0, nom::combinator::eof);
    let (rest, _) = preceded(space0, recognize(nom::combinator::peek(end))).parse(rest)?;
    Ok((rest, (Some(name.to_owned()), None)))
}

fn module_name(input: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-').parse(input)
}

/// `(FILE:LINE FILE:LINE (discriminator 1))`, as decode_stacktrace.sh writes it; `?:?` for what it
/// could not find is passed over.
fn decoded_sources(input: &str) -> IResult<&str, Vec<SourceLine>> {
    let unknown = alt((tag("??:?"), tag("??:0"), tag("?:?")));
    let one = alt((map(source_line, Some), map(unknown, |_| None)));
    let each = delimited(space0, one, opt(preceded(space0, discriminator)));
    map(
        delimited(char('('), many1(each), preceded(space0, opt(char(')')))),
        |all| all.into_iter().flatten().collect(),
    )
    .parse(input)
}

fn discriminator(input: &str) -> IResult<&str, &str> {
    recognize((tag("(discriminator "), digit1, char(')'))).parse(input)
}

/// `arch/x86/kernel/cpu/intel.c:687`, relative to the kernel tree. The line is `-1` or `?` where the
/// symbolizer knew the file only.
pub(super) fn source_line(input: &str) -> IResult<&str, SourceLine> {
    let known = digit1.map_opt(|digits: &str| digits.parse().ok()).map(Some);
    let unknown = alt((tag("-1"), tag("?"))).map(|_| None);
    let line = preceded(char(':'), alt((known, unknown)));
    // llvm-symbolizer also prints the column.
    let column = opt(pair(char(':'), digit1));
    map((source_file, line, column), |(file, line, _)| SourceLine {
        file: printed_path(file),
        line,
    })
    .parse(input)
}

/// A path whose name ends as kernel sources do.
fn source_file(input: &str) -> IResult<&str, &str> {
    const ENDINGS: [&str; 7] = [".c", ".h", ".S", ".rs", ".s", ".cc", ".cpp"];
    verify(
        take_while1(|c: char| c.is_ascii_alphanumeric() || "_./+-,~".contains(c)),
        |path: &str| ENDINGS.iter().any(|ending| path.ends_with(ending)),
    )
    .parse(input)
}

fn hex_number(input: &str) -> IResult<&str, u64> {
    hex_digit1.map_opt(parse_hex).parse(input)
}

fn parse_hex(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> CodeRef {
        code_ref(text).unwrap_or_else(|e| panic!("{text}: {e}")).1
    }

    #[test]
    fn plain() {
        let code = read(" init_intel+0x11/0x330");
        assert_eq!(code.function.as_deref(), Some("init_intel"));
        assert_eq!((code.offset, code.size), (Some(0x11), Some(0x330)));
    }

    #[test]
    fn modules_with_flags_and_build_id() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (text, build_id) in [
            ("f.cold+0x1/0x2 [kvm_intel]".to_owned(), None),
            ("f+0x1/0x2 [kvm_intel(OE+)]".to_owned(), None),
            (format!("f+0x1/0x2 [kvm_intel {id}]"), Some(id)),
            ("f+0x1/0x2 [kvm_intel (HASH:c3d4 8)]".to_owned(), None),
            ("f (arch/x86/kvm/vmx/vmx.c:12) kvm_intel".to_owned(), None),
            (
                "f+0x1/0x2 [kvm_intel] arch/x86/kvm/vmx/vmx.c:12".to_owned(),
                None,
            ),
            (
                "f+0x1/0x2 [kvm_intel] - arch/x86/kvm/vmx/vmx.c:12".to_owned(),
                None,
            ),
            (
                "f+0x1/0x2 [kvm_intel] [arch/x86/kvm/vmx/vmx.c:12]".to_owned(),
                None,
            ),
        ] {
            let code = read(&text);
            assert_eq!(code.module.as_deref(), Some("kvm_intel"), "{text}");
            assert_eq!(code.module_build_id.as_deref(), build_id, "{text}");
        }
    }

    #[test]
    fn decoded_with_inlines_and_discriminators() {
        let code = read("init_intel (./a/msr.h:146 a/msr.h:300 (discriminator 4) a/intel.c:687)");
        let lines: Vec<_> = code
            .sources
            .iter()
            .map(|s| (s.file.as_str(), s.line))
            .collect();
        assert_eq!(
            lines,
            [
                ("a/msr.h", Some(146)),
                ("a/msr.h", Some(300)),
                ("a/intel.c", Some(687))
            ]
        );
        assert_eq!(
            read("f+0x1/0x2 (a/b.c:3 (discriminator 1))").sources.len(),
            1
        );
        assert_eq!(read("f (?:? ??:0 a/b.c:3)").sources.len(), 1);
        assert_eq!(read("f (a/b.c:?)").sources[0].line, None);
        assert_eq!(read("f+0x1/0x2 a/b.c:-1").sources[0].line, None);
        assert_eq!(read("f (a/b.c:3:27)").sources[0].line, Some(3));
        let (rest, code) = code_ref("f (a/b.c:3) zeta (P)").expect("a frame");
        assert_eq!((code.module.as_deref(), rest), (Some("zeta"), "(P)"));
        assert_eq!(read("f+0x1/0x2 at a/b.c:3").sources[0].line, Some(3));
    }

    #[test]
    fn as_syzbot_writes_it() {
        let code = read("usb_submit_urb+0x7e/0x18d0 drivers/usb/core/urb.c:380");
        assert_eq!(
            code.sources,
            [SourceLine {
                file: "drivers/usb/core/urb.c".into(),
                line: Some(380)
            }]
        );
    }

    #[test]
    fn addresses() {
        assert_eq!(
            read("[<ffffffff81012345>] f+0x1/0x2").address,
            Some(0xffff_ffff_8101_2345)
        );
        assert_eq!(
            read("0xffffffffa0106083").address,
            Some(0xffff_ffff_a010_6083)
        );
        assert_eq!(
            read("[c000000002957d20] [c00000000024a60c] g+0x1/0x2").address,
            Some(0xc000_0000_0024_a60c)
        );
    }

    proptest! {
        #[test]
        fn the_usual_reference_is_read_as_any_other(
            text in "[a-c_.$@:<>0-9]{0,4}(\\+0x)?[0-9a-fA-F]{0,18}(/0x)?[0-9a-f]{0,3}[ x]?",
        ) {
            if let Some(code) = usual(&text) {
                prop_assert_eq!(code_ref(&text), Ok(("", code)));
            }
        }
    }

    #[test]
    fn prose_is_no_reference() {
        for text in [
            "init_intel",
            "identify_cpu() is called",
            "see arch/x86/kernel/cpu/intel.c:3",
            "+0x12",
            "",
        ] {
            assert!(code_ref(text).is_err(), "{text}");
        }
    }
}
