//! zip archives. Their table of contents is at the end, so they are read as a whole.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::limits::Metered;
use super::{ContainerWalk, MemberPlace};
use crate::input::mapped::passed;
use std::io::{self, Cursor};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

/// A zip that comes from a pipe or is in another container is kept in memory up to here.
const MAX_SIZE: u64 = 1 << 30;

/// Methods of compression that are built in.
const KNOWN: [CompressionMethod; 3] = [
    CompressionMethod::Stored,
    CompressionMethod::Deflated,
    CompressionMethod::Bzip2,
];

pub fn is(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let broken = |error: io::Error| Some(Trouble::broken(format, error));
    let bytes = walk.whole(format, content, place, MAX_SIZE)?;
    let mut archive = ZipArchive::new(Cursor::new(&*bytes))
        .map_err(|error| walk.fail(place, broken(error.into())))?;
    for index in 0..archive.len() {
        // A name that cannot be read does not keep the content from being read.
        let name = archive.name_for_index(index).and_then(Result::ok);
        let name = name.map_or_else(|| format!("member {}", index + 1), Into::into);
        let member = place.inside(name);
        let entry = match archive.by_index(index) {
            Ok(entry) if entry.is_dir() => continue,
            Ok(entry) if KNOWN.contains(&entry.compression()) => entry,
            Ok(entry) => {
                let reason = format!("compression method {}", entry.compression());
                walk.fail(&member, Some(Trouble::Unsupported { format, reason }));
                continue;
            }
            Err(error) => {
                walk.fail(&member, Some(trouble(format, error)));
                continue;
            }
        };
        let begin = entry.data_start().unwrap_or(0);
        let end = begin.saturating_add(entry.compressed_size());
        let metered = Metered {
            format,
            packed: Arc::new(AtomicU64::new(entry.compressed_size())),
            unpacked: 0,
            meter: Rc::clone(&walk.meter),
            decoder: entry,
        };
        // One broken member says nothing of the next: each was reported.
        let _ = walk.open_stream(format, metered, &member);
        passed(bytes.get(..end as usize).unwrap_or_default());
    }
    Ok(())
}

/// What is wrong with a member.
fn trouble(format: &'static str, error: ZipError) -> Trouble {
    match error {
        ZipError::UnsupportedArchive(reason) => {
            let reason = reason.to_owned();
            Trouble::Unsupported { format, reason }
        }
        error => Trouble::broken(format, error),
    }
}
