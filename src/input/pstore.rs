//! Parts of pstore dumps (fs/pstore): their first line, and those that are still compressed.

use flate2::bufread::{DeflateDecoder, ZlibDecoder};
use std::io::{self, Read};

/// Bytes of a part; a backend stores less (`record_size`, fs/pstore).
pub const MAX_PART: u64 = 1 << 20;

/// Bytes of the first line of a part.
const MAX_HEAD: u64 = 64;

/// `Panic#1 Part3` (fs/pstore/platform.c, `pstore_dump()`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHead {
    /// Why the kernel dumped its log.
    pub reason: &'static str,
    /// Count of dumps.
    pub dump: u64,
    /// Part of the dump; the kernel saves the end of its log first, so 1 is the last one.
    pub part: u64,
}

/// `kmsg_dump_reason_str()` (kernel/printk/printk.c), and what older kernels called them.
const REASONS: [&str; 8] = [
    "Panic",
    "Oops",
    "Emergency",
    "Shutdown",
    "Unknown",
    "Restart",
    "Halt",
    "Poweroff",
];

impl PartHead {
    /// Reads the first line of a text.
    pub fn of(text: &[u8]) -> Option<PartHead> {
        let text = &text[..text.len().min(MAX_HEAD as usize)];
        PartHead::read(text.split(|byte| *byte == b'\n').next()?)
    }

    /// Reads it; `None` where the line is another one.
    pub fn read(line: &[u8]) -> Option<PartHead> {
        line.first().filter(|first| first.is_ascii_uppercase())?;
        let text = str::from_utf8(line.trim_ascii_end()).ok()?;
        let (reason, rest) = text.split_once('#')?;
        let reason = REASONS.iter().find(|known| **known == reason)?;
        let (dump, part) = rest.split_once(" Part")?;
        Some(PartHead {
            reason,
            dump: dump.parse().ok()?,
            part: part.parse().ok()?,
        })
    }
}

/// A part as the backend stored it, where the kernel that reads it could not unpack it
/// (`dmesg-efi-….enc.z`): deflate without a mark since 4.19 (`zip_data()`), zlib before. What comes out
/// shows which. Gives up to `limit` bytes, an error after those that could be unpacked.
pub fn unpack_part(packed: &[u8], limit: u64) -> Option<(Vec<u8>, io::Result<()>)> {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    // A text: deflate begins with other bytes, and to try costs a decoder for each file.
    if packed.iter().take(16).all(is_text) {
        return None;
    }
    let decoders: [Box<dyn Read + '_>; 2] = [
        Box::new(DeflateDecoder::new(packed)),
        Box::new(ZlibDecoder::new(packed)),
    ];
    decoders.into_iter().find_map(|mut decoder| {
        let mut part = Vec::new();
        // What is cut off has a beginning.
        let _ = decoder.by_ref().take(MAX_HEAD).read_to_end(&mut part);
        PartHead::of(&part)?;
        // What came before an error is kept, and the error given with it.
        let rest = decoder.take(limit).read_to_end(&mut part);
        Some((part, rest.map(drop)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::bufread::{DeflateEncoder, ZlibEncoder};

    #[test]
    fn parts_in_both_forms_and_cut_off() {
        let part = b"Panic#2 Part1\n<4>[    1.000000] x\n".repeat(9);
        let (mut deflate, mut zlib) = (Vec::new(), Vec::new());
        let level = Compression::default();
        DeflateEncoder::new(&part[..], level)
            .read_to_end(&mut deflate)
            .expect("memory");
        ZlibEncoder::new(&part[..], level)
            .read_to_end(&mut zlib)
            .expect("memory");
        for packed in [&deflate, &zlib] {
            let (unpacked, done) = unpack_part(packed, MAX_PART).expect("a part");
            assert_eq!((unpacked, done.is_ok()), (part.clone(), true));
            let (unpacked, _) = unpack_part(&packed[..packed.len() - 6], MAX_PART).expect("a part");
            assert!(part.starts_with(&unpacked));
        }
        assert!(unpack_part(&part, MAX_PART).is_none());
        assert!(unpack_part(b"\x1f\x8b\x08 something else", MAX_PART).is_none());
    }
}
