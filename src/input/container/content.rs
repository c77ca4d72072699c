//! The bytes of an input or a member, before anybody knows what they are.

use super::mail::header;
use crate::input::mapped::Passing;
use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

/// Bytes by which a container is known; the header of a mail must fit.
const HEAD: usize = 64 * 1024;

/// Bytes that identify any container but a mail: the mark of a tar is at 257.
const ENOUGH: usize = 512;

/// A stream that has begun and says nothing for so long is looked at as it is.
const PATIENCE: Duration = Duration::from_millis(600);

/// Bytes to look into.
pub enum Content<'a> {
    /// All of them, in memory or mapped.
    Whole(&'a [u8]),
    /// As they come.
    Stream(PeekedStream<'a>),
}

/// A stream whose first bytes were looked at.
pub struct PeekedStream<'a> {
    head: Vec<u8>,
    given: usize,
    rest: Box<dyn Read + 'a>,
}

impl<'a> Content<'a> {
    /// Looks at the beginning of a stream: no further than needed, since the rest of it may come
    /// much later. A stream that answers `WouldBlock` is waited for, but not for long where a line of it is there.
    ///
    /// # Errors
    /// What the stream says before its first byte; what it says later comes when it is read.
    pub fn stream(stream: impl Read + 'a) -> io::Result<Content<'a>> {
        let mut rest: Box<dyn Read + 'a> = Box::new(stream);
        let mut head = Vec::new();
        let mut chunk = vec![0; HEAD];
        let mut since = Instant::now();
        // To read all would delay what a live stream has to say.
        while wants_more(&head) {
            match rest.read(&mut chunk) {
                Ok(0) => break,
                Ok(length) => {
                    head.extend_from_slice(&chunk[..length]);
                    since = Instant::now();
                }
                // Somebody waits for what is there; a mail comes faster.
                Err(error) if is_wait(&error) && has_line(&head) && since.elapsed() >= PATIENCE => {
                    break;
                }
                Err(error) if is_wait(&error) => {}
                Err(error) if head.is_empty() => return Err(error),
                Err(error) => {
                    // Kept until what came before it was read.
                    rest = Box::new(Failed(Some(error)));
                    break;
                }
            }
        }
        Ok(Content::Stream(PeekedStream {
            head,
            given: 0,
            rest,
        }))
    }

    /// The first bytes.
    pub fn head(&self) -> &[u8] {
        match self {
            Content::Whole(bytes) => &bytes[..bytes.len().min(HEAD)],
            Content::Stream(stream) => &stream.head,
        }
    }

    /// All bytes one after the other; waits for them.
    pub(super) fn into_reader(self) -> Box<dyn Read + 'a> {
        match self {
            Content::Whole(bytes) => Box::new(Passing::new(bytes)),
            Content::Stream(stream) => Box::new(Patient(stream)),
        }
    }

    /// All bytes at once; `None` where there are more than `limit`.
    pub(super) fn into_whole(self, limit: u64) -> io::Result<Option<Cow<'a, [u8]>>> {
        let bytes = match self {
            Content::Whole(bytes) => Cow::Borrowed(bytes),
            Content::Stream(stream) => {
                let mut bytes = Vec::new();
                Patient(stream)
                    .take(limit.saturating_add(1))
                    .read_to_end(&mut bytes)?;
                Cow::Owned(bytes)
            }
        };
        Ok((bytes.len() as u64 <= limit).then_some(bytes))
    }
}

/// Takes the mark off a text in UTF-8.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn has_line(head: &[u8]) -> bool {
    memchr::memchr(b'\n', head).is_some()
}

/// A text shows itself by its first line; only what may be a mail must be seen further. Records in JSON have
/// names and colons as well.
fn wants_more(head: &[u8]) -> bool {
    match memchr::memchr(b'\n', head) {
        Some(_) if !head.starts_with(b"{") && header::may_be(head) => {
            head.len() < HEAD && !header::has_header_end(head)
        }
        Some(_) => false,
        None => head.len() < ENOUGH,
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Read for PeekedStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.head.len() {
            return self.rest.read(buffer);
        }
        let length = (&self.head[self.given..]).read(buffer)?;
        self.given += length;
        Ok(length)
    }
}

/// A stream that waits for its bytes.
struct Patient<'a>(PeekedStream<'a>);

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if is_wait(&error) => {}
                done => return done,
            }
        }
    }
}

/// A stream that has failed.
pub(super) struct Failed(pub Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The text of a member: ends where it fails, and keeps the error.
pub(super) struct Leaf<'a> {
    stream: PeekedStream<'a>,
    /// Why it ended.
    pub error: Option<io::Error>,
}

impl<'a> Leaf<'a> {
    pub fn new(mut stream: PeekedStream<'a>) -> Leaf<'a> {
        stream.given = stream.head.len() - without_mark(&stream.head).len();
        Leaf {
            stream,
            error: None,
        }
    }
}

impl Read for Leaf<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Err(error) if !is_wait(&error) => {
                self.error = Some(error);
                Ok(0)
            }
            done => done,
        }
    }
}
