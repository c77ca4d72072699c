//! Where the output goes.
//!
//! In: `-o`, and text. Out: a file that is replaced when all of it was written, or a stream. A reader that
//! goes away is no error: the run goes on for its exit code, and writes nothing more.

use super::args::{Color, Options, Paging};
use super::draft::DraftTarget;
use super::format::Format;
use super::pager;
use crate::os;
use crate::render::{self, Escape, Links, Style, without_commands};
use std::error::Error;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};
use std::time::{Duration, Instant};

/// Kernels without debug info that have a line each on stderr.
const MAX_MISSING: usize = 8;

/// The open output.
pub struct Out {
    /// As messages name it.
    name: String,
    stream: StandardStream,
    /// Nobody reads it any more.
    gone: bool,
    /// The first error of [`Out::print`].
    error: Option<io::Error>,
}

enum StandardStream {
    Stdout(BufWriter<Stdout>),
    Paged(Paged),
    File(BufWriter<DraftTarget>),
}

/// Text that waits until it is known whether it fits on the screen.
struct Paged {
    text: Vec<u8>,
    /// When the first of it came.
    since: Option<Instant>,
    /// Lines that are shown without a pager.
    rows: usize,
}

/// Text that takes longer to come is a stream's, and is shown as it comes.
const LIVE: Duration = Duration::from_secs(1);

/// Bytes that may wait.
const MAX_PAGED: usize = 64 << 20;

/// The same as [`open`], through a pager where `--paging` asks for it.
///
/// # Errors
/// A file that cannot be made.
pub fn open_paged(options: &Options) -> Result<Out, Box<dyn Error>> {
    let mut out = open(options)?;
    if let Some(rows) = rows_without_pager(options) {
        out.stream = StandardStream::Paged(Paged {
            text: Vec::new(),
            since: None,
            rows,
        });
    }
    Ok(out)
}

/// How many lines are shown without a pager; `None` where none is to be used.
fn rows_without_pager(options: &Options) -> Option<usize> {
    let is_possible = options.output.is_none() && options.format() == Format::Text;
    match options.paging {
        Paging::Always if options.output.is_none() => Some(0),
        Paging::Auto if is_possible && io::stdout().is_terminal() && !is_dumb() => {
            let (rows, _) = os::terminal_size()?;
            (rows > 0).then_some(rows.into())
        }
        _ => None,
    }
}

/// Opens `-o`, or standard output.
///
/// # Errors
/// A file that cannot be made.
pub fn open(options: &Options) -> Result<Out, Box<dyn Error>> {
    let out = |name: String, stream| Out {
        name,
        stream,
        gone: false,
        error: None,
    };
    let Some(path) = &options.output else {
        let stdout = StandardStream::Stdout(BufWriter::new(io::stdout()));
        return Ok(out("standard output".to_owned(), stdout));
    };
    let name = path.display().to_string();
    match DraftTarget::open(path) {
        Ok(target) => Ok(out(name, StandardStream::File(BufWriter::new(target)))),
        Err(e) => Err(format!("{name}: {e}; give -o a file in a folder that you may write").into()),
    }
}

impl Out {
    /// Writes at once: whoever reads the output may be waiting for it. The first error is reported at the end.
    pub fn print(&mut self, text: &str) {
        // An error repeats itself with every write; the first one says it.
        if self.gone || self.error.is_some() || text.is_empty() {
            return;
        }
        let written = self.write_all(text.as_bytes()).and_then(|()| self.flush());
        self.note(written);
        // Text that never ends must not fill the memory.
        if matches!(&self.stream, StandardStream::Paged(paged) if paged.text.len() > MAX_PAGED) {
            self.show();
        }
    }

    /// A stream goes on: what has waited for long is shown, and all that comes from now on at once.
    pub fn go_on(&mut self) {
        if let StandardStream::Paged(paged) = &self.stream
            && paged.is_late()
        {
            self.show();
        }
    }

    /// Shows what waits for the pager without it.
    fn show(&mut self) {
        if let StandardStream::Paged(paged) = &mut self.stream {
            let text = std::mem::take(&mut paged.text);
            self.stream = StandardStream::Stdout(BufWriter::new(io::stdout()));
            let written = self.write_all(&text).and_then(|()| self.flush());
            self.note(written);
        }
    }

    /// True where nobody reads the output any more.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// True where it cannot be written.
    pub fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    /// All was written: a file takes its place.
    ///
    /// # Errors
    /// The first error of writing. That nobody reads the output is none.
    pub fn finish(mut self) -> io::Result<()> {
        match &self.stream {
            // Where no pager can be started the text goes to the terminal.
            StandardStream::Paged(paged) if paged.needs_pager() && pager::show(&paged.text) => {}
            StandardStream::Paged(_) => self.show(),
            _ => {
                let flushed = self.flush();
                self.note(flushed);
            }
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        let name = self.name;
        match self.stream {
            StandardStream::Stdout(_) | StandardStream::Paged(_) => Ok(()),
            StandardStream::File(file) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(DraftTarget::place)
                .map_err(|error| told(&name, &error)),
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.gone = true,
            Err(error) => self.error = self.error.take().or(Some(error)),
            Ok(()) => {}
        }
    }

    fn stream(&mut self) -> &mut dyn Write {
        match &mut self.stream {
            StandardStream::Stdout(stdout) => stdout,
            StandardStream::Paged(paged) => paged,
            StandardStream::File(file) => file,
        }
    }
}

impl Paged {
    fn is_late(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() > LIVE)
    }

    fn needs_pager(&self) -> bool {
        let lines = self.text.iter().filter(|byte| **byte == b'\n').count();
        lines > self.rows || self.rows == 0 && !self.text.is_empty()
    }
}

impl Write for Paged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.since.get_or_insert_with(Instant::now);
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream().write(bytes);
        written.map_err(|error| told(&self.name, &error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream().flush();
        flushed.map_err(|error| told(&self.name, &error))
    }
}

/// An error of writing, with the name of the output and the mend.
fn told(name: &str, error: &io::Error) -> io::Error {
    let text = format!("{name}: {error}; make room, or give -o another file");
    io::Error::new(error.kind(), text)
}

/// One line on stderr. Where that cannot be written nothing is left to do.
pub fn tell(line: &str) {
    let line = without_commands(format!("ksplat: {line}\n"), Escape::Text);
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Says what debug info was asked for and could not be had.
pub fn tell_missing(missing: &[String]) {
    for line in missing.iter().take(MAX_MISSING) {
        tell(&render::clean(line));
    }
    let more = missing.len().saturating_sub(MAX_MISSING);
    if more > 0 {
        tell(&format!("debug info of {more} more kernels is missing"));
    }
}

/// True for a terminal that shows text and nothing else.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// The colours that `--color`, `NO_COLOR`, `CLICOLOR_FORCE` and the terminal ask for, and its width.
pub fn style(options: &Options) -> Style {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    // CLICOLOR_FORCE=0 means that it is off (bixense.com/clicolors).
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let terminal = options.output.is_none() && io::stdout().is_terminal();
    let colored = match options.color {
        Color::Always => true,
        Color::Never => false,
        // NO_COLOR wins over all but --color: it is a person's wish for every program.
        Color::Auto => !is_set("NO_COLOR") && (forced || terminal && !is_dumb()),
    };
    let style = match colored {
        true => Style::colored(),
        false => Style::plain(),
    };
    let style = match colored || terminal && !is_dumb() {
        true => style.linked(links(options)),
        false => style,
    };
    match os::terminal_size() {
        Some((_, columns @ 1..)) if terminal => style.fitted(columns.into()),
        _ => style,
    }
}

/// The links that are asked for. They live as long as the program, as all that a style holds.
fn links(options: &Options) -> Option<&'static Links> {
    let tree = options.kernel_tree.as_deref();
    let links = Links::of(&options.hyperlink_format, tree).ok().flatten()?;
    Some(Box::leak(Box::new(links)))
}

/// True where the reader of the output went away: no error, only the end.
pub fn broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
