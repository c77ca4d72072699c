//! The ids of splats, evidence and lines: of the bug and its place, so that a link still leads to the splat
//! when another run finds more.

use crate::report::Report;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes of the digest in an id: among 10,000 splats two are alike once in 100 million pages.
const DIGEST: usize = 8;

/// The id of a splat.
pub fn splat(report: &Report) -> String {
    let source = &report.splat.source;
    let member = source.member.as_deref().unwrap_or_default();
    let line = source.first_line.to_string();
    let parts = [&report.signature, &source.path, member, &line];
    let digest = Sha256::digest(parts.join("\0"));
    let digits = digest.iter().take(DIGEST);
    digits.fold("splat-".to_owned(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// The id of a line of its log.
pub fn line(report: &Report, line: u64) -> String {
    format!("{}-line-{line}", splat(report))
}

/// The id of a piece of evidence.
pub fn evidence(report: &Report, index: usize) -> String {
    format!("{}-evidence-{index}", splat(report))
}
