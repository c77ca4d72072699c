//! tar archives, read front to back.

use super::content::Content;
use super::error::{Said, Trouble};
use super::{Place, Walk, whole};
use std::io::{self, Read};
use tar::{Archive, Entry, EntryType, PaxExtensions};

/// A longer name is cut here; tar lets one be as long as the archive.
const MAX_NAME: u64 = 4096;

/// `ustar` at 257 (POSIX, pax interchange format; GNU writes it as well).
pub fn is(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

pub fn unpack(
    walk: &mut Walk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &Place<'_>,
) -> Result<(), Said> {
    let broken = |error: io::Error| Some(Trouble::broken(format, error));
    let mut archive = Archive::new(content.into_reader());
    let entries = match archive.entries() {
        Ok(entries) => entries.raw(true),
        Err(error) => return Err(walk.fail(place, broken(error))),
    };
    let mut long_name = None;
    let mut done = Ok(());
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            // A member that is cut off was told of; that nothing follows it is no news.
            Err(error) => return done.and_then(|()| Err(walk.fail(place, broken(error)))),
        };
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = gnu_name(&mut entry),
            EntryType::XHeader => long_name = pax_name(&mut entry).or(long_name),
            EntryType::Regular | EntryType::Continuous => {
                let name = long_name
                    .take()
                    .unwrap_or_else(|| lossy(&entry.path_bytes()));
                let member = place.inside(name);
                done = match whole::open(entry, walk.meter.room(), |content| {
                    walk.open(content, &member)
                }) {
                    Ok(done) => done,
                    Err(error) => Err(walk.fail(&member, broken(error))),
                };
            }
            _ => long_name = None,
        }
    }
    done
}

/// The name of the next entry, where it is longer than 100 bytes (GNU tar).
fn gnu_name(entry: &mut Entry<'_, impl Read>) -> Option<String> {
    let mut name = Vec::new();
    entry.take(MAX_NAME).read_to_end(&mut name).ok()?;
    Some(lossy(name.strip_suffix(b"\0").unwrap_or(&name)))
}

/// The same in pax archives.
fn pax_name(entry: &mut Entry<'_, impl Read>) -> Option<String> {
    let mut records = Vec::new();
    entry.take(4 * MAX_NAME).read_to_end(&mut records).ok()?;
    let path = PaxExtensions::new(&records)
        .flatten()
        .find(|record| record.key_bytes() == b"path")?;
    Some(lossy(path.value_bytes()))
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
