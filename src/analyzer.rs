//! The whole way: bytes in, reports out.

mod harmless;

use crate::boot::{Boot, Boots};
use crate::excerpt::Keeper;
use crate::grammar::{Grammar, Level};
use crate::input::{Asides, Finder, LineReader, Role, Visitor};
use crate::late_clear::{Case, Earlier, LateClear, NoVmlinux, Target, Vmlinux, judge};
use crate::line::LogLine;
use crate::line::decode::{self, Decoder};
use crate::report::{Report, Sequence};
use crate::splat::{Assembler, Splat, is_fragment};
use crate::symbols::{BootFacts, Match, Symbolizer, Symbols};
use harmless::Harmless;

/// Lines without framing that may stand between a late clear and its nested repeat.
const MAX_NOISE: u64 = 16;

/// Notices between a late clear and its nested repeat.
const MAX_BEHIND: usize = 16;

/// What an input told of itself.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// As the user named it.
    pub path: String,
    /// The boots in it.
    pub boots: Vec<Boot>,
    /// Its physical lines.
    pub lines: u64,
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
    /// Boots that other members of the input told of: those of this one count on from there.
    pub boots: usize,
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
    grammar: Grammar,
    finder: Finder,
    symbolizer: Option<Symbolizer>,
    harmless: Harmless,
    every_boot: bool,
    excerpts: bool,
}

impl Analyzer {
    /// With these rules, and with debug info where there is any.
    ///
    /// # Errors
    /// Where the literals of the grammar are too many to search for.
    pub fn new(
        grammar: Grammar,
        symbolizer: Option<Symbolizer>,
    ) -> Result<Analyzer, aho_corasick::BuildError> {
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
            harmless: Harmless::default(),
            every_boot: true,
            excerpts: false,
        })
    }

    /// For reports only: of boots without any, an [`Input`] tells no more than where they begin and
    /// their banner, which makes reading several times as fast.
    #[must_use]
    pub fn reports_only(mut self) -> Analyzer {
        self.every_boot = false;
        self
    }

    /// Keeps the lines of the log that each report stands on ([`Report::excerpt`]).
    #[must_use]
    pub fn with_excerpts(mut self) -> Analyzer {
        self.excerpts = true;
        self
    }

    fn role(&self, line: &LogLine<'_>) -> Role {
        let text = line.text.as_bytes();
        if self.harmless.has(text) {
            return Role::Nothing;
        }
        let role = Assembler::role(&self.grammar, line);
        if role == Role::Nothing {
            self.harmless.remember(text);
        }
        role
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
        sequence: &mut Sequence,
        take: &mut dyn FnMut(Report),
    ) -> Input {
        let mut pipeline = Pipeline::new(self, &origin.into(), sequence, take);
        let lines = LineReader::read_all(bytes, &self.finder, &mut pipeline);
        pipeline.finish(lines)
    }

    /// Begins to read a stream.
    pub fn stream<'a, 'o>(
        &'a self,
        origin: impl Into<Origin<'o>>,
        sequence: &'a mut Sequence,
        take: &'a mut dyn FnMut(Report),
    ) -> Stream<'a> {
        Stream {
            lines: LineReader::default(),
            pipeline: Pipeline::new(self, &origin.into(), sequence, take),
        }
    }
}

/// A stream that is being read.
pub struct Stream<'a> {
    lines: LineReader,
    pipeline: Pipeline<'a>,
}

impl Stream<'_> {
    /// Takes in the next bytes.
    pub fn push(&mut self, chunk: &[u8]) {
        let analyzer = self.pipeline.analyzer;
        self.lines.push(chunk, &analyzer.finder, &mut self.pipeline);
    }

    /// The stream is silent: gives away a report that was held back for what may follow it.
    pub fn pause(&mut self) {
        self.pipeline.pause();
    }

    /// The stream ended.
    pub fn finish(mut self) -> Input {
        let analyzer = self.pipeline.analyzer;
        let lines = self.lines.finish(&analyzer.finder, &mut self.pipeline);
        self.pipeline.finish(lines)
    }
}

/// The state of one input.
struct Pipeline<'a> {
    analyzer: &'a Analyzer,
    path: String,
    member: Option<String>,
    earlier_boots: usize,
    decoder: Decoder,
    boots: Boots,
    asides: Asides,
    assembler: Assembler<'a>,
    keeper: Option<Keeper>,
    earlier: Vec<Earlier>,
    sequence: &'a mut Sequence,
    held: Option<Report>,
    /// Notices that wait for the held report.
    behind: Vec<Report>,
    take: &'a mut dyn FnMut(Report),
}

impl<'a> Pipeline<'a> {
    fn new(
        analyzer: &'a Analyzer,
        origin: &Origin<'_>,
        sequence: &'a mut Sequence,
        take: &'a mut dyn FnMut(Report),
    ) -> Pipeline<'a> {
        sequence.next_input();
        let mut pipeline = Pipeline {
            analyzer,
            path: origin.path.to_owned(),
            member: origin.member.map(str::to_owned),
            earlier_boots: origin.boots,
            decoder: Decoder::default(),
            boots: Boots::default(),
            asides: Asides::default(),
            assembler: Assembler::new(&analyzer.grammar, origin.path),
            keeper: analyzer.excerpts.then(Keeper::default),
            earlier: Vec::new(),
            sequence,
            held: None,
            behind: Vec::new(),
            take,
        };
        if let Some(subject) = origin.subject {
            let line = LogLine::parse(0, subject.as_bytes());
            pipeline.boots.observe(&analyzer.grammar, &line);
        }
        pipeline
    }

    fn finish(mut self, lines: u64) -> Input {
        self.release_lines();
        for splat in self.assembler.finish(&mut self.boots) {
            self.report(splat);
        }
        self.release();
        Input {
            path: self.path,
            boots: self.boots.all().to_vec(),
            lines,
        }
    }

    fn pause(&mut self) {
        self.release_lines();
        for splat in self.assembler.release() {
            self.report(splat);
        }
        self.release();
    }

    fn report(&mut self, mut splat: Splat) {
        splat.source.member.clone_from(&self.member);
        let symbols = self.symbolize(&mut splat);
        let verdict = self.judge(&splat, &symbols);
        if verdict.is_none() && is_fragment(&splat) {
            return;
        }
        if let Some(boot) = splat.boot {
            self.boots.learn_kaslr_offset(boot, symbols.kaslr_offset);
        }
        let boot = splat.boot.and_then(|boot| self.boots.get(boot));
        let report = self
            .sequence
            .report(&self.analyzer.grammar, splat, symbols, verdict, boot);
        self.remember(&report);
        if report.level == Level::Notice && self.held.is_some() && self.behind.len() < MAX_BEHIND {
            self.behind.push(report);
        } else {
            self.hold(report);
        }
    }

    fn symbolize(&self, splat: &mut Splat) -> Symbols {
        let Some(symbolizer) = &self.analyzer.symbolizer else {
            return Symbols::default();
        };
        let boot = splat.boot.and_then(|boot| self.boots.get(boot));
        let facts = BootFacts {
            banner: boot.and_then(|boot| boot.banner.as_deref()),
            kaslr_offset: boot.and_then(|boot| boot.kaslr_offset),
            build_id: None,
        };
        symbolizer.symbolize(splat, &facts)
    }

    fn judge(&self, splat: &Splat, symbols: &Symbols) -> Option<LateClear> {
        let boot = self.boots.get(splat.boot?)?;
        let release = splat.kernel.release.as_deref().or_else(|| boot.release());
        let features = self.analyzer.grammar.features().for_release(release);
        let vmlinux: &dyn Vmlinux = match symbols.matched {
            Match::Exact | Match::ReleaseOnly => symbols,
            Match::Mismatch { .. } | Match::None => &NoVmlinux,
        };
        judge(&Case {
            grammar: &self.analyzer.grammar,
            features: &features,
            splat,
            boot,
            vmlinux,
            earlier: &self.earlier,
            index: self.sequence.next_index(),
        })
    }

    fn remember(&mut self, report: &Report) {
        let Some(verdict) = &report.late_clear else {
            return;
        };
        self.earlier.push(Earlier {
            index: report.index,
            boot: report.splat.boot,
            cpu: report.splat.cpu,
            nested: verdict.caused_by.is_some(),
            last_line: report.splat.source.last_line,
        });
    }

    /// Keeps back a late clear whose target only the next splat can tell: a nested repeat proves
    /// that the pointer was NULL.
    fn hold(&mut self, report: Report) {
        if let Some(mut held) = self.held.take() {
            let nested = report
                .late_clear
                .as_ref()
                .is_some_and(|verdict| verdict.caused_by == Some(held.index));
            if let (true, Some(verdict)) = (nested, &mut held.late_clear) {
                verdict.learn_target(Target::All, report.splat.source.first_line);
            }
            self.give_held(held);
        }
        let waits = report
            .late_clear
            .as_ref()
            .is_some_and(|verdict| verdict.target.is_none() && verdict.caused_by.is_none());
        if waits {
            self.held = Some(report);
        } else {
            self.give(report);
        }
    }

    /// True for what other programs write into a console between two splats.
    fn may_be_noise(&self, line: &LogLine<'_>) -> bool {
        let near = |held: &Report| line.number <= held.splat.source.last_line + MAX_NOISE;
        !line.framing.present && self.held.as_ref().is_some_and(near)
    }

    fn release(&mut self) {
        if let Some(held) = self.held.take() {
            self.give_held(held);
        }
    }

    fn give_held(&mut self, held: Report) {
        self.give(held);
        for notice in std::mem::take(&mut self.behind) {
            self.give(notice);
        }
    }

    /// Gives a report away: its boot counts within the input, no longer within the member.
    fn give(&mut self, mut report: Report) {
        if let Some(keeper) = &self.keeper {
            let source = &report.splat.source;
            let evidence = report.evidence_lines().collect();
            report.excerpt = keeper.excerpt(source.first_line, source.last_line, &evidence);
        }
        report.splat.boot = report.splat.boot.map(|boot| boot + self.earlier_boots);
        (self.take)(report);
    }

    /// Takes in what the decoder holds back.
    fn release_lines(&mut self) {
        let mut decoder = std::mem::take(&mut self.decoder);
        decoder.release(&mut |line| self.log_line(&line));
        self.decoder = decoder;
    }

    fn log_line(&mut self, line: &LogLine<'_>) {
        self.boots.observe(&self.analyzer.grammar, line);
        let complete = self.assembler.feed(line, &mut self.boots);
        if complete.is_empty() && self.assembler.is_idle() && !self.may_be_noise(line) {
            self.release();
        }
        for splat in complete {
            self.report(splat);
        }
    }
}

impl Visitor for Pipeline<'_> {
    fn line(&mut self, number: u64, raw: &[u8]) {
        if let Some(keeper) = &mut self.keeper {
            keeper.line(number, raw, self.analyzer.finder.tells(raw));
        }
        self.observe_asides();
        let mut decoder = std::mem::take(&mut self.decoder);
        decoder.line(number, raw, &mut |line| self.log_line(&line));
        self.decoder = decoder;
    }

    fn boot(&mut self, number: u64, raw: &[u8], passed: bool) {
        self.keep(number, raw);
        self.asides.clear();
        if passed {
            self.boots.set_begun();
        }
        match self.boots.has_banner_of(raw) {
            true => self.boots.repeat(number),
            false => self.observe(number, raw),
        }
    }

    fn aside(&mut self, number: u64, raw: &[u8]) {
        self.keep(number, raw);
        self.asides.keep(number, raw);
        if self.analyzer.every_boot || self.asides.is_full() {
            self.observe_asides();
        } else if !self.boots.has_begun() && self.analyzer.finder.has_milestone(raw, 0) {
            self.boots.set_begun();
        }
    }

    fn repeats_boot(&self, line: &[u8]) -> bool {
        self.boots.has_banner_of(line)
    }

    fn wants_asides(&self) -> bool {
        self.analyzer.every_boot
    }

    fn role(&self, raw: &[u8]) -> Role {
        if self.analyzer.harmless.has_line(raw) {
            return Role::Nothing;
        }
        // Anything else than a stamp of the kernel's may be a record, a quote, half a line.
        let line = decode::plain(0, raw).unwrap_or_else(|| LogLine::parse(0, raw));
        let is_plain = raw.starts_with(b"[") && line.framing.time_us.is_some();
        match is_plain {
            true => self.analyzer.role(&line),
            false => Role::Part,
        }
    }

    fn may_skip(&self) -> bool {
        self.decoder.is_idle() && self.assembler.is_idle() && self.held.is_none()
    }
}

impl Pipeline<'_> {
    /// Keeps a line that tells something, where a report may quote it.
    fn keep(&mut self, number: u64, raw: &[u8]) {
        if let Some(keeper) = &mut self.keeper {
            keeper.line(number, raw, true);
        }
    }

    /// Takes in a line that only tells something of its boot.
    fn observe(&mut self, number: u64, raw: &[u8]) {
        let (grammar, boots) = (&self.analyzer.grammar, &mut self.boots);
        self.decoder
            .line(number, raw, &mut |line| boots.observe(grammar, &line));
    }

    /// A report comes: what was said of its boot matters.
    fn observe_asides(&mut self) {
        if self.asides.is_empty() {
            return;
        }
        let asides = std::mem::take(&mut self.asides);
        for (number, raw) in asides.lines() {
            self.observe(number, raw);
        }
        self.asides = asides.cleared();
    }
}
