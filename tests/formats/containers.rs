//! Writers of containers: a log in, a file as somebody would send it out.

use std::io::{Cursor, Write};

/// A container: its name and its writer.
pub type Container = (&'static str, fn(&[u8]) -> Vec<u8>);

/// All of them.
pub const CONTAINERS: &[Container] = &[
    ("gzip", gzip),
    ("gzip-members", |log| {
        let (first, second) = log.split_at(log.len() / 2);
        [gzip(first), gzip(second)].concat()
    }),
    ("xz", xz),
    ("lzma", lzma),
    ("bzip2", bzip2),
    ("zstd", |log| zstd::encode_all(log, 3).expect("memory")),
    ("lz4", lz4),
    ("lz4-frames", |log| {
        let (first, second) = log.split_at(log.len() / 2);
        [lz4(first), lz4(second)].concat()
    }),
    ("lz4-legacy", |log| {
        let block = lz4_flex::block::compress(log);
        let length = u32::try_from(block.len()).expect("a small log");
        [b"\x02\x21\x4c\x18", length.to_le_bytes().as_slice(), &block].concat()
    }),
    ("tar", tar),
    ("tar-gz", |log| gzip(&tar(log))),
    ("tar-long-name", tar_long_name),
    ("tar-v7", tar_v7),
    ("tar-behind-tar", |log| {
        [tar_of(&[("logs/empty.log", b"")]), tar(log)].concat()
    }),
    ("zip", |log| zip(log)),
    ("zip-bzip2", |log| {
        zip_by(log, zip::CompressionMethod::Bzip2)
    }),
    ("cpio", cpio),
    ("cpio-odc", cpio_odc),
    ("initramfs", |log| {
        [cpio(b"microcode"), vec![0; 100], gzip(&cpio(log))].concat()
    }),
    ("ar", |log| ar("console.log", log)),
    ("deb", |log| {
        let data = xz(&tar(log));
        let members = [
            ar("debian-binary", b"2.0\n"),
            ar("data.tar.xz", &data)[8..].to_vec(),
        ];
        members.concat()
    }),
    ("pstore-in-tar", |log| {
        // Behind one another they are the log; the last part comes first.
        let (end, begin) = (log.len(), log.len() / 2);
        let cut = begin
            + log[begin..]
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(end - begin - 1)
            + 1;
        let parts = [
            [b"Panic#1 Part1\n", &log[cut..]].concat(),
            [b"Panic#1 Part2\n", &log[..cut]].concat(),
        ];
        tar_of(&[
            ("pstore/dmesg-efi-1", &parts[0]),
            ("pstore/dmesg-efi-2", &parts[1]),
        ])
    }),
    ("pstore-deflate", |log| {
        let level = flate2::Compression::default();
        let writer = flate2::write::DeflateEncoder::new(Vec::new(), level);
        part(log, writer, flate2::write::DeflateEncoder::finish)
    }),
    ("pstore-zlib", |log| {
        let level = flate2::Compression::default();
        let writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
        part(log, writer, flate2::write::ZlibEncoder::finish)
    }),
    ("utf-16le", |log| utf16(log, u16::to_le_bytes)),
    ("utf-16be", |log| utf16(log, u16::to_be_bytes)),
    ("utf-8-mark", |log| [b"\xef\xbb\xbf", log].concat()),
    ("xz-in-zip-in-tar", |log| tar(&zip(&xz(log)))),
];

pub fn gzip(log: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer
        .write_all(log)
        .and_then(|()| writer.finish())
        .expect("memory")
}

/// A part of a pstore dump as the backend stored it.
fn part<W: Write>(log: &[u8], mut writer: W, finish: fn(W) -> std::io::Result<Vec<u8>>) -> Vec<u8> {
    let head: &[u8] = match log.starts_with(b"Panic#") {
        true => b"",
        false => b"Panic#1 Part1\n",
    };
    let written = writer.write_all(head).and_then(|()| writer.write_all(log));
    written.and_then(|()| finish(writer)).expect("memory")
}

pub fn xz(log: &[u8]) -> Vec<u8> {
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 6);
    writer
        .write_all(log)
        .and_then(|()| writer.finish())
        .expect("memory")
}

fn lzma(log: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(6).expect("a preset");
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).expect("memory");
    let mut writer = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    writer
        .write_all(log)
        .and_then(|()| writer.finish())
        .expect("memory")
}

fn bzip2(log: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    writer
        .write_all(log)
        .and_then(|()| writer.finish())
        .expect("memory")
}

fn lz4(log: &[u8]) -> Vec<u8> {
    let blocks = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut writer = lz4_flex::frame::FrameEncoder::with_frame_info(blocks, Vec::new());
    writer.write_all(log).expect("memory");
    writer.finish().expect("memory")
}

pub fn tar(log: &[u8]) -> Vec<u8> {
    tar_of(&[("logs/console.log", log)])
}

fn tar_long_name(log: &[u8]) -> Vec<u8> {
    let name = format!("{}/console.log", "folder/".repeat(40));
    tar_of(&[(&name, log)])
}

pub fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, *data)
            .expect("memory");
    }
    builder.into_inner().expect("memory")
}

/// A header as it was before POSIX: no mark.
fn tar_v7(log: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_old();
    header.set_path("console.log").expect("a short name");
    header.set_size(log.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let padding = vec![0; (512 - log.len() % 512) % 512 + 1024];
    [header.as_bytes().as_slice(), log, &padding].concat()
}

pub fn zip(log: &[u8]) -> Vec<u8> {
    zip_by(log, zip::CompressionMethod::Deflated)
}

fn zip_by(log: &[u8], method: zip::CompressionMethod) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_directory("logs", zip::write::SimpleFileOptions::default())
        .expect("memory");
    writer
        .start_file("logs/console.log", options)
        .expect("memory");
    writer.write_all(log).expect("memory");
    writer.finish().expect("memory").into_inner()
}

fn cpio(log: &[u8]) -> Vec<u8> {
    let entry = cpio::newc::Builder::new("console.log").mode(0o100_644);
    let mut writer = entry.write(Vec::new(), log.len() as u32);
    writer.write_all(log).expect("memory");
    cpio::newc::trailer(writer.finish().expect("memory")).expect("memory")
}

/// As cpio(5) says of the portable form.
fn cpio_odc(log: &[u8]) -> Vec<u8> {
    let entry = |name: &str, mode: u32, data: &[u8]| {
        let length = name.len() + 1;
        let header = format!(
            "070707{:06o}{:06o}{mode:06o}{:06o}{:06o}{:06o}{:06o}{:011o}{length:06o}{:011o}{name}\0",
            0,
            1,
            0,
            0,
            1,
            0,
            0,
            data.len()
        );
        [header.as_bytes(), data].concat()
    };
    [
        entry("console.log", 0o100_644, log),
        entry("TRAILER!!!", 0, b""),
    ]
    .concat()
}

/// As ar(5) says.
fn ar(name: &str, log: &[u8]) -> Vec<u8> {
    let header = format!(
        "{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
        format!("{name}/"),
        0,
        0,
        0,
        100_644,
        log.len()
    );
    let padding: &[u8] = if log.len() % 2 == 1 { b"\n" } else { b"" };
    [b"!<arch>\n", header.as_bytes(), log, padding].concat()
}

fn utf16(log: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = String::from_utf8_lossy(log);
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(bytes).collect()
}
