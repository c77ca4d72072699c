//! syzkaller's `pkg/report/testdata/linux/guilty`: the file that is to blame, an empty line, the report.

use crate::{Score, analyzer, files, fixtures, reports};

#[test]
fn guilty_files_of_syzkaller() {
    let Some(dir) = fixtures("syzkaller/linux-guilty") else {
        return;
    };
    let analyzer = analyzer();
    let mut score = Score::default();
    for path in files(&dir) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = std::fs::read(&path).expect("a readable fixture");
        let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let (head, report) = text.split_at(end);
        let head = String::from_utf8_lossy(head);
        let wanted = head.strip_prefix("FILE: ").map(str::trim);
        let all = reports(&analyzer, report);
        let file = all.first().and_then(|first| first.guilty_file.as_deref());
        score.count(file == wanted, || {
            format!("{name}: {file:?}, wants {wanted:?}")
        });
    }
    score.hold("guilty files", 97.0);
}
