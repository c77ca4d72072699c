//! Whether two lines are the halves of one.
//!
//! A mailer breaks at 72 to 78 columns; people who quote a log mark the second half with `+`.
//! The second half has no framing of its own. [`joined`] decides from the two halves alone.
//! [`continued`] knows the lines of reports (`[[line]]` and `[[halves]]` of the grammar), and so needs no
//! framing to know two halves.

use super::{narrow, terminal};
use crate::grammar::{Grammar, HalvesName, Level, LineForm};
use crate::line::LogLine;
use crate::line::kind::header;

/// Narrowest width at which mailers break.
const MAILER_WIDTH: usize = 72;

/// A broken line is at least and at most this wide, since words may be longer than half a line: a wider one
/// in the same mail shows that the mailer let lines be, a narrower one ended by itself.
const BROKEN_WIDTHS: std::ops::RangeInclusive<usize> = 15..=80;

/// What was put together is no longer than this: printk's own limit is 1024 bytes a record, and to a line without end
/// each next one would be added by a copy of all before it.
const MAX_JOINED: usize = 8 << 10;

/// The line that `first` and `next` were before a mailer broke them; `None` where they are two.
pub fn joined(
    grammar: &Grammar,
    first: &LogLine<'_>,
    next: &LogLine<'_>,
) -> Option<LogLine<'static>> {
    if next.framing.present || next.text.trim().is_empty() || first.text.len() > MAX_JOINED {
        return None;
    }
    // A shell that shows what it runs (`set -x`) has a blank after its mark.
    let marked = next.text.strip_prefix('+');
    let tail = if let Some(tail) = marked.filter(|tail| !tail.starts_with(' ')) {
        tail
    } else if broken_between(grammar, first, next) {
        next.text.as_ref()
    } else {
        return None;
    };
    let mut line = first.clone().into_owned();
    // With one blank: a mailer breaks at a blank, which it leaves out.
    line.text = format!("{} {}", first.text.trim_end(), tail.trim_start()).into();
    // Of a line in three pieces the second one shows whether a third may follow.
    line.width = next.width;
    Some(line)
}

/// True for a line of a report whose rest may be on the next line: one at the mailer's margin, the
/// instruction bytes, which printk may print in pieces, or what printk begins anew.
pub fn may_be_continued(grammar: &Grammar, line: &LogLine<'_>) -> bool {
    let text = line.text.trim();
    // The width comes first: "RETBleed: WARNING: …" is wider than any margin, and in every boot of many machines.
    if !BROKEN_WIDTHS.contains(&line.width) {
        return is_code_line(text) || narrow::lacks_kernel(grammar, text);
    }
    // A lock without its place is half a line, whatever is in front of it.
    let is_sure = || text.ends_with(", at:");
    let is_narrow = (line.framing.present || is_sure()) && narrow::may_go_on(grammar, text);
    is_narrow || terminal::may_go_on(grammar, line) || may_reach_margin(grammar, text)
}

/// True for instruction bytes: they go on wherever they were broken.
fn is_code_line(text: &str) -> bool {
    text.trim_start().starts_with("Code:")
}

/// True for a line of those that a mailer's margin breaks: of others the width proves nothing.
fn may_reach_margin(grammar: &Grammar, text: &str) -> bool {
    is_long(grammar, text) || names_warn(grammar, text) || is_half_mark(text)
}

/// True where the header of a WARN() is in the text.
fn names_warn(grammar: &Grammar, text: &str) -> bool {
    grammar.lines.has_word(HalvesName::Warn, text)
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
pub fn continued(
    grammar: &Grammar,
    first: &LogLine<'_>,
    next: &LogLine<'_>,
) -> Option<LogLine<'static>> {
    if first.text.len() > MAX_JOINED {
        return None;
    }
    if let Some(whole) = terminal::joined(grammar, first, next) {
        return Some(whole);
    }
    let (text, tail) = (first.text.trim_end(), next.text.trim());
    let bytes = || is_code_line(text) && is_code(tail);
    let goes_on = || match is_half_mark(text.trim_start()) {
        true => tail.ends_with("]---") || tail.ends_with("]------------"),
        false => goes_on(grammar, text, tail),
    };
    let is_narrow = || may_be_halves(first, next) && narrow::goes_on(grammar, text, tail);
    let is_kernel = || {
        !next.framing.present
            && narrow::is_kernel(tail)
            && narrow::lacks_kernel(grammar, text.trim_start())
    };
    // The cheap tests come first: this is asked of every long line of a report.
    let is_broken =
        || may_reach_margin(grammar, text.trim()) && is_margin_between(first, next) && goes_on();
    let whole = bytes() || is_broken() || is_narrow() || is_kernel();
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
    // The width proves a break only where the line could not have held the next word.
    if !may_be_halves(first, next) {
        return false;
    }
    let next_word = next.text.split_whitespace().next().map_or(0, str::len);
    // Flags of the taint are far from one another, and so does what follows the last of them.
    let blanks = match first.text.split_once("Tainted: ") {
        Some((_, flags)) if !flags.contains(|c: char| c.is_ascii_digit()) => TAINT_WIDTH,
        _ => 1,
    };
    first.width + blanks + next_word > MAILER_WIDTH
}

/// Flags of a tainted kernel, a blank for each that is not set (kernel/panic.c, `print_tainted()`).
const TAINT_WIDTH: usize = 19;

/// True where `tail` may be the rest of the line of a splat that begins with `first`.
fn goes_on(grammar: &Grammar, first: &str, tail: &str) -> bool {
    if names_warn(grammar, first) {
        // A module's name may come after the place.
        if is_whole_header(grammar, first) {
            return tail.starts_with('[');
        }
        // … at FILE:LINE FUNC+0x1/0x2, broken at either blank.
        let at_blank = first.ends_with(" at") || first.ends_with(|c: char| c.is_ascii_digit());
        let names_place = at_blank && tail.split_whitespace().take(2).any(is_frame);
        if names_place
            || grammar
                .lines
                .begins_with(HalvesName::WarnWithPlace, first.trim_start())
        {
            return names_place;
        }
    }
    // Whatever its width, the line that names the machine ends with the date of the BIOS.
    let text = first.trim();
    let is_whole = has_form(grammar, text, LineForm::Hardware) && narrow::ends_with_date(text);
    !is_whole
        && !is_line_of_report(grammar, tail)
        && !begins_report(grammar, tail)
        && fits(grammar, first, tail)
}

/// True for a header that lacks nothing: lockdep's, or one of a WARN() with its place.
fn is_whole_header(grammar: &Grammar, first: &str) -> bool {
    let header = header(grammar, first.trim_start(), true);
    header.is_some_and(|header| header.is_whole() && !header.kind.fallback)
}

/// True for the header of a report, or the first line of a dump: it is the rest of no line, however wide that was.
fn begins_report(grammar: &Grammar, tail: &str) -> bool {
    let header = || header(grammar, tail, true);
    narrow::is_header(grammar, tail)
        || grammar.dump_at(tail).is_some()
        || header().is_some_and(|h| h.kind.level == Level::Report)
}

/// Registers go on with registers, instruction bytes with bytes: what else follows them is noise of
/// the console.
pub(super) fn fits(grammar: &Grammar, first: &str, next: &str) -> bool {
    // `RSP: 0018:ffff…` has a colon after the segment, `FS:  0000…(0000)` the selector in parentheses.
    let is_value = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_hexdigit() || b":()".contains(&byte))
    };
    let is_name = |name: &str| {
        // `knlGS` is the only name in lower case (arch/x86/kernel/process_64.c, `__show_regs()`).
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
    if is_register_row(grammar, first) || has_values() {
        next.split_whitespace()
            .all(|word| is_register(word) || is_value(word))
    } else if is_frame(first) || is_mark(grammar, first) {
        // A frame names its module, or its place.
        next.starts_with(['[', '(']) && !is_mark(grammar, first)
    } else {
        !first.starts_with("Code:") || is_code(next)
    }
}

/// True for a line that is whole whatever follows: a mark of the report or of its trace.
fn is_mark(grammar: &Grammar, text: &str) -> bool {
    let is_one = |form| matches!(form, LineForm::End | LineForm::Section | LineForm::Trace);
    grammar.lines.of(text).any(|(rule, _)| is_one(rule.form))
}

/// True for a line that is the second half of no other one.
pub(super) fn is_line_of_report(grammar: &Grammar, text: &str) -> bool {
    let mut rules = grammar.lines.of_half(text);
    rules.any(|rule| rule.long || rule.whole) || is_frame(text)
}

/// True for a line that a mailer breaks at its margin.
pub(super) fn is_long(grammar: &Grammar, text: &str) -> bool {
    grammar.lines.of_half(text).any(|rule| rule.long)
}

/// True for a row of x86's registers.
pub(super) fn is_register_row(grammar: &Grammar, text: &str) -> bool {
    has_form(grammar, text, LineForm::Registers)
}

/// True for a line that is read in a form, as far as its beginning shows.
pub(super) fn has_form(grammar: &Grammar, text: &str, form: LineForm) -> bool {
    let mut rules = grammar.lines.of_half(text);
    rules.any(|rule| rule.form == form)
}

/// `f+0x1/0x2` as the first word. What `RIP:` is followed by begins with the segment.
pub(super) fn is_frame(text: &str) -> bool {
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
        // x86 prints bytes, other architectures instructions of two or four bytes.
        matches!(digits.len(), 2 | 4 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    text.split_whitespace().all(is_byte)
}

/// A break inside an open parenthesis, or one that a mailer had to make because the next word
/// did not fit.
fn broken_between(grammar: &Grammar, first: &LogLine<'_>, next: &LogLine<'_>) -> bool {
    // No message of a report has its parenthesis on two lines, so that the width need not be asked.
    if has_open_parenthesis(&first.text) && next.text.contains(')') {
        return true;
    }
    let (text, tail) = (first.text.trim(), next.text.trim_start());
    let goes_on = match text.is_empty() {
        // The stamp alone on its line: the word after it did not fit.
        true => is_frame(tail.trim_start_matches("? ")),
        false => {
            let begins_whole = || grammar.lines.of(tail).any(|(rule, _)| rule.whole);
            let may_follow = awaits_place(text) || !is_frame(tail);
            may_follow
                && !begins_whole()
                && !begins_report(grammar, tail)
                && fits(grammar, text, tail)
        }
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
#[path = "halves_tests.rs"]
mod tests;
