//! Templates of titles and sentences: text with names in braces.

use std::borrow::Cow;

/// A piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text as it is.
    Text(&'t str),
    /// The name of a value, without its braces.
    Name(&'t str),
}

/// The pieces of a template. A brace that nothing closes is text.
pub fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    let mut name = None;
    std::iter::from_fn(move || {
        if let Some(name) = name.take() {
            return Some(Piece::Name(name));
        }
        if rest.is_empty() {
            return None;
        }
        let named = rest.split_once('{').and_then(|(before, inside)| {
            let (name, after) = inside.split_once('}')?;
            Some((before, name, after))
        });
        let text = match named {
            Some((before, inside, after)) => {
                name = Some(inside);
                rest = after;
                before
            }
            None => std::mem::take(&mut rest),
        };
        Some(Piece::Text(text))
    })
}

/// A template with its values; `None` where one is not known. Braces in a value are text: they come from a log.
pub fn fill<'v>(
    template: &str,
    mut value: impl FnMut(&str) -> Option<Cow<'v, str>>,
) -> Option<String> {
    let mut filled = String::with_capacity(2 * template.len());
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Name(name) => filled.push_str(&value(name)?),
        }
    }
    Some(filled)
}

/// A template with the values that are known; the others keep their braces.
pub fn fill_known<'v>(
    template: &str,
    mut value: impl FnMut(&str) -> Option<Cow<'v, str>>,
) -> String {
    let braced = |name: &str| Some(format!("{{{name}}}").into());
    fill(template, |name| value(name).or_else(|| braced(name))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{fill, fill_known};

    #[test]
    fn a_value_with_braces_is_text() {
        let value = |name: &str| match name {
            "a" => Some("{b}".into()),
            "b" => Some("x".into()),
            _ => None,
        };
        assert_eq!(fill("{a}{b}.", value).as_deref(), Some("{b}x."));
        assert_eq!(fill("{a} {c}", value), None);
        assert_eq!(fill_known("{a} {c} {", value), "{b} {c} {");
        assert_eq!(fill_known("", value), "");
    }
}
