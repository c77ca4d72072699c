//! A compressed part of a pstore dump, as a file of its own.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace};
use crate::input::pstore::{MAX_PART, unpack_part};

/// Bytes that the first line of a part is unpacked from.
const ENOUGH: usize = 512;

pub fn is(head: &[u8]) -> bool {
    unpack_part(&head[..head.len().min(ENOUGH)], 0).is_some()
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let bytes = walk.whole(format, content, place, MAX_PART)?;
    let Some((part, done)) = unpack_part(&bytes, MAX_PART) else {
        return walk.leaf(Content::Whole(&bytes), place);
    };
    walk.leaf(Content::Whole(&part), place)?;
    done.map_err(|error| walk.fail(place, Some(Trouble::broken(format, error))))
}
