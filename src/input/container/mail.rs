//! Mails: multipart, encodings, character sets, attachments (RFC 5322, RFC 2045).
//!
//! A mail that is plain text as it stands is handed over whole, header and all: its lines keep
//! their numbers. Of any other mail the texts and attachments are members.

use super::content::Content;
use super::error::Said;
use super::{Place, Walk};
use mail_parser::{
    Encoding, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};
use memchr::memmem;

/// A larger mail is not read: mails are taken apart in memory.
pub const MAX_SIZE: u64 = 256 << 20;

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

/// True where a text begins with a field or with the "From " line of a mailbox.
pub fn may_be(head: &[u8]) -> bool {
    let line = first_line(head);
    line.starts_with(b"From ") || field_name(line).is_some()
}

/// True where the end of the header is in sight.
pub fn has_header_end(head: &[u8]) -> bool {
    memmem::find(head, b"\n\n").is_some() || memmem::find(head, b"\n\r\n").is_some()
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

/// `Name:`: printable ASCII without a colon (RFC 5322, 2.2), and a blank or nothing behind it.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', line)?;
    let name = &line[..colon];
    let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    let blank = line.get(colon + 1).is_none_or(u8::is_ascii_whitespace);
    (printable && blank).then_some(name)
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}

pub fn unpack(
    walk: &mut Walk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &Place<'_>,
) -> Result<(), Said> {
    let bytes = walk.whole(format, content, place, MAX_SIZE)?;
    let parsed = is_worth_parsing(&bytes).then(|| parser().parse(&*bytes));
    match parsed.flatten() {
        Some(message) if !is_plain(&message) => parts(walk, &message, place),
        message => {
            let mut text = place.inside(None);
            text.subject = message.as_ref().and_then(hidden_subject);
            walk.leaf(Content::Whole(&bytes), &text)
        }
    }
}

/// A mail of so many bytes is taken apart whatever is in it.
const SMALL: usize = 1 << 20;

/// Lines that may begin a part, and fields one behind the other: either takes more memory than such a line.
const MAX_PARTS: usize = 100_000;
const MAX_FIELDS: usize = 10_000;

/// False where taking the mail apart would fill the memory: its text is read as it stands.
fn is_worth_parsing(mail: &[u8]) -> bool {
    mail.len() <= SMALL || !has_many_parts(mail) && !has_many_fields(mail)
}

fn has_many_parts(mail: &[u8]) -> bool {
    memmem::find_iter(mail, b"\n--").take(MAX_PARTS).count() == MAX_PARTS
}

fn has_many_fields(mail: &[u8]) -> bool {
    let mut fields = 0;
    mail.split(|byte| *byte == b'\n').any(|line| {
        fields = field_name(line).map_or(0, |_| fields + 1);
        fields == MAX_FIELDS
    })
}

/// Of the header no more than is asked for is taken apart: a list of addresses takes many times its size.
fn parser() -> MessageParser {
    MessageParser::new()
        .with_mime_headers()
        .header_text(HeaderName::Subject)
        .default_header_ignore()
}

/// True for a mail whose text needs no decoding.
fn is_plain(message: &Message<'_>) -> bool {
    let part = message.root_part();
    let charset = part
        .content_type()
        .and_then(|kind| kind.attribute("charset"));
    matches!(part.body, PartType::Text(_))
        && part.encoding == Encoding::None
        && charset.is_none_or(is_ascii_compatible)
}

/// False for character sets whose bytes are no ASCII.
fn is_ascii_compatible(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    !["utf-16", "utf-32", "utf-7", "ucs", "iso-2022"]
        .iter()
        .any(|other| charset.starts_with(other))
}

/// The subject, where the header shows it in an encoded form (RFC 2047).
fn hidden_subject(message: &Message<'_>) -> Option<String> {
    let raw = message.header_raw("Subject")?;
    raw.contains("=?")
        .then(|| message.subject().map(str::to_owned))?
}

/// The texts of a mail, then what is attached. Of a text in several forms the plain one is read.
fn parts(walk: &mut Walk<'_>, message: &Message<'_>, place: &Place<'_>) -> Result<(), Said> {
    for id in &message.text_body {
        let Some(part) = message.part(*id) else {
            continue;
        };
        let mut member = place.inside(name(part, *id));
        member.subject = message.subject().map(str::to_owned);
        // One broken part says nothing of the next: each was told of.
        let _ = walk.open(Content::Whole(part.contents()), &member);
    }
    for id in message
        .attachments
        .iter()
        .filter(|id| !message.text_body.contains(id))
    {
        let Some(part) = message.part(*id) else {
            continue;
        };
        let _ = walk.open(
            Content::Whole(part.contents()),
            &place.inside(name(part, *id)),
        );
    }
    Ok(())
}

/// The name that an attachment has, or its number.
fn name(part: &MessagePart<'_>, id: u32) -> String {
    part.attachment_name()
        .map_or_else(|| format!("part {}", id + 1), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_fill_the_memory_is_read_as_it_stands() {
        let header = "From: a\nTo: b\nContent-Type: multipart/mixed; boundary=b\n";
        let log = "[    1.000000] usb 1-1: new device\n".repeat(60_000);
        assert!(is_worth_parsing(
            format!("{header}\n--b\n\n{log}").as_bytes()
        ));
        assert!(!is_worth_parsing(
            format!("{header}\n{}", "--b\n\n\n".repeat(200_000)).as_bytes()
        ));
        assert!(!is_worth_parsing(
            format!("{header}{}", "X: y\n".repeat(250_000)).as_bytes()
        ));
    }
}
