//! ar archives, as a Debian package is one.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace};
use crate::input::mapped::passed;
use object::read::archive::ArchiveFile;

/// An archive that comes from a pipe or is in another container is kept in memory up to here.
const MAX_SIZE: u64 = 1 << 30;

pub fn is(head: &[u8]) -> bool {
    head.starts_with(&object::archive::MAGIC)
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let bytes = walk.whole(format, content, place, MAX_SIZE)?;
    let archive = ArchiveFile::parse(&*bytes)
        .map_err(|error| walk.fail(place, Some(Trouble::broken(format, error))))?;
    for member in archive.members() {
        let data = member.and_then(|member| Ok((member.name(), member.data(&*bytes)?)));
        match data {
            Ok((name, data)) => {
                let name = String::from_utf8_lossy(name)
                    .trim_end_matches('/')
                    .to_owned();
                // One broken member says nothing of the next: each was reported.
                let _ = walk.open(Content::Whole(data), &place.inside(name));
                passed(data);
            }
            // Where a member is broken the beginning of the next one is not known.
            Err(error) => return Err(walk.fail(place, Some(Trouble::broken(format, error)))),
        }
    }
    Ok(())
}
