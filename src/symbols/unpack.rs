//! Compressed data. In: bytes and a format. Out: the unpacked bytes, never more than a limit.

use std::io::{self, Read};

/// How a whole file, or an ELF section, is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Xz,
    Zstd,
    /// Of `SHF_COMPRESSED` sections only.
    Zlib,
}

/// Leading bytes of each file format. A name says nothing: distributions ship `vmlinux` that is
/// gzip and `.ko.debug` that is xz.
const MAGIC: [(&[u8], Format); 3] = [
    (&[0x1f, 0x8b], Format::Gzip),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], Format::Xz),
    (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
];

/// What an xz stream may ask for its dictionary: `xz -9` needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

impl Format {
    pub(super) fn of(head: &[u8]) -> Option<Format> {
        let found = MAGIC.iter().find(|(magic, _)| head.starts_with(magic));
        found.map(|&(_, format)| format)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Gzip => "gzip",
            Format::Xz => "xz",
            Format::Zstd => "zstd",
            Format::Zlib => "zlib",
        }
    }

    fn decoder<'a>(self, packed: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Format::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            Format::Zlib => Box::new(flate2::read::ZlibDecoder::new(packed)),
            Format::Zstd => Box::new(zstd::stream::read::Decoder::new(packed)?),
            Format::Xz => {
                let stream = liblzma::stream::Stream::new_stream_decoder(
                    XZ_MEMORY,
                    liblzma::stream::CONCATENATED,
                )?;
                Box::new(liblzma::read::XzDecoder::new_stream(packed, stream))
            }
        })
    }
}

/// Unpacks at most `limit` bytes; `None` where there would be more.
pub(super) fn unpack(format: Format, packed: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut data = Vec::new();
    format
        .decoder(packed)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut data)?;
    Ok((data.len() as u64 <= limit).then_some(data))
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
            let format = Format::of(&packed).unwrap();
            assert_eq!(unpack(format, &packed, 1000).unwrap().unwrap(), data);
        }
        assert_eq!(Format::of(b"\x7fELF"), None);
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let packed = gzip(&vec![0; 1 << 20]);
        assert!(unpack(Format::Gzip, &packed, 1 << 16).unwrap().is_none());
    }

    #[test]
    fn a_cut_file_is_an_error() {
        let packed = gzip(&b"vmlinux".repeat(100));
        assert!(unpack(Format::Gzip, &packed[..packed.len() / 2], 1000).is_err());
    }
}
