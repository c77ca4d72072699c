//! Links of the text output (OSC 8): only where they are asked for, and never to what a log names.

mod common;

use common::{ksplat, stderr, stdout};
use std::fs;
use std::path::Path;

/// What begins and ends a link.
const LINK: &str = "\x1b]8;;";

/// A report in which the log itself names files, as decode_stacktrace.sh writes them.
const DECODED: &str = "\
[    1.0] WARNING: CPU: 1 PID: 7 at mm/slub.c:12 zeta_read+0x10/0x20\n\
[    1.0] CPU: 1 PID: 7 Comm: x Not tainted 6.1.0 #1\n\
[    1.0] RIP: 0010:zeta_read (mm/slub.c:12)\n\
[    1.0] Call Trace:\n\
[    1.0]  zeta_ioctl (include/linux/zeta.h:20 drivers/zeta.c:21)\n\
[    1.0]  zeta_open (/etc/passwd:3)\n\
[    1.0] ---[ end trace 0000000000000000 ]---\n";

fn text(folder: &Path, arguments: &[&str]) -> String {
    let output = ksplat(folder)
        .args(["--fail-on", "never", "--color", "always"])
        .args(arguments)
        .output();
    stdout(&output.expect("ksplat runs"))
}

#[test]
fn a_report_leads_to_its_line_of_the_log_where_links_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a b.log"), DECODED).expect("written");
    assert!(!text(folder.path(), &["a b.log"]).contains(LINK));
    let linked = text(folder.path(), &["--hyperlink-format", "kitty", "a b.log"]);
    let path = fs::canonicalize(folder.path()).expect("there");
    let url = format!("file://{}/a%20b.log#1", path.display());
    assert!(linked.contains(&format!("{LINK}{url}\x1b\\")), "{linked}");
}

#[test]
fn what_the_log_names_is_never_linked() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("log"), DECODED).expect("written");
    // Of the log there is a path, of the sources a file: only the sources could be linked.
    let arguments = ["--hyperlink-format", "x-src:{file}#{line}", "log"];
    let linked = text(folder.path(), &arguments);
    assert!(linked.contains("drivers/zeta.c:21"), "{linked}");
    assert!(!linked.contains(LINK), "{linked}");
}

#[test]
fn only_text_on_a_terminal_has_links() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("log"), DECODED).expect("written");
    let links = ["--fail-on", "never", "--hyperlink-format", "file", "log"];
    for more in [
        &[][..],
        &["--format", "json"],
        &["--format", "markdown", "--color", "always"],
        &["-o", "out.txt"],
    ] {
        let output = ksplat(folder.path())
            .args(links)
            .args(more)
            .output()
            .expect("ksplat runs");
        assert!(!stdout(&output).contains(LINK), "{more:?}");
    }
    let file = fs::read_to_string(folder.path().join("out.txt")).expect("written");
    assert!(file.contains("WARNING") && !file.contains(LINK));
}

#[test]
fn a_format_that_is_none_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = ksplat(folder.path())
        .args(["--hyperlink-format", "emacs", "-"])
        .output();
    let output = output.expect("ksplat runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("file, kitty, vscode"),
        "{}",
        stderr(&output)
    );
}
