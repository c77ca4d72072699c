//! The whole way: bytes in, reports out.

mod examples;
mod expected;
mod kernel;
mod pace;
mod pipeline;
mod reports;
mod roles;
mod waiting;

pub use examples::grammar_of;

use crate::boot::Boot;
use crate::cpus::{Beside, CpuTable, Listings, TextPlace};
use crate::grammar::{Grammar, MilestoneName};
use crate::input::container::Envelope;
use crate::input::{Finder, LineReader, Role};
use crate::line::LogLine;
use crate::line::decode;
use crate::report::{Incidents, Report, ReportCache};
use crate::routing::Sources;
use crate::splat::Assembler;
use crate::symbols::Symbolizer;
use pace::Pace;
use pipeline::Pipeline;
use roles::Roles;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What an input said of itself.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// As the user named it.
    pub path: String,
    /// The boots in it.
    pub boots: Vec<Boot>,
    /// Its physical lines.
    pub lines: u64,
    /// True where a line of a kernel's was seen; only where the analyzer looks for one.
    pub is_kernel: bool,
    /// What it says of single CPUs; only where every boot is read closely.
    pub cpus: Option<CpuTable>,
    /// The same with what texts beside it say; only where a late clear asked for it and there are some.
    pub gathered: Option<CpuTable>,
}

/// Where a text comes from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Origin<'a> {
    /// The input, as the user named it.
    pub path: &'a str,
    /// The chain of containers inside it.
    pub member: Option<&'a str>,
    /// Subject of the mail whose text it is, where the text does not show it.
    pub subject: Option<&'a str>,
    /// The mail that it is in, where it is in one.
    pub mail: Option<&'a Arc<Envelope>>,
    /// Boots that other members of the input reported: those of this one count on from there.
    pub boots: usize,
}

impl Origin<'_> {
    fn place(&self) -> TextPlace {
        TextPlace {
            path: self.path.to_owned(),
            member: self.member.map(str::to_owned),
            mail: self.mail.cloned(),
        }
    }
}

impl<'a> From<&'a str> for Origin<'a> {
    /// An input that is a text itself.
    fn from(path: &'a str) -> Origin<'a> {
        Origin {
            path,
            ..Origin::default()
        }
    }
}

/// The pipeline, ready to read inputs.
pub struct Analyzer {
    grammar: Arc<Grammar>,
    finder: Finder,
    symbolizer: Option<Symbolizer>,
    sources: Option<Sources>,
    roles: Roles,
    cache: ReportCache,
    every_boot: bool,
    excerpts: bool,
    looks_for_kernel: bool,
    expects: Vec<MilestoneName>,
    beside: Option<Box<dyn Beside>>,
    stop: Option<Arc<AtomicBool>>,
}

impl Analyzer {
    /// With these rules, and with debug info where there is any.
    ///
    /// # Errors
    /// Where the literals of the grammar are too many to search for.
    pub fn new(
        grammar: impl Into<Arc<Grammar>>,
        symbolizer: Option<Symbolizer>,
    ) -> Result<Analyzer, aho_corasick::BuildError> {
        let grammar = grammar.into();
        let reports = grammar
            .report_literals()
            .chain(decode::LITERALS.iter().copied());
        let finder = Finder::new(
            reports,
            grammar.boot_literals(),
            grammar.milestone_literals(),
            grammar.note_literals(),
        )?;
        Ok(Analyzer {
            grammar,
            finder,
            symbolizer,
            sources: None,
            roles: Roles::default(),
            cache: ReportCache::default(),
            every_boot: true,
            excerpts: false,
            looks_for_kernel: false,
            expects: Vec::new(),
            beside: None,
            stop: None,
        })
    }

    /// For reports only: of boots without any, an [`Input`] says no more than where they begin and
    /// their banner, which makes reading several times as fast.
    #[must_use]
    pub fn reports_only(mut self) -> Analyzer {
        self.every_boot = false;
        self
    }

    /// Keeps the lines of the log that each report is made of ([`Report::excerpt`]).
    #[must_use]
    pub fn with_excerpts(mut self) -> Analyzer {
        self.excerpts = true;
        self
    }

    /// Looks up in the kernel's sources who should hear of each report, and where it happened.
    #[must_use]
    pub fn with_sources(mut self, sources: Option<Sources>) -> Analyzer {
        self.sources = sources;
        self
    }

    /// Looks whether an input holds any line of a kernel's ([`Input::is_kernel`]).
    #[must_use]
    pub fn look_for_kernel(mut self) -> Analyzer {
        self.looks_for_kernel = true;
        self
    }

    /// Holds every boot against these milestones ([`Boot::lacks`]). Each line is read then, however little it says.
    #[must_use]
    pub fn expect(mut self, milestones: Vec<MilestoneName>) -> Analyzer {
        // An input without any line of a kernel's has no boot; the finding has to say so.
        self.looks_for_kernel |= !milestones.is_empty();
        self.expects = milestones;
        self
    }

    /// Who knows what other inputs say of the CPUs of a machine: evidence of late clears.
    #[must_use]
    pub fn with_listings(mut self, beside: impl Beside + 'static) -> Analyzer {
        self.beside = Some(Box::new(beside));
        self
    }

    /// When `stop` becomes true, the rest of every input is passed over.
    #[must_use]
    pub fn stop(mut self, stop: Arc<AtomicBool>) -> Analyzer {
        self.stop = Some(stop);
        self
    }

    /// True where nothing more is to be read.
    pub fn is_stopped(&self) -> bool {
        let stop = self.stop.as_ref();
        stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// What ends the reading, for whoever reads.
    pub fn stop_flag(&self) -> Option<&Arc<AtomicBool>> {
        self.stop.as_ref()
    }

    fn role(&self, line: &LogLine<'_>) -> Role {
        let text = line.text.as_bytes();
        // Logs of one machine have the same lines; to match the patterns of all kinds costs far
        // more than to remember.
        self.roles.of(text).unwrap_or_else(|| {
            let role = Assembler::role(&self.grammar, line);
            self.roles.remember(text, role);
            role
        })
    }

    /// Debug info that was asked for, or with `verbose` looked for, and could not be had: a line for each kernel, with
    /// the mend.
    pub fn missing_symbols(&self, verbose: bool) -> Vec<String> {
        let symbolizer = self.symbolizer.as_ref();
        symbolizer.map_or(Vec::new(), |symbolizer| symbolizer.missing(verbose))
    }

    /// The rules in use.
    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// Reads a whole input; hands each report to `take` as soon as it is complete.
    pub fn read_all<'o>(
        &self,
        origin: impl Into<Origin<'o>>,
        bytes: &[u8],
        incidents: &mut Incidents,
        take: &mut dyn FnMut(Report),
    ) -> Input {
        let origin = origin.into();
        // A listing may come after the report that it is evidence for.
        let listings = Listings::of(origin.place(), Some(bytes), self.beside.as_deref());
        let mut pipeline = Pipeline::new(self, &origin, incidents, listings, take);
        pipeline.look(bytes);
        let lines = LineReader::read_all(bytes, &self.finder, &mut pipeline);
        pipeline.finish(lines)
    }

    /// Begins to read a stream.
    pub fn stream<'a, 'o>(
        &'a self,
        origin: impl Into<Origin<'o>>,
        incidents: &'a mut Incidents,
        take: &'a mut dyn FnMut(Report),
    ) -> Stream<'a> {
        // A stream cannot be read twice, so only other inputs can list its CPUs.
        let origin = origin.into();
        let listings = Listings::of(origin.place(), None, self.beside.as_deref());
        Stream {
            lines: LineReader::default(),
            pace: Pace::default(),
            pipeline: Pipeline::new(self, &origin, incidents, listings, take),
        }
    }
}

/// A stream that is being read.
pub struct Stream<'a> {
    lines: LineReader,
    pace: Pace,
    pipeline: Pipeline<'a>,
}

impl Stream<'_> {
    /// Takes in the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        let analyzer = self.pipeline.analyzer;
        self.pipeline.look(chunk);
        self.lines.push(chunk, &analyzer.finder, &mut self.pipeline);
        self.look_at_the_clock();
    }

    /// The stream is silent: gives away a report that was held back for what may follow it, and after a second
    /// one that may be incomplete.
    pub fn pause(&mut self) {
        self.pipeline.pause();
        self.pace.pause();
        self.look_at_the_clock();
    }

    fn look_at_the_clock(&mut self) {
        if let Some(line) = self.pace.mark(Instant::now(), self.lines.count()) {
            self.pipeline.pause_behind(line);
        }
    }

    /// The stream ended.
    pub fn finish(mut self) -> Input {
        let analyzer = self.pipeline.analyzer;
        let lines = self.lines.finish(&analyzer.finder, &mut self.pipeline);
        self.pipeline.finish(lines)
    }
}
