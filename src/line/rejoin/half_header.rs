//! The first half of a header, among the lines of one caller.
//!
//! A header is broken at a blank, inside a word, or by the soft line break of quoted-printable, into two pieces or more.
//! printk may be interrupted in it and print it once more. A symbolizer prints one for each inlined function.

use crate::grammar::{Grammar, Level};
use crate::line::LogLine;
use crate::line::kind::{Candidate, Header, candidate, header};

/// Bytes of a header that a mailer broke into more than two pieces.
const MAX_BROKEN_HEADER: usize = 512;

/// A line, and the header that it is.
#[derive(Debug)]
pub struct Read<'l, 'g> {
    /// The line; of a broken header its first piece.
    pub line: LogLine<'l>,
    /// The header, from all its pieces.
    pub header: Option<Box<Header<'g>>>,
    /// The first of several headers that a symbolizer made of this one.
    pub inlined_at: Option<u64>,
}

/// A line that may be the first half of a header.
#[derive(Debug, Default)]
pub struct HalfHeader {
    first: Option<LogLine<'static>>,
    inlined_at: Option<u64>,
}

impl HalfHeader {
    /// The line that waits for its second half.
    pub fn first_line(&self) -> Option<u64> {
        self.first.as_ref().map(|line| line.number)
    }

    /// Forgets a line that turned out to be no kernel's.
    pub fn forget_if(&mut self, is_none: impl FnOnce(u64) -> bool) {
        self.first.take_if(|first| is_none(first.number));
    }

    /// Takes in a line. Out: the one that waited, unless it goes on waiting; and the new one, unless it was the second
    /// half or waits. `is_text` is true for a header that is the text of an open report.
    pub fn line<'l, 'g>(
        &mut self,
        grammar: &'g Grammar,
        line: LogLine<'l>,
        is_text: impl FnOnce(&Header<'_>) -> bool,
    ) -> (Option<Read<'static, 'g>>, Option<Read<'l, 'g>>) {
        let (waited, is_used) = self.settle(grammar, Some(&line));
        if is_used {
            return (waited, None);
        }
        let header = match candidate(grammar, &line.text, line.framing.is_kernels()) {
            Candidate::Header(header) if header.kind.level == Level::Notice && is_text(&header) => {
                None
            }
            Candidate::Header(header) if header.is_whole() => Some(header),
            Candidate::Header(_) | Candidate::Half => {
                self.first = Some(line.into_owned());
                return (waited, None);
            }
            Candidate::Other => None,
        };
        let inlined_at = header.as_ref().and_then(|_| self.inlined_at.take());
        let read = Read {
            line,
            header,
            inlined_at,
        };
        (waited, Some(read))
    }

    /// Gives away the line that waits: nothing comes after it.
    pub fn release<'g>(&mut self, grammar: &'g Grammar) -> Option<Read<'static, 'g>> {
        self.settle(grammar, None).0
    }

    /// The line that waits, made whole with `next`; and whether `next` was its second half, or one more piece of it.
    fn settle<'g>(
        &mut self,
        grammar: &'g Grammar,
        next: Option<&LogLine<'_>>,
    ) -> (Option<Read<'static, 'g>>, bool) {
        self.forget_begun_anew(next);
        self.pass_inlined(grammar, next);
        let Some(first) = self.first.take() else {
            return (None, false);
        };
        let whole = next.and_then(|next| whole_header(grammar, &first, next));
        let is_used = whole.is_some();
        let longer = next.filter(|_| !is_used);
        if let Some(longer) = longer.and_then(|next| longer_half(grammar, &first, next)) {
            self.first = Some(longer);
            return (None, true);
        }
        // Without its rest the line may be a header all the same: the log may end here, or the
        // place is lost.
        let alone = || header(grammar, &first.text, first.framing.is_kernels());
        let header = whole.or_else(alone).map(Box::new);
        let inlined_at = header.as_ref().and_then(|_| self.inlined_at.take());
        let read = Read {
            line: first,
            header,
            inlined_at,
        };
        (Some(read), is_used)
    }

    /// printk was interrupted in the header and prints it once more, from its beginning.
    fn forget_begun_anew(&mut self, next: Option<&LogLine<'_>>) {
        self.first
            .take_if(|first| next.is_some_and(|next| next.text.starts_with(first.text.as_ref())));
    }

    /// A symbolizer prints a header for each inlined function, and last the kernel's own one: the report is
    /// about that, and begins with the first of them.
    fn pass_inlined(&mut self, grammar: &Grammar, next: Option<&LogLine<'_>>) {
        let (Some(first), Some(next)) = (&self.first, next) else {
            return;
        };
        let read = |line: &LogLine<'_>| header(grammar, &line.text, line.framing.present);
        let is_inlined = |(first, next): (Header<'_>, Header<'_>)| first.is_inlined_in(&next);
        if read(first).zip(read(next)).is_some_and(is_inlined) {
            self.inlined_at.get_or_insert(first.number);
            self.first = None;
        } else {
            self.inlined_at = None;
        }
    }
}

/// The header that both lines are, where `next` begins none by itself.
fn whole_header<'g>(
    grammar: &'g Grammar,
    first: &LogLine<'_>,
    next: &LogLine<'_>,
) -> Option<Header<'g>> {
    let framed = first.framing.is_kernels();
    let alone = header(grammar, &next.text, next.framing.present);
    if alone.is_some_and(|header| header.is_whole()) {
        return None;
    }
    // The blank that ends a literal may be where the line was broken.
    let begin = format!("{} ", first.text.trim_end());
    // A fallback fits whatever is put together.
    let is_one = |header: &Header<'_>, text: &str| {
        let is_sure = !header.kind.fallback || text.starts_with(&begin);
        is_sure && header.is_whole() && header.kind.is_in(&begin)
    };
    halves(&first.text, &next.text)
        .iter()
        .find_map(|text| header(grammar, text, framed).filter(|header| is_one(header, text)))
}

/// The first half of a header with one more piece of it, where the rest is still to come.
fn longer_half(
    grammar: &Grammar,
    first: &LogLine<'_>,
    next: &LogLine<'_>,
) -> Option<LogLine<'static>> {
    // The pieces that a mailer makes have no framing: a line with framing is a message of its own.
    if next.framing.present || first.text.len() + next.text.len() > MAX_BROKEN_HEADER {
        return None;
    }
    let text = format!("{} {}", first.text.trim_end(), next.text.trim());
    // Whether the kernel printed it matters for the whole header only.
    let header = header(grammar, &text, true)?;
    (!header.is_whole()).then(|| LogLine {
        text: text.into(),
        ..first.clone().into_owned()
    })
}

/// How two halves of a header may have been one: broken at a blank, inside a word, or by the soft
/// line break of quoted-printable.
fn halves(first: &str, next: &str) -> [String; 3] {
    let (first, next) = (first.trim_end(), next.trim());
    let soft = first.strip_suffix('=').unwrap_or(first);
    [
        format!("{first} {next}"),
        format!("{first}{next}"),
        format!("{soft}{next}"),
    ]
}
