//! Mailboxes: mails one after the other, each after a `From ` line (RFC 4155; mboxo, mboxrd).
//!
//! mail-parser has an iterator over them, which keeps a mail or a line of any length in memory;
//! hence this one.

use super::content::Content;
use super::error::{ErrorReported, Trouble};
use super::{ContainerWalk, MemberPlace, mail};
use std::io::{self, BufRead, BufReader, Read};

/// `From `, an address, a date; after it the header of a mail.
pub fn is(head: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'\n', head) else {
        return false;
    };
    is_from_line(&head[..end]) && mail::header::may_be(&head[end + 1..])
}

/// The clock of the date is what distinguishes it from prose.
fn is_from_line(line: &[u8]) -> bool {
    line.starts_with(b"From ") && line.contains(&b':')
}

pub fn unpack(
    walk: &mut ContainerWalk<'_>,
    format: &'static str,
    content: Content<'_>,
    place: &MemberPlace<'_>,
) -> Result<(), ErrorReported> {
    let mut box_ = MailboxReader {
        lines: BufReader::new(content.into_reader()),
        line: Vec::new(),
    };
    for number in 0_u64.. {
        let mut bytes = Vec::new();
        let more = box_.mail(&mut bytes);
        // What is before the first "From " line is nothing.
        if number > 0 {
            let member = place.inside(format!("mail {number}"));
            if bytes.len() as u64 > mail::MAX_SIZE {
                walk.fail(
                    &member,
                    Some(Trouble::Large {
                        format: "mail",
                        limit: mail::MAX_SIZE,
                    }),
                );
            } else {
                // One broken mail says nothing of the next: each was reported.
                let _ = walk.open(Content::Whole(&bytes), &member);
            }
        }
        match more {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                return Err(walk.fail(place, Some(Trouble::broken(format, error))));
            }
        }
    }
    Ok(())
}

/// A mailbox being cut into mails.
struct MailboxReader<R> {
    lines: R,
    line: Vec<u8>,
}

impl<R: BufRead> MailboxReader<R> {
    /// Reads up to the next "From " line, or up to the end, for which it gives false. A mail beyond
    /// [`mail::MAX_SIZE`] is cut one byte after it.
    fn mail(&mut self, mail: &mut Vec<u8>) -> io::Result<bool> {
        let limit = mail::MAX_SIZE as usize + 1;
        let mut at_start = true;
        loop {
            self.line.clear();
            // In pieces, since a line without an end would fill the memory.
            let mut piece = self.lines.by_ref().take(crate::input::MAX_LINE as u64);
            if piece.read_until(b'\n', &mut self.line)? == 0 {
                return Ok(false);
            }
            if at_start && is_from_line(&self.line) {
                return Ok(true);
            }
            let text = if at_start {
                unquoted(&self.line)
            } else {
                &self.line
            };
            // The rest is read, but not kept: the next mail is after it.
            let room = limit.saturating_sub(mail.len());
            mail.extend_from_slice(&text[..text.len().min(room)]);
            at_start = self.line.ends_with(b"\n");
        }
    }
}

/// `>From ` means `From ` (mboxo), and `>>From ` for `>From ` (mboxrd).
fn unquoted(line: &[u8]) -> &[u8] {
    let marks = line.iter().take_while(|byte| **byte == b'>').count();
    if marks > 0 && line[marks..].starts_with(b"From ") {
        &line[1..]
    } else {
        line
    }
}
