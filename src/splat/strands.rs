//! Strands: reports that one lane prints at once.
//!
//! In: the lines of a lane, of which nobody says who printed them. Out: the report that each goes on
//! with. Where a line may be of several, and each of them did go on, those are marked as interleaved.

use super::body::Body;
use super::building::{Building, Fit};
use super::types::CodeRef;
use crate::line::LogLine;

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
    /// RIP of the last one that ended: an oops prints its registers once more behind its end
    /// (`oops_end()`, arch/x86/kernel/dumpstack.c).
    ended_at: Option<CodeRef>,
    in_echo: bool,
}

impl Strands {
    /// True where no report is set aside.
    pub fn is_empty(&self) -> bool {
        self.aside.is_empty()
    }

    /// Those that are set aside.
    pub fn aside(&self) -> &[Building] {
        &self.aside
    }

    /// Sets a report aside, which may go on later; gives the one that has to make room.
    pub fn set_aside(&mut self, mut report: Building) -> Option<Building> {
        report.wait();
        self.aside.push(report);
        (self.aside.len() > MAX_ASIDE).then(|| self.aside.remove(0))
    }

    /// Takes away the reports that have waited too long, or all.
    pub fn give_up(&mut self, is_over: impl FnMut(&mut Building) -> bool) -> Vec<Building> {
        let over = self.aside.extract_if(.., is_over).collect();
        if self.aside.is_empty() {
            self.doubts.clear();
        }
        over
    }

    /// Counts a line that is none of theirs; takes away the reports that it is one too many for.
    pub fn pass_over(&mut self, line: &LogLine<'_>) -> Vec<Building> {
        self.give_up(|report| !report.tolerate(line))
    }

    /// A report has ended.
    pub fn ended(&mut self, report: &Building) {
        self.ended_at = report.rip().cloned();
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
        if self.aside.is_empty() || open.is_none() && self.is_echo(body) {
            return false;
        }
        let fits = self.fits(open.as_ref(), body);
        let best = fits.iter().max_by_key(|(report, fit)| {
            (fit.certain, std::cmp::Reverse(fit.gap), report.is_none())
        });
        let Some(&(chosen, best)) = best else {
            return false;
        };
        let rivals = fits.iter().filter(|(report, fit)| {
            *report != chosen && matters(body) && is_rival(body, fit, &best)
        });
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

    /// True for the registers that an oops prints once more behind its end.
    fn is_echo(&mut self, body: &Body) -> bool {
        self.in_echo = match body {
            Body::Rip(_, code) => code.is_some() && *code == self.ended_at,
            Body::Code(_) | Body::Registers(_) => self.in_echo,
            _ => false,
        };
        self.in_echo
    }
}

/// False for lines that say the same of every report, or nothing.
fn matters(body: &Body) -> bool {
    !matches!(body, Body::Hardware(_) | Body::Section(_, true) | Body::End)
}

/// True where a line that goes to the report that it fits best may be of this one as well.
fn is_rival(body: &Body, fit: &Fit, best: &Fit) -> bool {
    let near = fit.gap <= 1 || fit.gap <= best.gap || matches!(body, Body::Frame(_));
    fit.certain == best.certain && near
}
