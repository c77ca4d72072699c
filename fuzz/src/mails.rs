//! Any bytes behind what makes a mail, and behind what makes a mailbox: the target `containers` seldom gets past the mark.

use super::containers;

/// Fields that tell a mail.
const MAIL: &[u8] = b"From: a\nTo: b\n";

/// The line that tells a mailbox.
const MAILBOX: &[u8] = b"From a@b Mon Nov 23 14:20:48 2026\n";

pub fn run(input: &[u8]) {
    containers::run(&[MAIL, input].concat());
    containers::run(&[MAILBOX, MAIL, input].concat());
}
