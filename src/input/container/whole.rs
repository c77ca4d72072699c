//! Small members, unpacked at once into memory that is used again.
//!
//! In: a packed file that is in memory, or a reader. Out: [`Content`], whole where it is small: an archive has thousands
//! of small files, for which new buffers and decoders would cost more than the decoding.

use super::content::{Content, Failed};
use libdeflater::Decompressor;
use memchr::memmem;
use std::cell::RefCell;
use std::io::{self, Read};

/// What comes out of a reader is small up to so many bytes.
const SMALL: u64 = 1 << 20;

/// The same where the packed data says how much it is.
const SMALL_TOLD: usize = 16 << 20;

/// Mark and method of a gzip member (RFC 1952, 2.3.1).
const GZIP: &[u8] = b"\x1f\x8b\x08";

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    static GUNZIP: RefCell<Decompressor> = RefCell::new(Decompressor::new());
    static UNZSTD: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A buffer that goes back to its thread.
pub struct Buffer(Vec<u8>);

impl Buffer {
    fn take() -> Buffer {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        Buffer(spare.unwrap_or_default())
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // A larger one would stay for as long as the thread.
        if buffer.capacity() <= 2 * SMALL_TOLD {
            SPARE.with_borrow_mut(|spare| spare.push(buffer));
        }
    }
}

/// Decodes a gzip file at once; `None` where that cannot be known to give all of it: then a decoder has to find out.
pub fn gzip(packed: &[u8]) -> Option<Buffer> {
    let told = packed.last_chunk::<4>()?;
    let size = u32::from_le_bytes(*told) as usize;
    // A file of several members says only the size of the last one. The mark may also be there by
    // chance; then the slow way is right too.
    let may_have_more = memmem::find(packed.get(GZIP.len()..)?, GZIP).is_some();
    if size > SMALL_TOLD || may_have_more {
        return None;
    }
    let mut buffer = Buffer::take();
    buffer.0.resize(size, 0);
    let decoded = GUNZIP.with_borrow_mut(|decoder| decoder.gzip_decompress(packed, &mut buffer.0));
    // Damaged: the other decoder gives what comes before the damage.
    (decoded == Ok(size)).then_some(buffer)
}

/// Decodes a zstd file at once; `None` as for gzip.
pub fn zstd(packed: &[u8]) -> Option<Buffer> {
    let told = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    let size = usize::try_from(told).ok()?;
    // Of an empty frame there is nothing to gain.
    if size == 0 || size > SMALL_TOLD {
        return None;
    }
    let mut buffer = Buffer::take();
    buffer.0.clear();
    buffer.0.reserve(size);
    UNZSTD.with_borrow_mut(|decoder| {
        let decoder = match decoder {
            Some(decoder) => decoder,
            None => decoder.insert(zstd::bulk::Decompressor::new().ok()?),
        };
        decoder.decompress_to_buffer(packed, &mut buffer.0).ok()
    })?;
    Some(buffer)
}

/// Reads a reader that does not wait; opens what it gives as a whole where it is small. `room` is what
/// the limits leave: what is read of a stream when the limit ends it must be read on the way.
///
/// # Errors
/// What the reader says before its first byte; what it says later comes when the content is read.
pub fn open<R>(
    mut reader: impl Read,
    room: u64,
    open: impl FnOnce(Content<'_>) -> R,
) -> io::Result<R> {
    // All of it could be more than is left, and then what comes before the limit would be lost.
    if room <= SMALL {
        return Ok(open(Content::stream(reader)?));
    }
    let mut buffer = Buffer::take();
    buffer.0.clear();
    let read = reader.by_ref().take(SMALL).read_to_end(&mut buffer.0);
    let bytes = buffer.bytes();
    match read {
        Ok(_) if (bytes.len() as u64) < SMALL => Ok(open(Content::Whole(bytes))),
        Ok(_) => Ok(open(Content::stream(bytes.chain(reader))?)),
        Err(error) if bytes.is_empty() => Err(error),
        Err(error) => Ok(open(Content::stream(bytes.chain(Failed(Some(error))))?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn one_gzip_member_is_decoded_at_once() {
        let buffer = gzip(&gzipped(b"a log\n")).expect("decoded");
        assert_eq!(buffer.bytes(), b"a log\n");
        assert_eq!(gzip(&gzipped(b"")).expect("decoded").bytes(), b"");
    }

    #[test]
    fn what_may_be_more_than_one_member_or_is_broken_is_left_to_a_decoder() {
        let one = gzipped(b"a log\n");
        assert!(gzip(&[one.as_slice(), &one].concat()).is_none());
        assert!(gzip(&one[..one.len() - 1]).is_none());
        assert!(gzip(&[one.as_slice(), b"garbage"].concat()).is_none());
        let mut bomb = one;
        let size = bomb.len() - 4;
        bomb[size..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(gzip(&bomb).is_none());
    }

    #[test]
    fn zstd_frames_are_decoded_at_once_or_not_at_all() {
        let frame = zstd::bulk::compress(b"a log\n", 3).expect("memory");
        assert_eq!(zstd(&frame).expect("decoded").bytes(), b"a log\n");
        assert!(zstd(&frame[..frame.len() - 1]).is_none());
        let two = [frame.as_slice(), &frame].concat();
        assert!(zstd(&two).is_none_or(|buffer| buffer.bytes() == b"a log\na log\n"));
    }

    #[test]
    fn a_reader_is_a_whole_up_to_the_limit_and_a_stream_beyond() {
        let length = |size: u64| {
            open(
                io::repeat(b'x').take(size),
                u64::MAX,
                |content| match content {
                    Content::Whole(bytes) => (true, bytes.len() as u64),
                    Content::Stream(mut stream) => {
                        let mut rest = Vec::new();
                        stream.read_to_end(&mut rest).expect("memory");
                        (false, rest.len() as u64)
                    }
                },
            )
            .expect("read")
        };
        assert_eq!(length(10), (true, 10));
        assert_eq!(length(SMALL), (false, SMALL));
        assert_eq!(length(3 * SMALL), (false, 3 * SMALL));
        let near_the_limit = open(&b"log"[..], SMALL, |content| {
            matches!(content, Content::Stream(_))
        });
        assert!(near_the_limit.expect("read"));
    }
}
