//! A window of members: texts of one large container, read by all threads at once.
//!
//! In: members one after the other. Out: what each of them holds, in the same order. What they take of
//! memory is bounded by the size of a window.

use crate::analyzer::{Analyzer, Input, Origin};
use crate::input::container::{Envelope, Member};
use crate::parallel;
use crate::report::{Incidents, Report};
use std::sync::Arc;

/// Memory that the texts of a window and their names may take.
const FULL: usize = 8 << 20;

/// What a text takes beside its bytes and its names: an archive may hold millions of empty files, of which more than
/// this is found.
const TEXT_BYTES: usize = 1 << 10;

/// A larger text is searched by all threads by itself.
const LARGE: usize = 4 << 20;

/// Texts that wait to be read.
#[derive(Debug, Default)]
pub struct ScanWindow {
    texts: Vec<HeldMail>,
    bytes: usize,
}

#[derive(Debug)]
struct HeldMail {
    name: Option<String>,
    subject: Option<String>,
    mail: Option<Arc<Envelope>>,
    bytes: Vec<u8>,
}

/// What was found in a text, numbered by itself.
pub struct FoundInWindow {
    /// Its reports.
    pub reports: Vec<Report>,
    /// What it said of itself.
    pub input: Input,
    /// How its reports are numbered.
    pub incidents: Incidents,
}

impl ScanWindow {
    /// True for a text that may wait in a window.
    pub fn takes(bytes: &[u8]) -> bool {
        bytes.len() < LARGE
    }

    /// Keeps the text of a member.
    pub fn add(&mut self, member: &Member<'_>, bytes: &[u8]) {
        let names = [member.name, member.subject];
        let names = names.map(|name| name.map_or(0, str::len));
        self.bytes += bytes.len() + names.iter().sum::<usize>() + TEXT_BYTES;
        self.texts.push(HeldMail {
            name: member.name.map(str::to_owned),
            subject: member.subject.map(str::to_owned),
            mail: member.mail.cloned(),
            bytes: bytes.to_vec(),
        });
    }

    /// True where no text waits.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// True where it should be read before there is more.
    pub fn is_full(&self) -> bool {
        self.bytes >= FULL
    }

    /// Reads all texts.
    pub fn read(self, analyzer: &Analyzer, path: &str) -> Vec<FoundInWindow> {
        let read = |held: &HeldMail| {
            let origin = Origin {
                path,
                member: held.name.as_deref(),
                subject: held.subject.as_deref(),
                mail: held.mail.as_ref(),
                boots: 0,
            };
            let (mut reports, mut incidents) = (Vec::new(), Incidents::default());
            let mut take = |report| reports.push(report);
            let input = analyzer.read_all(origin, &held.bytes, &mut incidents, &mut take);
            FoundInWindow {
                reports,
                input,
                incidents,
            }
        };
        parallel::map(&self.texts, read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::container::MemberText;

    #[test]
    fn names_of_empty_texts_fill_a_window() {
        let name = "n".repeat(4000);
        let member = Member {
            name: Some(&name),
            subject: None,
            mail: None,
            text: MemberText::Whole(b""),
        };
        let mut window = ScanWindow::default();
        while !window.is_full() {
            window.add(&member, b"");
        }
        assert!(window.texts.len() * name.len() <= FULL + name.len());
    }
}
