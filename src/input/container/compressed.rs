//! Compressed data: gzip, xz, lzma, bzip2, zstd, lz4. One text in, one text out; what it is named
//! stays what the outer name says.

use super::content::Content;
use super::error::{Said, Trouble};
use super::limits::{Counted, Metered};
use super::{Packed, Walk};
use std::io::{self, BufReader, Read};
use std::rc::Rc;

/// Memory that an xz or lzma decoder may take; `xz -9` needs 65 MiB.
const LZMA_MEMORY: u64 = 512 << 20;

/// Packed bytes read at once.
const BUFFER: usize = 128 * 1024;

type Source<'a> = BufReader<Counted<Box<dyn Read + 'a>>>;
type Decoder<'a> = Box<dyn Read + 'a>;

pub fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08")
}

pub fn gzip(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    unpack(walk, packed, |source| {
        Ok(Box::new(flate2::bufread::MultiGzDecoder::new(source)))
    })
}

pub fn is_xz(head: &[u8]) -> bool {
    head.starts_with(b"\xfd7zXZ\0")
}

pub fn xz(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    unpack(walk, packed, |source| {
        let stream = liblzma::stream::Stream::new_stream_decoder(
            LZMA_MEMORY,
            liblzma::stream::CONCATENATED,
        )?;
        Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(
            source, stream,
        )))
    })
}

/// The format has no mark (lzma-file-format.txt): the properties that every encoder writes, a
/// dictionary of a power of two, and a size that is unknown or below 256 GiB.
pub fn is_lzma(head: &[u8]) -> bool {
    match head {
        [0x5d, dictionary @ .., _] if dictionary.len() > 12 => {
            let size =
                u32::from_le_bytes([dictionary[0], dictionary[1], dictionary[2], dictionary[3]]);
            let unknown = dictionary[4..12].iter().all(|byte| *byte == 0xff);
            size.is_power_of_two() && size >= 1 << 12 && (unknown || dictionary[9..12] == [0; 3])
        }
        _ => false,
    }
}

pub fn lzma(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    unpack(walk, packed, |source| {
        let stream = liblzma::stream::Stream::new_lzma_decoder(LZMA_MEMORY)?;
        Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(
            source, stream,
        )))
    })
}

/// `BZh`, the level, and the mark of a block or of the end.
pub fn is_bzip2(head: &[u8]) -> bool {
    matches!(
        head,
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, b'r', b'E', ..]
    )
}

pub fn bzip2(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    unpack(walk, packed, |source| {
        Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(source)))
    })
}

/// A frame, or one of the skippable frames that may stand before it (RFC 8878, 3.1.2).
pub fn is_zstd(head: &[u8]) -> bool {
    matches!(
        head,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

pub fn zstd(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    unpack(walk, packed, |source| {
        Ok(Box::new(zstd::stream::read::Decoder::with_buffer(source)?))
    })
}

pub fn is_lz4(head: &[u8]) -> bool {
    head.starts_with(b"\x04\x22\x4d\x18")
}

pub fn lz4(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    unpack(walk, packed, |source| {
        Ok(Box::new(lz4_flex::frame::FrameDecoder::new(source)))
    })
}

/// Decodes, and opens what comes out.
fn unpack<'c>(
    walk: &mut Walk<'_>,
    packed: Packed<'c, '_>,
    decoder: impl FnOnce(Source<'c>) -> io::Result<Decoder<'c>>,
) -> Result<(), Said> {
    let Packed {
        format,
        content,
        place,
    } = packed;
    let broken = |error: io::Error| {
        Some(Trouble::Broken {
            format,
            reason: error.to_string(),
        })
    };
    let (source, count) = Counted::new(content.into_reader());
    let decoder = match decoder(BufReader::with_capacity(BUFFER, source)) {
        Ok(decoder) => decoder,
        Err(error) => return Err(walk.fail(place, broken(error))),
    };
    let metered = Metered {
        decoder,
        format,
        packed: count,
        unpacked: 0,
        meter: Rc::clone(&walk.meter),
    };
    match Content::stream(metered) {
        Ok(content) => walk.open(content, &place.inside(None)),
        Err(error) => Err(walk.fail(place, broken(error))),
    }
}
