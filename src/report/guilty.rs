//! The file to blame.
//!
//! In: a splat with its lines and what the symbols say, the files that are passed over. Out: a file of the
//! kernel tree, or nothing where the report names none. The rule is syzkaller's (pkg/report/linux.go): the
//! first file of the report that is not infrastructure, then a deeper one in the same folder, because a
//! driver is below the core of its subsystem. Where all are infrastructure it is the first, if the frames name any.

use crate::grammar::{Grammar, PassedOver};
use crate::splat::{Frame, Inline, LineClass, Splat, tree_path};
use crate::symbols::Symbols;

/// How the names of source files end, with the colon in front of the line number.
const ENDINGS: [&str; 4] = [".c:", ".h:", ".S:", ".rs:"];

/// A file that the report names.
struct NamedFile<'a> {
    file: String,
    /// The line that names it.
    line: &'a str,
}

/// The file that whoever looks into the report should begin with.
pub fn file(grammar: &Grammar, splat: &Splat, symbols: &Symbols) -> Option<String> {
    let all = named(splat, symbols);
    let tail = &all[begin(grammar, splat, &all)..];
    let frames = &splat.frames;
    let is_decoded =
        frames.is_empty() || frames.iter().any(|frame| files_of(frame).next().is_some());
    choose(grammar, tail, is_decoded)
}

/// Where to begin: after the interrupt that found a stall.
fn begin(grammar: &Grammar, splat: &Splat, all: &[NamedFile<'_>]) -> usize {
    let of_kind = |rule: &&PassedOver| rule.kinds.contains(&splat.kind);
    let mut marks = grammar
        .passed_over
        .iter()
        .filter(of_kind)
        .flat_map(|rule| &rule.until);
    let place = |mark: &String| {
        all.iter()
            .position(|named| named.line.contains(mark.as_str()))
    };
    // Without a mark all files count.
    marks.find_map(place).unwrap_or(0)
}

fn choose(grammar: &Grammar, all: &[NamedFile<'_>], is_decoded: bool) -> Option<String> {
    let counts = |named: &&NamedFile<'_>| {
        let mut rules = grammar.passed_over.iter();
        !rules.any(|rule| rule.has_file(&named.file) || rule.has_line(named.line))
    };
    let mut rest = all.iter().filter(counts);
    let Some(first) = rest.next() else {
        // All are infrastructure: then the report is about infrastructure. Where only the header names a file, the callers
        // may be anywhere: lib/list_debug.c is not to blame for the lists of others.
        let first = all.first().filter(|_| is_decoded);
        return first.map(|named| named.file.clone());
    };
    let deeper = rest.fold(first, |deepest, next| {
        match is_below(&next.file, &deepest.file) {
            true => next,
            false => deepest,
        }
    });
    Some(deeper.file.clone())
}

/// True for a file in a folder of the folder that `file` is in.
fn is_below(deeper: &str, file: &str) -> bool {
    let inside = folder(file).and_then(|folder| deeper.strip_prefix(folder)?.strip_prefix('/'));
    inside.is_some_and(|inside| inside.contains('/'))
}

fn folder(file: &str) -> Option<&str> {
    file.rsplit_once('/').map(|(folder, _)| folder)
}

/// The files in the order of the lines: as the log prints them, else as the symbols have them.
fn named<'a>(splat: &'a Splat, symbols: &Symbols) -> Vec<NamedFile<'a>> {
    let mut all = Vec::new();
    let mut frames = splat
        .frames
        .iter()
        .filter(|frame| frame.reliable)
        .peekable();
    // An assertion names its place, and the header after it that of the function which prints it.
    for text in &splat.message {
        all.extend(printed(text).map(|file| NamedFile {
            file: file.to_owned(),
            line: text,
        }));
    }
    for line in splat.lines.iter() {
        let mut add = |file: &str| {
            let file = match file.starts_with('/') {
                true => tree_path(file, ""),
                false => file.to_owned(),
            };
            all.push(NamedFile {
                file,
                line: line.text,
            });
        };
        match line.class {
            LineClass::Frame(..) => {
                // Frames that are not kept as lines (unreliable ones, those beyond the limits) are
                // passed over.
                while frames
                    .next_if(|frame| frame.log_line < line.number)
                    .is_some()
                {}
                while let Some(frame) = frames.next_if(|frame| frame.log_line == line.number) {
                    files_of(frame).for_each(&mut add);
                }
            }
            // An inlined function is in the next frame too, which may be cut off.
            _ => printed(line.printed).into_iter().for_each(&mut add),
        }
        if line.number == splat.header_line {
            let places = [&symbols.at, &symbols.rip].into_iter().flatten();
            let files =
                places.flat_map(|place| inlined_then(&place.inlines, place.file.as_deref()));
            files.for_each(&mut add);
        }
    }
    all
}

fn files_of(frame: &Frame) -> impl Iterator<Item = &str> {
    inlined_then(&frame.inlines, frame.file.as_deref())
}

fn inlined_then<'a>(inlines: &'a [Inline], own: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    let inlined = inlines.iter().filter_map(|inline| inline.file.as_deref());
    inlined.chain(own)
}

/// The first `FILE:LINE` of a line.
fn printed(text: &str) -> Option<&str> {
    let at = |ending: &&str| {
        let mut ends = text.match_indices(*ending);
        ends.find_map(|(at, _)| {
            let colon = at + ending.len();
            let has_line = text[colon..].starts_with(|c: char| c.is_ascii_digit());
            has_line.then_some(colon - 1)
        })
    };
    let end = ENDINGS.iter().filter_map(at).min()?;
    let is_path = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let begin = text[..end].rfind(|c: char| !is_path(c));
    let begin = begin.map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    });
    Some(text[begin..end].trim_start_matches("./")).filter(|file| !file.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(files: &[&str]) -> Option<String> {
        let named = |file: &&str| NamedFile {
            file: (*file).to_owned(),
            line: "",
        };
        let all: Vec<_> = files.iter().map(named).collect();
        choose(&Grammar::builtin(), &all, true)
    }

    #[test]
    fn the_file_of_a_helper_alone_is_nobody_s() {
        let named = |file: &str| NamedFile {
            file: file.to_owned(),
            line: "",
        };
        let grammar = Grammar::builtin();
        assert_eq!(choose(&grammar, &[named("lib/list_debug.c")], false), None);
        let own = choose(&grammar, &[named("fs/nsfs.c")], false);
        assert_eq!(own.as_deref(), Some("fs/nsfs.c"));
    }

    #[test]
    fn infrastructure_is_passed_over_unless_there_is_nothing_else() {
        let files = [
            "include/linux/list.h",
            "mm/slub.c",
            "fs/nsfs.c",
            "fs/open.c",
        ];
        assert_eq!(chosen(&files).as_deref(), Some("fs/nsfs.c"));
        assert_eq!(chosen(&files[..2]).as_deref(), Some("include/linux/list.h"));
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn a_driver_below_the_core_of_its_subsystem_is_to_blame() {
        let files = [
            "drivers/net/wireless/core.c",
            "drivers/net/tun.c",
            "drivers/net/wireless/ath/ath9k/hif_usb.c",
            "drivers/net/wireless/ath/ath9k/htc/x.c",
            "drivers/net/wirelesser/a/b.c",
        ];
        assert_eq!(chosen(&files).as_deref(), Some(files[3]));
        assert_eq!(chosen(&files[..3]).as_deref(), Some(files[2]));
        assert_eq!(
            chosen(&["net/core/x.c", "net/ipv4/tcp.c"]).as_deref(),
            Some("net/core/x.c")
        );
    }

    #[test]
    fn a_file_is_known_by_its_line_number() {
        for (text, file) in [
            ("at: f+0x1/0x2 ./fs/x.c:12 [inline]", Some("fs/x.c")),
            ("a.c:x (net/b-c.h:3 d.c:4)", Some("net/b-c.h")),
            ("\u{e9}net/b.rs:3", Some("net/b.rs")),
            (
                "kernel BUG at /home/me/linux/mm/x.c:2!",
                Some("/home/me/linux/mm/x.c"),
            ),
            ("../../x.c:1", None),
            ("no file.c: here", None),
        ] {
            assert_eq!(printed(text), file, "{text}");
        }
    }
}
