//! Where the output goes.

use super::args::{Color, Options};
use ksplat::render::Style;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};

/// Opens `-o`, or standard output.
///
/// # Errors
/// A file that cannot be made.
pub fn open(options: &Options) -> Result<Box<dyn Write>, Box<dyn Error>> {
    match &options.output {
        None => Ok(Box::new(BufWriter::new(io::stdout()))),
        Some(path) => match File::create(path) {
            Ok(file) => Ok(Box::new(BufWriter::new(file))),
            Err(e) => {
                Err(format!("{}: {e}; give -o a file that you may write", path.display()).into())
            }
        },
    }
}

/// The colours that `--color`, `NO_COLOR` and the terminal ask for.
pub fn style(options: &Options) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let terminal = options.output.is_none() && io::stdout().is_terminal();
    let colored = match options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => terminal && !no_color,
    };
    if colored {
        Style::colored()
    } else {
        Style::plain()
    }
}

/// True where the reader of the output went away: no error, only the end.
pub fn broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
