//! Log lines: what is left of a physical line once quoting and framing are off.
//!
//! In: physical lines. Out: [`LogLine`]s: the kernel's own text, and what the framing said of it
//! (time, caller, level). A framing is one entry in [`framing`]'s table; what is more than a
//! line of text with framing in front is one module in [`decode`]. What no framing knows is learned from the lines
//! ([`Margin`]).

pub mod decode;
pub mod framing;
pub mod kind;
mod margin;
mod printed_clock;
pub mod quote;
pub mod rejoin;

pub use margin::Margin;

pub use printed_clock::PrintedClock;

use std::borrow::Cow;

/// Who called printk (`CONFIG_PRINTK_CALLER`; kernel/printk/printk.c, `print_caller()`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Caller {
    /// `T123`: task with this PID.
    Task(u32),
    /// `C3`: this CPU, outside task context.
    Cpu(u32),
}

/// Who wrote a line, as far as its framing says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// The framing does not say: a clock alone, or none.
    #[default]
    Unknown,
    /// The kernel: its own stamp, caller, level or tag.
    Kernel,
    /// Another program: its tag, its syslog facility, or journald's transport.
    Program,
}

/// What the framing of a line says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Framing {
    /// Seconds since boot, in microseconds.
    pub time_us: Option<u64>,
    /// Time of day.
    pub clock: Option<PrintedClock>,
    /// printk caller.
    pub caller: Option<Caller>,
    /// Syslog level, 0 (emerg) to 7 (debug).
    pub level: Option<u8>,
    /// Who wrote the line.
    pub source: Source,
    /// True where any framing was found at all.
    pub present: bool,
}

impl Framing {
    /// True where the framing shows that the kernel printed the line.
    pub fn is_kernels(&self) -> bool {
        self.source == Source::Kernel
    }
}

/// One line of a kernel log.
#[derive(Debug, Clone)]
pub struct LogLine<'a> {
    /// Physical line in the input, counted from 1.
    pub number: u64,
    /// Depth of mail quoting (`> > ` is 2).
    pub quote: usize,
    /// What the framing says.
    pub framing: Framing,
    /// Length of the physical line in bytes, before anything was taken off.
    pub width: usize,
    /// The kernel's text, with its own leading blanks; bytes that are no UTF-8 are replaced.
    pub text: Cow<'a, str>,
}

impl<'a> LogLine<'a> {
    /// Reads one physical line, without its line feed.
    pub fn parse(number: u64, raw: &'a [u8]) -> LogLine<'a> {
        // Serial consoles and mails end lines with CR LF; with the CR no pattern that ends in `$` would match.
        let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
        let (quote, content) = quote::strip(raw);
        // Nearly every line is valid UTF-8 and stays borrowed; only one with replaced bytes costs an allocation.
        let (framing, text) = match String::from_utf8_lossy(content) {
            Cow::Borrowed(text) => {
                let (framing, rest) = framing::strip(text);
                (framing, Cow::Borrowed(rest))
            }
            Cow::Owned(text) => {
                let (framing, rest) = framing::strip(&text);
                (framing, Cow::Owned(rest.to_owned()))
            }
        };
        LogLine {
            number,
            quote,
            framing,
            width: raw.len(),
            text,
        }
    }

    /// The same line, independent of the input's buffer.
    pub fn into_owned(self) -> LogLine<'static> {
        LogLine {
            text: Cow::Owned(self.text.into_owned()),
            number: self.number,
            quote: self.quote,
            framing: self.framing,
            width: self.width,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_crlf_line_of_a_mail() {
        let line = LogLine::parse(7, b"> > [ 0.055225][ T0] identify_cpu (a.c:1)\r");
        assert_eq!(line.quote, 2);
        assert_eq!(line.framing.time_us, Some(55_225));
        assert_eq!(line.framing.caller, Some(Caller::Task(0)));
        assert_eq!(line.text, "identify_cpu (a.c:1)");
    }

    #[test]
    fn bytes_that_are_no_utf8_are_kept_as_replacement_characters() {
        let line = LogLine::parse(1, b"[    1.000000] caf\xe9");
        assert_eq!(line.text, "caf\u{fffd}");
    }
}
