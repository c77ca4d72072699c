//! ar archives, as a Debian package is one.

use super::content::Content;
use super::error::{Said, Trouble};
use super::{Packed, Walk};
use object::read::archive::ArchiveFile;

/// An archive that comes from a pipe or stands in another container is kept in memory up to here.
const MAX_SIZE: u64 = 1 << 30;

pub fn is(head: &[u8]) -> bool {
    head.starts_with(&object::archive::MAGIC)
}

pub fn unpack(walk: &mut Walk<'_>, packed: Packed<'_, '_>) -> Result<(), Said> {
    let Packed {
        format,
        content,
        place,
    } = packed;
    let broken = |reason: String| Some(Trouble::Broken { format, reason });
    let bytes = match content.into_whole(MAX_SIZE) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            return Err(walk.fail(
                place,
                Some(Trouble::Large {
                    format,
                    limit: MAX_SIZE,
                }),
            ));
        }
        Err(error) => return Err(walk.fail(place, broken(error.to_string()))),
    };
    let archive = match ArchiveFile::parse(&*bytes) {
        Ok(archive) => archive,
        Err(error) => return Err(walk.fail(place, broken(error.to_string()))),
    };
    for member in archive.members() {
        let data = member.and_then(|member| Ok((member.name(), member.data(&*bytes)?)));
        match data {
            Ok((name, data)) => {
                let name = String::from_utf8_lossy(name)
                    .trim_end_matches('/')
                    .to_owned();
                // One broken member says nothing of the next: each was told of.
                let _ = walk.open(Content::Whole(data), &place.inside(name));
            }
            Err(error) => return Err(walk.fail(place, broken(error.to_string()))),
        }
    }
    Ok(())
}
