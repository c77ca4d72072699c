//! Files whose name says that they are packed, and whose bytes say nothing.
//!
//! In: a name, and the first bytes of what no format knows. Out: the format that the name promises. A container is known
//! by its content: many a `dmesg.gz` was unpacked on its way (HTTP's Content-Encoding) and is a text. Only bytes
//! that are no text either are those of a packed file whose beginning is destroyed.

/// Endings of names, with the format as messages name it.
const ENDINGS: &[(&str, &str)] = &[
    (".gz", "gzip"),
    (".tgz", "gzip"),
    (".xz", "xz"),
    (".txz", "xz"),
    (".lzma", "lzma"),
    (".bz2", "bzip2"),
    (".tbz2", "bzip2"),
    (".zst", "zstd"),
    (".tzst", "zstd"),
    (".lz4", "lz4"),
    (".zip", "zip"),
    (".tar", "tar"),
    (".cpio", "cpio"),
];

/// Bytes that are looked at: a text has none of these in front.
const ENOUGH: usize = 512;

/// No packed file is shorter: an empty one of xz has 32 bytes, of gzip 20, of bzip2 14, of zstd 9 (and 13 with checksum).
const SHORTEST: usize = 14;

/// The format that a name promises and the bytes do not keep.
pub fn promised(name: &str, head: &[u8]) -> Option<&'static str> {
    if is_text(head) {
        return None;
    }
    let name = name.as_bytes();
    let has = |ending: &str| {
        let at = name.len().checked_sub(ending.len());
        at.is_some_and(|at| name[at..].eq_ignore_ascii_case(ending.as_bytes()))
    };
    let found = ENDINGS.iter().find(|(ending, _)| has(ending));
    found.map(|(_, format)| *format)
}

/// A text has blanks, line ends and terminal escapes, but none of the other control bytes. What is shorter than the
/// header of any packed file is the beginning of one that was cut off.
fn is_text(head: &[u8]) -> bool {
    let is_binary = |byte: &u8| matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    head.len() >= SHORTEST && !head.iter().take(ENOUGH).any(is_binary)
}

#[cfg(test)]
mod tests {
    use super::promised;

    #[test]
    fn only_bytes_that_are_no_text_break_a_promise() {
        for (name, head, format) in [
            ("dmesg.gz", &b"\0\0\x08\0\x12"[..], Some("gzip")),
            ("a.TAR.XZ", b"\x01zXZ\0", Some("xz")),
            ("a.tar", b"console\0\0\0\0", Some("tar")),
            ("a.zst", b"", Some("zstd")),
            (
                "dmesg.gz",
                b"[    0.000000] Linux version 6.1\r\n\x1b[0m",
                None,
            ),
            ("dmesg.gz", b"log in UTF-8: \xc3\xa9\n", None),
            ("dmesg.bz2", b"BZh9", Some("bzip2")),
            ("console.log", b"\0\0\0", None),
            ("gz", b"\0", None),
        ] {
            assert_eq!(promised(name, head), format, "{name}");
        }
    }
}
