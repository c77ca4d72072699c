//! Strands: reports that one lane prints at once.
//!
//! In: the lines of a lane, of which nobody says who printed them. Out: the report that each goes on
//! with. Where a line may be of several, and each of them did go on, those are marked as interleaved.

use crate::line::LogLine;
use crate::line::kind::LineKind;
use crate::splat::builder::{Fit, SplatBuilder};

/// Lines after an end within which the registers come once more.
const MAX_ECHO: u64 = 48;

/// Reports set aside at once.
const MAX_ASIDE: usize = 4;

/// Lines that may be of one report or of another, remembered at once.
const MAX_DOUBTS: usize = 64;

/// The reports of a lane beside the one that is being printed.
#[derive(Debug, Default)]
pub struct Strands {
    aside: Vec<SplatBuilder>,
    /// Reports, by their first lines: the first one took a line that may be the second one's.
    doubts: Vec<[u64; 2]>,
    /// Reports, by their first lines, that have lines of one another, and do not know it yet.
    mixed: Vec<u64>,
    /// The last one that ended, which may print its registers once more.
    echo: Option<SplatBuilder>,
}

impl Strands {
    /// True where no report is set aside.
    pub fn is_empty(&self) -> bool {
        self.aside.is_empty()
    }

    /// The reports that are set aside.
    pub fn aside(&self) -> impl Iterator<Item = &SplatBuilder> {
        self.aside.iter()
    }

    /// First lines of those that are set aside, and of those that may turn out to be mixed up.
    pub fn first_lines(&self) -> impl Iterator<Item = u64> {
        let aside = self.aside.iter().map(SplatBuilder::first_line);
        aside.chain(self.doubts.iter().flatten().copied())
    }

    /// Sets a report aside, which may go on later; gives the one that has to make room.
    pub fn set_aside(&mut self, mut report: SplatBuilder) -> Option<SplatBuilder> {
        report.wait();
        self.aside.push(report);
        (self.aside.len() > MAX_ASIDE).then(|| self.aside.remove(0))
    }

    /// Takes away the reports that have waited too long, or all.
    pub fn give_up(&mut self, is_over: impl FnMut(&mut SplatBuilder) -> bool) -> Vec<SplatBuilder> {
        let over: Vec<_> = self.aside.extract_if(.., is_over).collect();
        if !over.is_empty() {
            let waits = |first_line: &u64| {
                self.aside
                    .iter()
                    .any(|report| report.first_line() == *first_line)
            };
            // Once neither report is set aside any more, no later line can settle the doubt.
            self.doubts.retain(|pair| pair.iter().any(waits));
        }
        over
    }

    /// Counts a line that is none of theirs; takes away the reports that it is one too many for.
    pub fn pass_over(&mut self, line: &LogLine<'_>) -> Vec<SplatBuilder> {
        self.give_up(|report| !report.tolerate(line))
    }

    /// A report has ended, of a kind that may print its registers once more, or not.
    pub fn ended(&mut self, report: &SplatBuilder, repeats_registers: bool) {
        self.echo = repeats_registers.then(|| report.echo());
    }

    /// True for a line that nothing is learnt from: it fits no report, or the last one has printed it
    /// before.
    pub fn is_stray(&mut self, open: Option<&SplatBuilder>, line: u64, kind: &LineKind) -> bool {
        let is_over = |echo: &mut SplatBuilder| line.saturating_sub(echo.last_line()) > MAX_ECHO;
        self.echo.take_if(is_over);
        let state = matches!(
            kind,
            LineKind::Cpu(_) | LineKind::Rip(..) | LineKind::Code(_) | LineKind::Registers(_)
        );
        let fits = |report: &SplatBuilder| report.fit(kind).is_some();
        // One of which nothing but the header was seen is no rival: people cut lines out of reports.
        let rivals = self.aside.iter().any(SplatBuilder::has_begun);
        let orphan = state && rivals && !self.aside.iter().chain(open).any(fits);
        self.is_echo(open, kind) || orphan
    }

    /// True for a line that the last one has printed before. Its RIP may also be that of a report which
    /// began since.
    fn is_echo(&mut self, open: Option<&SplatBuilder>, kind: &LineKind) -> bool {
        let Some(echo) = &mut self.echo else {
            return false;
        };
        let began_later = open.filter(|open| open.first_line() > echo.first_line());
        let begins = matches!(kind, LineKind::Rip(..));
        let own = begins && began_later.is_some_and(|open| open.fit(kind).is_some());
        let repeats = !own && echo.repeats(kind);
        if repeats {
            echo.advance(kind);
        }
        repeats
    }

    /// Reports, by their first lines, that turned out to have lines of one another.
    pub fn take_mixed(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.mixed)
    }

    /// Marks the report of that first line.
    pub fn mark(&mut self, first_line: u64) {
        let found = self.aside.iter_mut();
        found
            .filter(|report| report.first_line() == first_line)
            .for_each(SplatBuilder::interleave);
    }

    /// The log ends with `open` being printed: what was doubtful between reports that have no end
    /// stays so.
    pub fn finish(&mut self, open: Option<&SplatBuilder>) {
        let unended: Vec<_> = self
            .aside
            .iter()
            .chain(open)
            .map(SplatBuilder::first_line)
            .collect();
        for pair in std::mem::take(&mut self.doubts) {
            if pair.iter().all(|report| unended.contains(report)) {
                self.mixed.extend(pair);
            }
        }
    }

    /// Puts the report that a line is of into `open`. True where that is another one than before.
    pub fn turn(&mut self, open: &mut Option<SplatBuilder>, kind: &LineKind) -> bool {
        // Nearly always: only one report is being printed.
        if self.aside.is_empty() {
            return false;
        }
        let fits = self.fits(open.as_ref(), kind);
        if let LineKind::Hardware(name) = kind {
            let due = self
                .aside
                .iter_mut()
                .filter(|report| report.fit(kind).is_some());
            due.for_each(|report| {
                report.learn_hardware(name);
                report.advance(kind);
            });
        }
        // What names CPU or code decides, then the nearest place; of equals the report that is being printed.
        let best = fits.iter().max_by_key(|(report, fit)| {
            (fit.certain, std::cmp::Reverse(fit.gap), report.is_none())
        });
        let Some(&(chosen, best)) = best else {
            return false;
        };
        // A line that would fit another report as well makes both doubtful, even if one fits
        // better.
        let rivals = fits
            .iter()
            .filter(|(report, fit)| *report != chosen && matters(kind) && is_rival(fit, &best));
        for (rival, _) in rivals.copied().collect::<Vec<_>>() {
            self.doubt(open.as_ref(), chosen, rival);
        }
        let Some(index) = chosen else {
            return false;
        };
        self.resume(open, index);
        true
    }

    /// How well the line fits each report: the open one (`None`), and those set aside. One of the open
    /// one's CPU goes on when that has ended.
    fn fits(&self, open: Option<&SplatBuilder>, kind: &LineKind) -> Vec<(Option<usize>, Fit)> {
        let cpu = open.and_then(SplatBuilder::cpu);
        let interrupted = |report: &SplatBuilder| cpu.is_some() && report.cpu() == cpu;
        let aside = self.aside.iter().enumerate();
        let aside = aside.filter(|(_, report)| !interrupted(report));
        let all = aside.map(|(index, report)| (Some(index), report));
        let all = all.chain(open.map(|report| (None, report)));
        all.filter_map(|(index, report)| Some((index, report.fit(kind)?)))
            .collect()
    }

    /// Goes on with a report that was set aside and `has` the line.
    pub fn turn_to(
        &mut self,
        open: &mut Option<SplatBuilder>,
        has: impl Fn(&SplatBuilder) -> bool,
    ) -> bool {
        let found = self.aside.iter().rposition(has);
        if let Some(index) = found {
            self.resume(open, index);
        }
        found.is_some()
    }

    fn get<'a>(
        &'a self,
        open: Option<&'a SplatBuilder>,
        index: Option<usize>,
    ) -> Option<&'a SplatBuilder> {
        index.map_or(open, |index| self.aside.get(index))
    }

    /// Remembers that a line of `chosen` may be of `rival`. It is, as far as anybody can see, once
    /// `rival` is known to be still printed.
    fn doubt(&mut self, open: Option<&SplatBuilder>, chosen: Option<usize>, rival: Option<usize>) {
        let (Some(taker), Some(other)) = (self.get(open, chosen), self.get(open, rival)) else {
            return;
        };
        let pair = [taker.first_line(), other.first_line()];
        if rival.is_none() || other.has_resumed() {
            self.mixed.extend(pair);
        } else if self.doubts.len() < MAX_DOUBTS && !self.doubts.contains(&pair) {
            self.doubts.push(pair);
        }
    }

    /// Goes on with a report that was set aside: what was doubtful about it is mixed up.
    fn resume(&mut self, open: &mut Option<SplatBuilder>, index: usize) {
        let mut report = self.aside.remove(index);
        report.resume();
        let first_line = report.first_line();
        for pair in self
            .doubts
            .extract_if(.., |pair| pair.contains(&first_line))
        {
            self.mixed.extend(pair);
        }
        if let Some(mut before) = open.replace(report) {
            // MAX_ASIDE cannot be passed here: one report has just left the list.
            before.wait();
            self.aside.push(before);
        }
    }
}

/// False for lines that say the same of every report, or nothing.
fn matters(kind: &LineKind) -> bool {
    !matches!(
        kind,
        LineKind::Hardware(_) | LineKind::Section(_, true) | LineKind::End
    )
}

/// True where a line that goes to the report that it fits best may be of this one as well.
fn is_rival(fit: &Fit, best: &Fit) -> bool {
    let near = fit.gap <= 1 || fit.gap <= best.gap || fit.anywhere;
    fit.certain == best.certain && near
}
