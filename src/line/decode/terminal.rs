//! What a terminal adds: colours and other escape sequences (ECMA-48), carriage returns, backspaces
//! and NULs.

use crate::line::framing::stamp_at;
use memchr::{memchr, memchr3};
use std::borrow::Cow;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// The pieces of a line between carriage returns, without escape sequences. Of what was printed
/// over, no message is dropped; what is none in front of one, a progress bar or a prompt, is.
pub(super) fn pieces(raw: &[u8]) -> Vec<Cow<'_, [u8]>> {
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    if memchr3(ESC, b'\r', 0, raw).is_none() && memchr(8, raw).is_none() {
        return vec![Cow::Borrowed(raw)];
    }
    let text = without_escapes(raw);
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
