//! A commit that mends something, as a line of NDJSON: `{"fix": {…}}`. Only a scan prints them.

use crate::fixes::Fix;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct FixLine<'a> {
    fix: FixJson<'a>,
}

#[derive(Serialize)]
struct FixJson<'a> {
    commit: &'a str,
    title: &'a str,
    date: Option<&'a str>,
    release: Option<&'a str>,
    mends: Vec<MendJson<'a>>,
}

#[derive(Serialize)]
struct MendJson<'a> {
    reason: &'static str,
    value: &'a str,
}

impl<'a> FixLine<'a> {
    /// The line of a fix.
    pub fn of(fix: &'a Fix) -> FixLine<'a> {
        let mend = |(reason, value): &'a (crate::fixes::Reason, String)| MendJson {
            reason: reason.name(),
            value,
        };
        FixLine {
            fix: FixJson {
                commit: &fix.hash,
                title: &fix.title,
                date: fix.date.as_deref(),
                release: fix.release.as_deref(),
                mends: fix.mends.iter().map(mend).collect(),
            },
        }
    }
}
