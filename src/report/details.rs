//! What a report says after its header: the access and the object of KASAN, the index of UBSAN, the locks of
//! lockdep, the fault of an oops in the kernel's words.
//!
//! In: a splat with its classified lines. Out: those that say something, as printed.

use crate::grammar::{Detail, Grammar};
use crate::splat::{LineClass, Splat, SplatLine};

/// More of them no report needs.
const MOST: usize = 40;

/// The lines between the header and the call trace, and what the grammar knows as details after it: there
/// other messages of the kernel may be mixed in.
pub fn of(grammar: &Grammar, splat: &Splat) -> Vec<String> {
    let mut in_head = true;
    let mut details = Vec::new();
    // printk() was given a text of two lines: the second begins with a blank.
    let mut goes_on = false;
    // A header that completes a report is not its first line.
    let besides = |line: &SplatLine<'_>| line.number != splat.header_line;
    let mut lines = splat.lines.iter().filter(besides).peekable();
    while let Some(line) = lines.next() {
        in_head &= !matches!(line.class, LineClass::TraceStart | LineClass::Frame(..));
        let is_torn = lines.peek().is_some_and(|next| is_half(line, *next));
        let wanted = match line.class {
            LineClass::Known(detail) => *detail != Detail::None,
            LineClass::Text => in_head,
            _ => false,
        };
        goes_on &= line.printed.starts_with(' ') && *line.class == LineClass::Text;
        let is_wanted = !is_torn && (goes_on || wanted && says_something(grammar, line));
        // The count goes on, so that the second half of a line that was not kept is not kept
        // either.
        if is_wanted && details.len() < MOST {
            details.push(as_printed(line).to_owned());
        }
        goes_on = is_wanted;
    }
    details
}

/// A line without its margin, but where that says something: lockdep has a column for each CPU.
fn as_printed(line: SplatLine<'_>) -> &str {
    match line.class {
        LineClass::Known(Detail::Columns) => line.printed.trim_end(),
        _ => line.printed.trim(),
    }
}

/// True where printk was interrupted in a line and printed it once more, whole.
fn is_half(line: SplatLine<'_>, next: SplatLine<'_>) -> bool {
    let (half, whole) = (line.printed.trim(), next.printed.trim());
    half.len() < whole.len() && whole.starts_with(half)
}

fn says_something(grammar: &Grammar, line: SplatLine<'_>) -> bool {
    let text = line.text.trim();
    // Rows of signs and single letters draw a picture: they say nothing alone.
    let has_words = text.bytes().filter(u8::is_ascii_alphanumeric).count() > 2;
    has_words && grammar.stack_at(text).is_none() && !is_dump(text)
}

/// A row of a memory dump: an address, and nothing but bytes after it; or nothing but words, where xtensa marks some.
fn is_dump(text: &str) -> bool {
    let is_hex = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut words = text.trim_start_matches('>').split_ascii_whitespace();
    if words.all(|word| matches!(word.len(), 8 | 16) && is_hex(word)) {
        return true;
    }
    let address = text
        .split_once(": ")
        .map(|(address, _)| address.trim_start_matches('>'));
    address.is_some_and(|address| address.len() >= 8 && is_hex(address))
}
