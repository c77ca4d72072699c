//! Writers of mails and mailboxes.

use super::containers::{Container, xz};

/// Ways to send a log.
pub const MAILS: &[Container] = &[
    ("mail-plain", |log| plain(log)),
    ("mail-base64", |log| encoded(log, "base64")),
    ("mail-quoted-printable", |log| {
        encoded(log, "quoted-printable")
    }),
    ("mail-attachment", |log| attached(log, "console.log")),
    ("mail-attachment-xz", |log| attached(&xz(log), "dmesg.xz")),
    ("mail-html", html),
    ("mail-alternative", alternative),
    ("mbox", |log| {
        mbox(&[
            b"Subject: first\nFrom: a@b\n\nHello\n>From here on\n",
            &plain(log),
        ])
    }),
    ("mbox-attachment", |log| {
        mbox(&[&plain(b"nothing"), &attached(&xz(log), "dmesg.xz")])
    }),
];

const HEADER: &str = "From: Somebody <a@b>\nTo: list@c\nSubject: a boot that warns\nDate: Mon, 23 Nov 2026 14:20:48 +0000\n";

/// As it stands.
pub fn plain(log: &[u8]) -> Vec<u8> {
    let kind = "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 8bit\n\n";
    [HEADER.as_bytes(), kind.as_bytes(), log].concat()
}

fn encoded(log: &[u8], encoding: &str) -> Vec<u8> {
    let body = if encoding == "base64" {
        base64(log)
    } else {
        quoted_printable(log)
    };
    let kind = format!(
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    );
    [HEADER, &kind, &body].concat().into_bytes()
}

/// A text and an attachment.
pub fn attached(data: &[u8], name: &str) -> Vec<u8> {
    let data = base64(data);
    format!(
        "{HEADER}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"==\"\n\n\
         --==\nContent-Type: text/plain\n\nSee the attachment.\n\n\
         --==\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\
         Content-Disposition: attachment; filename=\"{name}\"\n\n{data}\n--==--\n"
    )
    .into_bytes()
}

/// The same text twice: plain, and as a web page.
fn alternative(log: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(log);
    let page = web_page(&text);
    format!(
        "{HEADER}MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=\"==\"\n\n\
         --==\nContent-Type: text/plain\n\n{text}\n--==\nContent-Type: text/html\n\n{page}\n--==--\n"
    )
    .into_bytes()
}

fn html(log: &[u8]) -> Vec<u8> {
    let page = web_page(&String::from_utf8_lossy(log));
    format!("{HEADER}MIME-Version: 1.0\nContent-Type: text/html\n\n{page}").into_bytes()
}

fn web_page(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<html><body><pre>\n{text}</pre></body></html>\n")
}

/// RFC 2045, 6.8.
fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let number = bytes
            .iter()
            .chain(&[0, 0])
            .take(3)
            .fold(0, |number, byte| number << 8 | usize::from(*byte));
        let digit = |at: usize| {
            if at > bytes.len() {
                '='
            } else {
                DIGITS[number >> (18 - 6 * at) & 63].into()
            }
        };
        (0..4).map(digit).collect::<String>()
    };
    let line = |line: &[u8]| line.chunks(3).map(group).collect::<String>() + "\n";
    data.chunks(57).map(line).collect()
}

/// RFC 2045, 6.7: lines of 76 characters at most, the rest behind a soft line break.
fn quoted_printable(data: &[u8]) -> String {
    let mut text = String::new();
    for line in data.split(|byte| *byte == b'\n') {
        let mut width = 0;
        for (at, byte) in line.iter().enumerate() {
            let last = at + 1 == line.len();
            let plain = (byte.is_ascii_graphic() && *byte != b'=') || (*byte == b' ' && !last);
            let unit = if plain {
                char::from(*byte).to_string()
            } else {
                format!("={byte:02X}")
            };
            if width + unit.len() > 75 {
                text.push_str("=\n");
                width = 0;
            }
            width += unit.len();
            text.push_str(&unit);
        }
        text.push('\n');
    }
    text
}

/// mboxrd.
pub fn mbox(mails: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for mail in mails {
        all.extend_from_slice(b"From a@b Mon Nov 23 14:20:48 2026\n");
        all.extend_from_slice(mail);
        all.extend_from_slice(b"\n\n");
    }
    all
}
