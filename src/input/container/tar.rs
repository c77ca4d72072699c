//! tar archives, read front to back.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace, whole};
use std::io::{self, Read};
use tar::{Archive, Entry, EntryType, PaxExtensions};

/// A longer name is cut here; tar lets one be as long as the archive.
const MAX_NAME: u64 = 4096;

/// Bytes of a header, and where in it its checksum is.
const HEADER: usize = 512;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// Where the kind of an entry is, and that of the name of the whole archive (GNU tar, `--label`).
const TYPE: usize = 156;
const LABEL: u8 = b'V';

/// `ustar` at 257 (POSIX, pax interchange format; GNU writes it as well), or the checksum of the header: older
/// archives, and those with a label, have no mark.
pub fn is(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar") || head.get(..HEADER).is_some_and(has_checksum)
}

fn has_checksum(header: &[u8]) -> bool {
    let mut digits = header[CHECKSUM]
        .split(|byte| matches!(byte, 0 | b' '))
        .filter_map(|digits| str::from_utf8(digits).ok());
    let told = digits.find(|digits| !digits.is_empty());
    let told = told.and_then(|digits| u32::from_str_radix(digits, 8).ok());
    let blanks = CHECKSUM.len() as u32 * u32::from(b' ');
    let others = header[..CHECKSUM.start]
        .iter()
        .chain(&header[CHECKSUM.end..]);
    // Every entry has a name; in a binary file without one the sum may fit by chance.
    header[0] != 0 && told == Some(others.map(|byte| u32::from(*byte)).sum::<u32>() + blanks)
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let broken = |error: io::Error| Some(Trouble::broken(format, error));
    let labelled = content.head().get(TYPE) == Some(&LABEL);
    let mut bytes = content.into_reader();
    if labelled {
        // The label says no size of itself, which the library takes for damage.
        let label = io::copy(&mut bytes.by_ref().take(HEADER as u64), &mut io::sink());
        label.map_err(|error| walk.fail(place, broken(error)))?;
    }
    let mut archive = Archive::new(bytes);
    // Archives may be one after the other.
    archive.set_ignore_zeros(true);
    let entries = match archive.entries() {
        Ok(entries) => entries.raw(true),
        Err(error) => return Err(walk.fail(place, broken(error))),
    };
    let mut long_name = None;
    let mut done = Ok(());
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            // A member that is cut off was reported; that nothing follows it is no news.
            Err(error) => return done.and_then(|()| Err(walk.fail(place, broken(error)))),
        };
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = gnu_name(&mut entry),
            EntryType::XHeader => long_name = pax_name(&mut entry).or(long_name),
            // Of a file with holes, the holes are left out.
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
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
            // The name was for this entry, a folder or a link.
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
