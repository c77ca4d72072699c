//! Quoted-printable texts (RFC 2045, 6.7), as mail-parser decodes them, a stretch at a time instead of a byte.
//!
//! In: a body. Out: the same bytes as mail-parser's, or nothing where it must judge: it mends what is broken. A quarter of
//! the mails of linux-next are quoted-printable; to decode them took a tenth of the time of a scan.

use mail_parser::{Message, MimeHeaders};

/// The text of a quoted-printable part in UTF-8; `None` for any other part.
pub fn text(header: &Message<'_>, body: &[u8]) -> Option<Vec<u8>> {
    let encoding = header.content_transfer_encoding()?;
    let kind = header.content_type();
    let is_text = kind.is_none_or(|kind| kind.ctype() == "text");
    if !is_text || !encoding.eq_ignore_ascii_case("quoted-printable") {
        return None;
    }
    let charset = kind.and_then(|kind| kind.attribute("charset"));
    let is_utf8 = charset.is_none_or(|name| name.eq_ignore_ascii_case("utf-8"));
    let is_ascii = charset.is_some_and(|name| name.eq_ignore_ascii_case("us-ascii"));
    let text = decoded(body)?;
    let is_readable = match is_utf8 {
        true => std::str::from_utf8(&text).is_ok(),
        false => is_ascii && text.is_ascii(),
    };
    is_readable.then_some(text)
}

/// The bytes that a body encodes; `None` where it has a carriage return or an escape that is none.
fn decoded(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    // Blanks after this place are dropped at the end of a line: a mail server added them.
    let mut kept = 0;
    let mut rest = body;
    while let Some(at) = memchr::memchr3(b'=', b'\n', b'\r', rest) {
        out.extend_from_slice(&rest[..at]);
        match &rest[at..] {
            [b'\n', ..] => {
                let blanks = out[kept..].iter().rev();
                let blanks = blanks.take_while(|byte| byte.is_ascii_whitespace()).count();
                out.truncate(out.len() - blanks);
                out.push(b'\n');
                rest = &rest[at + 1..];
            }
            [b'=', b'\n', ..] => rest = &rest[at + 2..],
            [b'=', high, low, ..] => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                out.push((digit(high)? << 4 | digit(low)?) as u8);
                rest = &rest[at + 3..];
            }
            _ => return None,
        }
        kept = out.len();
    }
    out.extend_from_slice(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::structure::{header, parser};
    use super::*;
    use mail_parser::MessagePart;
    use proptest::prelude::*;

    const HEADER: &str =
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n";

    #[test]
    fn lines_that_were_broken_are_whole() {
        let fields = header(HEADER.as_bytes()).expect("a header");
        let body = b"WARNING: CPU: 1 PID: 7 =\nat kernel/foo.c:12 \t\n=20\nx =3D =e2=80=99=C3=A4";
        let text = text(&fields, body).expect("a text");
        let expected = "WARNING: CPU: 1 PID: 7 at kernel/foo.c:12\n \nx = \u{2019}\u{e4}";
        assert_eq!(String::from_utf8_lossy(&text), expected);
        assert_eq!(super::text(&fields, b"=FF"), None);
        assert_eq!(super::text(&fields, b"=X1"), None);
    }

    proptest! {
        #[test]
        fn what_it_decodes_is_what_mail_parser_decodes(
            body in "(=[0-9A-Fa-f]{2}|=\n|=\r\n|=|[ \t]{0,3}\n|[a-c \t]{0,6}|\u{e4}|\r){0,24}",
        ) {
            let fields = header(HEADER.as_bytes()).expect("a header");
            let whole = format!("{HEADER}{body}");
            let message = parser().parse(whole.as_bytes()).expect("a mail");
            let part: &MessagePart<'_> = message.root_part();
            if let Some(text) = text(&fields, body.as_bytes()) {
                prop_assert_eq!(String::from_utf8_lossy(&text), String::from_utf8_lossy(part.contents()));
            }
        }
    }
}
