//! The frame of the page: head, summary, table, inputs.

use super::Totals;
use super::tone::{TONES, Tone};
use super::{boots, table};
use crate::analyzer::Input;
use crate::grammar::Grammar;
use crate::group::Group;
use crate::render::words::count;
use crate::report::Report;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Everything that is on the page.
pub struct Page<'a> {
    pub grammar: &'a Grammar,
    pub groups: Vec<Group>,
    pub shown: &'a [Report],
    pub standings: &'a HashMap<String, &'static str>,
    pub inputs: &'a [Input],
    pub totals: Totals,
}

impl Page<'_> {
    /// The document.
    pub fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="generator" content={ "ksplat " (env!("CARGO_PKG_VERSION")) };
                    title { "ksplat: " (self.title()) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    (self.header())
                    main id="main" {
                        @if !self.groups.is_empty() {
                            (table::render(self))
                        }
                        (self.inputs())
                    }
                    footer { "Made by ksplat " (env!("CARGO_PKG_VERSION")) " from the log alone, and from the vmlinux where one is named." }
                    script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }

    fn title(&self) -> String {
        let place = match self.inputs {
            [input] if self.totals.inputs == 1 => input.path.clone(),
            _ => count(self.totals.inputs, "input"),
        };
        format!("{} in {place}", self.verdict())
    }

    fn verdict(&self) -> String {
        match (self.totals.splats, self.totals.late_clears) {
            (0, _) => "No kernel splat".to_owned(),
            (splats, 0) => count(splats, "splat"),
            (splats, clears) if splats == clears => count(clears, "late clear"),
            (splats, clears) => {
                format!(
                    "{}, {}",
                    count(splats, "splat"),
                    count(clears, "late clear")
                )
            }
        }
    }

    fn header(&self) -> Markup {
        let totals = self.totals;
        let extent = [
            (totals.inputs, "input"),
            (totals.boots, "boot"),
            (totals.lines, "line"),
        ];
        html! {
            header.top {
                p.name { "ksplat" }
                h1 { (self.verdict()) }
                p.extent {
                    @for (number, noun) in extent { span { (count(number, noun)) } }
                }
                @if totals.unread > 0 {
                    p.warning { (count(totals.unread, "part")) " of the input could not be read." }
                }
                @if !self.groups.is_empty() {
                    ul.tally aria-label="Splats by verdict" {
                        @for (tone, number) in self.tally() {
                            li class={ "badge " (tone.class()) } { (tone.label()) " " b { (number) } }
                        }
                    }
                }
            }
        }
    }

    fn tally(&self) -> Vec<(Tone, u64)> {
        let of = |tone: Tone| {
            let groups = self.groups.iter();
            let groups = groups.filter(|group| Tone::of_group(group, self.grammar) == tone);
            (tone, groups.map(|group| group.count).sum())
        };
        let all = TONES.into_iter().map(of);
        all.filter(|(_, number)| *number > 0).collect()
    }

    /// Those with splats first.
    fn inputs(&self) -> Markup {
        let shown = self.shown.iter();
        let with_splats: BTreeSet<_> = shown.map(|r| r.splat.source.path.as_str()).collect();
        let has_splats = |input: &&Input| with_splats.contains(input.path.as_str());
        let (hit, clean): (Vec<_>, Vec<_>) = self.inputs.iter().partition(has_splats);
        let more_clean = self.totals.clean.saturating_sub(clean.len() as u64);
        let drawn = self.inputs.len() as u64 + more_clean;
        let more_hit = self.totals.inputs.saturating_sub(drawn);
        let noun = match drawn == more_clean {
            true => "input",
            false => "more input",
        };
        html! {
            @for input in hit.iter().chain(&clean) { (boots::render(self, input)) }
            @if more_hit > 0 { p.note { (count(more_hit, "more input")) " with further splats of the bugs above." } }
            @if more_clean > 0 { p.note { (count(more_clean, noun)) " without a splat." } }
        }
    }
}

/// Nothing is loaded, and no style or script runs but those of this page.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::clean::clean_lines;

    #[test]
    fn what_is_hashed_is_what_stands_in_the_page() {
        for part in [STYLE, SCRIPT] {
            assert_eq!(clean_lines(part), part);
            assert!(!part.contains("</"));
        }
        // printf '' | openssl dgst -sha256 -binary | base64
        assert_eq!(
            hash(""),
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
    }
}
