//! Whether a text holds any line of a kernel's only: a console that was never recorded finds no bug either.
//!
//! In: bytes. Out: yes or no; the first such line decides. A log without stamps, banner and milestones cannot be known
//! from prose.

use crate::input::{Finder, in_steps};
use regex::bytes::Regex;
use std::sync::LazyLock;

/// Bytes of a chunk that are looked at once more together with the next one: the longest mark and what is
/// around it.
const OVERLAP: usize = 128;

/// What is in front of messages of a kernel's only: printk's stamp; its level (`dmesg -r`); records of /dev/kmsg;
/// the tag of syslog; the journal's and dmesg's JSON; the stamps of `dmesg -T` and `--time-format iso`. And the
/// banner.
static MARKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m-u)\[ *[0-9]{1,6}\.[0-9]{6}\]",
        r"|^<[0-9]{1,3}>[^<]",
        r"|^[0-9]{1,4},[0-9]+,[0-9]+,[-c+]",
        r"|[0-9]{2}:[0-9]{2}:[0-9]{2}\S* \S+ kernel(?:\[[0-9]*\])?: ",
        r#"|"(?:_TRANSPORT|SYSLOG_IDENTIFIER)" ?: ?"kernel"|^(?:_TRANSPORT|SYSLOG_IDENTIFIER)=kernel$"#,
        r#"|"dmesg" ?: ?\["#,
        r"|^\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\]",
        r"|^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8},[0-9]{6}[+-][0-9]{2}:[0-9]{2} ",
        r"|Linux version [0-9]",
    ))
    .expect("a constant pattern")
});

/// What was seen of a text.
#[derive(Debug, Default)]
pub struct KernelSigns {
    seen: bool,
    /// The end of the last chunk.
    overlap: Vec<u8>,
}

impl KernelSigns {
    /// Takes in a whole text, or the next chunk of it.
    pub fn look(&mut self, bytes: &[u8], finder: &Finder) {
        for step in in_steps(bytes) {
            self.look_at(step, finder);
        }
    }

    fn look_at(&mut self, bytes: &[u8], finder: &Finder) {
        // One mark decides, and most logs have it in their first line.
        if self.seen {
            return;
        }
        self.overlap
            .extend_from_slice(&bytes[..bytes.len().min(OVERLAP)]);
        // A mark may lie across two chunks.
        self.seen =
            MARKS.is_match(&self.overlap) || MARKS.is_match(bytes) || finder.tells_boot(bytes);
        self.overlap.clear();
        self.overlap
            .extend_from_slice(&bytes[bytes.len().saturating_sub(OVERLAP)..]);
    }

    /// True where a line of a kernel's was seen.
    pub fn is_seen(&self) -> bool {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kernel(text: &str) -> bool {
        MARKS.is_match(text.as_bytes())
    }

    #[test]
    fn every_form_of_a_message_is_one() {
        for line in [
            "[    0.000000] x",
            "x [12345.123456][ T1] y",
            "<6>usb 1-1: new",
            "6,1234,5678901,-;usb",
            "Nov 26 01:02:03 host kernel: usb",
            "2026-11-26T01:02:03.123456+00:00 host kernel: usb",
            "{\"_TRANSPORT\":\"kernel\",\"MESSAGE\":\"x\"}",
            "MESSAGE=x\n_TRANSPORT=kernel\n",
            "{\n  \"dmesg\": [",
            "[Thu Nov 26 01:02:03 2026] usb",
            "2026-11-26T01:02:03,123456+00:00 usb",
            "Linux version 6.1.0 (a@b)",
        ] {
            assert!(is_kernel(line), "{line}");
        }
    }

    #[test]
    fn other_programs_are_none() {
        for line in [
            "",
            "PASS: all tests",
            "[   15.123] (II) Xorg",
            "2026-11-26 01:02:03 INFO: started",
            "Nov 26 01:02:03 host openvpn[812]: WARNING: x",
            "<html><body>",
            "this needs Linux version six",
        ] {
            assert!(!is_kernel(line), "{line}");
        }
    }

    #[test]
    fn a_mark_between_two_chunks_is_seen() {
        let analyzer = crate::analyzer::Analyzer::new(crate::grammar::Grammar::builtin(), None);
        let finder = analyzer.expect("built").finder;
        let mut kernel = KernelSigns::default();
        kernel.look(b"some firmware\n[    0.0", &finder);
        assert!(!kernel.is_seen());
        kernel.look(b"00000] x", &finder);
        assert!(kernel.is_seen());
    }
}
