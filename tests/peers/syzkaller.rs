//! syzkaller's `pkg/report/testdata/linux/report`: header lines, an empty line, the log, and for
//! some a part that starts with `REPORT:`.

use crate::{Score, analyzer, files, fixtures, reports};
use ksplat::stages::grammar::Level;
use std::collections::BTreeSet;

/// What a fixture expects.
#[derive(Default)]
struct Case {
    title: String,
    alt: BTreeSet<String>,
    corrupted: bool,
    panicked: bool,
    log: Vec<u8>,
}

fn case(bytes: &[u8]) -> Case {
    let mut case = Case::default();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, tail) = (&rest[..end], &rest[end + 1..]);
        rest = tail;
        let line = String::from_utf8_lossy(line);
        match line.split_once(": ") {
            Some(("TITLE", title)) => case.title = title.trim().to_owned(),
            Some(("ALT", title)) => {
                case.alt.insert(title.trim().to_owned());
            }
            Some(("CORRUPTED", mark)) => case.corrupted = mark == "Y",
            Some(("PANICKED", mark)) => case.panicked = mark == "Y",
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    let log_end = memchr::memmem::find(rest, b"\nREPORT:\n").map_or(rest.len(), |at| at + 1);
    case.log = rest[..log_end].to_vec();
    case
}

#[test]
fn titles_of_syzkaller() {
    let Some(dir) = fixtures("syzkaller/linux-report") else {
        return;
    };
    let analyzer = analyzer();
    let (mut titles, mut alts) = (Score::default(), Score::default());
    let (mut corrupted, mut panicked) = (Score::default(), Score::default());
    let mut whole = Score::default();
    for path in files(&dir) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let case = case(&std::fs::read(&path).expect("a readable fixture"));
        let all = reports(&analyzer, &case.log);
        // syzkaller has no notices.
        let first = all.iter().find(|report| report.level == Level::Report);
        let title = first.map_or("", |report| report.syzbot.as_str());
        titles.count(title == case.title || case.alt.contains(title), || {
            format!("{name}: {title:?}, wants {:?}", case.title)
        });
        let Some(first) = first.filter(|_| !case.title.is_empty()) else {
            continue;
        };
        let given: BTreeSet<_> = first.alt_titles.iter().cloned().collect();
        alts.count(given == case.alt, || {
            format!("{name}: {given:?}, wants {:?}", case.alt)
        });
        if first.splat.kind == "warning" && !case.corrupted {
            whole.count(!first.splat.truncated, || name.to_string());
        }
        corrupted.count(first.corrupted == case.corrupted, || {
            format!("{name}: {}, title {title:?}", first.corrupted)
        });
        panicked.count(first.panic_line.is_some() == case.panicked, || {
            format!("{name}: {:?}, title {title:?}", first.panic_line)
        });
    }
    // syzkaller says it of a panic anywhere in the log, ksplat of one that the report brought about.
    panicked.hold("syzkaller panicked marks", 97.0);
    whole.hold("whole warnings not called cut off", 100.0);
    alts.hold("syzkaller alternative titles", 98.0);
    corrupted.hold("syzkaller corrupted marks", 98.0);
    titles.hold("syzkaller titles", 98.0);
}
