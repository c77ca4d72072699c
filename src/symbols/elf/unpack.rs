//! Compressed data. In: bytes and a format. Out: the unpacked bytes, never more than a limit.
//!
//! Many of them go to a file without a name: a kernel with debug info has hundreds of megabytes, of which a splat needs a
//! few, and a vector that grows holds them twice.

use memmap2::{MmapMut, MmapOptions};
use std::io::{self, Read, Write};
use std::ops::{Deref, DerefMut};

/// How a whole file, or an ELF section, is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PackFormat {
    Gzip,
    Xz,
    Zstd,
    /// Of `SHF_COMPRESSED` sections only.
    Zlib,
}

/// Leading bytes of each file format. A name says nothing: distributions ship `vmlinux` that is
/// gzip and `.ko.debug` that is xz.
const MAGIC: [(&[u8], PackFormat); 3] = [
    (&[0x1f, 0x8b], PackFormat::Gzip),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], PackFormat::Xz),
    (&[0x28, 0xb5, 0x2f, 0xfd], PackFormat::Zstd),
];

/// What an xz stream may ask for its dictionary: `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

impl PackFormat {
    pub(super) fn of(head: &[u8]) -> Option<PackFormat> {
        let found = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
        found.map(|&(_, format)| format)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            PackFormat::Gzip => "gzip",
            PackFormat::Xz => "xz",
            PackFormat::Zstd => "zstd",
            PackFormat::Zlib => "zlib",
        }
    }

    fn decoder<'a>(self, packed: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            PackFormat::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            PackFormat::Zlib => Box::new(flate2::read::ZlibDecoder::new(packed)),
            PackFormat::Zstd => Box::new(zstd::stream::read::Decoder::new(packed)?),
            PackFormat::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(
                    XZ_MEMORY,
                    liblzma::stream::CONCATENATED,
                )?;
                Box::new(liblzma::read::XzDecoder::new_stream(packed, stream))
            }
        })
    }
}

/// Bytes that are unpacked to see what they are; they stay in memory where there are no more.
const HEAD: u64 = 1 << 20;

/// Times its size that a packed kernel, or a section of it, may unpack to; xz takes a debug kernel to a tenth. It counts
/// only beyond [`FREE`]: what is mostly zeros packs better than that.
const MAX_RATIO: u64 = 500;
const FREE: u64 = 64 << 20;

/// What came out of packed data.
#[derive(Debug)]
pub(super) enum Unpacked {
    /// A little.
    InMemory(Vec<u8>),
    /// Much: in a file without a name, of which only what is read is in memory.
    InFile(MmapMut),
}

impl Deref for Unpacked {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Unpacked::InMemory(bytes) => bytes,
            Unpacked::InFile(map) => map,
        }
    }
}

impl DerefMut for Unpacked {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Unpacked::InMemory(bytes) => bytes,
            Unpacked::InFile(map) => map,
        }
    }
}

/// Bytes that packed data may unpack to, whatever the limit is.
pub(super) fn most(packed: &[u8]) -> u64 {
    (packed.len() as u64).saturating_mul(MAX_RATIO).max(FREE)
}

/// Unpacks at most `limit` bytes, and no more than [`MAX_RATIO`] times as many as there are; `None` where there would be
/// more. What does not begin with `mark` is unpacked no further than its head.
pub(super) fn unpack(
    format: PackFormat,
    packed: &[u8],
    mark: &[u8],
    limit: u64,
) -> io::Result<Option<Unpacked>> {
    let limit = limit.min(most(packed));
    // One byte more shows that the limit was passed, where data that just fills it ends.
    let mut decoder = format.decoder(packed)?.take(limit.saturating_add(1));
    let mut head = Vec::new();
    decoder.by_ref().take(HEAD).read_to_end(&mut head)?;
    // A packed file of another kind is dropped here, before it fills the disk.
    if (head.len() as u64) < HEAD || !head.starts_with(mark) {
        return Ok((head.len() as u64 <= limit).then_some(Unpacked::InMemory(head)));
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(&head)?;
    let length = HEAD + io::copy(&mut decoder, &mut file)?;
    if length > limit {
        return Ok(None);
    }
    // SAFETY: the file has no name, so that nobody else can change or cut it.
    let map = unsafe { MmapOptions::new().map_copy(&file)? };
    Ok(Some(Unpacked::InFile(map)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_format_is_told_by_its_content() {
        let data = b"vmlinux".repeat(100);
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(&data).unwrap();
        let packed = [
            gzip(&data),
            xz.finish().unwrap(),
            zstd::encode_all(&data[..], 1).unwrap(),
        ];
        for packed in packed {
            let format = PackFormat::of(&packed).unwrap();
            let unpacked = unpack(format, &packed, b"vm", 1000).unwrap().unwrap();
            assert_eq!(*unpacked, data);
        }
        assert_eq!(PackFormat::of(b"\x7fELF"), None);
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let packed = gzip(&vec![0; 1 << 20]);
        assert!(
            unpack(PackFormat::Gzip, &packed, b"", 1 << 16)
                .unwrap()
                .is_none()
        );
        let packed = zstd::encode_all(io::repeat(0).take(2 * FREE), 1).unwrap();
        assert!(
            unpack(PackFormat::Zstd, &packed, b"", u64::MAX)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn what_has_another_mark_is_unpacked_no_further_than_its_head() {
        let packed = gzip(&vec![0; 3 << 20]);
        let unpacked = unpack(PackFormat::Gzip, &packed, b"\x7fELF", u64::MAX)
            .unwrap()
            .unwrap();
        assert!(matches!(unpacked, Unpacked::InMemory(head) if head.len() as u64 == HEAD));
    }

    #[test]
    fn what_is_large_comes_out_whole() {
        let data: Vec<u8> = (0..(3_u32 << 18)).flat_map(u32::to_le_bytes).collect();
        let packed = gzip(&data);
        let unpacked = unpack(PackFormat::Gzip, &packed, b"\0", u64::MAX)
            .unwrap()
            .unwrap();
        assert!(matches!(unpacked, Unpacked::InFile(_)));
        assert!(*unpacked == data);
    }

    #[test]
    fn a_cut_file_is_an_error() {
        let packed = gzip(&b"vmlinux".repeat(100));
        assert!(unpack(PackFormat::Gzip, &packed[..packed.len() / 2], b"", 1000).is_err());
    }
}
