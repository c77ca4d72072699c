//! A MAINTAINERS file.
//!
//! In: its text. Out: its [`MaintainersSection`]s. Lines of the form `X: value` follow a line with the section's name;
//! what is not known is passed over, and so is the introduction of the file.

use super::pattern::PathPattern;
use regex::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// Memory that one `N:` pattern may take; the longest of the kernel's takes a tenth.
const MAX_REGEX: usize = 1 << 20;

/// What one section says.
#[derive(Debug, Default)]
pub struct MaintainersSection {
    /// Its name.
    pub name: String,
    /// `S:`
    pub status: Option<String>,
    /// `M:`
    pub maintainers: Vec<String>,
    /// `R:`
    pub reviewers: Vec<String>,
    /// `L:`, without those that only take mails of subscribers.
    pub lists: Vec<String>,
    files: Vec<PathPattern>,
    excluded: Vec<PathPattern>,
    names: Vec<NamePattern>,
}

/// `N:`, compiled when it is needed.
#[derive(Debug)]
struct NamePattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl NamePattern {
    fn fits(&self, path: &str) -> bool {
        let compile = || {
            // As the script has it: with blanks that mean nothing.
            let mut builder = RegexBuilder::new(&self.text);
            builder.ignore_whitespace(true).size_limit(MAX_REGEX);
            builder.build().ok()
        };
        let regex = self.compiled.get_or_init(compile).as_ref();
        regex.is_some_and(|regex| regex.is_match(path))
    }
}

impl MaintainersSection {
    /// True where it says which files it has.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty() || !self.names.is_empty()
    }

    /// How deep the pattern is by which the section has `path`; `None` where it is another's.
    pub fn depth_of(&self, path: &str) -> Option<i32> {
        if self.excluded.iter().any(|x| x.depth_in(path).is_some()) {
            return None;
        }
        // The last fitting line counts, as it does for the script.
        let last = self.files.iter().rev();
        let by_file = last.filter_map(|pattern| pattern.depth_in(path)).next();
        by_file.or_else(|| self.names.iter().any(|name| name.fits(path)).then_some(0))
    }

    fn take(&mut self, letter: u8, value: &str) {
        let value = value.trim();
        match letter {
            b'S' if self.status.is_none() => self.status = Some(value.to_owned()),
            b'M' => self.maintainers.push(value.to_owned()),
            b'R' => self.reviewers.push(value.to_owned()),
            b'L' => {
                let (address, more) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
                // A mail to it would come back.
                if !more.contains("subscribers-only") {
                    self.lists.push(address.to_owned());
                }
            }
            b'F' => self.files.push(PathPattern::new(value)),
            b'X' => self.excluded.push(PathPattern::new(value)),
            b'N' => self.names.push(NamePattern {
                text: value.to_owned(),
                compiled: OnceLock::new(),
            }),
            _ => {}
        }
    }
}

/// The sections of a file, in its order.
pub fn read(text: &str) -> Vec<MaintainersSection> {
    let mut sections = Vec::new();
    let mut name = "";
    let mut is_open = false;
    for line in text.lines() {
        let Some((letter, value)) = field(line) else {
            if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                name = line.trim();
                is_open = false;
            }
            continue;
        };
        if !is_open {
            sections.push(MaintainersSection {
                name: name.to_owned(),
                ..MaintainersSection::default()
            });
            is_open = true;
        }
        if let Some(section) = sections.last_mut() {
            section.take(letter, value);
        }
    }
    sections
}

/// `X: value`.
fn field(line: &str) -> Option<(u8, &str)> {
    match line.as_bytes() {
        [letter @ b'A'..=b'Z', b':', ..] => Some((*letter, &line[2..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    const TEXT: &str = "Introduction\n\tM: none\n\nZETA DRIVER\n# a comment\nM:\tA B <a@b.c>\n\
        L:\tzeta@lists.example (moderated for non-subscribers)\nL:\tinner@lists.example (subscribers-only)\n\
        S:\tMaintained\nF:\tdrivers/zeta/\nF:\tinclude/*/zeta*\nX:\tdrivers/zeta/old/\n\n\
        N:\t zeta_ [a-z]+ \\.c\n\nETA\nN:\t(unclosed\nF:\tdrivers/eta.c\n";

    #[test]
    fn sections_fields_and_files() {
        let all = read(TEXT);
        let names: Vec<_> = all.iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["ZETA DRIVER", "ETA"]);
        let zeta = &all[0];
        assert_eq!(zeta.lists, ["zeta@lists.example"]);
        assert_eq!(zeta.status.as_deref(), Some("Maintained"));
        assert_eq!(zeta.maintainers, ["A B <a@b.c>"]);
        for (path, depth) in [
            ("drivers/zeta/a.c", Some(2)),
            ("include/linux/zeta.h", Some(3)),
            ("drivers/zeta/old/zeta_x.c", None),
            ("lib/zeta_x.c", Some(0)),
            ("lib/eta.c", None),
        ] {
            assert_eq!(zeta.depth_of(path), depth, "{path}");
        }
        assert_eq!(all[1].depth_of("drivers/eta.c"), Some(2));
        assert_eq!(all[1].depth_of("unclosed"), None);
    }
}
