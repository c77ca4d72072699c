//! cpio archives, as an initramfs is one.

use super::content::Content;
use super::error::{Said, Trouble};
use super::{Place, Walk};
use cpio::newc;
use std::io::{self, Read};

/// Header of an entry, and where in it the length of the name stands, in hexadecimal.
const HEADER: usize = 110;
const NAME_LENGTH: std::ops::Range<usize> = 94..102;

/// Paths are no longer (PATH_MAX, include/uapi/linux/limits.h).
const MAX_NAME: u32 = 4096;

/// `newc` without and with checksums (Documentation/driver-api/early-userspace/buffer-format.rst).
pub fn is(head: &[u8]) -> bool {
    head.starts_with(b"070701") || head.starts_with(b"070702")
}

pub fn unpack(
    walk: &mut Walk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &Place<'_>,
) -> Result<(), Said> {
    let broken = |error: io::Error| Some(Trouble::broken(format, error));
    let mut rest = content.into_reader();
    let mut done = Ok(());
    loop {
        let mut entry = match entry(&mut rest) {
            Ok(Some(entry)) => entry,
            Ok(None) => return done,
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

type Archive<'r, 'a> = &'r mut Box<dyn Read + 'a>;
type Entry<'r, 'a> = newc::Reader<io::Chain<io::Cursor<Vec<u8>>, Archive<'r, 'a>>>;

/// The next entry; `None` at the trailer. The length of its name is looked at before the library
/// makes room for it.
fn entry<'r, 'a>(archive: Archive<'r, 'a>) -> io::Result<Option<Entry<'r, 'a>>> {
    let mut header = vec![0; HEADER];
    archive.read_exact(&mut header)?;
    let length = header
        .get(NAME_LENGTH)
        .and_then(|digits| str::from_utf8(digits).ok());
    let length = length.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if length.is_none_or(|length| length > MAX_NAME) {
        return Err(io::Error::other("no header of an entry"));
    }
    let entry = newc::Reader::new(io::Cursor::new(header).chain(archive))?;
    Ok((!entry.entry().is_trailer()).then_some(entry))
}

/// `S_IFREG` (include/uapi/linux/stat.h).
fn is_file(entry: &newc::Entry) -> bool {
    entry.mode() & 0o170_000 == 0o100_000
}
