//! Lines that a mailer broke: puts them together again.
//!
//! A mailer breaks at 72 to 78 columns; people who quote a log mark the second half with `+`.
//! The second half has no framing of its own. [`joined`] decides from the two halves alone.
//! [`continued`] knows the lines of a splat, and so needs no framing to tell two halves.

mod hard;
mod narrow;

use super::LogLine;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// Narrowest width at which mailers break.
const MAILER_WIDTH: usize = 72;

/// A broken line is at least and at most this wide, since words may be longer than half a line: a wider one
/// in the same mail shows that the mailer let lines be, a narrower one ended by itself.
const BROKEN_WIDTHS: std::ops::RangeInclusive<usize> = 15..=80;

/// What was put together is no longer than this: printk's own limit is 1024 bytes a record, and to a line without end
/// each next one would be added by a copy of all before it.
const MAX_JOINED: usize = 8 << 10;

/// The line that `first` and `next` were before a mailer broke them; `None` where they are two.
pub fn joined(first: &LogLine<'_>, next: &LogLine<'_>) -> Option<LogLine<'static>> {
    if next.framing.present || next.text.trim().is_empty() || first.text.len() > MAX_JOINED {
        return None;
    }
    // A shell that shows what it runs (`set -x`) has a blank behind its mark.
    let marked = next.text.strip_prefix('+');
    let tail = if let Some(tail) = marked.filter(|tail| !tail.starts_with(' ')) {
        tail
    } else if broken_between(first, next) {
        next.text.as_ref()
    } else {
        return None;
    };
    let mut line = first.clone().into_owned();
    line.text = format!("{} {}", first.text.trim_end(), tail.trim_start()).into();
    // Of a line in three pieces the second one shows whether a third may follow.
    line.width = next.width;
    Some(line)
}

/// Beginnings of the long lines of a splat, those that a mailer breaks.
const LONG: &[&str] = &[
    "Code: ",
    "Modules linked in:",
    "CPU: ",
    "Hardware name: ",
    "RIP: ",
    "Workqueue: ",
    "Tainted: ",
];

/// Beginnings of register lines (arch/x86/kernel/process_64.c, `__show_regs()`).
const REGISTERS: &[&str] = &[
    "RSP: ", "RAX: ", "RDX: ", "RBP: ", "R10: ", "R13: ", "FS: ", "CS: ", "CR2: ", "DR0: ", "DR3: ",
];

/// Beginning of the header of a WARN().
const WARNING: &str = "WARNING: ";

static WARNINGS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(WARNING));

/// Beginnings of other lines of a splat: no second half of anything.
const OTHER: &[&str] = &[
    "---",
    "<",
    "Call Trace:",
    "? ",
    WARNING,
    "Kernel panic",
    "[<",
    // where the CPU was, on other architectures than x86-64
    "EIP: ",
    "PC is at ",
    "pc is at ",
    "pc : ",
    "pstate: ",
    "epc : ",
    "NIP: ",
    "Krnl PSW : ",
    "TSTATE: ",
    "unwind_backtrace",
    // the third line of a hung task
    "\"echo 0 > /proc/",
];

/// True for a line of a splat whose rest may be on the next line: one at the mailer's margin, the
/// instruction bytes, which printk may print in pieces, or what printk begins anew.
pub fn may_be_continued(line: &LogLine<'_>) -> bool {
    let text = line.text.trim();
    let is_narrow = line.framing.present && narrow::may_go_on(text);
    is_narrow || hard::may_go_on(line) || may_reach_margin(text)
}

/// True for a line of those that a mailer's margin breaks: of others the width proves nothing.
fn may_reach_margin(text: &str) -> bool {
    is_long(text) || WARNINGS.find(text.as_bytes()).is_some() || is_half_mark(text)
}

/// True for the beginning of "cut here" or of an end of a trace.
fn is_half_mark(text: &str) -> bool {
    text.starts_with("---") && !text.ends_with("---")
}

/// True for a line of this width whose rest a mailer may have put on the next one.
pub fn may_be_broken(line: &LogLine<'_>) -> bool {
    line.framing.present && BROKEN_WIDTHS.contains(&line.width)
}

/// The line that a long line of a splat and the next one were; `None` where they are two.
pub fn continued(first: &LogLine<'_>, next: &LogLine<'_>) -> Option<LogLine<'static>> {
    if first.text.len() > MAX_JOINED {
        return None;
    }
    if let Some(whole) = hard::joined(first, next) {
        return Some(whole);
    }
    let (text, tail) = (first.text.trim_end(), next.text.trim());
    let bytes = || text.trim_start().starts_with("Code:") && is_code(tail);
    let goes_on = || match is_half_mark(text.trim_start()) {
        true => tail.ends_with("]---") || tail.ends_with("]------------"),
        false => goes_on(text, tail),
    };
    let is_narrow = || may_be_halves(first, next) && narrow::goes_on(text, tail);
    let is_broken = || may_reach_margin(text.trim()) && is_margin_between(first, next) && goes_on();
    let whole = bytes() || is_broken() || is_narrow();
    (whole && !tail.is_empty()).then(|| LogLine {
        text: format!("{text} {tail}").into(),
        width: next.width,
        ..first.clone().into_owned()
    })
}

/// The second half has no framing, and is not quoted deeper.
fn may_be_halves(first: &LogLine<'_>, next: &LogLine<'_>) -> bool {
    !next.framing.present && next.quote <= first.quote && BROKEN_WIDTHS.contains(&first.width)
}

/// A break that a mailer had to make because the next word did not fit. Some break what they have quoted: the
/// second half has no mark.
fn is_margin_between(first: &LogLine<'_>, next: &LogLine<'_>) -> bool {
    if !may_be_halves(first, next) {
        return false;
    }
    let next_word = next.text.split_whitespace().next().map_or(0, str::len);
    // Flags of the taint stand far from one another, and so does what follows the last of them.
    let blanks = match first.text.split_once("Tainted: ") {
        Some((_, flags)) if !flags.contains(|c: char| c.is_ascii_digit()) => TAINT_WIDTH,
        _ => 1,
    };
    first.width + blanks + next_word > MAILER_WIDTH
}

/// Flags of a tainted kernel, a blank for each that is not set (kernel/panic.c, `print_tainted()`).
const TAINT_WIDTH: usize = 19;

/// Beginnings of the header of a WARN() that names its place.
const PLACED: &[&str] = &["WARNING: CPU: ", "WARNING: at "];

/// True where `tail` may be the rest of the line of a splat that begins with `first`.
fn goes_on(first: &str, tail: &str) -> bool {
    if first.contains(WARNING) {
        // … at FILE:LINE FUNC+0x1/0x2, broken at either blank.
        let at_blank = first.ends_with(" at") || first.ends_with(|c: char| c.is_ascii_digit());
        let names_place = at_blank && tail.split_whitespace().take(2).any(is_frame);
        if names_place || starts_with(PLACED, first.trim_start()) {
            return names_place;
        }
    }
    !is_line_of_splat(tail) && fits(first, tail)
}

/// Registers go on with registers, instruction bytes with bytes: what else follows them is noise of
/// the console.
fn fits(first: &str, next: &str) -> bool {
    let is_value = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b":()".contains(&byte))
    };
    let is_name = |name: &str| {
        let name = name.strip_prefix("knl").unwrap_or(name);
        name.bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let is_register = |word: &str| {
        let (name, value) = word.split_once(':').unwrap_or((word, ""));
        is_name(name) && is_value(value)
    };
    let first = first.trim_start();
    // arm64 and others: `x29: ffffffc0853bbb60 x28: …`.
    let has_values = || {
        let is_long_value = |word: &&str| matches!(word.len(), 8 | 16) && is_value(word);
        first.split_whitespace().filter(is_long_value).count() > 1
    };
    if starts_with(REGISTERS, first) || has_values() {
        next.split_whitespace()
            .all(|word| is_register(word) || is_value(word))
    } else if is_frame(first) || is_mark(first) {
        // A frame names its module, or its place.
        next.starts_with(['[', '(']) && !is_mark(first)
    } else {
        !first.starts_with("Code:") || is_code(next)
    }
}

/// True for a line that is whole whatever follows.
fn is_mark(text: &str) -> bool {
    text.starts_with('<') || text.starts_with("---[") || text.starts_with("Call Trace:")
}

fn is_line_of_splat(text: &str) -> bool {
    is_long(text) || starts_with(OTHER, text) || is_frame(text)
}

fn is_long(text: &str) -> bool {
    starts_with(LONG, text) || starts_with(REGISTERS, text)
}

/// The blank that ends a beginning may be where the line was broken.
fn starts_with(beginnings: &[&str], text: &str) -> bool {
    let first = text.as_bytes().first();
    let mut alike = beginnings
        .iter()
        .filter(|beginning| beginning.as_bytes().first() == first);
    alike.any(|beginning| text.starts_with(beginning) || text == beginning.trim_end())
}

/// `f+0x1/0x2` as the first word. What `RIP:` is followed by begins with the segment.
fn is_frame(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    let is_name = !word.starts_with(|c: char| c.is_ascii_digit());
    is_name && word.contains("+0x") && word.contains("/0x")
}

/// Instruction bytes and nothing else.
fn is_code(text: &str) -> bool {
    let is_byte = |word: &str| {
        let digits = word
            .trim_start_matches(['<', '('])
            .trim_end_matches(['>', ')']);
        matches!(digits.len(), 2 | 4 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    text.split_whitespace().all(is_byte)
}

/// A break inside an open parenthesis, or one that a mailer had to make because the next word
/// did not fit.
fn broken_between(first: &LogLine<'_>, next: &LogLine<'_>) -> bool {
    if has_open_parenthesis(&first.text) && next.text.contains(')') {
        return true;
    }
    let (text, tail) = (first.text.trim(), next.text.trim_start());
    let goes_on = match text.is_empty() {
        // The stamp alone on its line: the word behind it did not fit.
        true => is_frame(tail.trim_start_matches("? ")),
        false => fits(text, tail) && (awaits_place(text) || !is_frame(tail)),
    };
    may_be_broken(first) && is_margin_between(first, next) && goes_on
}

/// True for a line that cannot end where it does: a function comes next. It is the lock's, the caller's on arm, the
/// one that a sanitizer names, or that of a frame that is not reliable.
fn awaits_place(text: &str) -> bool {
    let names_caller = || text.ends_with(">]") && text.contains(") from [<");
    let is_header = || text.ends_with(" in") && text.starts_with("BUG: K");
    text == "?"
        || text.ends_with(", at:")
        || text.ends_with(" from")
        || names_caller()
        || is_header()
}

/// True where a `(` has no `)`, as in the first half of a decoded frame.
pub fn has_open_parenthesis(text: &str) -> bool {
    let text = text.as_bytes();
    let Some(first) = memchr::memchr(b'(', text) else {
        return false;
    };
    let count = |sign, text| memchr::memchr_iter(sign, text).count();
    count(b'(', &text[first..]) > count(b')', text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(first: &str, next: &str) -> Option<String> {
        let first = LogLine::parse(1, first.as_bytes());
        let next = LogLine::parse(2, next.as_bytes());
        joined(&first, &next).map(|line| line.text.into_owned())
    }

    #[test]
    fn a_quoted_frame_continued_with_a_plus() {
        let text = join("> [ 0.05][ T0] init_intel (a.h:1 b.c:2", "> +b.c:3)");
        assert_eq!(text.as_deref(), Some("init_intel (a.h:1 b.c:2 b.c:3)"));
    }

    #[test]
    fn a_register_line_broken_at_the_margin() {
        let text = join(
            "[    0.008282] RDX: 0000000000000001 RSI: 0000000000000070 RDI:",
            "ffffcd5fc00bfe08",
        );
        assert!(text.is_some_and(|t| t.ends_with("RDI: ffffcd5fc00bfe08")));
    }

    #[test]
    fn a_word_that_is_longer_than_what_the_stamp_leaves() {
        let stamp = "Nov 23 14:20:48 host kernel: [    0.000000]";
        let frame = join(stamp, "identify_secondary_cpu+0x12/0x40");
        assert_eq!(frame.as_deref(), Some(" identify_secondary_cpu+0x12/0x40"));
        let guess = join("[    0.000000]  ?", &format!("{}+0x1/0x2", "f".repeat(60)));
        assert!(guess.is_some_and(|text| text.starts_with(" ? f")));
        assert_eq!(join(stamp, "Welcome to a machine with a prompt"), None);
    }

    #[test]
    fn a_line_that_names_a_function_last() {
        for (first, next) in [
            (
                "ffff8881072a0a58 (&zd->lock){+.+.}-{3:3}, at:",
                "zeta_go+0x3c/0x180 [zeta]",
            ),
            (
                "[<80709090>] (zeta_work) from [<8013fd6c>]",
                "(process_one_work+0x250/0x57c)",
            ),
            (
                "BUG: KASAN: slab-use-after-free in",
                "zeta_hci_rx+0x1a5/0x310",
            ),
        ] {
            let whole = join(&format!("[   55.100011] {first}"), next);
            assert_eq!(whole, Some(format!("{first} {next}")));
        }
    }

    #[test]
    fn the_second_line_of_a_hung_task_is_whole() {
        let tainted = LogLine::parse(1, b">       Tainted: P           OE      6.8.12-4-pve #1");
        let next = LogLine::parse(
            2,
            b"> \"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\" disables this message.",
        );
        assert!(continued(&tainted, &next).is_none());
    }

    #[test]
    fn a_header_at_the_margin_is_whole_where_its_words_do_not_tell_else() {
        let freed = "[   12.5] INFO: Freed in fasync_free_rcu+0x14/0x20 age=120 cpu=1 pid=0";
        assert_eq!(go_on(freed, " -- System halted"), None);
    }

    fn go_on(first: &str, next: &str) -> Option<String> {
        let first = LogLine::parse(1, first.as_bytes());
        let next = LogLine::parse(2, next.as_bytes());
        assert!(may_be_continued(&first));
        continued(&first, &next).map(|line| line.text.into_owned())
    }

    #[test]
    fn lines_of_a_splat_behind_the_stamp_of_a_logger() {
        let stamp = "Nov 23 14:20:48 host kernel: [    0.000000]";
        for (first, next) in [
            ("RIP:", "0010:do_clear_cpu_cap+0xde/0x130"),
            ("------------[ cut here", "]------------"),
            ("---[ end trace", "0000000000000000 ]---"),
            (
                "WARNING: CPU: 1 PID: 0 at",
                "arch/x86/kernel/cpu/cpuid-deps.c:117 f+0x1/0x2",
            ),
            (
                "Foo: WARNING: Spectre v2",
                "mitigation leaves CPU vulnerable",
            ),
        ] {
            let whole = go_on(&format!("{stamp} {first}"), next);
            assert_eq!(whole, Some(format!("{first} {next}")));
        }
    }

    #[test]
    fn a_quoted_line_broken_by_the_mailer_of_the_answer() {
        let first = "> [    0.000000] FS:  0000000000000000(0000) GS:ffff88ee1f300000(0000)";
        let whole = go_on(first, "knlGS:0000000000000000");
        assert!(whole.is_some_and(|text| text.ends_with(") knlGS:0000000000000000")));
        let first = "> [    0.000000] RAX: 0000000000000000 RBX: ffffcf13400c3dc8 RCX: 00";
        assert_eq!(go_on(first, "Hm, interesting."), None);
    }

    #[test]
    fn bytes_without_end_are_no_line() {
        let mut line = LogLine::parse(1, b"Code: 0f").into_owned();
        let next = LogLine::parse(2, b"0f 0b");
        let mut pieces = 0;
        while let Some(whole) = continued(&line, &next) {
            line = whole;
            pieces += 1;
        }
        assert!(pieces > 1000 && line.text.len() < 2 * MAX_JOINED);
    }

    #[test]
    fn two_lines_of_their_own_stay_two() {
        assert_eq!(
            join("[ 0.1] init_intel+0x1/0x2", "[ 0.1] identify_cpu+0x1/0x2"),
            None
        );
        assert_eq!(join("[ 0.1] Call Trace:", "prose of a mail"), None);
    }
}
