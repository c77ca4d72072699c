//! What holds for every form of the output.

use regex::Regex;

use super::{AP, BSP, HEALTHY, TWO, corpus, format, hostile, ksplat};

const FORMATS: [&str; 8] = [
    "text", "json", "ndjson", "junit", "sarif", "github", "mail", "html",
];

#[test]
fn no_control_byte_of_a_log_or_a_path_gets_through() {
    let (folder, name) = hostile();
    for format in FORMATS {
        let text = ksplat(folder.path(), &["--format", format, &name]);
        let unsafe_one = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(unsafe_one, None, "{format}");
        assert!(text.contains("WARNING"), "{format}: {text}");
    }
}

#[test]
fn a_scan_gives_the_same_bytes_on_one_core_and_on_two() {
    for format in FORMATS {
        let on = |jobs: &str| {
            let options = ["scan", "--format", format, "-j", jobs];
            let logs = [AP, BSP, HEALTHY, TWO];
            ksplat(&corpus(), &[&options[..], &logs].concat())
        };
        assert_eq!(on("1"), on("2"), "{format}");
        assert!(on("1").contains("init_ia32_feat_ctl"), "{format}");
    }
}

#[test]
fn a_notice_is_told_and_is_no_failure() {
    let folder = tempfile::tempdir().expect("a directory");
    let log = "[    0.1] Linux version 6.1.0 (x@y) #1\n\
        [    0.5] [Firmware Bug]: TSC_DEADLINE disabled due to Errata\n";
    std::fs::write(folder.path().join("log"), log).expect("written");
    let of = |format: &str| ksplat(folder.path(), &["--format", format, "log"]);
    assert!(of("junit").contains("tests=\"1\" failures=\"0\""));
    assert!(of("sarif").contains("\"level\": \"note\""));
    assert!(of("github").starts_with("::notice file=log,line=2,"));
    assert_eq!(of("mail"), "");
    assert!(of("html").contains("<h1>No kernel splat</h1>"));
}

/// Without the style, the script and what changes with them; an element a line.
fn shortened(text: &str) -> String {
    let parts = Regex::new(r"(?s)(<style>|<script>|sha256-).*?(</style>|</script>|')");
    let parts = parts.expect("a pattern");
    parts.replace_all(text, "$1…$2").replace("><", ">\n<")
}

#[test]
fn what_each_looks_like() {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in ["junit", "sarif", "github", "mail", "html"] {
            insta::assert_snapshot!(name, shortened(&format(name, &[BSP, HEALTHY])));
        }
    });
}
