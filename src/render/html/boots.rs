//! One input: each boot with its timeline, and the splats in it.

use super::super::spool::Spool;
use super::list::PageList;
use super::story::{BLOCKS, Story};
use super::timeline::{self, SplatStop};
use crate::analyzer::Input;
use crate::boot::Boot;
use crate::render::CpuComparison;
use crate::render::clean::clean_lines;
use crate::render::words::count;
use maud::{Markup, html};

/// Boots without a splat that are drawn of one input.
const MAX_BOOTS: usize = 64;

/// Boots of one input that are seen at once.
const PARTS: u64 = 20;

/// Boots of one input that are open from the start.
const OPEN_BOOTS: usize = 3;

/// How much of an input is seen at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Its splats and its boots.
    Boots,
    /// Its splats.
    Splats,
    /// Its name: its boots are markup that the browser reads on demand.
    Name,
}

/// The section of an input.
pub fn write(story: Story, input: &Input, sight: Sight) -> Spool {
    let mut section = BootSection {
        out: Spool::default(),
        parts: PageList::default(),
        input,
        stops: &story.stops,
        sight,
        next: 0,
        drawn: 0,
        left_out: 0,
    };
    section.begin();
    for segment in story.segments {
        let boot = segment.boot.unwrap_or(section.next);
        section.boots_without_splats(boot);
        let is_new = section.next == boot;
        section.part(is_new.then_some(boot), segment.blocks);
        section.next += usize::from(is_new);
    }
    section.boots_without_splats(input.boots.len());
    section.end()
}

struct BootSection<'a> {
    out: Spool,
    /// Boots with their splats.
    parts: PageList,
    input: &'a Input,
    stops: &'a [SplatStop],
    sight: Sight,
    /// Index of the next boot.
    next: usize,
    /// Boots without a splat: drawn, and not.
    drawn: usize,
    left_out: u64,
}

impl BootSection<'_> {
    fn push(&mut self, markup: Markup) {
        self.out.push(&clean_lines(&markup.into_string()));
    }

    /// Each input is a line of the page: ksplat reads its page again line by line.
    fn begin(&mut self) {
        self.out.push(match self.sight {
            Sight::Name => "\n<details class=\"input\">",
            Sight::Splats | Sight::Boots => "\n<details class=\"input\" open>",
        });
        let input = self.input;
        let boots = input.boots.len() as u64;
        let is_seen = self.sight != Sight::Name;
        self.push(html! {
            summary {
                h2.path { (input.path) }
                @if is_seen || self.stops.is_empty() {
                    p.extent {
                        span { (count(input.lines, "line")) }
                        @if boots > 0 { span { (count(boots, "boot")) } }
                        @if self.stops.is_empty() { span { "no kernel splat" } }
                    }
                }
            }
        });
    }

    fn end(mut self) -> Spool {
        std::mem::take(&mut self.parts).write(&mut self.out, PARTS, "boot");
        if self.left_out > 0 {
            let more = count(self.left_out, "more boot");
            self.push(html! { p.note { (more) " without a splat." } });
        }
        self.cpus();
        self.out.push("</details>");
        self.out
    }

    /// What the input says of single CPUs, where they differ.
    fn cpus(&mut self) {
        let Some(table) = self.input.cpus.clone() else {
            return;
        };
        let comparison = CpuComparison::new(table);
        if comparison.has_differences() {
            self.push(html! {
                details.cpus {
                    summary { h3 { (comparison.headline()) } }
                    (comparison.differences_as_markup())
                }
            });
        }
    }

    /// The boots up to that index.
    fn boots_without_splats(&mut self, end: usize) {
        let end = end.min(self.input.boots.len());
        while self.next < end {
            if self.drawn < MAX_BOOTS {
                self.part(Some(self.next), PageList::default());
                self.drawn += 1;
            } else {
                self.left_out += 1;
            }
            self.next += 1;
        }
    }

    /// Splats, with their boot where it was not shown yet.
    fn part(&mut self, boot: Option<usize>, blocks: PageList) {
        let mut part = Spool::from("<div class=\"part\">".to_owned());
        if let Some(panel) = boot.and_then(|index| self.panel(index)) {
            part.push(&clean_lines(&panel.into_string()));
        }
        blocks.write(&mut part, BLOCKS, "splat");
        part.push("</div>");
        self.parts.append(part, PARTS);
    }

    fn panel(&self, index: usize) -> Option<Markup> {
        let boots = &self.input.boots;
        let boot = boots.get(index)?;
        let stops = self.stops.iter();
        let stops: Vec<_> = stops.filter(|stop| stop.boot == Some(index)).collect();
        let number = (boots.len() > 1).then_some(index + 1);
        let is_open = self.sight == Sight::Boots && boots.len() <= OPEN_BOOTS;
        let panel = panel(number, boot, &stops, is_open);
        let is_lazy = self.sight == Sight::Name || !self.parts.has_room(PARTS);
        Some(match is_lazy {
            true => html! { noscript { (panel) } },
            false => panel,
        })
    }
}

/// A boot; nothing of one that the log says nothing of.
fn panel(number: Option<usize>, boot: &Boot, stops: &[&SplatStop], is_open: bool) -> Markup {
    let facts = facts(boot);
    let timeline = timeline::render(boot, stops);
    let is_known = boot.release().is_some() || !facts.is_empty() || timeline.is_some();
    html! {
        @if is_known || number.is_some() {
            details.boot open[is_open] {
                summary { h3 {
                    @if let Some(number) = number { "Boot " (number) " " }
                    @match boot.release() {
                        Some(release) => { "Linux " (release) },
                        None => "A boot whose kernel the log does not name",
                    }
                } }
                dl.facts {
                    @for (name, value) in &facts { div { dt { (name) } dd { (value) } } }
                }
                @if let Some(timeline) = &timeline { (timeline) }
            }
        }
    }
}

fn facts(boot: &Boot) -> Vec<(&'static str, String)> {
    let kaslr = boot.kaslr_offset.map(|offset| format!("{offset:#x}"));
    let facts = [
        ("Machine", boot.hardware.clone()),
        ("CPUs", boot.cpus.map(|cpus| cpus.to_string())),
        ("Microcode", boot.microcode.clone()),
        ("KASLR offset", kaslr),
        ("Command line", boot.command_line.clone()),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known.collect()
}
