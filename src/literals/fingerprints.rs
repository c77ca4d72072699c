//! Fingerprints: the few bytes of each literal that the vector search looks for.
//!
//! In: literals. Out: for each the place of its [`WIDTH`] bytes, and the bucket that it shares with others. The search
//! knows of a bucket only which low and which high halves of a byte each of its places may have, so fingerprints that
//! share a bucket should be alike, and made of bytes that logs seldom have. [`builtin`] has those of the literals in
//! `grammars/`, which a test finds on the corpus.

mod builtin;

use builtin::FINGERPRINTS;

/// Bytes of a fingerprint.
pub const WIDTH: usize = 4;

/// Buckets, a bit each. The search knows them only as bits of a byte.
#[cfg(test)]
pub const BUCKETS: usize = 8;

/// Where a literal is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Offset in the literal.
    pub offset: usize,
    /// The bucket that it is in.
    pub bucket: usize,
}

/// The fingerprint of each literal; `None` where one has none, as a literal of the user's grammar may.
pub fn of_all(literals: &[&[u8]]) -> Option<Vec<Fingerprint>> {
    // A choice at run time, by how often each byte is in logs, let through ten times as many places as those found
    // beforehand. So a search with other literals is left to the aho-corasick crate.
    literals.iter().map(|literal| of(literal)).collect()
}

fn of(literal: &[u8]) -> Option<Fingerprint> {
    let found = FINGERPRINTS.binary_search_by(|(known, ..)| known.as_bytes().cmp(literal));
    let (_, offset, bucket) = FINGERPRINTS[found.ok()?];
    Some(Fingerprint { offset, bucket })
}

#[cfg(test)]
mod tests;
