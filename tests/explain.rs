//! `ksplat explain`: the real binary.

mod common;

use common::{ksplat, stdout};

/// Standard output, standard error and exit code.
fn explain(what: &str) -> (String, String, Option<i32>) {
    let dir = tempfile::tempdir().expect("a directory");
    let output = ksplat(dir.path()).args(["explain", what]).output();
    let output = output.expect("ksplat runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (stdout(&output), error, output.status.code())
}

#[test]
fn a_kind_a_signature_and_a_feature_are_explained() {
    for (what, says) in [
        ("gpu-hang", "/sys/class/drm/card*/error"),
        ("ata:ata: exception", "smartctl -a"),
        ("kasan", "Says       USE AFTER FREE"),
        ("late-clear:ap:VMX:init_ia32_feat_ctl", "MSR 0x3a"),
        ("vmx", "133 (word 4, bit 5) in all kernels"),
        // What reports have as their kind, without an entry in a grammar.
        ("headless", "whose beginning the log lacks"),
        ("headless:zeta_open:do_sys_open", "Called by  do_sys_open"),
        ("late-clear", "after the kernel's code had been patched"),
        // A title has colons of its own.
        (
            "out-of-memory:Out of memory: killed zetad",
            "About      Out of memory: killed zetad\n",
        ),
    ] {
        let (text, error, code) = explain(what);
        assert!(text.contains(says), "{what}: {text}");
        assert_eq!((error.as_str(), code), ("", Some(0)));
    }
}

#[test]
fn what_is_not_known_is_one_line_with_near_names() {
    let (text, error, code) = explain("hung-tsk");
    assert_eq!((text.as_str(), code), ("", Some(2)));
    assert!(error.contains("did you mean hung-task"), "{error}");
    assert_eq!(error.lines().count(), 1);
}
