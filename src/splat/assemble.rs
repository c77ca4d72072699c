//! Puts splats together from log lines.
//!
//! In: log lines in the order of the input. Out: splats, each as soon as it is complete. printk
//! callers (`[T1]`, `[C0]`) are lanes: what two CPUs print at once comes out as two splats.

mod early;
mod loose;
mod own;
mod repeats;

use super::body::{Body, body};
use super::building::{Building, Closing};
use super::cpu_line::CpuLine;
use super::header::{Candidate, Header, candidate, header, may_begin_header};
use super::lane::{CutHere, Lane, Lanes};
use super::types::{Section, Splat};
use super::who::who;
use super::{FRAGMENT, HEADLESS, base_name};
use crate::boot::Boots;
use crate::grammar::{CUT_HERE, Grammar, Level};
use crate::input::Role;
use crate::line::rewrap::{has_open_parenthesis, joined, may_be_broken, may_be_continued};
use crate::line::{Caller, LogLine};
use own::Own;
use repeats::Repeats;

/// A splat without any further line of its own for so long is over, whatever its lane.
const MAX_SILENCE: u64 = 1000;

/// Lines between one that names the kernel ahead of a header, and that header (crash(8) prints a dozen).
const MAX_AHEAD: u64 = 16;

/// Lines between the state of the CPU and the header behind it.
const MAX_STATE_GAP: u64 = 2;

/// Begins the backtraces of other CPUs (lib/nmi_backtrace.c).
const BACKTRACES: &str = "Sending NMI from CPU";

/// The state between lines.
#[derive(Debug)]
pub struct Assembler<'g> {
    grammar: &'g Grammar,
    path: String,
    lanes: Lanes,
    held: Option<LogLine<'static>>,
    /// The lane that waits for the backtraces of other CPUs.
    backtraces: Option<usize>,
    complete: Vec<Splat>,
    /// The last line of a panic of which nothing else was seen.
    orphaned_panic: Option<u64>,
    repeats: Repeats,
    own: Own,
    /// Where the last splat begins that was given away: what is given away later begins behind it.
    given: u64,
    /// First lines of the open reports that were given away as they are.
    early: Vec<u64>,
}

impl<'g> Assembler<'g> {
    /// For one input; `path` goes into every splat's `source`.
    pub fn new(grammar: &'g Grammar, path: &str) -> Assembler<'g> {
        Assembler {
            grammar,
            path: path.to_owned(),
            lanes: Lanes::default(),
            held: None,
            backtraces: None,
            complete: Vec::new(),
            orphaned_panic: None,
            repeats: Repeats::default(),
            own: Own::default(),
            given: 0,
            early: Vec::new(),
        }
    }

    /// What a whole line of the kernel's with a literal of a report is, read alone.
    pub fn role(grammar: &Grammar, line: &LogLine<'_>) -> Role {
        let text = line.text.as_ref();
        let header = header(grammar, text, true);
        if header.as_ref().is_some_and(Header::is_all) {
            return Role::Whole;
        }
        let is_whole = header.map(|header| header.is_whole());
        let may_be_part = || {
            may_begin_header(grammar, text)
                || crate::line::framing::holds_stamp(text)
                || grammar.is_mark(text)
                || may_be_continued(line)
        };
        match is_whole {
            Some(true) => Role::Beginning,
            _ if text.contains(CUT_HERE) => Role::Beginning,
            Some(false) => Role::Part,
            None if may_be_part() => Role::Part,
            None => Role::Nothing,
        }
    }

    /// True where no line is waited for: lines that match no literal of the grammar may be skipped.
    pub fn is_idle(&self) -> bool {
        self.held.is_none()
            && self.complete.is_empty()
            && self.lanes.all().iter().all(Lane::is_idle)
    }

    /// Splats in the order in which they began: one that is complete waits for an earlier one that
    /// is still open.
    fn in_order(&mut self) -> Vec<Splat> {
        if self.complete.is_empty() {
            return Vec::new();
        }
        let begun = self.lanes.all().iter().filter_map(Lane::begun_at);
        let first_open = begun.min().unwrap_or(u64::MAX);
        self.complete.sort_by_key(|splat| splat.source.first_line);
        let ready = |splat: &Splat| splat.source.first_line < first_open;
        let count = self
            .complete
            .iter()
            .take_while(|splat| ready(splat))
            .count();
        let ready = self.complete.drain(..count).collect();
        self.give(ready)
    }

    fn give(&mut self, mut splats: Vec<Splat>) -> Vec<Splat> {
        splats.retain(|splat| !self.repeats.has(splat));
        let splats = self.without_early(splats);
        let last = splats.last().map_or(0, |splat| splat.source.first_line);
        self.given = self.given.max(last);
        splats
    }

    /// The line which says that the machine stopped, where that is no part of a report.
    pub fn take_orphaned_panic(&mut self) -> Option<u64> {
        self.orphaned_panic.take()
    }

    /// Nothing comes for now: gives away what only waited for its turn.
    pub fn release(&mut self) -> Vec<Splat> {
        let complete = std::mem::take(&mut self.complete);
        self.give(complete)
    }

    /// Takes in a line; gives the splats that it completed.
    pub fn feed(&mut self, line: &LogLine<'_>, boots: &mut Boots) -> Vec<Splat> {
        if let Some(held) = self.held.take() {
            if let Some(whole) = joined(&held, line).filter(|_| !self.is_header(line)) {
                self.hold_or_take(&whole, boots);
                return self.in_order();
            }
            self.take(&held, boots);
        }
        self.hold_or_take(line, boots);
        self.close_silent(line.number);
        self.in_order()
    }

    /// The end of the input: closes what is open.
    pub fn finish(&mut self, boots: &mut Boots) -> Vec<Splat> {
        if let Some(held) = self.held.take() {
            self.take(&held, boots);
        }
        for index in 0..self.lanes.all().len() {
            self.take_half_header(index, None, boots);
            let lane = &mut self.lanes[index];
            lane.strands.finish(lane.open.as_ref());
            self.mark_mixed(index);
            self.close(index, Closing::Cut);
            let lane = &mut self.lanes[index];
            lane.cut_here = None;
            let aside = lane.strands.give_up(|_| true);
            self.close_all(aside);
        }
        self.in_order()
    }

    /// True for what begins a report by itself: as the second half of another line it would be lost.
    fn is_header(&self, line: &LogLine<'_>) -> bool {
        let header = header(self.grammar, &line.text, line.framing.present);
        header.is_some_and(|header| header.is_whole())
    }

    fn hold_or_take(&mut self, line: &LogLine<'_>, boots: &mut Boots) {
        if self.may_continue(line) {
            self.held = Some(line.clone().into_owned());
        } else {
            self.take(line, boots);
        }
    }

    /// A line whose second half a mailer may have put on the next one.
    fn may_continue(&self, line: &LogLine<'_>) -> bool {
        let is_in = |lane: &Lane| lane.open.is_some() || lane.cut_here.is_some();
        let in_splat = self.lanes.all().iter().any(is_in);
        let margin = in_splat && may_be_broken(line);
        !line.text.trim_start().starts_with("---[") && (margin || has_open_parenthesis(&line.text))
    }

    fn take(&mut self, line: &LogLine<'_>, boots: &mut Boots) {
        self.repeats.line(line);
        if self.own.has(line) {
            return self.drop_headline(line.number);
        }
        let (index, given_up) = self.lanes.of(line);
        if let Some(open) = given_up {
            self.complete.push(open.close(Closing::Silence));
        }
        if self.take_half_header(index, Some(line), boots) {
            return;
        }
        match candidate(self.grammar, &line.text, line.framing.is_kernels()) {
            Candidate::Header(header) if self.is_text(index, &header) => {
                self.take_body(index, line, boots);
            }
            Candidate::Header(header) if header.is_whole() => {
                self.take_header(index, *header, line, boots);
            }
            Candidate::Header(_) | Candidate::Half => {
                self.lanes[index].half_header = Some(line.clone().into_owned());
            }
            Candidate::Other => self.take_body(index, line, boots),
        }
    }

    /// The headline of ksplat's own text looks as a header does.
    fn drop_headline(&mut self, line: u64) {
        let own = &self.own;
        let is_headline = |open: &mut Building| {
            !open.is_framed() && own.is_headline(open.first_line(), open.last_line(), line)
        };
        let is_half = |half: &mut LogLine<'static>| own.is_headline(half.number, half.number, line);
        for index in 0..self.lanes.all().len() {
            self.lanes[index].open.take_if(is_headline);
            self.lanes[index].half_header.take_if(is_half);
        }
    }

    /// What would be a notice by itself is the text of a WARN() behind "cut here", or the last line of
    /// the open report.
    fn is_text(&self, index: usize, header: &Header<'_>) -> bool {
        let lane = &self.lanes[index];
        let ends = |open: &Building| is_tail(self.grammar, open, header);
        let has_place = lane.cut_here.is_some() || lane.open.as_ref().is_some_and(ends);
        header.kind.level == Level::Notice && has_place
    }

    /// Tries the line that waits for its second half with `next`. True where `next` was that half.
    fn take_half_header(
        &mut self,
        index: usize,
        next: Option<&LogLine<'_>>,
        boots: &mut Boots,
    ) -> bool {
        if self.lanes[index].half_header.is_none() {
            return false;
        }
        // printk was interrupted in the header and prints it once more, from its beginning.
        let again = |first: &mut LogLine<'static>| {
            next.is_some_and(|next| next.text.starts_with(first.text.as_ref()))
        };
        self.lanes[index].half_header.take_if(again);
        self.pass_inlined(index, next);
        let Some(first) = self.lanes[index].half_header.take() else {
            return false;
        };
        let grammar = self.grammar;
        let framed = first.framing.is_kernels();
        let next_half = next.filter(|next| !self.is_header(next));
        // The blank that ends a literal may be where the line was broken.
        let begin = format!("{} ", first.text.trim_end());
        let whole = next_half.and_then(|next| {
            let halves = header_halves(&first.text, &next.text);
            // A fallback fits whatever is put together.
            let is_one = |header: &Header<'_>, text: &str| {
                let is_sure = !header.kind.fallback || text.starts_with(&begin);
                is_sure && header.is_whole() && header.kind.is_in(&begin)
            };
            halves.iter().find_map(|text| {
                header(grammar, text, framed).filter(|header| is_one(header, text))
            })
        });
        let used = whole.is_some();
        let longer = next.filter(|_| !used);
        if let Some(longer) = longer.and_then(|next| longer_half(grammar, &first, next)) {
            self.lanes[index].half_header = Some(longer);
            return true;
        }
        match whole.or_else(|| header(grammar, &first.text, framed)) {
            Some(header) => self.take_header(index, header, &first, boots),
            None => self.take_body(index, &first, boots),
        }
        used
    }

    /// A symbolizer prints a header for each inlined function, and last the kernel's own one: the report is
    /// about that, and begins with the first of them.
    fn pass_inlined(&mut self, index: usize, next: Option<&LogLine<'_>>) {
        let lane = &mut self.lanes[index];
        let (Some(first), Some(next)) = (&lane.half_header, next) else {
            return;
        };
        let read = |line: &LogLine<'_>| header(self.grammar, &line.text, line.framing.present);
        let is_inlined = |(first, next): (Header<'_>, Header<'_>)| first.is_inlined_in(&next);
        if read(first).zip(read(next)).is_some_and(is_inlined) {
            lane.inlined_header.get_or_insert(first.number);
            lane.half_header = None;
        } else {
            lane.inlined_header = None;
        }
    }

    /// A header begins a report, is a part of the open one, or is a report of its own in between.
    fn take_header(
        &mut self,
        index: usize,
        header: Header<'_>,
        line: &LogLine<'_>,
        boots: &mut Boots,
    ) {
        if header.kind.restart && !boots.makes_restart_a_surprise() {
            return;
        }
        let state = self.lanes[index].headless.take();
        self.repeats.note(&header, line, boots);
        if header.kind.is_whole(header.text()) {
            let boot = boots.claim(line.number);
            let building = Building::from_header(header, line, boot, &self.path);
            self.complete.push(building.close(Closing::EndMarker));
            return;
        }
        let begun = |open: &mut Building| open.is_begun_by(header.text(), line);
        self.lanes[index].open.take_if(begun);
        let grammar = self.grammar;
        let has = |report: &Building| is_part(grammar, report, &header, line);
        let lane = &mut self.lanes[index];
        let takes_over = |open: &&mut Building| takes_over(open, &header, line);
        if let Some(open) = lane.open.as_mut().filter(takes_over) {
            open.become_kind_of(header, line);
            lane.cut_here = None;
            return;
        }
        // A panic stops the other CPUs (`panic_other_cpus_shutdown()`): none of them begins anew.
        let stopped = lane.open.as_ref().is_some_and(Building::has_panicked);
        if lane.open.as_ref().is_some_and(has)
            || !stopped && lane.strands.turn_to(&mut lane.open, has)
        {
            if let Some(open) = &mut lane.open {
                open.take_part(&header, line);
                open.note_panic(grammar, line);
            }
            lane.cut_here = None;
            self.mark_mixed(index);
        } else {
            self.open(index, header, line, boots);
            self.put_ahead(index, state, line);
        }
    }

    fn open(&mut self, index: usize, header: Header<'_>, line: &LogLine<'_>, boots: &mut Boots) {
        self.set_aside(index);
        let cut_here = self.lanes[index].cut_here.take();
        let near = |(at, _): &(u64, CpuLine)| line.number - at <= MAX_AHEAD;
        let ahead = self.lanes[index].ahead.take().filter(near);
        let mut building =
            Building::from_header(header, line, boots.claim(line.number), &self.path);
        building.note_panic(self.grammar, line);
        if let Some((_, told)) = ahead {
            building.take_who(told);
        }
        if let Some(first_line) = self.lanes[index].inlined_header.take() {
            building.begin_at(first_line);
        }
        if let Some(cut_here) = cut_here {
            building.prepend(cut_here.line, cut_here.messages);
        }
        self.lanes[index].open = Some(building);
    }

    /// What was printed of the CPU right in front of a header belongs to its report, where the header's kind says so.
    fn put_ahead(&mut self, index: usize, state: Option<Building>, line: &LogLine<'_>) {
        let Some(open) = &mut self.lanes[index].open else {
            return;
        };
        let is_near = |state: &Building| line.number - state.last_line() <= MAX_STATE_GAP;
        let kind = self.grammar.kind(open.kind());
        let mut headers = kind.into_iter().flat_map(|kind| &kind.state_ahead);
        let has_state = headers.any(|header| header.is_match(open.header()));
        if let Some(state) = state.filter(|state| has_state && is_near(state)) {
            open.take_state(state);
        }
    }

    /// Another report begins: the open one is over, save where another CPU may still print it.
    fn set_aside(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        let shared = lane.is_shared();
        match lane.open.take_if(|open| shared && open.may_go_on()) {
            Some(open) => {
                let given_up = lane.strands.set_aside(open);
                self.close_all(given_up);
            }
            None => self.close(index, Closing::NextReport),
        }
    }

    fn close_all(&mut self, reports: impl IntoIterator<Item = Building>) {
        let closed = reports
            .into_iter()
            .map(|report| report.close(Closing::Silence));
        self.complete.extend(closed);
    }

    /// Reads a line as one of the report that it is of, which becomes the open one; `None` where nothing is
    /// learnt from it.
    fn read_body(&mut self, index: usize, line: &LogLine<'_>) -> Option<Body> {
        let lane = &mut self.lanes[index];
        let read = |open: &Option<Building>| {
            let section = open.as_ref().map_or(Section::Task, Building::section);
            body(self.grammar, &line.text, line.number, section)
        };
        let first = read(&lane.open);
        if lane
            .strands
            .is_stray(lane.open.as_ref(), line.number, &first)
        {
            return None;
        }
        let read = if lane.strands.turn(&mut lane.open, &first) {
            read(&lane.open)
        } else {
            first
        };
        self.mark_mixed(index);
        Some(read)
    }

    /// Marks the reports of a lane that have lines of one another. None of them was given away: a complete
    /// one waits while that is in doubt.
    fn mark_mixed(&mut self, index: usize) {
        let lane = &mut self.lanes[index];
        for first_line in lane.strands.take_mixed() {
            lane.open
                .iter_mut()
                .filter(|open| open.first_line() == first_line)
                .for_each(Building::interleave);
            lane.strands.mark(first_line);
            let complete = self.complete.iter_mut();
            complete
                .filter(|splat| splat.source.first_line == first_line)
                .for_each(|splat| splat.interleaved = true);
        }
    }

    fn take_body(&mut self, own: usize, line: &LogLine<'_>, boots: &mut Boots) {
        let index = self.receiver(own, line);
        let intrudes = line.framing.caller.is_none() && self.grammar.is_intruder(&line.text);
        if let Some(open) = self.lanes[index].open.as_mut().filter(|_| intrudes) {
            open.end_text();
        }
        if line.text.starts_with(BACKTRACES) && self.lanes[index].open.is_some() {
            self.backtraces = Some(index);
        }
        let Some(body) = self.read_body(index, line) else {
            return;
        };
        self.expect_no_trace(index, line);
        let body = self.learn_who(index, line, body);
        match body {
            Body::CutHere => {
                let waits = |open: &Building| open.waits_for_trace();
                if !self.lanes[index].open.as_ref().is_some_and(waits) {
                    self.set_aside(index);
                }
                self.lanes[index].cut_here = Some(CutHere::at(line));
            }
            Body::End => self.end(index, line, boots),
            Body::Foreign if self.grammar.is_known(&line.text) => {
                self.take_inner(index, line, Body::Known, boots)
            }
            body => self.take_inner(index, line, body, boots),
        }
    }

    /// What else names the report's task, CPU or kernel is a line of the report. Ahead of a header it is
    /// remembered for that.
    fn learn_who(&mut self, index: usize, line: &LogLine<'_>, body: Body) -> Body {
        // i386 before 3.8 names the CPU behind its instruction pointer.
        if !matches!(body, Body::Foreign | Body::Known | Body::Rip(..)) {
            return body;
        }
        let lane = &mut self.lanes[index];
        let told = who(self.grammar, &line.text, lane.open.is_none());
        match (told, &mut lane.open) {
            (Some(told), Some(open)) => open.take_who(told),
            (Some(told), None) => {
                let near = |(at, _): &(u64, CpuLine)| line.number - at <= MAX_AHEAD;
                let before = lane.ahead.take().filter(near).map(|(_, known)| known);
                let known = before.unwrap_or_default().with(told);
                lane.ahead = Some((line.number, known));
                return body;
            }
            (None, _) => return body,
        }
        match body {
            Body::Rip(..) => body,
            _ => Body::Known,
        }
    }

    /// A line may say that the open report has no call trace.
    fn expect_no_trace(&mut self, index: usize, line: &LogLine<'_>) {
        let Some(open) = &mut self.lanes[index].open else {
            return;
        };
        let kind = self.grammar.kind(open.kind());
        let mut says_so = kind.iter().flat_map(|kind| &kind.without_trace);
        if says_so.any(|pattern| pattern.is_match(&line.text)) {
            open.expect_no_trace();
        }
    }

    /// The lane that a line goes to: a CPU that answers another one's NMI prints for that one.
    fn receiver(&self, own: usize, line: &LogLine<'_>) -> usize {
        let answers = matches!(line.framing.caller, Some(Caller::Cpu(_)));
        match self.backtraces {
            Some(asking)
                if answers && self.lanes[own].is_idle() && self.lanes[asking].open.is_some() =>
            {
                asking
            }
            _ => own,
        }
    }

    fn take_inner(&mut self, index: usize, line: &LogLine<'_>, body: Body, boots: &mut Boots) {
        let lane = &mut self.lanes[index];
        // What else a line of another report may be is no text of the next one's WARN().
        let alone = lane.open.is_none() && lane.strands.is_empty();
        let may_be_text = alone && !loose::is_state(&body) || body == Body::Foreign;
        if may_be_text {
            let cut_here = lane.cut_here.take();
            lane.cut_here = cut_here.and_then(|cut_here| cut_here.with(line));
        }
        if let Some(building) = &mut lane.open {
            if !building.take(line, body) {
                self.close(index, Closing::Silence);
            }
            return;
        }
        let given_up = lane.strands.pass_over(line);
        if !self.open_without_head(index, line, &body, boots)
            && self.lanes[index].cut_here.is_none()
        {
            self.take_headless(index, line, &body);
            if let Body::Frame(frame) = body {
                self.take_loose(index, *frame, line, boots);
            }
        }
        self.close_all(given_up);
    }

    fn close(&mut self, index: usize, closing: Closing) {
        let lane = &mut self.lanes[index];
        lane.loose.clear();
        lane.headless = None;
        if let Some(building) = lane.open.take() {
            lane.given_up_at = Some(building.last_line());
            self.complete.push(building.close(closing));
        }
    }

    /// Closes splats whose caller has fallen silent, and frees their lanes.
    fn close_silent(&mut self, now: u64) {
        for index in 0..self.lanes.all().len() {
            let silent = |open: &Building| now.saturating_sub(open.last_line()) > MAX_SILENCE;
            if self.lanes[index].open.as_ref().is_some_and(silent) {
                self.close(index, Closing::Silence);
            }
            let aside = self.lanes[index].strands.give_up(|report| silent(report));
            self.close_all(aside);
            let forgotten =
                |cut_here: &mut CutHere| now.saturating_sub(cut_here.line) > MAX_SILENCE;
            self.lanes[index].cut_here.take_if(forgotten);
        }
    }
}

/// True where a header is a part of a report whose call trace is still to come.
fn is_part(grammar: &Grammar, report: &Building, header: &Header<'_>, line: &LogLine<'_>) -> bool {
    let kind = grammar.kind(report.kind());
    let parts = kind.map_or(&[][..], |kind| kind.parts.as_slice());
    report.may_have_part(line) && parts.iter().any(|p| p.is_match(header.text()))
}

/// True where a report of that kind ends with the header's line.
fn is_tail(grammar: &Grammar, report: &Building, header: &Header<'_>) -> bool {
    let kind = grammar.kind(report.kind());
    kind.is_some_and(|kind| kind.tail.iter().any(|p| p.is_match(header.text())))
}

/// True where the open report turns out to be the beginning of what this header names.
fn takes_over(open: &Building, header: &Header<'_>, line: &LogLine<'_>) -> bool {
    let mut beginnings = header.kind.takes_over.iter();
    open.may_have_part(line) && beginnings.any(|p| p.is_match(open.header()))
}

/// Bytes of a header that a mailer broke into more than two pieces.
const MAX_BROKEN_HEADER: usize = 512;

/// The first half of a header with one more piece of it, where the rest is still to come.
fn longer_half(
    grammar: &Grammar,
    first: &LogLine<'_>,
    next: &LogLine<'_>,
) -> Option<LogLine<'static>> {
    if next.framing.present || first.text.len() + next.text.len() > MAX_BROKEN_HEADER {
        return None;
    }
    let text = format!("{} {}", first.text.trim_end(), next.text.trim());
    // Whether the kernel printed it matters for the whole header only.
    let header = header(grammar, &text, true)?;
    (!header.is_whole()).then(|| LogLine {
        text: text.into(),
        ..first.clone().into_owned()
    })
}

/// How two halves of a header may have been one: broken at a blank, inside a word, or by the soft
/// line break of quoted-printable.
fn header_halves(first: &str, next: &str) -> [String; 3] {
    let (first, next) = (first.trim_end(), next.trim());
    let soft = first.strip_suffix('=').unwrap_or(first);
    [
        format!("{first} {next}"),
        format!("{first}{next}"),
        format!("{soft}{next}"),
    ]
}

/// True for a splat that stands for quoted frames without a header.
pub fn is_fragment(splat: &Splat) -> bool {
    splat.kind == FRAGMENT
}

/// True for a splat whose head is missing.
pub fn is_headless(splat: &Splat) -> bool {
    splat.kind == HEADLESS
}

/// True where a printed symbol is one of `functions`, clone suffixes aside.
pub fn names(functions: &[String], symbol: &str) -> bool {
    let base = base_name(symbol);
    functions.iter().any(|function| function == base)
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
