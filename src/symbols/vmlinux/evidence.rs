//! Evidence for and against a file. In: what a log and a file say of the same thing. Out: whether the file is
//! that of the kernel, or module, that printed the log.
//!
//! Evidence is weighed: what the kernel says of itself outweighs frames, which a console may have mangled, and
//! many frames outweigh a few. What contradicts is named in either case.

use std::collections::BTreeSet;

use super::code::CodeMatch;
use crate::symbols::Match;

/// Functions whose sizes agree that count as much as a `Code:` line; and how many there must be for each that is damaged.
const ENOUGH_SIZES: usize = 3;

/// Contradictions that are named in a reason.
const NAMED: usize = 3;

/// The verdict on one file.
#[derive(Debug)]
pub(in crate::symbols) struct Verdict {
    pub(in crate::symbols) matched: Match,
    pub(in crate::symbols) evidence: Vec<String>,
    /// How many functions agree, in words.
    pub(in crate::symbols) agreement: Option<String>,
}

impl Verdict {
    /// How good the match is, to choose among several.
    pub(in crate::symbols) fn rank(&self) -> u8 {
        match self.matched {
            Match::Exact => 3,
            Match::ReleaseOnly => 2,
            Match::None => 1,
            Match::Mismatch { .. } => 0,
        }
    }
}

/// One piece of evidence.
pub(in crate::symbols) enum Says {
    /// This very build.
    Proof(String),
    /// The same release, of which there may be other builds.
    Release(String),
    /// The same release, and the file does not say which of its builds: a split one has no banner.
    AnyBuild(String),
    /// Another build.
    Against(String),
}

/// The functions of a log, compared with a file by their sizes.
#[derive(Debug, Default)]
pub(in crate::symbols) struct Sizes {
    /// Functions whose size and offset are as in the file.
    pub(in crate::symbols) agreeing: BTreeSet<String>,
    /// Functions that the file has with other sizes only, in words.
    pub(in crate::symbols) contradictions: Vec<String>,
    /// How many of these would agree if the log had lost one character.
    pub(in crate::symbols) cut: usize,
    /// Functions that the file lacks.
    pub(in crate::symbols) missing: BTreeSet<String>,
}

impl Sizes {
    /// How many functions agree, in words.
    fn agreement(&self) -> Option<String> {
        match self.agreeing.len() {
            0 => None,
            1 => Some("1 function has the log's size in it".to_owned()),
            many => Some(format!("{many} functions have the log's size in it")),
        }
    }

    /// Names that are in no file (BPF programs, trampolines) are rare; many of them mean another one.
    fn lack(&self) -> Option<String> {
        let names: Vec<&str> = self
            .missing
            .iter()
            .map(String::as_str)
            .take(NAMED)
            .collect();
        let many = self.missing.len() > self.agreeing.len();
        many.then(|| format!("it has no {}", names.join(", no ")))
    }
}

/// What was said so far.
#[derive(Default)]
pub(in crate::symbols) struct Tally {
    evidence: Vec<String>,
    against: Vec<String>,
    proof: bool,
    released: bool,
    any_build: bool,
}

impl Tally {
    pub(in crate::symbols) fn add(&mut self, says: Says) {
        match says {
            Says::Proof(text) => {
                self.proof = true;
                self.evidence.push(text);
            }
            Says::Release(text) => {
                self.released = true;
                self.evidence.push(text);
            }
            Says::AnyBuild(text) => {
                self.released = true;
                self.any_build = true;
                self.evidence.push(text);
            }
            Says::Against(text) => self.against.push(text),
        }
    }

    /// Adds what the frames and the code say, and decides.
    pub(in crate::symbols) fn weigh(mut self, sizes: &Sizes, code: &CodeMatch) -> Verdict {
        // Only where all else speaks for the file may a contradiction be damage of the log.
        let damage = self.proof || self.against.is_empty() && self.released;
        let few_frames = damage && self.outweigh_frames(sizes, code);
        self.evidence.extend(sizes.agreement());
        for text in sizes.contradictions.iter().cloned().chain(sizes.lack()) {
            self.contradict(text, few_frames);
        }
        match code {
            CodeMatch::Same { patched: 0, .. } => {
                self.evidence.push("the Code: bytes are its own".to_owned());
            }
            CodeMatch::Same { .. } => self
                .evidence
                .push("the Code: bytes are its own, but for run-time patches".to_owned()),
            CodeMatch::Differs(why) => self.contradict(why.clone(), self.proof),
            CodeMatch::Unknown => {}
        }
        self.decide(sizes, code)
    }

    fn contradict(&mut self, text: String, outweighed: bool) {
        match outweighed {
            true => self.evidence.push(format!("{text}: damaged in the log?")),
            false => self.against.push(text),
        }
    }

    /// Consoles lose and mix up characters. Each frame with another size needs several others that agree, and the code
    /// at RIP has to be that of the file, or a character be lost. Else the sizes mean another build: of the next
    /// stable release 20 of 21 functions had the same sizes.
    fn outweigh_frames(&self, sizes: &Sizes, code: &CodeMatch) -> bool {
        let same_code = matches!(code, CodeMatch::Same { .. });
        let against = sizes.contradictions.len() + sizes.missing.len();
        let cut = sizes.cut == against;
        self.proof || (same_code || cut) && sizes.agreeing.len() >= ENOUGH_SIZES * against
    }

    fn decide(self, sizes: &Sizes, code: &CodeMatch) -> Verdict {
        let same_code = matches!(code, CodeMatch::Same { .. });
        let enough_sizes = sizes.agreeing.len() >= ENOUGH_SIZES;
        // One alone proves little: many builds have one release, and stable releases share most
        // sizes.
        let two_agree = [self.released, same_code, enough_sizes]
            .into_iter()
            .filter(|agrees| *agrees)
            .count()
            >= 2;
        let matched = if !self.against.is_empty() {
            let why: Vec<String> = self.against.iter().take(NAMED).cloned().collect();
            Match::Mismatch {
                why: why.join("; "),
            }
        } else if self.proof || two_agree && (same_code || !self.any_build) {
            Match::Exact
        } else if self.released {
            Match::ReleaseOnly
        } else {
            Match::None
        };
        Verdict {
            matched,
            agreement: sizes.agreement(),
            evidence: self.evidence.into_iter().chain(self.against).collect(),
        }
    }
}
