//! Lines that a terminal of 80 columns broke, in the middle of a word: what a serial console, a virtual machine's
//! window or `screen` shows is copied like that.

use super::halves::{is_line_of_report, is_register_row};
use super::narrow;
use crate::grammar::Grammar;
use crate::line::LogLine;

/// Columns of such a terminal.
const COLUMNS: usize = 80;

/// True for a line that fills the terminal.
pub(super) fn may_go_on(grammar: &Grammar, line: &LogLine<'_>) -> bool {
    line.width == COLUMNS && line.framing.is_kernels() && !is_whole(grammar, &line.text)
}

/// The line that both halves were; `None` where they are two.
pub(super) fn joined(
    grammar: &Grammar,
    first: &LogLine<'_>,
    next: &LogLine<'_>,
) -> Option<LogLine<'static>> {
    let tail = next.text.as_ref();
    let is_tail = !next.framing.present && next.quote == first.quote && next.width <= COLUMNS;
    let is_own = is_line_of_report(grammar, tail.trim())
        || narrow::is_header(grammar, tail)
        || is_of_system(tail);
    let is_one = may_go_on(grammar, first) && is_tail && !is_own && !tail.trim().is_empty();
    // The halves are joined without a blank: the terminal breaks at the column, in the middle of a word. A mailer with a
    // margin of 80 breaks at a blank, which is missed only between instruction bytes.
    let blank = if ends_with_byte(&first.text, tail) {
        " "
    } else {
        ""
    };
    is_one.then(|| LogLine {
        text: format!("{}{blank}{tail}", first.text).into(),
        width: next.width,
        ..first.clone().into_owned()
    })
}

/// True for instruction bytes of which the last one is whole, and so is the next.
fn ends_with_byte(first: &str, tail: &str) -> bool {
    let is_byte = |word: &str| {
        let digits = word.trim_matches(['<', '>', '(', ')']);
        digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let (last, next) = (first.rsplit(' ').next(), tail.split(' ').next());
    first.trim_start().starts_with("Code:")
        && last.is_some_and(is_byte)
        && next.is_some_and(is_byte)
}

/// Three registers fill the terminal after a stamp of the usual width: nothing of them is missing.
fn is_whole(grammar: &Grammar, text: &str) -> bool {
    let last = text.rsplit(' ').next().unwrap_or_default();
    let is_value = last.len() == 16 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ends = text.ends_with([')', ']', '-', '=']);
    is_value && is_register_row(grammar, text.trim_start()) || ends
}

/// What systemd and programs write to a console between two messages of the kernel.
fn is_of_system(tail: &str) -> bool {
    tail.starts_with("[  ") || tail.starts_with("   ") || tail.contains("login:")
}

#[cfg(test)]
mod tests {
    use super::joined;
    use crate::grammar::Grammar;
    use crate::line::LogLine;

    fn join(first: &str, next: &str) -> Option<String> {
        let first = LogLine::parse(1, first.as_bytes());
        let next = LogLine::parse(2, next.as_bytes());
        joined(&Grammar::builtin(), &first, &next).map(|line| line.text.into_owned())
    }

    #[test]
    fn a_word_that_the_edge_of_the_terminal_parts() {
        let first =
            "[   93.402090] CPU: 2 PID: 1207 Comm: v3d_bin Tainted: G         C         6.6.3";
        let whole = join(first, "1+rpt-rpi-v8 #1  Debian 1:6.6.31-1+rpt1");
        assert!(whole.is_some_and(|text| text.contains(" 6.6.31+rpt-rpi-v8 #1 ")));
    }

    #[test]
    fn lines_that_are_two() {
        let registers =
            "[   44.120089] RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000";
        let cpu =
            "[   93.402090] CPU: 2 PID: 1207 Comm: v3d_bin Tainted: G         C         6.6.3";
        for (first, next) in [
            (registers, "PASS: tst_foo 12"),
            (cpu, "[  OK  ] Started D-Bus System Message Bus."),
            (cpu, "Call Trace:"),
            (&cpu[..79], "1+rpt-rpi-v8"),
        ] {
            assert_eq!(join(first, next), None, "{next}");
        }
    }
}
