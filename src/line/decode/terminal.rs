//! What a terminal adds: colours and other escape sequences (ECMA-48), carriage returns, backspaces
//! and NULs.

use crate::line::framing::stamp_at;
use memchr::{memchr, memchr_iter, memchr3};
use std::borrow::Cow;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The pieces of a line between carriage returns, without escape sequences. Of what was printed
/// over, no message is dropped; what is none in front of one, a progress bar or a prompt, is.
pub(super) fn pieces(raw: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let is_clean = || memchr3(ESC, b'\r', 0, raw).is_none() && memchr(8, raw).is_none();
    let text = match spelled_colours(raw) {
        Some(text) => without_escapes(&text),
        None if is_clean() => return vec![Cow::Borrowed(raw)],
        None => without_escapes(raw),
    };
    let pieces = text
        .split(|byte| *byte == b'\r')
        .filter(|piece| !piece.is_empty());
    let pieces: Vec<_> = pieces.map(|piece| Cow::Owned(piece.to_vec())).collect();
    without_printed_over(pieces)
}

/// Without the pieces that have no stamp in front of one that has.
fn without_printed_over(mut pieces: Vec<Cow<'_, [u8]>>) -> Vec<Cow<'_, [u8]>> {
    let has_stamp = |piece: &Cow<'_, [u8]>| stamp_at(&String::from_utf8_lossy(piece)).is_some();
    if let Some(last) = pieces.iter().rposition(has_stamp).filter(|last| *last > 0) {
        let behind = pieces.split_off(last);
        pieces.retain(has_stamp);
        pieces.extend(behind);
    }
    pieces
}

/// How programs spell the byte that begins a sequence: `cat -v`, rsyslog, `printf`, JSON, the picture of it, what a
/// wrong character set left. Those who copy from a screen lose it.
const SPELLED: [&[u8]; 9] = [
    b"^[",
    b"#033",
    b"\\033",
    b"\\x1b",
    b"\\x1B",
    b"\\e",
    b"\\u001b",
    "\u{241b}".as_bytes(),
    "\u{fffd}".as_bytes(),
];

/// True for a text with a colour whose first byte is spelled or lost.
pub(super) fn holds_spelled_colour(text: &str) -> bool {
    let mut starts = memchr_iter(b'[', text.as_bytes());
    starts.any(|at| colour(&text.as_bytes()[at..]).is_some())
}

/// The line without colours whose first byte is spelled or lost; `None` where it has none.
fn spelled_colours(raw: &[u8]) -> Option<Vec<u8>> {
    let mut text: Option<Vec<u8>> = None;
    let mut done = 0;
    for at in memchr_iter(b'[', raw) {
        let length = colour(&raw[at..]);
        // Its own byte in front is the usual case, which is read elsewhere.
        let is_whole = at > 0 && raw[at - 1] == ESC;
        let Some(length) = length.filter(|_| at >= done && !is_whole) else {
            continue;
        };
        let before = &raw[done..at];
        let spelled = SPELLED.iter().find(|mark| before.ends_with(mark));
        let kept = &before[..before.len() - spelled.map_or(0, |mark| mark.len())];
        text.get_or_insert_default().extend_from_slice(kept);
        done = at + length;
    }
    text.as_mut()?.extend_from_slice(&raw[done..]);
    text
}

/// Bytes of `[0m`, `[1;31m`: only the numbers that colours have, since `[5m` may be text.
fn colour(text: &[u8]) -> Option<usize> {
    const MAX: usize = 12;
    let text = &text[..text.len().min(MAX)];
    let end = memchr(b'm', text)?;
    let numbers = str::from_utf8(&text[1..end]).ok()?.split(';');
    let is_colour = |number: &str| {
        let digits = number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| digits);
        number.is_some_and(|n: u8| matches!(n, 0..=5 | 7 | 22 | 24 | 27 | 30..=49 | 90..=107))
    };
    numbers
        .map(is_colour)
        .reduce(|all, is| all && is)?
        .then_some(end + 1)
}

fn without_escapes(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match *first {
            ESC => rest = behind_sequence(behind),
            0 | 8 => {}
            byte => text.push(byte),
        }
    }
    text
}

/// What follows an escape sequence; `rest` begins after its ESC.
fn behind_sequence(rest: &[u8]) -> &[u8] {
    match rest {
        // Control sequence: parameters, then a letter.
        [b'[', inner @ ..] => {
            let end = inner.iter().position(|byte| !(0x20..=0x3f).contains(byte));
            end.map_or(&[], |end| match inner[end] {
                0x40..=0x7e => &inner[end + 1..],
                _ => &inner[end..],
            })
        }
        // Operating system command: ends with BEL or ESC \.
        [b']', inner @ ..] => match inner.iter().position(|byte| matches!(*byte, BEL | ESC)) {
            Some(end) if inner[end] == BEL => &inner[end + 1..],
            Some(end) => inner[end..]
                .strip_prefix(b"\x1b\\")
                .unwrap_or(&inner[end..]),
            None => inner,
        },
        // Character set, and the like: one more byte.
        [b'(' | b')' | b'#' | b'%', _, inner @ ..] => inner,
        [_, inner @ ..] => inner,
        [] => rest,
    }
}
