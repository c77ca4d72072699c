//! Texts in UTF-16 become UTF-8; the mark of a byte order goes.
//!
//! PowerShell and Windows' editors write the mark, but a text that was cut or joined there has none: then the zeros
//! of its ASCII show it.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace};
use encoding_rs_io::DecodeReaderBytes;
use std::io::Read;

/// Marks of the two byte orders.
const LITTLE: &[u8] = b"\xff\xfe";
const BIG: &[u8] = b"\xfe\xff";

/// Bytes by which a text without a mark is known.
const SAMPLE: usize = 512;

/// Characters that a shorter text does not have.
const LEAST: usize = 16;

pub fn is_utf16(head: &[u8]) -> bool {
    has_mark(head) || order(head).is_some()
}

fn has_mark(head: &[u8]) -> bool {
    head.starts_with(LITTLE) || head.starts_with(BIG)
}

/// The mark that a text of two bytes a character lacks; `None` for any other. Nearly all of a kernel's text is ASCII,
/// even where the stamps are in the words of another language.
fn order(head: &[u8]) -> Option<&'static [u8]> {
    let units = head[..head.len().min(SAMPLE)].chunks_exact(2);
    let count = units.len();
    let is_most = |is_ascii: fn(&[u8]) -> bool| {
        let is_zero = |unit: &&[u8]| *unit == [0, 0];
        let ascii = units.clone().filter(|unit| is_ascii(unit)).count();
        // An eighth may be something else. Two zeros are no character of a text, but usual in
        // binary files.
        count >= LEAST && ascii >= count - count / 8 && !units.clone().any(|unit| is_zero(&unit))
    };
    if is_most(|unit| unit[1] == 0 && is_text(unit[0])) {
        Some(LITTLE)
    } else if is_most(|unit| unit[0] == 0 && is_text(unit[1])) {
        Some(BIG)
    } else {
        None
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x1b | b' '..=b'~')
}

pub fn utf16(
    walk: &mut ContainerWalk<'_>,
    _: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let head = content.head();
    // The decoder takes a text without a mark for UTF-8.
    let mark = order(head).filter(|_| !has_mark(head)).unwrap_or_default();
    let text = mark.chain(content.into_reader());
    match Content::stream(DecodeReaderBytes::new(text)) {
        Ok(content) => walk.open(content, &place.inside(None)),
        Err(error) => Err(walk.fail(place, Some(Trouble::Read(error)))),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_utf16, order};

    fn units(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn a_text_without_a_mark_is_told_by_its_zeros() {
        let log =
            "июл 27 12:00:01 host kernel: BUG: soft lockup - CPU#1 stuck for 22s! [zetad:7]\r\n";
        assert_eq!(order(&units(log, u16::to_le_bytes)), Some(super::LITTLE));
        assert_eq!(order(&units(log, u16::to_be_bytes)), Some(super::BIG));
    }

    #[test]
    fn other_bytes_are_none() {
        let zeros = [0; 64];
        let counters: Vec<_> = (0..64_u32).flat_map(u32::to_le_bytes).collect();
        let short = units("a\nb\n", u16::to_le_bytes);
        for bytes in [
            b"[    0.000000] Linux version 6.1.0 (a plain log)".as_slice(),
            &zeros,
            &counters,
            &short,
        ] {
            assert!(!is_utf16(bytes));
        }
    }
}
