//! Texts that were looked at and begin no report: logs are full of the same ones.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

/// Texts remembered; each is shorter than [`crate::input::MAX_LINE`].
const MAX_TEXTS: usize = 64;

/// The texts.
#[derive(Debug, Default)]
pub struct Harmless {
    texts: RwLock<HashSet<Box<[u8]>>>,
}

impl Harmless {
    /// True for a text that begins no report.
    pub fn has(&self, text: &[u8]) -> bool {
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        texts.contains(text)
    }

    /// True for a line of a console that is a stamp and such a text.
    pub fn has_line(&self, raw: &[u8]) -> bool {
        behind_stamp(raw).is_some_and(|text| self.has(text))
    }

    /// Remembers a text that begins no report, while there is room.
    pub fn remember(&self, text: &[u8]) {
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        let is_full = texts.len() >= MAX_TEXTS;
        drop(texts);
        if !is_full {
            let texts = self.texts.write();
            let mut texts = texts.unwrap_or_else(PoisonError::into_inner);
            texts.insert(text.into());
        }
    }
}

/// What stands behind `[    0.055225] ` or `[    0.055225][    T1] `: read without looking at the rest of
/// the line.
fn behind_stamp(raw: &[u8]) -> Option<&[u8]> {
    let part = |raw: &[u8], bytes: &[u8]| {
        let inside = raw.strip_prefix(b"[")?;
        let end = inside.iter().position(|byte| !bytes.contains(byte))?;
        inside[end..].starts_with(b"]").then_some(end + 2)
    };
    let stamp = part(raw, b" .0123456789")?;
    let caller = part(&raw[stamp..], b" TC0123456789").unwrap_or(0);
    let text = raw[stamp + caller..].strip_prefix(b" ")?;
    Some(text.strip_suffix(b"\r").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::Harmless;

    #[test]
    fn a_known_text_is_known_behind_any_stamp_of_the_kernel_s() {
        let harmless = Harmless::default();
        harmless.remember(b"INFO: all is well");
        for line in [
            "[    0.055225] ",
            "[12345.055225][    T1] ",
            "[    0.000000][   C12] ",
        ] {
            for end in ["", "\r"] {
                let line = format!("{line}INFO: all is well{end}");
                assert!(harmless.has_line(line.as_bytes()), "{line}");
            }
        }
        for line in ["", "> [    0.055225] ", "[x] ", "[    0.055225]", "["] {
            assert!(
                !harmless.has_line(format!("{line}INFO: all is well").as_bytes()),
                "{line}"
            );
        }
        assert!(!harmless.has_line(b"[    0.055225] INFO: all is well, or not"));
    }
}
