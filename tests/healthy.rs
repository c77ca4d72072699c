//! Healthy logs of any system give no splat.

mod common;

use std::path::{Path, PathBuf};

fn logs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/healthy");
    let entries = std::fs::read_dir(folder).expect("corpus/ is part of the repository");
    let mut logs: Vec<_> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| !path.ends_with("README.md"))
        .collect();
    logs.sort();
    logs
}

#[test]
fn healthy_logs_give_no_splat() {
    let logs = logs();
    assert!(logs.len() >= 20, "only {} logs", logs.len());
    for log in logs {
        let folder = log.parent().expect("a folder");
        let output = common::ksplat(folder)
            .args(["--format", "ndjson"])
            .arg(&log)
            .output()
            .expect("ksplat runs");
        let splats = common::stdout(&output);
        let title = |splat: &str| {
            let splat: serde_json::Value = serde_json::from_str(splat).expect("JSON");
            format!("{} at {}", splat["title"], splat["source"]["first_line"])
        };
        let titles: Vec<_> = splats.lines().map(title).collect();
        assert!(titles.is_empty(), "{}: {titles:#?}", log.display());
        assert_eq!(output.status.code(), Some(0), "{}", log.display());
    }
}
