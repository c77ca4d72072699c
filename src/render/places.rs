//! Answers about places in code, as `ksplat symbolize` prints them.

use super::clean::clean;
use super::json::{SCHEMA, Tool, address, pretty};
use super::style::Style;
use crate::splat::Inline;
use crate::symbols::Resolved;
use serde::Serialize;
use std::fmt::Write;

/// What was asked, and what is known of it.
#[derive(Debug)]
pub struct PlaceAnswer {
    /// As the user wrote it.
    pub query: String,
    /// Several places where several functions have the name; else the reason why there is none.
    pub places: Result<Vec<Resolved>, String>,
}

#[derive(Serialize)]
struct PlacesDocument<'a> {
    schema: u32,
    tool: Tool,
    places: Vec<PlaceJson<'a>>,
}

/// The fields are those of a splat's frame.
#[derive(Serialize)]
struct PlaceJson<'a> {
    query: &'a str,
    function: Option<&'a str>,
    offset: Option<u64>,
    size: Option<u64>,
    address: Option<String>,
    inlines: &'a [Inline],
    file: Option<&'a str>,
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

/// `ADDRESS FUNCTION+OFFSET/SIZE FILE:LINE`, and a line for each function inlined there, the
/// innermost last.
pub fn place_text(answer: &PlaceAnswer, style: &Style) -> String {
    let mut out = String::new();
    match &answer.places {
        Ok(places) => places.iter().for_each(|p| place(&mut out, p, style)),
        Err(why) => {
            let _ = writeln!(out, "? {}: {}", clean(&answer.query), clean(why));
        }
    }
    out
}

fn place(out: &mut String, resolved: &Resolved, style: &Style) {
    let symbol = &resolved.symbol;
    let offset = resolved.address.wrapping_sub(symbol.address);
    let size = symbol.extent.map(|size| format!("/{size:#x}"));
    let code = format!("{}+{offset:#x}{}", symbol.name, size.unwrap_or_default());
    let position = &resolved.position;
    let line = format!(
        "{} {} {}",
        Style::paint(style.dim, address(resolved.address)),
        Style::paint(style.function, clean(&code)),
        source(position.file.as_deref(), position.line, style),
    );
    let _ = writeln!(out, "{}", line.trim_end());
    for (depth, inline) in position.inlines.iter().rev().enumerate() {
        let name = inline.function.as_deref().unwrap_or("(inlined)");
        let place = source(inline.file.as_deref(), inline.line, style);
        let line = format!("{:1$}{2} {place}", "", 4 * (depth + 1), clean(name));
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

fn source(file: Option<&str>, line: Option<u32>, style: &Style) -> String {
    let text = match (file, line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        (Some(file), None) => file.to_owned(),
        _ => return String::new(),
    };
    Style::paint(style.place, clean(&text))
}

/// All answers as one document, with a line feed at the end.
pub fn place_document(answers: &[PlaceAnswer]) -> String {
    pretty(&PlacesDocument {
        schema: SCHEMA,
        tool: Tool::default(),
        places: answers.iter().flat_map(places).collect(),
    })
}

/// Each place of an answer as one line of ndjson.
pub fn place_lines(answer: &PlaceAnswer) -> String {
    let lines = places(answer).into_iter().map(|place| {
        let line = serde_json::to_string(&place).expect("no map key but strings");
        line + "\n"
    });
    lines.collect()
}

fn places(answer: &PlaceAnswer) -> Vec<PlaceJson<'_>> {
    match &answer.places {
        Ok(places) => places.iter().map(|p| known(&answer.query, p)).collect(),
        Err(why) => vec![PlaceJson {
            query: &answer.query,
            function: None,
            offset: None,
            size: None,
            address: None,
            inlines: &[],
            file: None,
            line: None,
            why: Some(why),
        }],
    }
}

fn known<'a>(query: &'a str, resolved: &'a Resolved) -> PlaceJson<'a> {
    let (symbol, position) = (&resolved.symbol, &resolved.position);
    PlaceJson {
        query,
        function: Some(&symbol.name),
        offset: Some(resolved.address.wrapping_sub(symbol.address)),
        size: symbol.extent,
        address: Some(address(resolved.address)),
        inlines: &position.inlines,
        file: position.file.as_deref(),
        line: position.line,
        why: None,
    }
}
