//! Links of the text output to files (OSC 8), for terminals that can follow them.
//!
//! In: what `--hyperlink-format` asks for, a file and a line. Out: a URL, or the text inside of a link. The names that are
//! linked come from the command line and from debug info, never from the log: a log must not choose what a click opens.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

/// Formats that have a name, as ripgrep has them.
const ALIASES: &[(&str, &str)] = &[
    ("file", "file://{path}"),
    ("kitty", "file://{path}#{line}"),
    ("vscode", "vscode://file{path}:{line}"),
];

/// How links are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    format: String,
    /// The checkout of the kernel that files of the kernel are in.
    tree: Option<PathBuf>,
}

impl Links {
    /// Links of that format; `None` for `none`. In it `{path}` is the whole path, `{file}` that within the kernel's
    /// sources, `{line}` the line.
    ///
    /// # Errors
    /// What is no URL, or has none of these.
    pub fn of(format: &str, tree: Option<&Path>) -> Result<Option<Links>, String> {
        if format == "none" {
            return Ok(None);
        }
        let alias = ALIASES.iter().find(|(name, _)| *name == format);
        let format = alias.map_or(format, |(_, format)| format);
        let names = ALIASES.iter().map(|(name, _)| *name);
        let names = names.collect::<Vec<_>>().join(", ");
        let (scheme, _) = format.split_once(':').ok_or_else(|| {
            format!("neither none, {names} nor a URL like file://{{path}}#{{line}}")
        })?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
        // A control character would break out of the escape sequence (OSC 8) around the link.
        let is_plain = format.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_scheme || !is_plain {
            return Err("a link begins with a scheme such as file: and has no blanks".to_owned());
        }
        if !format.contains("{path}") && !format.contains("{file}") {
            return Err(
                "a link needs {path}, or {file} for the path within the kernel's sources"
                    .to_owned(),
            );
        }
        Ok(Some(Links {
            format: format.to_owned(),
            tree: tree.and_then(|tree| std::fs::canonicalize(tree).ok()),
        }))
    }

    /// The link to a line of the kernel's sources; `file` is relative to them.
    pub fn source(&self, file: &str, line: Option<u32>) -> Option<String> {
        let is_inside = Path::new(file)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        // A path of debug info may lead out of the checkout.
        if !is_inside {
            return None;
        }
        let path = self.tree.as_ref().map(|tree| tree.join(file));
        self.url(path.as_deref(), Some(file), line.map(u64::from))
    }

    /// The link to a line of an input; `None` for one that is no file.
    pub fn log(&self, path: &str, line: u64) -> Option<String> {
        let path = std::fs::canonicalize(path)
            .ok()
            .filter(|path| path.is_file())?;
        self.url(Some(&path), None, Some(line))
    }

    fn url(&self, path: Option<&Path>, file: Option<&str>, line: Option<u64>) -> Option<String> {
        let path = path.map(|path| path.to_string_lossy());
        let parts = [
            ("{path}", path.as_deref().map(encoded)),
            ("{file}", file.map(encoded)),
            ("{line}", Some(line.unwrap_or(1).to_string())),
        ];
        let mut url = self.format.clone();
        for (name, value) in parts {
            if url.contains(name) {
                url = url.replace(name, &value?);
            }
        }
        Some(url)
    }

    /// A text inside of a link; the text itself where there is none.
    pub fn around(url: Option<String>, text: String) -> String {
        match url {
            Some(url) => format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"),
            None => text,
        }
    }
}

/// A path as a URL has it: all but unreserved characters and slashes as `%XX` (RFC 3986, 2.3).
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte.into());
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(format: &str, tree: Option<&str>) -> Links {
        let tree = tree.map(PathBuf::from);
        Links {
            tree,
            ..Links::of(format, None).expect("a format").expect("links")
        }
    }

    #[test]
    fn a_source_is_linked_where_the_tree_is_known_or_not_needed() {
        let url = |format, tree| links(format, tree).source("mm/sl ub.c", Some(12));
        assert_eq!(
            url("kitty", Some("/src")).as_deref(),
            Some("file:///src/mm/sl%20ub.c#12")
        );
        assert_eq!(
            url("vscode", Some("/src")).as_deref(),
            Some("vscode://file/src/mm/sl%20ub.c:12")
        );
        assert_eq!(url("kitty", None), None);
        assert_eq!(
            url("https://example.org/v6.12/{file}#L{line}", None).as_deref(),
            Some("https://example.org/v6.12/mm/sl%20ub.c#L12")
        );
    }

    #[test]
    fn no_name_leads_out_of_the_tree_or_ends_the_link() {
        for file in ["../x.c", "/etc/passwd", "a/../../b.c"] {
            assert_eq!(
                links("kitty", Some("/src")).source(file, None),
                None,
                "{file}"
            );
        }
        let url = links("kitty", Some("/src"))
            .source("a\x1b\\b\u{9c}.c", None)
            .expect("a link");
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
    }

    #[test]
    fn what_is_no_format_is_an_error() {
        assert_eq!(Links::of("none", None), Ok(None));
        for format in [
            "",
            "fil",
            "file",
            "{path}",
            "file://x",
            "file:// {path}",
            "1a:{path}",
        ] {
            let found = Links::of(format, None);
            assert_eq!(found.is_err(), format != "file", "{format}");
        }
    }
}
