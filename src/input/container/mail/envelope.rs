//! What the header of a mail says of it as a whole.

use jiff::Timestamp;
use mail_parser::{HeaderName, HeaderValue, Message};

/// Bytes that are kept of a field.
const MAX_FIELD: usize = 1024;

/// The fields by which people find a mail again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// Without its angle brackets.
    pub message_id: Option<String>,
    /// When it was written, in UTC: `2024-04-30T08:12:00Z`.
    pub date: Option<String>,
    /// Decoded.
    pub subject: Option<String>,
    /// `List-Id`, without its angle brackets: `linux-usb.vger.kernel.org`.
    pub list: Option<String>,
    /// The bug that syzbot reports: the hash in `From: syzbot+HASH@syzkaller.appspotmail.com`.
    pub syzbot: Option<String>,
}

impl Envelope {
    /// Of a header that was read with the parser of `structure`.
    pub(super) fn of(header: &Message<'_>) -> Envelope {
        let date = header.date().map(mail_parser::DateTime::to_timestamp);
        let date = date.and_then(|seconds| Timestamp::from_second(seconds).ok());
        // Asked as plain text: mail-parser would read it as an address.
        let list = match header.header(HeaderName::ListId) {
            Some(HeaderValue::Text(text)) => Some(text.as_ref()),
            _ => None,
        };
        // `Linux USB <linux-usb.vger.kernel.org>`
        let inside = |text: &str| {
            let (_, id) = text.rsplit_once('<').unwrap_or(("", text));
            id.trim_end_matches('>').trim().to_owned()
        };
        Envelope {
            message_id: header.message_id().and_then(short),
            date: date.map(|date| date.to_string()),
            subject: header.subject().and_then(short),
            list: list.map(inside).as_deref().and_then(short),
            syzbot: match header.header(HeaderName::From) {
                Some(HeaderValue::Text(text)) => syzbot_hash(text),
                _ => None,
            },
        }
    }
}

/// What syzbot's addresses begin with, and what they end in.
const SYZBOT: (&str, &str) = ("syzbot+", "@syzkaller.appspotmail.com");

/// Digits of a hash of syzbot's: it made 16 of them at first, and makes 20.
const SYZBOT_DIGITS: std::ops::RangeInclusive<usize> = 16..=40;

/// The hash of an address of syzbot's, as a mail or a trailer has it.
pub fn syzbot_hash(text: &str) -> Option<String> {
    let (_, address) = text.split_once(SYZBOT.0)?;
    let (hash, _) = address.split_once(SYZBOT.1)?;
    let is_hash =
        SYZBOT_DIGITS.contains(&hash.len()) && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| hash.to_ascii_lowercase())
}

/// A field that is no attack.
fn short(field: &str) -> Option<String> {
    let is_field = !field.is_empty() && field.len() <= MAX_FIELD;
    is_field.then(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::structure;
    use super::*;

    #[test]
    fn the_fields_of_a_mail_of_a_list() {
        let header = b"From: syzbot <syzbot+0123456789abcdef0123@syzkaller.appspotmail.com>\r\nSubject: =?utf-8?q?Re=3A_WARNING?=\r\nDate: Tue, 30 Apr 2024 21:32:11 +0200\r\n\
            Message-ID: <20240430193211.GEZjFHO0@fat_crate.local>\r\nList-Id: USB <linux-usb.vger.kernel.org>\r\n\r\n";
        let header = structure::header(header).expect("a header");
        let envelope = Envelope::of(&header);
        assert_eq!(
            envelope.message_id.as_deref(),
            Some("20240430193211.GEZjFHO0@fat_crate.local")
        );
        assert_eq!(envelope.date.as_deref(), Some("2024-04-30T19:32:11Z"));
        assert_eq!(envelope.subject.as_deref(), Some("Re: WARNING"));
        assert_eq!(envelope.list.as_deref(), Some("linux-usb.vger.kernel.org"));
        assert_eq!(envelope.syzbot.as_deref(), Some("0123456789abcdef0123"));
    }

    #[test]
    fn what_a_mail_does_not_say_is_unknown() {
        let header = structure::header(b"From: a@b\nDate: never\n\n").expect("a header");
        assert_eq!(Envelope::of(&header), Envelope::default());
    }
}
