//! HTML around a log: entities, and the tags that bug trackers and log viewers use. The kernel's
//! own `<TASK>` and `<0f>` are none of them.

use std::borrow::Cow;

/// No `dd`, which is an instruction byte as well.
const TAGS: [&str; 21] = [
    "a", "b", "body", "br", "code", "div", "details", "em", "font", "html", "i", "li", "p", "pre",
    "samp", "span", "strong", "summary", "table", "td", "tr",
];

/// `&name;` and what it stands for.
const ENTITIES: [(&str, char); 6] = [
    ("lt", '<'),
    ("gt", '>'),
    ("amp", '&'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
];

/// Longest entity that is looked for.
const MAX_ENTITY: usize = 10;

/// The text of a line.
pub(super) fn plain(line: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'&', b'<', line.as_bytes()).is_none() {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memchr2(b'&', b'<', rest.as_bytes()) {
        let (before, mark) = rest.split_at(at);
        text.push_str(before);
        rest = match tag(mark)
            .map(|behind| (None, behind))
            .or_else(|| entity(mark))
        {
            Some((character, behind)) => {
                text.extend(character);
                behind
            }
            None => {
                text.push_str(&mark[..1]);
                &mark[1..]
            }
        };
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// True for a line that has a tag to be taken out.
pub(super) fn holds_tag(line: &str) -> bool {
    let mut marks = memchr::memchr_iter(b'<', line.as_bytes());
    marks.any(|at| tag(&line[at..]).is_some())
}

/// What follows a tag, opening or closing.
fn tag(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('<')?;
    let name = inside.strip_prefix('/').unwrap_or(inside);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric())?;
    let is_tag = TAGS.contains(&&name[..end]) && name[end..].starts_with(['>', ' ', '/']);
    is_tag.then(|| text.find('>').map(|end| &text[end + 1..]))?
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
    Some((Some(character), behind))
}
