//! The pager: text that is longer than the screen is shown by `less`.
//!
//! In: the whole text of a run. Out: the pager's standard input, or the terminal where there is none: nothing is
//! lost because a pager is missing.

use std::env;
use std::io::Write;
use std::process::{Child, Command, Stdio};

/// Leaves a text that fits on the screen, shows colours, and does not clear the screen.
const LESS: &str = "-FRX";

/// Shows a text; false where no pager could be started.
pub fn show(text: &[u8]) -> bool {
    let Some(mut pager) = start() else {
        return false;
    };
    if let Some(mut input) = pager.stdin.take() {
        // A pager that is left early has been shown enough.
        let _ = input.write_all(text);
    }
    let _ = pager.wait();
    true
}

/// `KSPLAT_PAGER`, else `PAGER`, else `less`: words, the first of which is the program. An empty one, or `cat`,
/// is none.
fn start() -> Option<Child> {
    let set = ["KSPLAT_PAGER", "PAGER"].map(|name| env::var(name).ok());
    let command = set
        .into_iter()
        .flatten()
        .next()
        .unwrap_or("less".to_owned());
    let mut words = command.split_whitespace();
    let program = words.next().filter(|program| *program != "cat")?;
    let mut pager = Command::new(program);
    pager.args(words).stdin(Stdio::piped());
    // Whoever has set LESS wants it so.
    if env::var_os("LESS").is_none() {
        pager.env("LESS", LESS);
    }
    // less understands what Style writes and shows other control bytes as text; nothing else gets through.
    pager.env("LESSSECURE", "1");
    pager.spawn().ok()
}
