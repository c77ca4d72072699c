//! Mails: multipart, encodings, character sets, attachments (RFC 5322, RFC 2045).
//!
//! A mail that is plain text is handed over whole, header and all: its lines keep
//! their numbers. Of any other mail the texts and attachments are members.

mod envelope;
pub(super) mod header;
mod quoted;
mod structure;

pub use envelope::{Envelope, syzbot_hash};

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace};
use crate::input::mapped::passed;
use header::{field_name, first_line};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessagePart, MimeHeaders};
use std::sync::Arc;
use structure::{MailPart, Structure, header_length};

/// A larger mail that is in no file, and a larger part that must be decoded, are not read: either is held in memory.
pub const MAX_SIZE: u64 = 64 << 20;

/// Fields of which a mail has two at least.
const FIELDS: &[&str] = &[
    "from",
    "date",
    "subject",
    "message-id",
    "to",
    "cc",
    "received",
    "return-path",
    "mime-version",
    "content-type",
    "in-reply-to",
    "references",
    "reply-to",
    "delivered-to",
    "list-id",
];

/// A header with two known fields.
pub fn is(head: &[u8]) -> bool {
    fields(head)
        .filter(|name| {
            FIELDS
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        })
        .take(2)
        .count()
        == 2
}

/// The names of the fields at the start of a text, up to the first line that is neither a field
/// nor the rest of one.
fn fields(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = head.split(|byte| *byte == b'\n');
    let folded = |line: &[u8]| line.starts_with(b" ") || line.starts_with(b"\t");
    lines
        .map_while(move |line| {
            if folded(line) {
                Some(None)
            } else {
                field_name(line).map(Some)
            }
        })
        .flatten()
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    match content {
        // What is mapped takes no memory, however large it is.
        Content::Whole(bytes) => mail(walk, bytes, place),
        content => {
            let bytes = walk.whole(format, content, place, MAX_SIZE)?;
            mail(walk, &bytes, place)
        }
    }
}

fn mail(
    walk: &mut ContainerWalk<'_>,
    bytes: &[u8],
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let header = structure::header(&bytes[..header_length(bytes)]);
    // A header that cannot be read, or is too long, says nothing of an encoding.
    let is_plain = header.as_ref().is_none_or(is_plain);
    let envelope = header.as_ref().map(Envelope::of).map(Arc::new);
    let place = &place.of_mail(envelope);
    let structure = Structure::of(bytes).filter(|_| !is_plain);
    match structure.filter(|structure| !structure.is_text_alone()) {
        Some(structure) => parts(walk, bytes, &structure, header.as_ref(), place),
        None => {
            let mut text = place.inside(None);
            // Where the header shows it the text is searched for it as for all else.
            text.subject = header.as_ref().and_then(hidden_subject);
            walk.leaf(Content::Whole(bytes), &text)
        }
    }
}

/// True for a mail whose text needs no decoding.
fn is_plain(header: &Message<'_>) -> bool {
    let is_text = header
        .content_type()
        .is_none_or(|kind| kind.ctype() == "text" && kind.subtype() != Some("html"));
    is_text && is_read_as_it_stands(header)
}

/// True for a body without an encoding, in a character set of which ASCII is a part.
fn is_read_as_it_stands(header: &Message<'_>) -> bool {
    let encoding = header.content_transfer_encoding();
    let is_encoded = encoding.is_some_and(|name| {
        name.eq_ignore_ascii_case("base64") || name.eq_ignore_ascii_case("quoted-printable")
    });
    let charset = header
        .content_type()
        .and_then(|kind| kind.attribute("charset"));
    !is_encoded && charset.is_none_or(is_ascii_compatible)
}

/// False for character sets whose bytes are no ASCII.
fn is_ascii_compatible(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    !["utf-16", "utf-32", "utf-7", "ucs", "iso-2022"]
        .iter()
        .any(|other| charset.starts_with(other))
}

/// The subject, where the header shows it in an encoded form (RFC 2047).
fn hidden_subject(header: &Message<'_>) -> Option<String> {
    let raw = header.header_raw("Subject")?;
    raw.contains("=?")
        .then(|| header.subject().map(str::to_owned))?
}

/// The texts of a mail, then what is attached. Of a text in several forms the plain one is read.
fn parts(
    walk: &mut ContainerWalk<'_>,
    mail: &[u8],
    structure: &Structure,
    header: Option<&Message<'_>>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let subject = header.and_then(|header| header.subject());
    // One broken part says nothing of the next: each was reported.
    for index in &structure.texts {
        let _ = part(walk, mail, &structure.parts[*index], subject, place);
    }
    let is_text = |index: &usize| structure.texts.binary_search(index).is_ok();
    let parts = structure.parts.iter().enumerate();
    let attached = parts.filter(|(index, part)| part.is_attached && !is_text(index));
    for (_, attached) in attached {
        let _ = part(walk, mail, attached, None, place);
    }
    match structure.is_too_deep {
        true => Err(walk.fail(place, Some(Trouble::Depth(structure::MAX_NESTING)))),
        false => Ok(()),
    }
}

/// Opens a part.
fn part(
    walk: &mut ContainerWalk<'_>,
    mail: &[u8],
    part: &MailPart,
    subject: Option<&str>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let header = structure::header(&mail[part.range.start..part.body]);
    let root = header.as_ref().and_then(|header| header.part(0));
    let mut member = place.inside(name(root, part.number));
    member.subject = subject.map(str::to_owned);
    let (whole, body) = (&mail[part.range.clone()], &mail[part.body..part.range.end]);
    let done = match header {
        Some(header) if !is_read_as_it_stands(&header) => {
            decoded(walk, part, &header, whole, &member)
        }
        _ => body_of(walk, part, body, &member),
    };
    passed(&mail[..part.range.end]);
    done
}

/// Opens a part that must be decoded.
fn decoded(
    walk: &mut ContainerWalk<'_>,
    part: &MailPart,
    header: &Message<'_>,
    whole: &[u8],
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    if whole.len() as u64 > MAX_SIZE {
        let (format, limit) = ("mail", MAX_SIZE);
        return Err(walk.fail(place, Some(Trouble::Large { format, limit })));
    }
    if part.is_mail {
        let body = &whole[part.body - part.range.start..];
        let is_base64 = header
            .content_transfer_encoding()
            .is_some_and(|name| name.eq_ignore_ascii_case("base64"));
        let mail = match is_base64 {
            true => base64_decode(body),
            false => quoted_printable_decode(body),
        };
        return body_of(walk, part, mail.as_deref().unwrap_or(body), place);
    }
    if let Some(text) = quoted::text(header, &whole[part.body - part.range.start..]) {
        return body_of(walk, part, &text, place);
    }
    let message = structure::parser().parse(whole);
    let root = message.as_ref().map(Message::root_part);
    body_of(walk, part, root.map_or(whole, MessagePart::contents), place)
}

/// Opens the body of a part. What a mail says is a mail is one, however little its header has.
fn body_of(
    walk: &mut ContainerWalk<'_>,
    part: &MailPart,
    body: &[u8],
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    // As it is, `open` knows it by two fields; a mail with one is one only because its part says
    // so.
    if !part.is_mail || is(body) || field_name(first_line(body)).is_none() {
        return walk.open(Content::Whole(body), place);
    }
    walk.count(place)?;
    walk.enter(place)?;
    mail(walk, body, place)
}

/// The name that an attachment has, or its number.
fn name(part: Option<&MessagePart<'_>>, number: usize) -> String {
    part.and_then(|part| part.attachment_name())
        .map_or_else(|| format!("part {}", number + 1), str::to_owned)
}
