//! What the first bytes of a text say of a mail's header.
//!
//! In: bytes. Out: whether a header may begin there, and whether it is all there. It knows no container: a stream asks
//! how far it must be read before anybody knows what it is.

use memchr::memmem;

/// True where a text begins with a field or with the "From " line of a mailbox.
pub fn may_be(head: &[u8]) -> bool {
    let line = first_line(head);
    line.starts_with(b"From ") || field_name(line).is_some()
}

/// True where the end of the header is in sight.
pub fn has_header_end(head: &[u8]) -> bool {
    memmem::find(head, b"\n\n").is_some() || memmem::find(head, b"\n\r\n").is_some()
}

/// `Name:`: printable ASCII without a colon (RFC 5322, 2.2), and a blank or nothing after it.
pub fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', line)?;
    let name = &line[..colon];
    let printable = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    let blank = line.get(colon + 1).is_none_or(u8::is_ascii_whitespace);
    (printable && blank).then_some(name)
}

/// A text up to its first line feed.
pub fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').next().unwrap_or_default()
}
