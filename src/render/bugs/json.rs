//! Bugs as JSON.

use crate::db::{Bug, Mention};
use crate::render::json::{SCHEMA, Tool, pretty};
use serde::Serialize;
use std::collections::HashSet;

#[derive(Serialize)]
struct BugsDocument<'a> {
    schema: u32,
    tool: Tool,
    bugs: Vec<BugJson<'a>>,
}

#[derive(Serialize)]
struct BugJson<'a> {
    #[serde(flatten)]
    bug: &'a Bug,
    links: Vec<String>,
}

impl<'a> BugJson<'a> {
    fn of(bug: &'a Bug) -> BugJson<'a> {
        let mut links: Vec<_> = bug.places.iter().filter_map(Mention::link).collect();
        let mut known = HashSet::new();
        links.retain(|link| known.insert(link.clone()));
        BugJson { bug, links }
    }
}

/// All bugs as one document, with a line feed at the end.
pub fn bugs_document(bugs: &[Bug]) -> String {
    pretty(&BugsDocument {
        schema: SCHEMA,
        tool: Tool::default(),
        bugs: bugs.iter().map(BugJson::of).collect(),
    })
}

/// Each bug as one line.
pub fn bug_lines(bugs: &[Bug]) -> String {
    let line =
        |bug| serde_json::to_string(&BugJson::of(bug)).expect("no map key but strings") + "\n";
    bugs.iter().map(line).collect()
}
