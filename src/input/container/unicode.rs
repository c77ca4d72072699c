//! Texts with a byte order mark: UTF-16 becomes UTF-8, the mark goes.

use super::content::Content;
use super::error::{Said, Trouble};
use super::{Place, Walk};
use encoding_rs_io::DecodeReaderBytes;

pub fn is_utf16(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff")
}

pub fn utf16(
    walk: &mut Walk<'_>,
    _: &'static str,
    content: Content<'_>,
    place: &Place<'_>,
) -> Result<(), Said> {
    match Content::stream(DecodeReaderBytes::new(content.into_reader())) {
        Ok(content) => walk.open(content, &place.inside(None)),
        Err(error) => Err(walk.fail(place, Some(Trouble::Read(error)))),
    }
}

/// Takes the mark off a text in UTF-8.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
