//! Compressed data: gzip, xz, lzma, bzip2, zstd, lz4. One text in, one text out; what it is named
//! stays what the outer name says.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::limits::{Counted, Metered};
use super::whole::{self, Buffer};
use super::{ContainerWalk, MemberPlace};
use crate::input::ahead::{AHEAD, CHUNK, ReadAhead};
use crate::input::mapped::Passing;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{self, SyncSender};

/// Memory that an xz or lzma decoder may take; `xz -9` needs 65 MiB.
const LZMA_MEMORY: u64 = 512 << 20;

/// Packed bytes read at once.
const BUFFER: usize = 128 * 1024;

/// A file of more bytes is decoded in a thread of its own, while what came out of it is searched.
const LARGE: usize = 1 << 20;

type PackedBytes<'a> = BufReader<Counted<Box<dyn Read + 'a>>>;
type StreamUnpacker<'a> = Box<dyn Read + 'a>;
type OpenUnpacker = for<'a> fn(PackedBytes<'a>) -> io::Result<StreamUnpacker<'a>>;

pub fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(b"\x1f\x8b\x08")
}

pub fn gzip(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    if let Some(done) = at_once(walk, &content, place, whole::gzip) {
        return done;
    }
    unpack(walk, format, content, place, |source| {
        Ok(Box::new(flate2::bufread::MultiGzDecoder::new(source)))
    })
}

pub fn is_xz(head: &[u8]) -> bool {
    head.starts_with(b"\xfd7zXZ\0")
}

pub fn xz(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    unpack(walk, format, content, place, |source| {
        let stream = liblzma::stream::Stream::new_stream_decoder(
            LZMA_MEMORY,
            liblzma::stream::CONCATENATED,
        )?;
        Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(
            source, stream,
        )))
    })
}

/// The largest byte of properties: `(pb * 5 + lp) * 9 + lc`.
const MAX_LZMA_PROPERTIES: u8 = (4 * 5 + 4) * 9 + 8;

/// The format has no mark (lzma-file-format.txt): properties, a dictionary of a power of two or of one and
/// half of it, as xz writes and takes them, and a size that is unknown or below 256 GiB.
pub fn is_lzma(head: &[u8]) -> bool {
    let Some(([properties, dictionary @ .., _], _)) = head.split_first_chunk::<14>() else {
        return false;
    };
    let size = u32::from_le_bytes([dictionary[0], dictionary[1], dictionary[2], dictionary[3]]);
    // Without half of its highest bit, either is a power of two.
    let half = 1 << (31 - (size | 1).leading_zeros()) >> 1;
    let is_size = (size - half).is_power_of_two();
    let unknown = dictionary[4..12].iter().all(|byte| *byte == 0xff);
    *properties <= MAX_LZMA_PROPERTIES
        && size >= 1 << 12
        && is_size
        && (unknown || dictionary[9..12] == [0; 3])
}

pub fn lzma(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    unpack(walk, format, content, place, |source| {
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

pub fn bzip2(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    unpack(walk, format, content, place, |source| {
        Ok(Box::new(bzip2::bufread::MultiBzDecoder::new(source)))
    })
}

/// A frame, or one of the skippable frames that may be before it (RFC 8878, 3.1.2).
pub fn is_zstd(head: &[u8]) -> bool {
    matches!(
        head,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

pub fn zstd(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    if let Some(done) = at_once(walk, &content, place, whole::zstd) {
        return done;
    }
    unpack(walk, format, content, place, |source| {
        Ok(Box::new(zstd::stream::read::Decoder::with_buffer(source)?))
    })
}

/// A frame, or one of the form before that, which kernels are packed in (`lz4 -l`).
pub fn is_lz4(head: &[u8]) -> bool {
    head.starts_with(b"\x04\x22\x4d\x18") || head.starts_with(b"\x02\x21\x4c\x18")
}

pub fn lz4(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    unpack(walk, format, content, place, |source| {
        Ok(Box::new(Frames::new(source)))
    })
}

/// Frames one after the other: the decoder ends with each of them. It takes the end of the data between two blocks
/// for the end of a frame, whose mark must be asked for.
struct Frames<'a>(lz4_flex::frame::FrameDecoder<EndOfStream<'a>>);

impl<'a> Frames<'a> {
    fn new(source: PackedBytes<'a>) -> Frames<'a> {
        Frames(lz4_flex::frame::FrameDecoder::new(EndOfStream {
            source,
            count: 0,
            first: [0; 4],
            last: [1; 8],
        }))
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.0.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let source = self.0.get_mut();
            // The decoder says 0 at the end of each frame; only where no byte follows is it the end
            // of all.
            if source.source.fill_buf()?.is_empty() {
                return match source.is_whole() {
                    true => Ok(0),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
        }
    }
}

/// Packed data that remembers how it began and ended.
struct EndOfStream<'a> {
    source: PackedBytes<'a>,
    count: u64,
    first: [u8; 4],
    last: [u8; 8],
}

impl EndOfStream<'_> {
    /// True where a frame has its end: a block of no size, after which a checksum may be. The old form has none
    /// (lz4_Frame_format.md).
    fn is_whole(&self) -> bool {
        let ends = |at: usize| self.last[at..at + 4] == [0; 4];
        self.first == *b"\x02\x21\x4c\x18" || ends(4) || ends(0)
    }
}

impl Read for EndOfStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        let read = &buffer[..length];
        for (place, byte) in (self.count..4).zip(read) {
            self.first[place as usize] = *byte;
        }
        self.count += length as u64;
        let tail = &read[length.saturating_sub(8)..];
        self.last.rotate_left(tail.len());
        self.last[8 - tail.len()..].copy_from_slice(tail);
        Ok(length)
    }
}

/// Decodes a small file at once and opens what comes out; `None` where it takes a decoder.
fn at_once(
    walk: &mut ContainerWalk<'_>,
    content: &Content<'_>,
    place: &MemberPlace<'_>,
    decode: fn(&[u8]) -> Option<Buffer>,
) -> Option<Result<(), ErrorReported>> {
    let Content::Whole(bytes) = content else {
        return None;
    };
    let decoded = decode(bytes)?;
    // A decoder that stops at the limit gives what came before.
    let length = decoded.bytes().len() as u64;
    // The decoder that reads piece by piece comes next: it hands over what is within the limits and
    // names the limit.
    if !walk.meter.count_whole(length, bytes.len() as u64) {
        return None;
    }
    Some(walk.open(Content::Whole(decoded.bytes()), &place.inside(None)))
}

/// Decodes, and opens what comes out.
fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
    open: OpenUnpacker,
) -> Result<(), ErrorReported> {
    let count = Arc::new(AtomicU64::new(0));
    match content {
        // Below that a thread costs more than it saves.
        Content::Whole(bytes) if bytes.len() >= LARGE => std::thread::scope(|scope| {
            let (chunks, received) = mpsc::sync_channel(AHEAD);
            let counter = Arc::clone(&count);
            let source = Box::new(Passing::new(bytes));
            let ahead = move || decode(open, source, &counter, &chunks);
            let started = std::thread::Builder::new().spawn_scoped(scope, ahead);
            let decoder: io::Result<StreamUnpacker<'_>> = match started {
                Ok(_) => Ok(Box::new(ReadAhead::new(received))),
                // Where no thread can be started, this one decodes.
                Err(_) => decoder(open, Box::new(Passing::new(bytes)), &count),
            };
            walk_decoded(walk, format, place, decoder, count)
        }),
        Content::Whole(bytes) => {
            let decoder = decoder(open, Box::new(Passing::new(bytes)), &count);
            let opened = decoder.and_then(|decoder| {
                let metered = metered(walk, format, decoder, count);
                let room = walk.meter.room();
                whole::open(metered, room, |content| {
                    walk.open(content, &place.inside(None))
                })
            });
            opened.unwrap_or_else(|error| broken(walk, format, place, &error))
        }
        content => {
            let decoder = decoder(open, content.into_reader(), &count);
            walk_decoded(walk, format, place, decoder, count)
        }
    }
}

fn decoder<'a>(
    open: OpenUnpacker,
    source: Box<dyn Read + 'a>,
    count: &Arc<AtomicU64>,
) -> io::Result<StreamUnpacker<'a>> {
    open(BufReader::with_capacity(
        BUFFER,
        Counted::new(source, count),
    ))
}

/// Sends what comes out of a decoder, up to its end, its error, or the end of interest.
fn decode(
    open: OpenUnpacker,
    source: Box<dyn Read + '_>,
    count: &Arc<AtomicU64>,
    chunks: &SyncSender<io::Result<Vec<u8>>>,
) {
    let mut wanted = true;
    let decoded = decoder(open, source, count).and_then(|mut decoder| {
        let mut chunk = vec![0; CHUNK];
        while wanted {
            match decoder.read(&mut chunk) {
                Ok(0) => break,
                // Where nobody receives any more, the rest is not worth decoding.
                Ok(length) => wanted = chunks.send(Ok(chunk[..length].to_vec())).is_ok(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    });
    if let Err(error) = decoded {
        // Nobody is left to learn where the other side has ended.
        let _ = chunks.send(Err(error));
    }
}

fn walk_decoded(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    place: &MemberPlace<'_>,
    decoder: io::Result<StreamUnpacker<'_>>,
    packed: Arc<AtomicU64>,
) -> Result<(), ErrorReported> {
    let content =
        decoder.and_then(|decoder| Content::stream(metered(walk, format, decoder, packed)));
    match content {
        Ok(content) => walk.open(content, &place.inside(None)),
        Err(error) => Err(walk.fail(place, Some(Trouble::broken(format, error)))),
    }
}

fn metered<D>(
    walk: &ContainerWalk<'_>,
    format: &'static str,
    decoder: D,
    packed: Arc<AtomicU64>,
) -> Metered<D> {
    Metered {
        decoder,
        format,
        packed,
        unpacked: 0,
        meter: Rc::clone(&walk.meter),
    }
}

fn broken(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    place: &MemberPlace<'_>,
    error: &io::Error,
) -> Result<(), ErrorReported> {
    let reason = error.to_string();
    Err(walk.fail(place, Some(Trouble::Broken { format, reason })))
}
