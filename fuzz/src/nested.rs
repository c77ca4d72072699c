//! Containers within containers, and brackets within brackets: the first bytes say which and how often, the others are
//! innermost. No reader may recurse as deep as its input.

use super::{containers, splats};

/// Most of a kind.
const MAX_TIMES: usize = 1 << 14;

/// What opens something that may stand within itself.
const OPENERS: &[&str] = &[
    "Content-Type: message/rfc822\n\n",
    "From: a\nTo: b\nContent-Type: message/rfc822\n\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    "From a@b Mon Nov 23 14:20:48 2026\nFrom: a\nTo: b\n\n",
    "[",
    "{\"msg\":",
    "<b>",
    "> ",
    "(",
];

pub fn run(input: &[u8]) {
    let Some(([outer, inner, low, high], innermost)) = input.split_first_chunk::<4>() else {
        return;
    };
    let opener = |kind: &u8| OPENERS[usize::from(*kind) % OPENERS.len()];
    let times = usize::from(u16::from_le_bytes([*low, *high])) % MAX_TIMES;
    let openers = [opener(outer), opener(inner)].concat().repeat(times);
    let nested = [openers.as_bytes(), innermost].concat();
    containers::run(&nested);
    containers::run(&[b"From: a\nTo: b\n", nested.as_slice()].concat());
    splats::run(&nested);
}
