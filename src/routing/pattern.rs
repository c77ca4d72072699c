//! `F:` and `X:` patterns of a MAINTAINERS file.
//!
//! In: a pattern and a path. Out: whether it fits, and how deep the pattern is. The rules are those of
//! scripts/get_maintainer.pl: `*` matches anything, also slashes, `?` one character, `[…]` one
//! of several. A pattern that ends in a slash, or names a folder, takes all below it; any other takes paths
//! that begin as it says and have as many slashes.

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    parts: Vec<GlobPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum GlobPart {
    Byte(u8),
    /// `?`
    Any,
    /// `*`
    Many,
    /// `[…]`: what it takes, and whether it takes all else instead.
    OneOf(Vec<(u8, u8)>, bool),
}

impl PathPattern {
    /// Reads a pattern.
    pub fn new(text: &str) -> PathPattern {
        PathPattern {
            parts: parts(text.as_bytes()),
            text: text.to_owned(),
        }
    }

    /// How deep the pattern is where it fits `path`: the deepest names a file's own section.
    pub fn depth_in(&self, path: &str) -> Option<i32> {
        let slashes = |text: &str| memchr::memchr_iter(b'/', text.as_bytes()).count();
        // The depth is `$value_pd` of get_maintainer.pl: slashes, one more unless the pattern ends in one, -1 after a
        // leading star.
        let own = i32::try_from(slashes(&self.text)).ok()?;
        if self.text.ends_with('/') {
            return self.begins(path).then_some(self.depth(own));
        }
        if self.is_folder_of(path) {
            return Some(self.depth(own + 1));
        }
        // A pattern of a file matches nothing below it, although a star takes slashes.
        let fits = slashes(path) == slashes(&self.text) && self.begins(path);
        fits.then_some(self.depth(own + 1))
    }

    /// A pattern that begins with a star is of no place.
    fn depth(&self, depth: i32) -> i32 {
        if self.text.starts_with('*') {
            -1
        } else {
            depth
        }
    }

    /// The name of a folder without its slash. The script asks the tree, but never for names with a dot.
    fn is_folder_of(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.text.as_str());
        rest.is_some_and(|rest| rest.starts_with('/')) && !self.text.contains('.')
    }

    /// True where the path, or the beginning of it, is as the pattern says. What is after the last star
    /// that was met is all that is ever tried again, so the time is bounded by the product of the lengths.
    fn begins(&self, path: &str) -> bool {
        let path = path.as_bytes();
        let (mut part, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        loop {
            match self.parts.get(part) {
                None => return true,
                Some(GlobPart::Many) => {
                    part += 1;
                    star = Some((part, at));
                    continue;
                }
                Some(one) if path.get(at).is_some_and(|byte| one.takes(*byte)) => {
                    part += 1;
                    at += 1;
                    continue;
                }
                Some(_) => {}
            }
            match star {
                // The star takes one byte more, and what follows it is tried again.
                Some((behind, from)) if from < path.len() => {
                    star = Some((behind, from + 1));
                    (part, at) = (behind, from + 1);
                }
                _ => return false,
            }
        }
    }
}

impl GlobPart {
    fn takes(&self, byte: u8) -> bool {
        match self {
            GlobPart::Byte(own) => *own == byte,
            GlobPart::Any | GlobPart::Many => true,
            GlobPart::OneOf(ranges, not) => {
                let is_in = ranges
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&byte));
                is_in != *not
            }
        }
    }
}

fn parts(text: &[u8]) -> Vec<GlobPart> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        let part = match byte {
            b'*' => GlobPart::Many,
            b'?' => GlobPart::Any,
            b'[' => match text[at..].iter().position(|&b| b == b']') {
                Some(end) => {
                    let inside = &text[at..at + end];
                    at += end + 1;
                    one_of(inside)
                }
                None => GlobPart::Byte(byte),
            },
            byte => GlobPart::Byte(byte),
        };
        parts.push(part);
    }
    parts
}

/// `a-z0_`, `^ab`.
fn one_of(inside: &[u8]) -> GlobPart {
    let (not, inside) = match inside {
        [b'^', rest @ ..] => (true, rest),
        inside => (false, inside),
    };
    let mut ranges = Vec::new();
    let mut rest = inside;
    while let [first, behind @ ..] = rest {
        rest = match behind {
            [b'-', last, behind @ ..] => {
                ranges.push((*first, *last));
                behind
            }
            behind => {
                ranges.push((*first, *first));
                behind
            }
        };
    }
    GlobPart::OneOf(ranges, not)
}

#[cfg(test)]
mod tests {
    use super::PathPattern;

    #[test]
    fn the_rules_of_the_script() {
        for (pattern, path, depth) in [
            ("drivers/zeta/", "drivers/zeta/a/b.c", Some(2)),
            ("drivers/zeta", "drivers/zeta/a/b.c", Some(2)),
            ("drivers/zeta", "drivers/zetab/a.c", None),
            ("drivers/zeta.d", "drivers/zeta.d/a.c", None),
            ("drivers/*/", "drivers/zeta/a.c", Some(2)),
            ("drivers/*", "drivers/a.c", Some(2)),
            ("drivers/*", "drivers/zeta/a.c", None),
            ("drivers/zeta/z*", "drivers/zeta/zz.c", Some(3)),
            ("drivers/zeta/a.c", "drivers/zeta/a.c", Some(3)),
            ("drivers/zeta/a.c", "drivers/zeta/aXc", None),
            // Only the beginning is looked at.
            ("drivers/zeta/a", "drivers/zeta/abc.c", Some(3)),
            ("include/*/zeta*.h", "include/linux/zeta_x.h", Some(3)),
            ("drivers/z??.[ch]", "drivers/zab.c", Some(2)),
            ("drivers/z[0-4^]", "drivers/z5", None),
            ("drivers/z[^0-4]", "drivers/z5", Some(2)),
            ("drivers/z[", "drivers/z[", Some(2)),
            ("*", "Makefile", Some(-1)),
            ("*", "a/b", None),
            ("*/", "a/b/c", Some(-1)),
            ("", "a", Some(1)),
        ] {
            let found = PathPattern::new(pattern).depth_in(path);
            assert_eq!(found, depth, "{pattern} of {path}");
        }
    }

    #[test]
    fn stars_without_end_take_no_time_without_end() {
        let pattern = PathPattern::new(&format!("{}b", "*a".repeat(500)));
        assert_eq!(pattern.depth_in(&"a".repeat(5000)), None);
    }
}
