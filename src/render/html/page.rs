//! The frame of the page: head, summary, table, inputs.

use super::PageTotals;
use super::budget::Budget;
use super::table;
use super::tone::{TONES, Tone};
use crate::grammar::Grammar;
use crate::group::Group;
use crate::render::words::count;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How a block is written.
#[derive(Clone, Copy)]
pub struct Scene {
    /// Open from the start.
    pub open: bool,
    /// Its inside is markup that the browser reads when the block is opened, or where no script runs.
    pub lazy: bool,
}

/// What a page of its own is made of.
pub struct PageParts<'a> {
    pub title: &'a str,
    /// Beside that of all pages.
    pub style: &'static str,
    /// Empty where there is none.
    pub script: &'static str,
    pub body: Markup,
}

/// A page of its own, with the style of the others.
pub fn plain(parts: PageParts<'_>) -> String {
    let PageParts {
        title,
        style,
        script,
        body,
    } = parts;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&[STYLE, style], script));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
                @if !style.is_empty() { style { (PreEscaped(style)) } }
            }
            body {
                main { (body) }
                @if !script.is_empty() { script { (PreEscaped(script)) } }
            }
        }
    };
    page.into_string() + "\n"
}

/// What comes before the inputs.
pub struct Page<'a> {
    pub grammar: &'a Grammar,
    pub groups: Vec<Group>,
    pub budget: &'a Budget,
    pub standings: &'a HashMap<String, &'static str>,
    /// The only input, where there is one.
    pub only: Option<&'a str>,
    pub totals: PageTotals,
}

/// What comes after the inputs.
pub fn end() -> String {
    let end = html! {
        footer { "Made by ksplat " (env!("CARGO_PKG_VERSION")) " from the log alone, and from the vmlinux where one is named." }
        script { (PreEscaped(SCRIPT)) }
    };
    format!("\n</main>{}</body></html>", end.into_string())
}

impl Page<'_> {
    /// The beginning of the document.
    pub fn begin(&self) -> String {
        let head = html! {
            meta charset="utf-8";
            meta http-equiv="Content-Security-Policy" content=(policy(&[STYLE], SCRIPT));
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="generator" content={ "ksplat " (env!("CARGO_PKG_VERSION")) };
            title { "ksplat: " (self.title()) }
            style { (PreEscaped(STYLE)) }
        };
        let top = html! {
            a.skip href="#main" { "Skip to the content" }
            (self.header())
        };
        let bugs = html! { @if !self.groups.is_empty() { (table::render(self)) } };
        format!(
            "{}<html lang=\"en\"><head>{}</head><body>{}<main id=\"main\">{}",
            DOCTYPE.into_string(),
            head.into_string(),
            top.into_string(),
            bugs.into_string()
        )
    }

    fn title(&self) -> String {
        let inputs = || count(self.totals.inputs, "input");
        let place = self.only.map_or_else(inputs, str::to_owned);
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
                // Where there are no others "other splats" says nothing.
                @if self.tally().iter().any(|(tone, _)| *tone != Tone::Splat) {
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
}

/// Nothing is loaded, and no style or script runs but those of this page.
fn policy(styles: &[&str], script: &str) -> String {
    let styles = styles.iter().filter(|style| !style.is_empty());
    let styles: Vec<_> = styles.map(|style| format!("'{}'", hash(style))).collect();
    format!(
        "default-src 'none'; style-src {}; script-src '{}'; base-uri 'none'; form-action 'none'",
        styles.join(" "),
        hash(script)
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
