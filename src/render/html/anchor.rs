//! The ids of bugs, splats, evidence and lines: of the signature and the place, so that a link still leads to
//! the splat when another run finds more.

use crate::report::Report;
use crate::splat::SourceSpan;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Bytes of the digest in an id: among 10,000 splats two are alike once in 100 million pages.
const DIGEST: usize = 8;

/// The id of a bug, without the word in front of it.
pub fn bug(signature: &str) -> String {
    digest(&[signature])
}

/// The id of a splat.
pub fn splat(report: &Report) -> String {
    of(&report.signature, &report.splat.source)
}

/// The id of the splat of that signature at that place.
pub fn of(signature: &str, source: &SourceSpan) -> String {
    let member = source.member.as_deref().unwrap_or_default();
    let line = source.first_line.to_string();
    let digest = digest(&[signature, &source.path, member, &line]);
    format!("splat-{digest}")
}

fn digest(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    let digits = digest.iter().take(DIGEST);
    digits.fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// The id of a line of the log of a splat, whose id that is.
pub fn line(splat: &str, line: u64) -> String {
    format!("{splat}-line-{line}")
}

/// The id of a piece of evidence of a splat.
pub fn evidence(splat: &str, index: usize) -> String {
    format!("{splat}-evidence-{index}")
}
