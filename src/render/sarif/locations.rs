//! Places in the log and in the kernel tree.

use super::message;
use crate::report::Report;
use crate::splat::Frame;
use serde_sarif::sarif::{
    ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region, Stack, StackFrame,
};
use std::fmt::Write;

/// What paths in the kernel tree are relative to.
const TREE: &str = "SRCROOT";

/// The splat in the log.
pub fn whole(report: &Report) -> Location {
    let source = &report.splat.source;
    in_log(report, source.first_line, source.last_line)
}

/// The lines that prove the verdict.
pub fn evidence(report: &Report) -> Vec<Location> {
    let evidence = report
        .late_clear
        .iter()
        .flat_map(|verdict| &verdict.evidence);
    let lines = evidence.filter_map(|item| {
        let line = item.line?;
        let mut location = in_log(report, line, line);
        let says = format!("{}: {}", item.speaks_for, item.says);
        location.message = Some(message(&says));
        Some(location)
    });
    lines.collect()
}

/// The call trace.
pub fn stack(report: &Report) -> Option<Stack> {
    let frames = &report.splat.frames;
    let reliable = frames.iter().filter(|frame| frame.reliable);
    let frames: Vec<_> = reliable.map(stack_frame).collect();
    (!frames.is_empty()).then(|| Stack::builder().frames(frames).build())
}

/// Lines of a container's member are no lines of the file: there the member is named instead.
fn in_log(report: &Report, first: u64, last: u64) -> Location {
    let source = &report.splat.source;
    let file = ArtifactLocation::builder().uri(uri(&source.path)).build();
    let mut place = PhysicalLocation::builder().artifact_location(file).build();
    let Some(member) = &source.member else {
        place.region = Some(region(first, last));
        return Location::builder().physical_location(place).build();
    };
    let name = format!("{member}:{first}-{last}");
    let member = LogicalLocation::builder()
        .fully_qualified_name(name)
        .kind("member");
    Location::builder()
        .physical_location(place)
        .logical_locations(vec![member.build()])
        .build()
}

fn region(first: u64, last: u64) -> Region {
    let number = |line| i64::try_from(line).unwrap_or(i64::MAX);
    let region = Region::builder().start_line(number(first));
    region.end_line(number(last.max(first))).build()
}

fn stack_frame(frame: &Frame) -> StackFrame {
    let name = frame.code.to_string();
    let function = LogicalLocation::builder().kind("function");
    let function = function.fully_qualified_name(name).build();
    let mut location = Location::builder()
        .logical_locations(vec![function])
        .build();
    location.physical_location = frame.file.as_deref().map(|file| {
        let file = ArtifactLocation::builder().uri(uri(file)).uri_base_id(TREE);
        let mut place = PhysicalLocation::builder()
            .artifact_location(file.build())
            .build();
        // SARIF counts from 1; 0 is what DWARF has for "no line".
        let line = frame.line.filter(|line| *line > 0);
        place.region = line.map(|line| region(line.into(), line.into()));
        place
    });
    let mut frame_json = StackFrame::builder().location(location).build();
    frame_json.module.clone_from(&frame.code.module);
    frame_json
}

/// A path as a URI reference (RFC 3986): what may not be in one is percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_is_a_uri_reference() {
        assert_eq!(uri("logs/a b:c%\x1b"), "logs/a%20b%3Ac%25%1B");
        assert_eq!(uri("caf\u{e9}"), "caf%C3%A9");
    }
}
