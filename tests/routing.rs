//! Who should hear of a report, and the lines of its sources, through the real binary and a small tree.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

const WARNING: &str = "[   10.000000] ------------[ cut here ]------------\n\
    [   10.000001] WARNING: CPU: 1 PID: 7 at drivers/zeta/core/main.c:4 zeta_go+0x2a/0x40 [zeta]\n\
    [   10.000002] CPU: 1 PID: 7 Comm: a Not tainted 6.9.0-custom #1\n\
    [   10.000003] Call Trace:\n\
    [   10.000004]  vfs_ioctl+0x4/0x9\n\
    [   10.000005] ---[ end trace 0000000000000000 ]---\n";

const MODULE: &str = "[   10.000000] BUG: kernel NULL pointer dereference, address: 0000000000000010\n\
    [   10.000001] Oops: 0000 [#1] PREEMPT SMP\n\
    [   10.000002] CPU: 1 PID: 7 Comm: a Not tainted 6.8.0 #1\n\
    [   10.000003] RIP: 0010:zeta_go+0x2a/0x40 [zeta]\n\
    [   10.000004] Call Trace:\n\
    [   10.000005]  vfs_ioctl+0x4/0x9\n\
    [   10.000006] ---[ end trace 0000000000000000 ]---\n";

fn tree() -> String {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tree");
    tree.display().to_string()
}

fn run(log: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("log"), log).expect("written");
    let mut command = ksplat(folder.path());
    command.args(arguments).arg("log");
    command.output().expect("ksplat runs")
}

fn splat(log: &str, arguments: &[&str]) -> Value {
    let output = run(log, &[arguments, &["--format", "ndjson"]].concat());
    serde_json::from_str(&stdout(&output)).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)))
}

#[test]
fn the_section_of_the_file_and_the_lines_around_it() {
    let splat = splat(WARNING, &["--kernel-tree", &tree()]);
    let routing = &splat["routing"];
    assert_eq!(routing["file"], "drivers/zeta/core/main.c");
    assert_eq!(routing["subsystem"], "ZETA DRIVER");
    assert_eq!(routing["status"], "Supported");
    assert_eq!(
        routing["maintainers"][0],
        "Zo\u{eb} Beispiel <zoe@zeta.example>"
    );
    assert_eq!(routing["maintainers"][1], "Ivo Neu <ivo@new.example>");
    assert_eq!(routing["maintainers"].as_array().map(Vec::len), Some(2));
    assert_eq!(routing["reviewers"][0], "Rita <rita@zeta.example>");
    assert_eq!(
        routing["lists"],
        serde_json::json!(["zeta@lists.example", "linux-kernel@vger.kernel.org"])
    );
    let code = &splat["source_code"];
    assert_eq!(code["line"], 4);
    assert_eq!(code["lines"][0]["number"], 2);
    assert_eq!(code["lines"][2]["text"], "\tif (WARN_ON(!zeta->ring))");
    assert_eq!(code["lines"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        (&code["tree_release"], &code["mismatch"]),
        (&"6.9.0".into(), &false.into())
    );
    assert_eq!(splat["source"]["path"], "log");
}

#[test]
fn the_text_says_whose_it_is_and_marks_the_line() {
    let text = stdout(&run(WARNING, &["--kernel-tree", &tree()]));
    for line in [
        "  Whose     drivers/zeta/core/main.c \u{b7} ZETA DRIVER, Supported\n",
        "            to zeta@lists.example and 2 maintainers\n",
        "  Source  drivers/zeta/core/main.c:4 of 6.9.0\n",
        "    >      4      if (WARN_ON(!zeta->ring))\n",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let other = WARNING.replace("6.9.0-custom", "5.4.1");
    let text = stdout(&run(&other, &["--kernel-tree", &tree()]));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("of 6.9.0; the log is of 5.4.1, whose lines may differ"),
        "{text}"
    );
}

#[test]
fn a_module_without_a_file_is_found_by_its_makefile_only_in_a_tree() {
    let routing = &splat(MODULE, &["--kernel-tree", &tree()])["routing"];
    assert_eq!(routing["file"], "drivers/zeta/");
    assert_eq!(routing["subsystem"], "ZETA DRIVER");
    let file = format!("{}/MAINTAINERS", tree());
    let without = splat(MODULE, &["--maintainers", &file]);
    assert_eq!(without["routing"], Value::Null);
    assert_eq!(without["source_code"], Value::Null);
}

#[test]
fn a_mail_goes_to_the_maintainers() {
    let file = format!("{}/MAINTAINERS", tree());
    let mail = stdout(&run(WARNING, &["--maintainers", &file, "--format", "mail"]));
    assert!(
        mail.starts_with(
            "To: =?utf-8?q?Zo=C3=AB_Beispiel?= <zoe@zeta.example>,\n Ivo <ivo@zeta.example>\n\
             Cc: Rita <rita@zeta.example>,\n zeta@lists.example,\n linux-kernel@vger.kernel.org\n\
             Subject: "
        ),
        "{mail}"
    );
}

#[test]
fn the_page_names_everybody() {
    let page = stdout(&run(
        WARNING,
        &["--kernel-tree", &tree(), "--format", "html"],
    ));
    for text in [
        "ZETA DRIVER, Supported",
        "Rita &lt;rita@zeta.example&gt;",
        "WARN_ON(!zeta-&gt;ring)",
    ] {
        assert!(page.contains(text), "{text}");
    }
}

#[test]
fn a_path_of_the_log_stays_in_the_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("secret.c"), "secret\n".repeat(9)).expect("written");
    let inside = folder.path().join("tree");
    fs::create_dir(&inside).expect("made");
    fs::copy(
        format!("{}/MAINTAINERS", tree()),
        inside.join("MAINTAINERS"),
    )
    .expect("copied");
    let outside = folder.path().join("secret.c").display().to_string();
    for path in ["drivers/../../secret.c", "../secret.c", &outside] {
        let log = WARNING.replace("drivers/zeta/core/main.c", path);
        let text = stdout(&run(
            &log,
            &["--kernel-tree", &inside.display().to_string()],
        ));
        assert!(!text.contains("  secret"), "{path}: {text}");
    }
}

#[test]
fn what_is_missing_or_no_maintainers_file_is_an_error_of_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = folder.path().join("empty");
    fs::write(&empty, "nothing\n").expect("written");
    for (option, path) in [
        ("--maintainers", "missing"),
        ("--kernel-tree", "missing"),
        ("--maintainers", &*empty.display().to_string()),
    ] {
        let output = run(WARNING, &[option, path]);
        assert_eq!(output.status.code(), Some(2), "{option} {path}");
        let told = stderr(&output);
        assert!(told.lines().count() == 1 && told.contains(path), "{told}");
    }
}

#[test]
fn a_hostile_file_changes_nothing_but_its_own_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("M");
    let hostile = "ZETA \u{1b}[31m\nM:\ta\u{1b}]0;x\u{7} <a@b.c>\nM:\tb <b@c>\rBcc: d@e\n\
        N:\t((((a{1000}){1000}){1000}){1000})\nF:\tdrivers/*a*a*a*a*a*a*a*a*a*a*b\nF:\tdrivers/zeta/\n";
    fs::write(&file, hostile).expect("written");
    let file = file.display().to_string();
    for format in ["text", "json", "html", "mail"] {
        let output = run(WARNING, &["--maintainers", &file, "--format", format]);
        let bytes = output.stdout;
        let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\n' && *byte != b'\t';
        assert!(!bytes.iter().any(is_control), "{format}");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            !text.lines().any(|line| line.starts_with("Bcc")),
            "{format}: {text}"
        );
        assert!(
            format == "mail" || text.contains("ZETA "),
            "{format}: {text}"
        );
    }
}
