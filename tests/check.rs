//! `ksplat check`: what is known passes, what is new fails, and the file stays what people made it.

mod common;

use common::{ksplat, stderr, stdout};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// A folder with logs of the corpus, and a baseline.
struct Case {
    folder: TempDir,
}

const VMX_ON_AP: &str = "late-clear:ap:VMX:init_ia32_feat_ctl";
const VMX_ON_BSP: &str = "late-clear:bsp:VMX:init_ia32_feat_ctl";

impl Case {
    fn new(logs: &[&str], baseline: Option<&str>) -> Case {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("logs")).expect("a folder");
        for log in logs {
            let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
            let target = folder.path().join("logs").join(log);
            fs::copy(corpus.join(log).join("log"), target).expect("copied");
        }
        if let Some(baseline) = baseline {
            fs::write(folder.path().join("known.toml"), baseline).expect("written");
        }
        Case { folder }
    }

    fn check(&self, arguments: &[&str]) -> Output {
        ksplat(self.folder.path())
            .args(["check", "--baseline", "known.toml", "--today", "2026-11-23"])
            .args(arguments)
            .arg("logs")
            .output()
            .expect("ksplat runs")
    }

    fn baseline(&self) -> PathBuf {
        self.folder.path().join("known.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.baseline()).expect("a baseline")
    }
}

fn entry(signature: &str, more: &str) -> String {
    format!("[[known]]\nsignature = \"{signature}\"\n{more}")
}

#[test]
fn what_is_known_passes() {
    let known = entry(VMX_ON_AP, "reason = \"the BIOS of rack 3\"\n");
    let case = Case::new(&["ap-vmx-bios-kaslr", "healthy-2cpu"], Some(&known));
    let output = case.check(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        stdout(&output),
        format!(
            "known: {VMX_ON_AP} (the BIOS of rack 3)\n\
             0 new, 0 expired, 1 known, 0 not seen; 1 splat in 2 inputs\n"
        )
    );
}

#[test]
fn what_is_new_fails_and_is_explained() {
    let case = Case::new(
        &["ap-vmx-bios-kaslr", "bsp-vmx-kaslr"],
        Some(&entry(VMX_ON_AP, "")),
    );
    let output = case.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(
        text.starts_with("KERNEL: the boot CPU switched virtualization (VMX) off"),
        "{text}"
    );
    assert!(text.contains("\n  What      "));
    assert!(text.contains("\nnew: 1  late clear of VMX by init_ia32_feat_ctl, BSP path\n"));
    assert!(!text.contains("AP path: CPU 1"), "a known one is explained");
    assert!(text.ends_with("1 new, 0 expired, 1 known, 0 not seen; 2 splats in 2 inputs\n"));
}

#[test]
fn an_entry_past_its_date_is_new_and_says_so() {
    let known = |date| entry(VMX_ON_AP, &format!("expires = {date}\n"));
    let case = Case::new(&["ap-vmx-bios-kaslr"], Some(&known("2026-11-22")));
    let output = case.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    let told =
        format!("expired: {VMX_ON_AP} (accepted up to 2026-11-22: extend it, or mend the bug)\n");
    assert!(stdout(&output).contains(&told), "{}", stdout(&output));
    // No update turns it into a known one: that is for people.
    assert_eq!(case.check(&["--update"]).status.code(), Some(1));
    assert_eq!(case.text(), known("2026-11-22"));
    fs::write(case.baseline(), known("2026-11-23")).expect("written");
    assert_eq!(case.check(&[]).status.code(), Some(0));
}

#[test]
fn updating_makes_the_file_and_then_nothing_is_new() {
    let case = Case::new(&["ap-vmx-bios-kaslr", "bsp-vmx-kaslr"], None);
    let missing = case.check(&[]);
    assert_eq!(missing.status.code(), Some(2));
    assert_eq!(stderr(&missing).lines().count(), 1);
    assert!(stderr(&missing).contains("--update makes a baseline"));
    assert_eq!(case.check(&["--update"]).status.code(), Some(0));
    let text = case.text();
    assert!(
        text.contains(VMX_ON_AP) && text.contains(VMX_ON_BSP),
        "{text}"
    );
    assert_eq!(case.check(&[]).status.code(), Some(0));
    assert_eq!(case.check(&["--update"]).status.code(), Some(0));
    assert_eq!(case.text(), text);
}

#[test]
fn reasons_and_comments_outlive_update_and_prune() {
    let known = format!(
        "# The lab's own.\n{}\n# gone since 6.13\n{}",
        entry(VMX_ON_AP, "reason = \"rack 3\" # ask Ann\n"),
        entry("warning:foo:bar", "")
    );
    let case = Case::new(&["ap-vmx-bios-kaslr", "bsp-vmx-kaslr"], Some(&known));
    assert_eq!(case.check(&["--update"]).status.code(), Some(0));
    let updated = case.text();
    // The new one stands between them, in the order of the signatures.
    let (before, after) = updated
        .split_once("\n[[known]]\nsignature = \"late-clear:bsp")
        .expect("new");
    let (_, after) = after.split_once("reason = \"\"\n").expect("an entry");
    assert_eq!(format!("{before}{after}"), known);
    let output = case.check(&["--prune"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).contains("not seen: warning:foo:bar\n"));
    let pruned = case.text();
    assert!(
        !pruned.contains("warning:foo:bar") && !pruned.contains("6.13"),
        "{pruned}"
    );
    assert!(pruned.contains("# The lab's own.\n") && pruned.contains("# ask Ann\n"));
}

#[test]
fn a_run_that_could_not_read_all_drops_nothing() {
    let known = entry("warning:foo:bar", "");
    let case = Case::new(&["healthy-2cpu"], Some(&known));
    let broken = case.folder.path().join("logs/broken.gz");
    fs::write(broken, b"\x1f\x8b\x08\x00\x00\x00\x00\x00").expect("written");
    let output = case.check(&["--prune"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the baseline stays as it is"));
    assert_eq!(case.text(), known);
}

#[test]
fn a_baseline_that_is_none_is_one_line() {
    let case = Case::new(&["healthy-2cpu"], Some("[[known]]\nsignatur = \"a\"\n"));
    let output = case.check(&[]);
    assert_eq!(output.status.code(), Some(2));
    let error = stderr(&output);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.starts_with("ksplat: known.toml:2: unknown field `signatur`"),
        "{error}"
    );
}

#[test]
fn json_lists_signatures_by_how_they_stand() {
    let known = format!("{}{}", entry(VMX_ON_AP, ""), entry("warning:foo:bar", ""));
    let case = Case::new(&["ap-vmx-bios-kaslr", "bsp-vmx-kaslr"], Some(&known));
    let output = case.check(&["--format", "json"]);
    let document: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(document["check"]["new"], serde_json::json!([VMX_ON_BSP]));
    assert_eq!(document["check"]["known"], serde_json::json!([VMX_ON_AP]));
    assert_eq!(
        document["check"]["unseen"],
        serde_json::json!(["warning:foo:bar"])
    );
    assert_eq!(document["splats"].as_array().map(Vec::len), Some(2));
    let lines = stdout(&case.check(&["--format", "ndjson"]));
    assert_eq!(lines.lines().count(), 1);
    assert!(lines.contains(VMX_ON_BSP));
}

#[test]
fn what_fails_is_what_fail_on_names() {
    let case = Case::new(&["bsp-vmx-kaslr"], Some(""));
    assert_eq!(case.check(&["--fail-on", "ap"]).status.code(), Some(0));
    assert_eq!(case.check(&["--fail-on", "bsp"]).status.code(), Some(1));
}

#[test]
fn two_that_update_at_once_lose_nothing() {
    let logs = [
        "ap-vmx-bios-kaslr",
        "bsp-vmx-kaslr",
        "ap-faststring",
        "healthy-2cpu",
    ];
    let case = Case::new(&logs, None);
    let mut entries = String::new();
    for number in 0..5000 {
        entries += &format!(
            "{}\n",
            entry(&format!("warning:f{number:05}"), "reason = \"x\"\n")
        );
    }
    fs::write(case.baseline(), &entries).expect("written");
    let start = |log: &str| {
        ksplat(case.folder.path())
            .args(["check", "--baseline", "known.toml", "--update"])
            .arg(format!("logs/{log}"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("ksplat runs")
    };
    for _ in 0..3 {
        fs::write(case.baseline(), &entries).expect("written");
        let children = logs.map(start);
        for mut child in children {
            assert_eq!(child.wait().expect("ends").code(), Some(0));
        }
        let text = case.text();
        assert_eq!(text.matches("[[known]]").count(), 5004);
        assert!(text.contains(VMX_ON_AP) && text.contains(VMX_ON_BSP));
    }
}

#[test]
fn a_baseline_keeps_its_mode_and_follows_no_planted_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let case = Case::new(&["ap-vmx-bios-kaslr"], Some("# ours\n"));
    fs::set_permissions(case.baseline(), fs::Permissions::from_mode(0o600)).expect("changed");
    let precious = case.folder.path().join("precious");
    fs::write(&precious, "precious").expect("written");
    symlink(&precious, case.folder.path().join("known.toml.new")).expect("a link");
    assert_eq!(case.check(&["--update"]).status.code(), Some(0));
    assert!(case.text().contains(VMX_ON_AP));
    assert_eq!(fs::read(&precious).expect("there"), b"precious");
    let mode = fs::metadata(case.baseline()).expect("there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[test]
fn a_baseline_without_end_is_no_baseline() {
    let case = Case::new(&["healthy-2cpu"], None);
    let output = ksplat(case.folder.path())
        .args(["check", "--baseline", "/dev/zero", "logs"])
        .output()
        .expect("ksplat runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).starts_with("ksplat: /dev/zero: "));
}
