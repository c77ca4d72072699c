//! HTML around a log: entities, blanks that do not break, and the tags that bug trackers, list archives and
//! log viewers use. The kernel's own `<TASK>` and `<0f>` are none of them.

use std::borrow::Cow;

/// No `dd`, which is an instruction byte as well.
const TAGS: [&str; 53] = [
    "a",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "center",
    "code",
    "del",
    "div",
    "dl",
    "dt",
    "details",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "hr",
    "html",
    "i",
    "img",
    "ins",
    "kbd",
    "label",
    "li",
    "main",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// `&name;` and what it means.
const ENTITIES: [(&str, char); 6] = [
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
];

/// U+00A0, which editors of web pages and mails put for one of two blanks, and the first byte of it.
const NO_BREAK: char = '\u{a0}';
const NO_BREAK_LEAD: u8 = 0xc2;

/// Longest entity that is looked for.
const MAX_ENTITY: usize = 10;

/// The text of a line.
pub(super) fn plain(line: &str) -> Cow<'_, str> {
    if next_mark(line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let end = end_of_tags(line);
    let mut rest = line;
    while let Some(at) = next_mark(rest) {
        let (before, mark) = rest.split_at(at);
        text.push_str(before);
        let may_be_tag = line.len() - mark.len() < end;
        let known = may_be_tag.then(|| tag(mark)).flatten();
        let known = known.map(|behind| (None, behind));
        let (character, behind) = known
            .or_else(|| entity(mark))
            .unwrap_or_else(|| first(mark));
        text.extend(character);
        rest = behind;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// True for a line that has a tag to be taken out.
pub(super) fn holds_tag(line: &str) -> bool {
    let mut marks = memchr::memchr_iter(b'<', &line.as_bytes()[..end_of_tags(line)]);
    marks.any(|at| tag(&line[at..]).is_some())
}

/// No tag ends after this: without it the rest of the line is searched for the end of each that begins.
fn end_of_tags(line: &str) -> usize {
    memchr::memrchr(b'>', line.as_bytes()).unwrap_or(0)
}

/// Where the next tag, entity or blank that does not break may be.
fn next_mark(text: &str) -> Option<usize> {
    memchr::memchr3(b'&', b'<', NO_BREAK_LEAD, text.as_bytes())
}

/// The first character, and what follows it.
fn first(text: &str) -> (Option<char>, &str) {
    let mut rest = text.chars();
    let character = rest.next().map(|c| if c == NO_BREAK { ' ' } else { c });
    (character, rest.as_str())
}

/// Bytes of the longest name of a tag.
const MAX_NAME: usize = 16;

/// Bytes of a tag that are looked at: a line of tags without an end must not be read anew for each of them.
const MAX_TAG: usize = 4096;

/// What follows a tag, opening or closing.
fn tag(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('<')?;
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let is_end = |byte: &u8| !byte.is_ascii_alphanumeric();
    let end = name
        .bytes()
        .take(MAX_NAME + 1)
        .position(|byte| is_end(&byte))?;
    let is_tag = TAGS
        .iter()
        .any(|tag| tag.eq_ignore_ascii_case(&name[..end]))
        && name[end..].starts_with(['>', ' ', '/']);
    let head = &text.as_bytes()[..text.len().min(MAX_TAG)];
    is_tag.then(|| memchr::memchr(b'>', head).map(|end| &text[end + 1..]))?
}

/// The character of an entity, and what follows it.
fn entity(text: &str) -> Option<(Option<char>, &str)> {
    let inside = text.strip_prefix('&')?;
    let end = inside
        .bytes()
        .take(MAX_ENTITY)
        .position(|byte| byte == b';')?;
    let (name, behind) = (&inside[..end], &inside[end + 1..]);
    let character = match name.strip_prefix('#') {
        Some(number) => char::from_u32(match number.strip_prefix('x') {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        })?,
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    // A line feed by its number would begin a line that the log does not have.
    let is_blank = character == NO_BREAK || character.is_control();
    Some((Some(if is_blank { ' ' } else { character }), behind))
}
