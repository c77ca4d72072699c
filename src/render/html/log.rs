//! The lines of the log, with those marked that prove the verdict.

use super::anchor;
use crate::late_clear::Evidence;
use crate::render::words::count;
use crate::report::Report;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The excerpt; `id` is that of the report. Only lines that something leads to have an id of their own.
pub fn render(report: &Report, id: &str) -> Markup {
    let marks = marks(report);
    let mut last = None;
    html! {
        @if !report.excerpt.lines.is_empty() {
            div.log role="region" aria-label="Lines of the log" {
                @for line in &report.excerpt.lines {
                    @if let Some(gap) = gap(last.replace(line.number), line.number) {
                        div.gap { (count(gap, "line")) " left out" }
                    }
                    @let marks = marks.get(&line.number);
                    div class=[class(report, line.number, marks.is_some())] id=[marks.map(|_| anchor::line(id, line.number))] {
                        i { (line.number) }
                        code { (line.text) }
                        @if let Some(marks) = marks {
                            span.marks { @for (index, item) in marks {
                                a href={ "#" (anchor::evidence(id, *index)) } title=(item.says) { (item.speaks_for) }
                            } }
                        }
                    }
                }
            }
        }
    }
}

/// Lines between two that are shown.
fn gap(last: Option<u64>, line: u64) -> Option<u64> {
    let between = line.checked_sub(last?)?.checked_sub(1)?;
    (between > 0).then_some(between)
}

/// The usual line has no class: a page has very many of them.
fn class(report: &Report, line: u64, marked: bool) -> Option<&'static str> {
    let source = &report.splat.source;
    let within = (source.first_line..=source.last_line).contains(&line);
    match (marked, within) {
        (true, true) => Some("hit"),
        (true, false) => Some("hit around"),
        (false, true) => None,
        (false, false) => Some("around"),
    }
}

/// What each line is evidence of, with the evidence's index; each value once.
fn marks(report: &Report) -> BTreeMap<u64, Vec<(usize, &Evidence)>> {
    let mut marks: BTreeMap<u64, Vec<(usize, &Evidence)>> = BTreeMap::new();
    let evidence = report.late_clear.iter().flat_map(|clear| &clear.evidence);
    for (index, item) in evidence.enumerate() {
        let Some(line) = item.line else { continue };
        let of_line = marks.entry(line).or_default();
        if !of_line
            .iter()
            .any(|(_, known)| known.speaks_for == item.speaks_for)
        {
            of_line.push((index, item));
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::gap;

    #[test]
    fn a_gap_is_told_where_lines_are_missing() {
        assert_eq!(gap(None, 7), None);
        assert_eq!(gap(Some(6), 7), None);
        assert_eq!(gap(Some(3), 7), Some(3));
    }
}
