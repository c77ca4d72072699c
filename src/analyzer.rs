//! The whole way: bytes in, reports out.

mod harmless;
mod pipeline;
mod reports;
mod waiting;

use crate::boot::Boot;
use crate::grammar::Grammar;
use crate::input::{Finder, LineReader, Role};
use crate::line::LogLine;
use crate::line::decode;
use crate::report::{Report, Sequence};
use crate::splat::Assembler;
use crate::symbols::Symbolizer;
use harmless::Harmless;
use pipeline::Pipeline;

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
