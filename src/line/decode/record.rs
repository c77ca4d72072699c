//! Records: messages of formats that are no lines of text.

use crate::line::{Framing, Source};

/// A physical line, without what terminals, web pages and mails add.
#[derive(Debug, Clone, Copy)]
pub(super) struct Physical<'a> {
    pub number: u64,
    /// Depth of mail quoting.
    pub quote: usize,
    /// Length in bytes with the quoting.
    pub width: usize,
    pub text: &'a str,
}

/// A message that was decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// Line that its text is on.
    pub number: u64,
    /// Depth of mail quoting.
    pub quote: usize,
    /// What the format says of it.
    pub framing: Framing,
    /// Length of that line in bytes.
    pub width: usize,
    /// Its text, one or more lines.
    pub text: String,
}

impl Record {
    /// A message with its text on this line.
    pub fn at(line: &Physical<'_>, text: impl Into<String>) -> Record {
        Record {
            number: line.number,
            quote: line.quote,
            framing: Framing {
                present: true,
                ..Framing::default()
            },
            width: line.width,
            text: text.into(),
        }
    }
}

/// What the fields of a journal's entry say of who wrote it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Writer {
    identifier: Option<Source>,
    transport: Option<Source>,
}

/// Names of the fields that [`Writer`] reads (systemd.journal-fields(7)); the last one is of dmesg --json -x.
pub(super) const WRITER_FIELDS: [&str; 3] = ["SYSLOG_IDENTIFIER", "_TRANSPORT", "fac"];

impl Writer {
    /// Takes in a field.
    pub fn field(&mut self, name: &str, value: &str) {
        match (name, value) {
            ("SYSLOG_IDENTIFIER", "kernel") => self.identifier = Some(Source::Kernel),
            // journald reads what programs write to /dev/kmsg from the kernel as well.
            ("SYSLOG_IDENTIFIER", _) => self.identifier = Some(Source::Program),
            ("_TRANSPORT", "kernel") | ("fac", "kern") => self.transport = Some(Source::Kernel),
            ("_TRANSPORT", "syslog" | "stdout" | "journal" | "driver") | ("fac", _) => {
                self.transport = Some(Source::Program);
            }
            _ => {}
        }
    }

    /// With what another one of the same entry says.
    pub fn with(self, other: Writer) -> Writer {
        Writer {
            identifier: other.identifier.or(self.identifier),
            transport: other.transport.or(self.transport),
        }
    }

    /// Who wrote the entry; `None` where no field says it.
    pub fn source(self) -> Option<Source> {
        self.identifier.or(self.transport)
    }
}

/// A message whose fields are on lines of their own, as far as they came.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// What they say of it.
    pub framing: Framing,
    /// What they say of who wrote it.
    pub writer: Writer,
    /// Its text, and where that is.
    pub record: Option<Record>,
}

impl Fields {
    /// The message, if it has a text.
    pub fn finish(self) -> Option<Record> {
        let framing = Framing {
            present: true,
            source: self.writer.source().unwrap_or(self.framing.source),
            ..self.framing
        };
        Some(Record {
            framing,
            ..self.record?
        })
    }
}

/// A format of records.
pub(super) trait Records {
    /// Takes in a line; adds the messages that it completes. False where the line is none of this
    /// format.
    fn line(&mut self, line: &Physical<'_>, out: &mut Vec<Record>) -> bool;
    /// Gives away what is held back.
    fn release(&mut self, out: &mut Vec<Record>);
    /// True where nothing is held back.
    fn is_idle(&self) -> bool;
}
