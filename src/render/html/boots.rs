//! One input: each boot with its timeline, and the splats in it.

use super::page::Page;
use super::{splat, timeline};
use crate::analyzer::Input;
use crate::boot::Boot;
use crate::grammar::Level;
use crate::render::words::count;
use crate::report::Report;
use maud::{Markup, html};

/// Boots drawn of one input.
const MAX_BOOTS: usize = 64;

/// Splats up to this number are open from the start.
const MAX_OPEN: usize = 2;

/// The section of an input.
pub fn render(page: &Page<'_>, input: &Input) -> Markup {
    let all = page.shown.iter();
    let reports: Vec<_> = all.filter(|r| r.splat.source.path == input.path).collect();
    let of_boot = |index: Option<usize>| -> Vec<&Report> {
        let all = reports.iter().copied();
        all.filter(|report| report.splat.boot == index).collect()
    };
    let (mut drawn, mut more) = (Vec::new(), 0);
    for (index, boot) in input.boots.iter().enumerate() {
        let reports = of_boot(Some(index));
        if drawn.len() < MAX_BOOTS || !reports.is_empty() {
            drawn.push((index, boot, reports));
        } else {
            more += 1;
        }
    }
    html! {
        section.input {
            h2.path { (input.path) }
            p.extent {
                span { (count(input.lines, "line")) }
                span { (count(input.boots.len() as u64, "boot")) }
                @if reports.is_empty() { span { "no kernel splat" } }
            }
            @for (index, boot, reports) in &drawn {
                (one(index + 1, input.boots.len(), boot, reports))
                @for report in reports { (splat::render(page, report, is_open(page, report))) }
            }
            @for report in of_boot(None) { (splat::render(page, report, is_open(page, report))) }
            @if more > 0 { p.note { (count(more, "more boot")) " without a splat." } }
        }
    }
}

/// Few splats are open from the start; notices open on demand.
fn is_open(page: &Page<'_>, report: &Report) -> bool {
    let is_splat = |report: &&Report| report.level == Level::Report;
    let splats = page.shown.iter().filter(is_splat).count();
    is_splat(&report) && splats <= MAX_OPEN
}

fn one(number: usize, of: usize, boot: &Boot, reports: &[&Report]) -> Markup {
    let facts = [
        ("Machine", boot.hardware.clone()),
        ("CPUs", boot.cpus.map(|cpus| cpus.to_string())),
        ("Microcode", boot.microcode.clone()),
        (
            "KASLR offset",
            boot.kaslr_offset.map(|offset| format!("{offset:#x}")),
        ),
        ("Command line", boot.command_line.clone()),
    ];
    html! {
        section.boot {
            h3 {
                @if of > 1 { "Boot " (number) " " }
                @match boot.release() {
                    Some(release) => { "Linux " (release) },
                    None => "A boot whose kernel the log does not name",
                }
            }
            dl.facts {
                @for (name, value) in &facts {
                    @if let Some(value) = value { div { dt { (name) } dd { (value) } } }
                }
            }
            (timeline::render(boot, reports))
        }
    }
}
