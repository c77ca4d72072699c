//! A self-contained page: the bugs as a table, each boot as a timeline, each splat beside the lines of
//! the log that prove its verdict.
//!
//! In: reports with their excerpts. Out: one HTML document, without network and usable without JavaScript.
//! What comes from the log is text: [`maud`] escapes it, and no control byte is left in the page.

mod anchor;
mod boots;
mod budget;
mod incident;
mod list;
mod log;
mod page;
mod splat;
mod story;
mod table;
mod timeline;
mod tone;
mod trace;

use super::clean::clean_lines;
use super::output::{Lacking, Output, RunStatus, RunSummary};
use super::spool::{Rest, Spool};
use super::words::count;
use crate::analyzer::Input;
use crate::grammar::{Grammar, Level};
use crate::group::Groups;
use crate::report::Report;
#[cfg(feature = "cli")]
pub use anchor::bug as bug_id;
use boots::Sight;
use budget::Budget;
use list::PageList;
use page::{Page, Scene};
pub use page::{PageParts, plain as page_of};
use std::collections::HashMap;
use std::error::Error;
use std::io;
use story::Story;
use tone::Tone;

/// Crashes up to this number are open from the start; notices are not, however few they are.
const MAX_OPEN: usize = 2;

/// Reports that may wait for that to be known.
const MAX_HELD: usize = 16;

/// After so many reports the inside of a block is read on demand.
const MAX_EAGER: usize = 100;

/// Inputs with boots and without a splat that are drawn.
const MAX_CLEAN_INPUTS: u64 = 50;

/// Inputs that are seen at once, and those of them whose boots are.
const INPUTS: u64 = 30;
const INPUTS_WITH_BOOTS: u64 = 3;

/// What was read in all.
#[derive(Debug, Clone, Copy, Default)]
struct PageTotals {
    splats: u64,
    late_clears: u64,
    inputs: u64,
    /// Inputs without a splat.
    clean: u64,
    boots: u64,
    lines: u64,
    unread: u64,
}

/// The output as a page.
pub struct Html<'a> {
    grammar: &'a Grammar,
    groups: Groups,
    /// What the baseline says of bugs, where there is one.
    standings: HashMap<String, &'static str>,
    budget: Budget,
    /// Crashes that are shown.
    incidents: usize,
    /// The input at hand.
    story: Story,
    /// Inputs that wait until it is known whether their splats are open.
    held: Vec<(Story, Input)>,
    /// The inputs with splats, and those without.
    hit: PageList,
    clean: PageList,
    /// Reports of the input at hand.
    at_hand: usize,
    totals: PageTotals,
    last_path: String,
    rest: Rest,
}

impl<'a> Html<'a> {
    /// Without reports yet.
    pub fn new(grammar: &'a Grammar) -> Html<'a> {
        Html {
            grammar,
            groups: Groups::default(),
            standings: HashMap::new(),
            budget: Budget::default(),
            incidents: 0,
            story: Story::default(),
            held: Vec::new(),
            hit: PageList::default(),
            clean: PageList::default(),
            at_hand: 0,
            totals: PageTotals::default(),
            last_path: String::new(),
            rest: Rest::default(),
        }
    }

    /// True while all that is shown may be open.
    fn is_small(&self) -> bool {
        self.incidents <= MAX_OPEN && self.budget.taken() <= MAX_HELD
    }

    fn scene(&self) -> Scene {
        Scene {
            open: self.is_small(),
            lazy: self.budget.taken() > MAX_EAGER,
        }
    }

    /// Writes what need not wait.
    fn settle(&mut self) {
        for (story, input) in std::mem::take(&mut self.held) {
            self.place(story, &input);
        }
        let scene = self.scene();
        self.story.write(&scene, &mut self.budget);
    }

    /// Writes an input with splats.
    fn place(&mut self, mut story: Story, input: &Input) {
        story.close();
        story.write(&self.scene(), &mut self.budget);
        let sight = match self.hit.len() {
            0..INPUTS_WITH_BOOTS => Sight::Boots,
            INPUTS_WITH_BOOTS..INPUTS => Sight::Splats,
            INPUTS.. => Sight::Name,
        };
        self.hit.append(boots::write(story, input, sight), INPUTS);
    }

    fn place_clean(&mut self, input: &Input) {
        let is_seen = self.totals.splats == 0 && self.clean.has_room(INPUTS_WITH_BOOTS);
        let sight = if is_seen { Sight::Boots } else { Sight::Name };
        let section = boots::write(Story::default(), input, sight);
        self.clean.append(section, MAX_CLEAN_INPUTS);
    }

    /// What comes after the inputs that are shown.
    fn notes(&self) -> String {
        let (hit, clean) = (self.hit.len(), self.clean.len());
        let more_clean = self.totals.clean.saturating_sub(clean);
        let more_hit = self.totals.inputs.saturating_sub(hit + clean + more_clean);
        let noun = match hit + clean {
            0 => "input",
            _ => "more input",
        };
        let notes = maud::html! {
            @if more_hit > 0 { p.note { (count(more_hit, "more input")) " with further splats of the bugs above." } }
            @if more_clean > 0 { p.note { (count(more_clean, noun)) " without a splat." } }
        };
        notes.into_string()
    }
}

impl Output for Html<'_> {
    fn report(&mut self, report: Report, standing: RunStatus<'_>) -> String {
        self.at_hand += 1;
        self.totals.splats += u64::from(report.level == Level::Report);
        self.totals.late_clears += u64::from(report.late_clear.is_some());
        self.groups.add(&report);
        if let Some(standing) = standing.baseline {
            let signature = report.signature.clone();
            self.standings.insert(signature, standing.name());
        }
        self.incidents += usize::from(self.story.add(report, &mut self.budget));
        // From here on nothing is open from the start, so that nothing has to wait for the end.
        if !self.is_small() {
            self.settle();
        }
        String::new()
    }

    fn input(&mut self, input: Input) -> String {
        self.totals.inputs += 1;
        self.totals.boots += input.boots.len() as u64;
        self.totals.lines += input.lines;
        self.last_path.clone_from(&input.path);
        let is_clean = std::mem::take(&mut self.at_hand) == 0;
        self.totals.clean += u64::from(is_clean);
        let story = std::mem::take(&mut self.story);
        if is_clean && !input.boots.is_empty() && self.clean.has_room(MAX_CLEAN_INPUTS) {
            self.place_clean(&input);
        } else if !story.is_empty() && self.is_small() {
            self.held.push((story, input));
        } else if !story.is_empty() {
            self.place(story, &input);
        }
        String::new()
    }

    fn wants_boots(&self) -> bool {
        true
    }

    /// The page shows the milestones of each boot.
    fn lacking(&mut self, _: &Lacking<'_>) -> String {
        String::new()
    }

    fn error(&mut self, _: &dyn Error) -> String {
        self.totals.unread += 1;
        String::new()
    }

    fn finish(&mut self, _: RunSummary<'_>) -> String {
        self.settle();
        let story = std::mem::take(&mut self.story);
        if !story.is_empty() {
            // An input that was not read to its end has said nothing of itself.
            let path = story.path.clone();
            let input = Input {
                path,
                ..Input::default()
            };
            self.place(story, &input);
        }
        let mut groups = std::mem::take(&mut self.groups).into_sorted();
        // However many notices there are, splats come first.
        groups.sort_by_key(|group| Tone::of_group(group, self.grammar) == Tone::Notice);
        let page = Page {
            grammar: self.grammar,
            groups,
            standings: &self.standings,
            budget: &self.budget,
            only: (self.totals.inputs == 1).then_some(&self.last_path),
            totals: self.totals,
        };
        let begin = clean_lines(&page.begin());
        let notes = self.notes();
        let mut inputs = Spool::default();
        std::mem::take(&mut self.hit).write(&mut inputs, INPUTS, "input");
        std::mem::take(&mut self.clean).write(&mut inputs, MAX_CLEAN_INPUTS, "input");
        self.rest.push(inputs);
        self.rest.push(notes + &page::end());
        begin
    }

    fn rest(&mut self) -> io::Result<Option<String>> {
        self.rest.next()
    }
}
