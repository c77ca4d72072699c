//! One input being read: members in, reports out.

use super::{kmsg, triage};
use ksplat::analyzer::{Analyzer, Input, Origin};
use ksplat::input::container::{Member, Text, UnpackError, Visit};
use ksplat::input::read_chunks_or_pause;
use ksplat::report::{Report, Sequence};
use std::error::Error;

/// An input and what was found in it so far.
pub struct Reading<'a> {
    pub analyzer: &'a Analyzer,
    pub input: Input,
    pub sequence: &'a mut Sequence,
    pub take: &'a mut dyn FnMut(Report),
    /// False where a part could not be read.
    pub whole: bool,
}

impl Reading<'_> {
    /// Reads the running kernel's log.
    ///
    /// # Errors
    /// Where the device cannot be read.
    pub fn kmsg(&mut self) -> Result<(), Box<dyn Error>> {
        let path = self.input.path.clone();
        let mut stream = self
            .analyzer
            .stream(path.as_str(), self.sequence, self.take);
        kmsg::read(|record| stream.push(record))?;
        let input = stream.finish();
        self.add(input);
        Ok(())
    }

    fn add(&mut self, member: Input) {
        self.input.boots.extend(member.boots);
        self.input.lines += member.lines;
    }
}

impl Visit for Reading<'_> {
    fn member(&mut self, member: Member<'_>) {
        let path = self.input.path.clone();
        let origin = Origin {
            path: &path,
            member: member.name,
            subject: member.subject,
            boots: self.input.boots.len(),
        };
        let input = match member.text {
            Text::Whole(bytes) => self
                .analyzer
                .read_all(origin, bytes, self.sequence, self.take),
            Text::Stream(reader) => {
                let mut stream = self.analyzer.stream(origin, self.sequence, self.take);
                // Its errors are told by whoever takes the input apart.
                let _ = read_chunks_or_pause(reader, |chunk| match chunk {
                    Some(chunk) => stream.push(chunk),
                    None => stream.pause(),
                });
                stream.finish()
            }
        };
        self.add(input);
    }

    fn error(&mut self, error: UnpackError) {
        self.whole = false;
        triage::complain(&error);
    }
}
