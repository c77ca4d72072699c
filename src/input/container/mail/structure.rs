//! Where the parts of a mail begin and end (RFC 2046, 5.1), and which of them are its text.
//!
//! In: a mail in memory or mapped. Out: its parts, none of them decoded. mail-parser decodes all parts before the first can
//! be read, keeps a value for each line of a folded field, and drops mails within mails by recursion; so it is asked only
//! for headers of a bounded size and for single parts.

use crate::input::mapped::passed;
use mail_parser::{ContentType, HeaderName, Message, MessageParser, MimeHeaders};
use memchr::memmem;
use std::ops::Range;

/// A longer header is not taken apart: each field and each folded line of it takes many times its size.
const MAX_HEADER: usize = 256 << 10;

/// Parts within parts.
pub const MAX_NESTING: usize = 16;

/// Parts of a mail; one of more is read as it is.
const MAX_PARTS: usize = 100_000;

/// Bytes that are searched before they are given back.
const WINDOW: usize = 8 << 20;

/// A part that is no multipart itself.
#[derive(Debug, Clone)]
pub struct MailPart {
    /// Its number among all parts, multiparts too, counted from 0.
    pub number: usize,
    /// Header and body.
    pub range: Range<usize>,
    /// Where its body begins.
    pub body: usize,
    /// True for a multipart without its boundary: a text as it is.
    pub is_unparted: bool,
    /// True for a mail within the mail.
    pub is_mail: bool,
    /// True where it is read after the texts.
    pub is_attached: bool,
}

/// What a mail is made of.
#[derive(Debug, Default)]
pub struct Structure {
    /// Its parts in their order.
    pub parts: Vec<MailPart>,
    /// Those of them, by index, that are its text. Of a text in several forms the plain one is.
    pub texts: Vec<usize>,
    /// True where parts are nested deeper than [`MAX_NESTING`]; those are left out.
    pub is_too_deep: bool,
    /// The same as `texts` for web pages.
    pages: Vec<usize>,
    numbers: usize,
}

/// What a part is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Mixed,
    Alternative,
    Related,
    Digest,
}

/// What is still looked for where a part is.
#[derive(Debug, Clone, Copy)]
struct WantedPart {
    within: Within,
    /// True for the first part there.
    is_first: bool,
    in_alternative: bool,
    text: bool,
    page: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartKind {
    Plain,
    Page,
    /// Text of another sort.
    Text,
    /// What may be shown within a text.
    Shown,
    Mail,
    Other,
}

impl Structure {
    /// The structure of a mail; `None` where it has too many parts.
    pub fn of(mail: &[u8]) -> Option<Structure> {
        let mut structure = Structure::default();
        let mut wanted = WantedPart {
            within: Within::Nothing,
            is_first: true,
            in_alternative: false,
            text: true,
            page: true,
        };
        structure.entity(mail, 0..mail.len(), &mut wanted, 0);
        // Half a structure would drop the rest of the mail without a word.
        (structure.parts.len() < MAX_PARTS).then_some(structure)
    }

    /// True where the mail is a text that is there as it is: a multipart without its boundary.
    pub fn is_text_alone(&self) -> bool {
        matches!(
            self.parts.as_slice(),
            [MailPart {
                number: 0,
                is_unparted: true,
                ..
            }]
        )
    }

    fn entity(&mut self, mail: &[u8], range: Range<usize>, wanted: &mut WantedPart, depth: usize) {
        let number = self.numbers;
        self.numbers += 1;
        let body = range.start + header_length(&mail[range.clone()]);
        let header = header(&mail[range.start..body]);
        let content_type = header.as_ref().and_then(|header| header.content_type());
        let boundary = content_type.filter(|kind| kind.ctype() == "multipart");
        let boundary = boundary.and_then(|kind| Some((kind, kind.attribute("boundary")?)));
        if let Some((kind, boundary)) = boundary
            && self.multipart(mail, body..range.end, kind, boundary, wanted, depth)
        {
            return;
        }
        let kind = kind(content_type, wanted.within);
        self.leaf(kind, header.as_ref(), wanted);
        let is_read = kind != PartKind::Page || !self.pages.ends_with(&[self.parts.len()]);
        self.parts.push(MailPart {
            number,
            range,
            body,
            is_unparted: content_type.is_some_and(|kind| kind.ctype() == "multipart"),
            is_mail: kind == PartKind::Mail,
            is_attached: is_read,
        });
    }

    /// Takes in a multipart; false where its boundary is nowhere.
    fn multipart(
        &mut self,
        mail: &[u8],
        body: Range<usize>,
        kind: &ContentType<'_>,
        boundary: &str,
        outer: &WantedPart,
        depth: usize,
    ) -> bool {
        let mut delimiters = Delimiters::new(mail, body, boundary);
        let Some(mut begin) = delimiters.next().map(|delimiter| delimiter.end) else {
            return false;
        };
        // This calls itself, so the depth is a bound on the stack.
        if depth >= MAX_NESTING {
            self.is_too_deep = true;
            return true;
        }
        let within = match kind.subtype() {
            Some("alternative") => Within::Alternative,
            Some("related") => Within::Related,
            Some("digest") => Within::Digest,
            _ => Within::Mixed,
        };
        let mut wanted = WantedPart {
            within,
            is_first: true,
            in_alternative: outer.in_alternative || within == Within::Alternative,
            ..*outer
        };
        let (texts, pages) = (self.texts.len(), self.pages.len());
        while !delimiters.closed && self.parts.len() < MAX_PARTS {
            let next = delimiters.next();
            let end = next.as_ref().map_or(delimiters.body.end, |next| next.start);
            // A part may be empty; only what comes after an unclosed last one may be nothing.
            if begin < end || next.is_some() {
                self.entity(mail, begin..end.max(begin), &mut wanted, depth + 1);
                wanted.is_first = false;
            }
            match next {
                Some(next) => begin = next.end,
                None => break,
            }
        }
        // In no plain form: the page is its text then.
        let only_page = texts == self.texts.len() && pages != self.pages.len();
        if within == Within::Alternative && wanted.text && wanted.page && only_page {
            self.texts.extend_from_slice(&self.pages[pages..]);
        }
        true
    }

    /// Whether a part is a text of its mail, by mail-parser's rules.
    fn leaf(&mut self, kind: PartKind, header: Option<&Message<'_>>, wanted: &mut WantedPart) {
        let index = self.parts.len();
        let (mut text, mut page) = (false, false);
        if wanted.within == Within::Alternative {
            (text, page) = (kind == PartKind::Plain, kind == PartKind::Page);
        } else if is_shown(kind, header, wanted) {
            if wanted.in_alternative && (wanted.text || wanted.page) {
                wanted.text &= kind != PartKind::Page;
                wanted.page &= kind != PartKind::Plain;
            }
            (text, page) = (wanted.text, wanted.page);
        }
        self.texts.extend(text.then_some(index));
        self.pages.extend(page.then_some(index));
    }
}

/// False for an attachment.
fn is_shown(kind: PartKind, header: Option<&Message<'_>>, place: &WantedPart) -> bool {
    let disposition = header.and_then(|header| header.content_disposition());
    let content_type = header.and_then(|header| header.content_type());
    let is_named = content_type.is_some_and(|kind| kind.has_attribute("name"));
    matches!(kind, PartKind::Plain | PartKind::Page | PartKind::Shown)
        && disposition.is_none_or(|disposition| !disposition.is_attachment())
        && (place.is_first
            || place.within != Within::Related && (kind == PartKind::Shown || !is_named))
}

fn kind(content_type: Option<&ContentType<'_>>, within: Within) -> PartKind {
    let Some(content_type) = content_type else {
        return match within {
            Within::Digest => PartKind::Mail,
            _ => PartKind::Plain,
        };
    };
    match (content_type.ctype(), content_type.subtype()) {
        ("text", Some("plain")) => PartKind::Plain,
        ("text", Some("html")) => PartKind::Page,
        // One without its boundary is a text as it is.
        ("text" | "multipart", _) => PartKind::Text,
        ("image" | "audio" | "video", _) => PartKind::Shown,
        ("message", Some("rfc822" | "global")) => PartKind::Mail,
        _ => PartKind::Other,
    }
}

/// What is asked of a header: a list of addresses would take many times its size.
pub fn parser() -> MessageParser {
    MessageParser::new()
        .with_mime_headers()
        .header_text(HeaderName::Subject)
        .header_id(HeaderName::MessageId)
        .header_date(HeaderName::Date)
        .header_text(HeaderName::ListId)
        .header_text(HeaderName::From)
        .default_header_ignore()
}

/// The fields of a header; `None` where it has none, or is too long.
pub fn header(header: &[u8]) -> Option<Message<'_>> {
    let is_short = header.len() <= MAX_HEADER;
    is_short.then(|| parser().parse_headers(header)).flatten()
}

/// Bytes up to the first line without a text, and with it.
pub fn header_length(entity: &[u8]) -> usize {
    let mut at = 0;
    for line in entity.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.trim_ascii().is_empty() {
            break;
        }
    }
    at
}

/// The lines that part the parts of a multipart, each with the line feed before it.
struct Delimiters<'m> {
    mail: &'m [u8],
    body: Range<usize>,
    finder: memmem::Finder<'static>,
    at: usize,
    /// The last one was after the last part.
    closed: bool,
}

impl<'m> Delimiters<'m> {
    fn new(mail: &'m [u8], body: Range<usize>, boundary: &str) -> Delimiters<'m> {
        Delimiters {
            mail,
            at: body.start,
            body,
            finder: memmem::Finder::new(format!("--{boundary}").as_bytes()).into_owned(),
            closed: false,
        }
    }

    /// Where the delimiter is, or what looks like it.
    fn candidate(&mut self) -> Option<usize> {
        let length = self.finder.needle().len();
        while self.at < self.body.end {
            // By windows, and not the whole rest, so that the pages of a large mailbox are given
            // back on the way.
            let end = self.body.end.min(self.at + WINDOW + length);
            if let Some(at) = self.finder.find(&self.mail[self.at..end]) {
                let found = self.at + at;
                passed(&self.mail[..found]);
                self.at = found + length;
                return Some(found);
            }
            passed(&self.mail[..end]);
            // A delimiter may lie across the end of the window.
            self.at = match end == self.body.end {
                true => end,
                false => end - length,
            };
        }
        None
    }
}

impl Iterator for Delimiters<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let found = self.candidate()?;
            let before = &self.mail[self.body.start..found];
            let rest = &self.mail[self.at..self.body.end];
            let is_line = before.is_empty() || before.ends_with(b"\n");
            // After the boundary there may be blanks (RFC 2046, 5.1.1); anything else makes it a
            // longer boundary, of another multipart.
            let closes = rest.starts_with(b"--");
            let ends = rest
                .iter()
                .find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
            if !is_line || !closes && ends.is_some_and(|byte| *byte != b'\n') {
                continue;
            }
            self.closed = closes;
            let feed = before.strip_suffix(b"\n").unwrap_or(before);
            let feed = feed.strip_suffix(b"\r").unwrap_or(feed);
            let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |feed| feed + 1);
            self.at += line;
            return Some(self.body.start + feed.len()..self.at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each part's number and body, and which are texts.
    fn parts(mail: &str) -> (Vec<(usize, &str)>, Vec<usize>) {
        let structure = Structure::of(mail.as_bytes()).expect("few parts");
        let body = |part: &MailPart| (part.number, &mail[part.body..part.range.end]);
        (structure.parts.iter().map(body).collect(), structure.texts)
    }

    const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\n\n";

    #[test]
    fn parts_stand_between_lines_of_the_boundary() {
        let mail = format!(
            "{MIXED}preamble\n--b\n\nsee --b\n--b-c\n\n--b  \nContent-Type: image/png\n\nx\r\n--b--\nepilogue\n--b\n\ny"
        );
        let (parts, texts) = parts(&mail);
        assert_eq!(parts, [(1, "see --b\n--b-c\n"), (2, "x")]);
        assert_eq!(texts, [0, 1]);
    }

    #[test]
    fn of_a_text_in_several_forms_the_plain_one_is_read() {
        let both =
            "--a\nContent-Type: text/html\n\n<p>\n--a\nContent-Type: text/plain\n\nlog\n--a--\n";
        let mail = format!(
            "{MIXED}--b\nContent-Type: multipart/alternative; boundary=a\n\n{both}--b\nContent-Disposition: attachment\n\ny\n"
        );
        let structure = Structure::of(mail.as_bytes()).expect("few parts");
        assert_eq!(structure.texts, [1]);
        let attached: Vec<_> = structure
            .parts
            .iter()
            .map(|part| part.is_attached)
            .collect();
        assert_eq!(attached, [false, true, true]);
        let related = "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nlog\n\
             --a\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>\n--r--\n--a--\n";
        let structure = Structure::of(related.as_bytes()).expect("few parts");
        assert!(structure.texts == [0] && !structure.parts[1].is_attached);
        let page = "Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/html\n\n<p>\n--a--\n";
        assert_eq!(parts(page), (vec![(1, "<p>")], vec![0]));
    }

    #[test]
    fn what_has_no_boundary_or_no_end_is_a_part_as_far_as_it_goes() {
        assert_eq!(
            parts("Content-Type: multipart/mixed; boundary=b\n\nx").0,
            [(0, "x")]
        );
        assert_eq!(parts(&format!("{MIXED}--b\n\nx\n")).0, [(1, "x\n")]);
        assert_eq!(parts("Subject: no body").0, [(0, "")]);
        assert_eq!(parts("").0, [(0, "")]);
    }

    #[test]
    fn parts_are_nested_as_deep_as_anybody_nests_them() {
        let head = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        let mail = |depth: usize| (0..depth).map(head).collect::<String>() + "\nlog\n";
        let (few, many) = (mail(MAX_NESTING), mail(20_000));
        let few = Structure::of(few.as_bytes()).expect("few parts");
        assert!(!few.is_too_deep && few.parts.len() == 1);
        let many = Structure::of(many.as_bytes()).expect("few parts");
        assert!(many.is_too_deep && many.parts.is_empty());
    }
}
