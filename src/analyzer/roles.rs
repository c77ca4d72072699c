//! What texts of lines may be, read alone: logs are full of the same ones.

use crate::input::Role;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Texts remembered at once; all are forgotten when one more comes.
const MAX_TEXTS: usize = 512;

/// A longer text, in bytes, is not remembered.
const MAX_TEXT: usize = 512;

/// The texts.
#[derive(Debug, Default)]
pub struct Roles {
    texts: RwLock<HashMap<Box<[u8]>, Role>>,
}

impl Roles {
    /// The role of a text that is known.
    pub fn of(&self, text: &[u8]) -> Option<Role> {
        let texts = self.texts.read().unwrap_or_else(PoisonError::into_inner);
        texts.get(text).copied()
    }

    /// The role of a line of a console that is a stamp and such a text.
    pub fn of_line(&self, raw: &[u8]) -> Option<Role> {
        self.of(behind_stamp(raw)?)
    }

    /// Remembers what a text is.
    pub fn remember(&self, text: &[u8], role: Role) {
        if text.len() > MAX_TEXT {
            return;
        }
        let texts = self.texts.write();
        let mut texts = texts.unwrap_or_else(PoisonError::into_inner);
        if texts.len() >= MAX_TEXTS {
            texts.clear();
        }
        texts.insert(text.into(), role);
    }
}

/// What is after `[    0.055225] ` or `[    0.055225][    T1] `: read without looking at the rest of
/// the line.
fn behind_stamp(raw: &[u8]) -> Option<&[u8]> {
    let part = |raw: &[u8], bytes: &[u8]| {
        let inside = raw.strip_prefix(b"[")?;
        let end = inside.iter().position(|byte| !bytes.contains(byte))?;
        inside[end..].starts_with(b"]").then_some(end + 2)
    };
    let stamp = part(raw, b" .0123456789").filter(|end| has_micros(&raw[..*end]))?;
    let caller = part(&raw[stamp..], b" TC0123456789").unwrap_or(0);
    let text = raw[stamp + caller..].strip_prefix(b" ")?;
    Some(text.strip_suffix(b"\r").unwrap_or(text))
}

/// True for `[    0.055225]`, false for `[1]`.
fn has_micros(stamp: &[u8]) -> bool {
    stamp.iter().rev().nth(7) == Some(&b'.')
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, MAX_TEXTS, Roles};
    use crate::input::Role;

    #[test]
    fn a_known_text_is_known_behind_any_stamp_of_the_kernel_s() {
        let roles = Roles::default();
        roles.remember(b"INFO: all is well", Role::Nothing);
        for line in [
            "[    0.055225] ",
            "[12345.055225][    T1] ",
            "[    0.000000][   C12] ",
        ] {
            for end in ["", "\r"] {
                let line = format!("{line}INFO: all is well{end}");
                assert_eq!(
                    roles.of_line(line.as_bytes()),
                    Some(Role::Nothing),
                    "{line}"
                );
            }
        }
        for line in [
            "",
            "> [    0.055225] ",
            "[x] ",
            "[1] ",
            "[    0.055225]",
            "[",
        ] {
            let line = format!("{line}INFO: all is well");
            assert_eq!(roles.of_line(line.as_bytes()), None, "{line}");
        }
        assert!(
            roles
                .of_line(b"[    0.055225] INFO: all is well, or not")
                .is_none()
        );
    }

    #[test]
    fn memory_is_bounded() {
        let roles = Roles::default();
        roles.remember(&[b'x'; MAX_TEXT + 1], Role::Nothing);
        assert!(roles.texts.read().expect("no panic").is_empty());
        for number in 0..2 * MAX_TEXTS {
            roles.remember(number.to_string().as_bytes(), Role::Nothing);
        }
        assert!(roles.texts.read().expect("no panic").len() <= MAX_TEXTS);
    }
}
