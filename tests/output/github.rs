//! Annotations of GitHub Actions.

use super::{AP, BSP, HEALTHY, TWO, baseline, corpus, format, hostile, ksplat};

#[test]
fn one_annotation_a_splat_and_none_for_a_clean_log() {
    let text = format("github", &["--fail-on", "ap", AP, HEALTHY, BSP]);
    let is_splat = |line: &&str| !line.starts_with("::notice");
    let lines: Vec<_> = text.lines().filter(is_splat).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with(
        "::error file=ap-vmx-bios-kaslr/log,line=164,endLine=190,title=AP path%3A CPU 1 lost VMX"
    ));
    assert!(lines[0].contains("%0ACulprit: init_ia32_feat_ctl()%0A"));
    assert!(lines[1].starts_with("::warning file=bsp-vmx-kaslr/log,"));
    let healthy = format("github", &[HEALTHY]);
    assert!(healthy.lines().all(|line| line.starts_with("::notice")));
}

#[test]
fn what_is_known_has_no_annotation() {
    let folder = tempfile::tempdir().expect("a directory");
    let baseline = baseline(&folder);
    let arguments = [
        "check",
        "--baseline",
        &baseline,
        "--format",
        "github",
        AP,
        BSP,
    ];
    let text = ksplat(&corpus(), &arguments);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("file=bsp-vmx-kaslr/log"));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let text = format("github", &["no-such-file", TWO]);
    assert!(text.starts_with("::error title="), "{text}");
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn a_hostile_log_cannot_add_a_command_or_a_property() {
    let (folder, name) = hostile();
    let text = ksplat(folder.path(), &["--format", "github", &name]);
    assert_eq!(text.lines().count(), 1, "{text}");
    let properties = text.split("::").nth(1).expect("a command");
    let names: Vec<_> = properties
        .split([' ', ','])
        .filter_map(|property| property.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["file", "line", "endLine", "title"], "{properties}");
}
