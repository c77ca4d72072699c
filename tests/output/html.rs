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

/// The page of a log.
fn of_log(log: &str) -> String {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("log"), log).expect("written");
    ksplat(folder.path(), &["--format", "html", "log"])
}

/// The blocks of a page, each with what it is a block of.
fn blocks(page: &str) -> usize {
    page.matches(" data-bugs=").count()
}

#[test]
fn what_came_of_a_crash_is_a_line_in_its_block() {
    let page = format("html", &["ap-faststring/log"]);
    let block = page.split(" data-bugs=").nth(1).expect("a block");
    let then = block.split_once("<ol class=\"then\">").expect("a list").1;
    assert!(block.contains("Then 3 reports of the same incident"));
    for line in [190, 219, 247] {
        assert!(then.contains(&format!("<span class=\"number\">line {line}</span>")));
    }
    let late = page.matches("<details class=\"report ap\"").count();
    assert_eq!(late, 4, "each can be opened");
    let late = page.matches("<details class=\"report ap\" id=").count();
    let with_bugs = page.split("<details class=\"report ap\"").skip(1);
    let with_bugs = with_bugs.filter(|block| {
        block
            .split('>')
            .next()
            .is_some_and(|tag| tag.contains("data-bugs"))
    });
    assert_eq!((late, with_bugs.count()), (4, 1), "one block");
}

/// A use after free that a symbolizer did not touch.
const KASAN: &str = "[  105.5] BUG: KASAN: slab-use-after-free in zeta_probe+0x1a2/0x2b0\n\
    [  105.5] Read of size 8 at addr ffff88801d3c4ac0 by task syz/111\n\
    [  105.5] \n\
    [  105.5] CPU: 3 PID: 111 Comm: syz Tainted: G        W  O      6.11.0 #1\n\
    [  105.5] Call Trace:\n\
    [  105.5]  <TASK>\n\
    [  105.5]  kasan_report+0xd8/0x110\n\
    [  105.5]  zeta_probe+0x1a2/0x2b0\n\
    [  105.5]  </TASK>\n\
    [  105.5] \n\
    [  105.5] Allocated by task 111:\n\
    [  105.5]  zeta_open+0x45/0x190\n\
    [  105.5] \n\
    [  105.5] Freed by task 33:\n\
    [  105.5]  zeta_ioctl+0x111/0x220\n\
    [  105.5] ==================================================================\n";

#[test]
fn a_block_says_what_the_text_says() {
    let page = of_log(KASAN).replace("<wbr>", "");
    for part in [
        "USE AFTER FREE: zeta_probe() read 8 bytes of memory that zeta_ioctl() had freed",
        "<h4>Allocated by task 111</h4>",
        "<h4>Freed by task 33</h4>",
        "Read of size 8 at addr ffff88801d3c4ac0 by task syz/111</span>",
        "W warning before, O out-of-tree module",
        "<dt>Title</dt><dd data-copy><span>KASAN: slab-use-after-free Read in zeta_probe</span>",
        "<dt>Signature</dt>",
        "<dt>LKP</dt>",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn the_name_that_syzbot_gives_stands_beside_another_title() {
    let page = of_log(
        "[   12.5] WARNING: CPU: 1 PID: 7 at kernel/foo.c:12 foo+0x10/0x20\n[   12.5] CPU: 1 PID: 7 Comm: x Not tainted 6.1.0 #1\n",
    );
    let page = page.replace("<wbr>", "");
    assert!(
        page.contains("<dt>syzbot</dt><dd data-copy><span>WARNING in corrupted</span>"),
        "{page}"
    );
}

#[test]
fn a_boot_with_one_event_has_no_timeline() {
    assert_eq!(blocks(&of_log(KASAN)), 1);
    assert!(!of_log(KASAN).contains("<svg"));
    assert!(format("html", &[AP]).contains("<svg"));
}

#[test]
fn a_stamp_of_a_cpu_whose_clock_is_not_set_is_no_time() {
    let page = format("html", &[AP]);
    let svg = page.split("<svg").nth(1).expect("a timeline");
    let svg = svg.split("</svg>").next().expect("its end");
    let stops: Vec<_> = svg
        .split("<text class=\"when\"")
        .skip(1)
        .filter_map(|text| text.split(['>', '<']).nth(1))
        .collect();
    assert!(
        stops.contains(&"clock not set \u{b7} line 164"),
        "{stops:?}"
    );
    assert!(!svg.contains("0.000 s"), "{stops:?}");
    let lines = stops
        .iter()
        .filter_map(|stop| stop.rsplit(' ').next()?.parse::<u64>().ok());
    assert!(lines.is_sorted());
    assert!(
        page.contains("before this CPU&#39;s clock was set")
            || page.contains("before this CPU's clock was set")
    );
}

#[test]
fn a_file_that_is_named_twice_is_shown_once() {
    let page = format("html", &[AP, AP]);
    assert_eq!(page.matches("<details class=\"report ap\"").count(), 1);
    assert!(page.contains("1 more input with further splats of the bugs above."));
}

#[test]
fn the_id_of_a_splat_is_the_same_whatever_else_is_found() {
    let id = |page: &str| {
        let tag = page.split("<details class=\"report ap\" id=\"").nth(1)?;
        tag.split('"').next().map(str::to_owned)
    };
    let alone = id(&format("html", &[AP]));
    assert!(alone.is_some());
    assert!(format("html", &["bsp-vmx-kaslr/log", TWO, AP]).contains(&alone.unwrap_or_default()));
}

#[test]
fn a_secondary_cpu_is_known_by_its_path_as_well() {
    let log = "[    0.000000] WARNING: at arch/x86/kernel/cpu/cpuid-deps.c:117 do_clear_cpu_cap+0xce/0x120\n\
        [    0.000000] Call Trace:\n\
        [    0.000000]  <TASK>\n\
        [    0.000000]  init_ia32_feat_ctl+0x2b7/0x430\n\
        [    0.000000]  init_intel+0x1c7/0x3a0\n\
        [    0.000000]  identify_cpu+0x17a/0x5b0\n\
        [    0.000000]  identify_secondary_cpu+0x22/0x60\n\
        [    0.000000]  start_secondary+0x8f/0x160\n\
        [    0.000000] ---[ end trace 0000000000000000 ]---\n";
    let page = of_log(log);
    assert!(page.contains("clock was set"));
    assert!(!page.contains("0.000000 s after boot"));
}
