//! Where the output goes.
//!
//! In: `-o`, and text. Out: a file that is replaced when all of it was written, or a stream. A reader that
//! goes away is no error: the run goes on for its exit code, and writes nothing more.

use super::args::{Color, Options};
use super::draft::Target;
use ksplat::render::{self, Escape, Style, without_commands};
use std::error::Error;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};

/// Kernels without debug info that are told of one by one.
const MAX_MISSING: usize = 8;

/// The open output.
pub struct Out {
    /// As messages name it.
    name: String,
    stream: Stream,
    /// Nobody reads it any more.
    gone: bool,
    /// The first error of [`Out::print`].
    error: Option<io::Error>,
}

enum Stream {
    Stdout(BufWriter<Stdout>),
    File(BufWriter<Target>),
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
        let stdout = Stream::Stdout(BufWriter::new(io::stdout()));
        return Ok(out("standard output".to_owned(), stdout));
    };
    let name = path.display().to_string();
    match Target::open(path) {
        Ok(target) => Ok(out(name, Stream::File(BufWriter::new(target)))),
        Err(e) => Err(format!("{name}: {e}; give -o a file in a folder that you may write").into()),
    }
}

impl Out {
    /// Writes at once: whoever reads the output may be waiting for it. The first error is told at the end.
    pub fn print(&mut self, text: &str) {
        if self.gone || self.error.is_some() || text.is_empty() {
            return;
        }
        let written = self.write_all(text.as_bytes()).and_then(|()| self.flush());
        self.note(written);
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
        let flushed = self.flush();
        self.note(flushed);
        if let Some(error) = self.error {
            return Err(error);
        }
        let name = self.name;
        match self.stream {
            Stream::Stdout(_) => Ok(()),
            Stream::File(file) => file
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(Target::place)
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
            Stream::Stdout(stdout) => stdout,
            Stream::File(file) => file,
        }
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

/// One line on stderr. Where that cannot be written nobody can be told.
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

/// The colours that `--color`, `NO_COLOR`, `CLICOLOR_FORCE` and the terminal ask for, and its width.
pub fn style(options: &Options) -> Style {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    let terminal = options.output.is_none() && io::stdout().is_terminal();
    let colored = match options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !is_set("NO_COLOR") && (forced || terminal && !dumb),
    };
    let style = match colored {
        true => Style::colored(),
        false => Style::plain(),
    };
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if terminal && size.ws_col > 0 => style.fitted(size.ws_col.into()),
        _ => style,
    }
}

/// True where the reader of the output went away: no error, only the end.
pub fn broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
