//! Strands: reports that one lane prints at once.
//!
//! In: the lines of a lane, of which nobody says who printed them. Out: the report that each goes on
//! with. Where a line may be of several, and each of them did go on, those are marked as interleaved.

use super::body::Body;
use super::building::{Building, Fit};
use crate::line::LogLine;

/// The kind of those that print their registers once more behind their end (`oops_end()`,
/// arch/x86/kernel/dumpstack.c).
const OOPS: &str = "oops";

/// Lines behind an end within which the registers come once more.
const MAX_ECHO: u64 = 48;

/// Reports set aside at once.
const MAX_ASIDE: usize = 4;

/// Lines that may be of one report or of another, remembered at once.
const MAX_DOUBTS: usize = 64;

/// The reports of a lane beside the one that is being printed.
#[derive(Debug, Default)]
pub struct Strands {
    aside: Vec<Building>,
    /// Reports, by their first lines: the first one took a line that may be the second one's.
    doubts: Vec<[u64; 2]>,
    /// Reports, by their first lines, that have lines of one another, and do not know it yet.
    mixed: Vec<u64>,
    /// The last one that ended, which may print its registers once more.
    echo: Option<Building>,
}

impl Strands {
    /// True where no report is set aside.
    pub fn is_empty(&self) -> bool {
        self.aside.is_empty()
    }

    /// The reports that are set aside.
    pub fn aside(&self) -> impl Iterator<Item = &Building> {
        self.aside.iter()
    }

    /// First lines of those that are set aside, and of those that may turn out to be mixed up.
    pub fn first_lines(&self) -> impl Iterator<Item = u64> {
        let aside = self.aside.iter().map(Building::first_line);
        aside.chain(self.doubts.iter().flatten().copied())
    }

    /// Sets a report aside, which may go on later; gives the one that has to make room.
    pub fn set_aside(&mut self, mut report: Building) -> Option<Building> {
        report.wait();
        self.aside.push(report);
        (self.aside.len() > MAX_ASIDE).then(|| self.aside.remove(0))
    }

    /// Takes away the reports that have waited too long, or all.
    pub fn give_up(&mut self, is_over: impl FnMut(&mut Building) -> bool) -> Vec<Building> {
        let over: Vec<_> = self.aside.extract_if(.., is_over).collect();
        if !over.is_empty() {
            let waits = |first_line: &u64| {
                self.aside
                    .iter()
                    .any(|report| report.first_line() == *first_line)
            };
            self.doubts.retain(|pair| pair.iter().any(waits));
        }
        over
    }

    /// Counts a line that is none of theirs; takes away the reports that it is one too many for.
    pub fn pass_over(&mut self, line: &LogLine<'_>) -> Vec<Building> {
        self.give_up(|report| !report.tolerate(line))
    }

    /// A report has ended.
    pub fn ended(&mut self, report: &Building) {
        self.echo = (report.kind() == OOPS).then(|| report.echo());
    }

    /// True for a line that nothing is learnt from: it fits no report, or the last one has printed it
    /// before.
    pub fn is_stray(&mut self, open: Option<&Building>, line: u64, body: &Body) -> bool {
        let is_over = |echo: &mut Building| line.saturating_sub(echo.last_line()) > MAX_ECHO;
        self.echo.take_if(is_over);
        let state = matches!(
            body,
            Body::Cpu(_) | Body::Rip(..) | Body::Code(_) | Body::Registers(_)
        );
        let fits = |report: &Building| report.fit(body).is_some();
        // One of which nothing but the header was seen is no rival: people cut lines out of reports.
        let rivals = self.aside.iter().any(Building::has_begun);
        let orphan = state && rivals && !self.aside.iter().chain(open).any(fits);
        self.is_echo(open, body) || orphan
    }

    /// True for a line that the last one has printed before. Its RIP may also be that of a report which
    /// began since.
    fn is_echo(&mut self, open: Option<&Building>, body: &Body) -> bool {
        let Some(echo) = &mut self.echo else {
            return false;
        };
        let began_later = open.filter(|open| open.first_line() > echo.first_line());
        let begins = matches!(body, Body::Rip(..));
        let own = begins && began_later.is_some_and(|open| open.fit(body).is_some());
        let repeats = !own && echo.repeats(body);
        if repeats {
            echo.advance(body);
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
            .for_each(Building::interleave);
    }

    /// The log ends with `open` being printed: what was doubtful between reports that have no end
    /// stays so.
    pub fn finish(&mut self, open: Option<&Building>) {
        let unended: Vec<_> = self
            .aside
            .iter()
            .chain(open)
            .map(Building::first_line)
            .collect();
        for pair in std::mem::take(&mut self.doubts) {
            if pair.iter().all(|report| unended.contains(report)) {
                self.mixed.extend(pair);
            }
        }
    }

    /// Puts the report that a line is of into `open`. True where that is another one than before.
    pub fn turn(&mut self, open: &mut Option<Building>, body: &Body) -> bool {
        if self.aside.is_empty() {
            return false;
        }
        let fits = self.fits(open.as_ref(), body);
        if let Body::Hardware(name) = body {
            let due = self
                .aside
                .iter_mut()
                .filter(|report| report.fit(body).is_some());
            due.for_each(|report| {
                report.learn_hardware(name);
                report.advance(body);
            });
        }
        let best = fits.iter().max_by_key(|(report, fit)| {
            (fit.certain, std::cmp::Reverse(fit.gap), report.is_none())
        });
        let Some(&(chosen, best)) = best else {
            return false;
        };
        let rivals = fits
            .iter()
            .filter(|(report, fit)| *report != chosen && matters(body) && is_rival(fit, &best));
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
    fn fits(&self, open: Option<&Building>, body: &Body) -> Vec<(Option<usize>, Fit)> {
        let cpu = open.and_then(Building::cpu);
        let interrupted = |report: &Building| cpu.is_some() && report.cpu() == cpu;
        let aside = self.aside.iter().enumerate();
        let aside = aside.filter(|(_, report)| !interrupted(report));
        let all = aside.map(|(index, report)| (Some(index), report));
        let all = all.chain(open.map(|report| (None, report)));
        all.filter_map(|(index, report)| Some((index, report.fit(body)?)))
            .collect()
    }

    /// Goes on with a report that was set aside and `has` the line.
    pub fn turn_to(
        &mut self,
        open: &mut Option<Building>,
        has: impl Fn(&Building) -> bool,
    ) -> bool {
        let found = self.aside.iter().rposition(has);
        if let Some(index) = found {
            self.resume(open, index);
        }
        found.is_some()
    }

    fn get<'a>(&'a self, open: Option<&'a Building>, index: Option<usize>) -> Option<&'a Building> {
        index.map_or(open, |index| self.aside.get(index))
    }

    /// Remembers that a line of `chosen` may be of `rival`. It is, as far as anybody can tell, once
    /// `rival` is known to be still printed.
    fn doubt(&mut self, open: Option<&Building>, chosen: Option<usize>, rival: Option<usize>) {
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
    fn resume(&mut self, open: &mut Option<Building>, index: usize) {
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
            before.wait();
            self.aside.push(before);
        }
    }
}

/// False for lines that say the same of every report, or nothing.
fn matters(body: &Body) -> bool {
    !matches!(body, Body::Hardware(_) | Body::Section(_, true) | Body::End)
}

/// True where a line that goes to the report that it fits best may be of this one as well.
fn is_rival(fit: &Fit, best: &Fit) -> bool {
    let near = fit.gap <= 1 || fit.gap <= best.gap || fit.anywhere;
    fit.certain == best.certain && near
}
