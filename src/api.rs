//! The public face: a path in, reports out.
//!
//! Everything else in this crate is a stage of the way between the two.

use crate::analyzer::{Analyzer, Input, grammar_of};
use crate::baseline::Baseline;
use crate::boot::Boot;
use crate::cpus::CpuTable;
use crate::grammar::{Grammar, Level};
use crate::input::InputError;
use crate::input::container::{Content, Limits, Unpacker};
use crate::render;
use crate::report::{Incidents, Report};
use crate::routing::Sources;
use crate::scan::{Extent, Reading, ScanError, Scanner, Sink};
use crate::symbols::{self, Symbolizer};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What went wrong: one line that names the file, the place, and how to mend it.
#[derive(Debug)]
pub struct Error(Box<dyn std::error::Error + Send + Sync>);

impl Error {
    fn from(error: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// A reader of kernel logs, with what it may use beside them.
///
/// ```no_run
/// use ksplat::Ksplat;
///
/// for report in Ksplat::new().vmlinux("vmlinux")?.read("dmesg.xz")? {
///     println!("{report}");
/// }
/// # Ok::<(), ksplat::Error>(())
/// ```
pub struct Ksplat {
    grammar: Arc<Grammar>,
    vmlinux: Vec<PathBuf>,
    debug_dirs: Vec<PathBuf>,
    maintainers: Option<PathBuf>,
    kernel_tree: Option<PathBuf>,
    threads: Option<usize>,
    limits: Limits,
    analyzer: OnceLock<Analyzer>,
}

impl Default for Ksplat {
    fn default() -> Ksplat {
        Ksplat {
            grammar: Arc::new(Grammar::builtin()),
            vmlinux: Vec::new(),
            debug_dirs: Vec::new(),
            maintainers: None,
            kernel_tree: None,
            threads: None,
            limits: Limits::default(),
            analyzer: OnceLock::new(),
        }
    }
}

impl Ksplat {
    /// Reads logs alone, with the rules that are compiled in.
    pub fn new() -> Ksplat {
        Ksplat::default()
    }

    /// Takes symbols from this vmlinux, for the logs of its kernel. May be called for several kernels.
    ///
    /// # Errors
    /// Where the file cannot be opened. What is inside is looked at when a log is read.
    pub fn vmlinux(mut self, path: impl Into<PathBuf>) -> Result<Ksplat, Error> {
        let path = path.into();
        // Now, so that a mistyped path is an error here and not a report without symbols.
        File::open(&path).map_err(|error| Error::from(InputError::of(&path, error)))?;
        self.vmlinux.push(path);
        Ok(self.anew())
    }

    /// Looks for vmlinux and modules under this folder, by the release or build-id that a log names.
    #[must_use]
    pub fn debug_dir(mut self, folder: impl Into<PathBuf>) -> Ksplat {
        self.debug_dirs.push(folder.into());
        self.anew()
    }

    /// Lays the rules of this folder over those that are compiled in (`--grammar`).
    ///
    /// # Errors
    /// Where a rule is wrong: file, place and reason.
    pub fn grammar(mut self, folder: impl AsRef<Path>) -> Result<Ksplat, Error> {
        self.grammar = grammar_of(folder.as_ref()).map_err(Error::from)?;
        Ok(self.anew())
    }

    /// Says who should hear of a report, by this MAINTAINERS file.
    #[must_use]
    pub fn maintainers(mut self, file: impl Into<PathBuf>) -> Ksplat {
        self.maintainers = Some(file.into());
        self.anew()
    }

    /// Takes MAINTAINERS and source lines from this checkout of the kernel.
    #[must_use]
    pub fn kernel_tree(mut self, folder: impl Into<PathBuf>) -> Ksplat {
        self.kernel_tree = Some(folder.into());
        self.anew()
    }

    /// Reads with so many threads; all cores if it is not said. The result is the same.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Ksplat {
        self.threads = Some(threads);
        self
    }

    /// Unpacks no compressed file to more bytes than this, 4 GiB if it is not said.
    #[must_use]
    pub fn max_size(mut self, bytes: u64) -> Ksplat {
        self.limits.max_size = bytes;
        self.anew()
    }

    /// The options have changed: what was made for the old ones is dropped.
    fn anew(mut self) -> Ksplat {
        self.analyzer = OnceLock::new();
        self
    }

    fn analyzer(&self) -> Result<&Analyzer, Error> {
        if let Some(analyzer) = self.analyzer.get() {
            return Ok(analyzer);
        }
        let sources = Sources::open(self.maintainers.as_deref(), self.kernel_tree.as_deref());
        let analyzer = Analyzer::new(Arc::clone(&self.grammar), self.symbolizer()?)
            .map_err(Error::from)?
            .with_sources(sources.map_err(Error::from)?)
            .look_for_kernel();
        // Two threads may have made one each; both then use the first.
        Ok(self.analyzer.get_or_init(|| analyzer))
    }

    fn symbolizer(&self) -> Result<Option<Symbolizer>, Error> {
        if self.vmlinux.is_empty() && self.debug_dirs.is_empty() {
            return Ok(None);
        }
        let options = symbols::SymbolOptions {
            vmlinux: self.vmlinux.clone(),
            debug_dirs: self.debug_dirs.clone(),
            max_size: self.limits.max_size,
            ..symbols::SymbolOptions::default()
        };
        Symbolizer::new(options).map(Some).map_err(Error::from)
    }

    /// Reads a log, or all logs that a mail, an archive, a folder or a git repository holds.
    ///
    /// # Errors
    /// Where a vmlinux, MAINTAINERS file or checkout cannot be used, or the path cannot be read. Where a part
    /// of it cannot be read, the rest is: see [`Log::errors`].
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Log, Error> {
        let analyzer = self.analyzer()?;
        let mut log = Log::default();
        let mut scanner = Scanner::new(analyzer).limits(self.limits.clone());
        if let Some(threads) = self.threads {
            scanner = scanner.threads(threads);
        }
        scanner.scan(&[path.as_ref().to_owned()], &mut log);
        // Only where nothing else was read: one bad part of an archive must not hide the reports of
        // the others, nor one error the next.
        let is_unread = log.lines == 0 && log.reports.is_empty() && log.errors.len() == 1;
        match log.errors.pop_if(|_| is_unread) {
            Some(error) => Err(error),
            None => Ok(log),
        }
    }

    /// Reads bytes that are a log, or a mail or archive of logs; `name` is what reports call it.
    ///
    /// # Errors
    /// Where a vmlinux, MAINTAINERS file or checkout cannot be used.
    pub fn read_bytes(&self, name: &str, bytes: &[u8]) -> Result<Log, Error> {
        let mut log = Log::default();
        let mut incidents = Incidents::default();
        let mut reading = Reading::new(self.analyzer()?, name, &mut incidents, &mut log);
        let unpacker = Unpacker::new(self.limits.clone());
        unpacker.unpack(name, Content::Whole(bytes), &mut reading);
        log.lines = reading.lines;
        Ok(log)
    }
}

impl Baseline {
    /// Reads a baseline: the TOML file that `ksplat check` compares with.
    ///
    /// # Errors
    /// Where it cannot be read, or is no baseline: file, line and reason.
    pub fn read(path: impl AsRef<Path>) -> Result<Baseline, Error> {
        let path = path.as_ref();
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| Error::from(InputError::of(path, error)))?;
        Baseline::parse(&path.display().to_string(), &text).map_err(Error::from)
    }

    /// True where an entry accepts the report, by signature, title or pattern, and has not expired today (UTC).
    pub fn knows(&self, report: &Report) -> bool {
        let today = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date();
        self.standing(report, today).is_known()
    }
}

/// What was read.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Log {
    /// The splats, in the order of the log.
    pub reports: Vec<Report>,
    /// Lines that healthy boots print as well, but that say something of the machine.
    pub notices: Vec<Report>,
    /// The boots that it shows.
    pub boots: Vec<Boot>,
    /// Physical lines.
    pub lines: u64,
    /// True where any line of a kernel's was seen.
    pub is_kernel: bool,
    /// What could not be read.
    pub errors: Vec<Error>,
    pub(crate) cpus: Option<CpuTable>,
}

impl Log {
    /// The document that `ksplat --format json` prints, as text in lines; `name` is what it calls the input. Its
    /// schema is in `docs/ksplat.schema.json`.
    ///
    /// # Errors
    /// A large document waits in a temporary file: where that cannot be read back.
    pub fn to_json(&self, name: &str) -> io::Result<String> {
        let input = Input {
            path: name.to_owned(),
            boots: self.boots.clone(),
            lines: self.lines,
            is_kernel: self.is_kernel,
            cpus: self.cpus.clone(),
            gathered: None,
        };
        render::document(&[input], self.reports.iter().chain(&self.notices))
    }
}

impl IntoIterator for Log {
    type Item = Report;
    type IntoIter = std::vec::IntoIter<Report>;

    /// The splats.
    fn into_iter(self) -> Self::IntoIter {
        self.reports.into_iter()
    }
}

impl<'a> IntoIterator for &'a Log {
    type Item = &'a Report;
    type IntoIter = std::slice::Iter<'a, Report>;

    /// The splats.
    fn into_iter(self) -> Self::IntoIter {
        self.reports.iter()
    }
}

impl Sink for Log {
    fn report(&mut self, report: Report) {
        match report.level {
            Level::Report => self.reports.push(report),
            Level::Notice => self.notices.push(report),
        }
    }

    fn error(&mut self, error: ScanError) {
        self.errors.push(Error::from(error));
    }

    fn member(&mut self, mut member: Input) {
        // In the order of members: a report's boot is counted over the whole input.
        self.boots.append(&mut member.boots);
        self.is_kernel |= member.is_kernel;
        if let Some(cpus) = member.cpus {
            self.cpus.get_or_insert_default().absorb(cpus);
        }
    }

    fn input(&mut self, extent: Extent) {
        self.lines += extent.lines;
    }

    fn wants_members(&self) -> bool {
        true
    }
}
