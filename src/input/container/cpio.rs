//! cpio archives, as an initramfs is one.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace};
use cpio::newc;
use std::io::{self, Read};

/// Header of an entry, and where in it the length of the name is, in hexadecimal.
const HEADER: usize = 110;
const NAME_LENGTH: std::ops::Range<usize> = 94..102;

/// Paths are no longer (PATH_MAX, include/uapi/linux/limits.h).
const MAX_NAME: u32 = 4096;

/// `newc` without and with checksums (Documentation/driver-api/early-userspace/buffer-format.rst).
pub fn is(head: &[u8]) -> bool {
    head.starts_with(b"070701") || head.starts_with(b"070702")
}

/// An archive of one of the older forms is kept in memory up to here.
const MAX_OLD: u64 = 1 << 30;

/// Digits in the header of the portable form (`odc`).
const OLD_DIGITS: usize = 76;

/// The name of the last entry, which is none.
const TRAILER: &[u8] = b"TRAILER!!!";

/// The forms before `newc` (cpio(5)): in octal digits, and in numbers of two bytes, either one first.
pub fn is_old(head: &[u8]) -> bool {
    let digits = head.get(..OLD_DIGITS);
    let is_portable = |digits: &[u8]| digits.iter().all(|digit| (b'0'..=b'7').contains(digit));
    head.starts_with(b"070707") && digits.is_some_and(is_portable)
        || head.starts_with(b"\xc7\x71")
        || head.starts_with(b"\x71\xc7")
}

pub fn unpack_old(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let bytes = walk.whole(format, content, place, MAX_OLD)?;
    for entry in cpio_reader::iter_files(&bytes) {
        if entry.mode().bits() & FILE_TYPE == REGULAR {
            // One broken member says nothing of the next: each was reported.
            let _ = walk.open(
                Content::Whole(entry.file()),
                &place.inside(entry.name().to_owned()),
            );
        }
    }
    // The library ends where it cannot go on, without an error.
    let is_whole = memchr::memmem::rfind(&bytes, TRAILER).is_some();
    let trouble = || Trouble::broken(format, "no end of the archive");
    is_whole
        .then_some(())
        .ok_or_else(|| walk.fail(place, Some(trouble())))
}

/// `S_IFMT` and `S_IFREG` (include/uapi/linux/stat.h).
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let broken = |error: io::Error| Some(Trouble::broken(format, error));
    let mut rest = content.into_reader();
    let mut done = Ok(());
    loop {
        let mut entry = match entry(&mut rest) {
            Ok(Some(entry)) => entry,
            Ok(None) => return done.and(behind(walk, rest, place)),
            // A member that failed was reported; that nothing can follow it is no news.
            Err(error) => return done.and_then(|()| Err(walk.fail(place, broken(error)))),
        };
        if is_file(entry.entry()) {
            let member = place.inside(entry.entry().name().to_owned());
            done = walk.open_stream(format, &mut entry, &member);
        }
        if let Err(error) = entry.finish() {
            return done.and_then(|()| Err(walk.fail(place, broken(error))));
        }
    }
}

/// What follows an archive: an initramfs is several, the last of them packed, with zeros between
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
fn behind<'a>(
    walk: &mut ContainerWalk<'_>,
    mut rest: Box<dyn Read + 'a>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let mut byte = [0];
    // The padding has any length, since blocks of 512 bytes are only a custom.
    while rest.read(&mut byte).is_ok_and(|length| length == 1) {
        if byte != [0] {
            return walk.open_stream("cpio", byte.chain(rest), &place.inside(None));
        }
    }
    Ok(())
}

type Archive<'r, 'a> = &'r mut Box<dyn Read + 'a>;
type CpioEntry<'r, 'a> = newc::Reader<io::Chain<io::Cursor<Vec<u8>>, Archive<'r, 'a>>>;

/// The next entry; `None` at the trailer. The length of its name is looked at before the library
/// makes room for it.
fn entry<'r, 'a>(archive: Archive<'r, 'a>) -> io::Result<Option<CpioEntry<'r, 'a>>> {
    let mut header = vec![0; HEADER];
    archive.read_exact(&mut header)?;
    let length = header
        .get(NAME_LENGTH)
        .and_then(|digits| str::from_utf8(digits).ok());
    let length = length.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    // A crafted length of 4 GiB would be allocated.
    if length.is_none_or(|length| length > MAX_NAME) {
        return Err(io::Error::other("no header of an entry"));
    }
    let entry = newc::Reader::new(io::Cursor::new(header).chain(archive))?;
    Ok((!entry.entry().is_trailer()).then_some(entry))
}

fn is_file(entry: &newc::Entry) -> bool {
    entry.mode() & FILE_TYPE == REGULAR
}
