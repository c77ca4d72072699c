//! The page; `tests/html/run` opens it in a browser.

use super::{AP, HEALTHY, TWO, baseline, corpus, format, ksplat};

/// Values of an attribute.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let mark = format!(" {attribute}=\"");
    let parts = page.split(mark.as_str()).skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = format("html", &[AP, TWO]);
    assert!(!values(&page, "href").is_empty());
    assert!(
        values(&page, "href")
            .iter()
            .all(|link| link.starts_with('#'))
    );
    for mark in ["http://", "https://", " src=", "url(", "@import", " style="] {
        assert!(!page.contains(mark), "{mark}");
    }
    assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"));
}

#[test]
fn every_link_leads_somewhere_and_every_id_is_unique() {
    let page = format("html", &[AP, TWO, HEALTHY]);
    let mut ids = values(&page, "id");
    for link in values(&page, "href") {
        assert!(ids.contains(&&link[1..]), "{link}");
    }
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn evidence_lines_are_marked_wherever_they_stand() {
    let page = format("html", &[AP]);
    for line in [160, 163, 165, 185] {
        let mark = format!("-line-{line}\"");
        let mut tags = page.split('<');
        let tag = tags.find(|tag| tag.contains(" id=") && tag.contains(&mark));
        let tag = tag.expect("a line with an id");
        assert!(tag.contains("hit"), "{line}: {tag}");
    }
}

#[test]
fn a_check_says_how_each_bug_stands() {
    let folder = tempfile::tempdir().expect("a directory");
    let baseline = baseline(&folder);
    let arguments = [
        "check",
        "--baseline",
        &baseline,
        "--format",
        "html",
        AP,
        TWO,
    ];
    let page = ksplat(&corpus(), &arguments);
    assert_eq!(
        page.matches("<span class=\"standing\">known</span>")
            .count(),
        1
    );
    assert!(page.contains("<span class=\"standing\">new</span>"));
}

#[test]
fn a_page_of_many_repeats_stays_bounded() {
    let folder = tempfile::tempdir().expect("a directory");
    let log = std::fs::read(corpus().join(AP)).expect("readable");
    for number in 0..40 {
        std::fs::write(folder.path().join(format!("{number:02}.log")), &log).expect("written");
    }
    let page = ksplat(folder.path(), &["scan", "--format", "html", "."]);
    assert_eq!(page.matches("<details class=\"report").count(), 12);
    assert!(page.contains("<td class=\"number\">40</td>"));
    assert!(page.contains("28 more inputs with further splats of the bugs above."));
}
