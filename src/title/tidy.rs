//! What a title leaves out: numbers, addresses and what else differs from boot to boot.

use crate::grammar::{Grammar, rewrite};

/// syzbot cuts titles here, in bytes.
const MAX_TITLE: usize = 120;

/// Rewriting is repeated until nothing changes; each round shortens the text or ends it.
const MAX_ROUNDS: usize = 32;

/// The title as it is shown.
pub fn tidy(grammar: &Grammar, title: &str) -> String {
    grammar.tidied.get(title, || work_out(grammar, title))
}

fn work_out(grammar: &Grammar, title: &str) -> String {
    let mut title = title.to_owned();
    // What one rule leaves may fit another one, in front of it in the list.
    for _ in 0..MAX_ROUNDS {
        let next = rewrite(&grammar.tidy, &title);
        if next == title {
            break;
        }
        title = next;
    }
    printable(&title)
}

/// Printable ASCII with single blanks, cut to [`MAX_TITLE`].
fn printable(text: &str) -> String {
    let mut out = String::new();
    // By bytes, as syzbot counts: the title must be cut where its own is.
    for byte in text.bytes().take(MAX_TITLE) {
        let c = if byte == b'\t' { ' ' } else { char::from(byte) };
        let doubled = c == ' ' && (out.is_empty() || out.ends_with(' '));
        if (' '..='~').contains(&c) && !doubled {
            out.push(c);
        }
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_boot_to_boot_goes() {
        let grammar = Grammar::builtin();
        for (raw, tidy_title) in [
            ("BUG: x at addr ffff8801c1a0b0c0", "BUG: x at addr ADDR"),
            (
                "INFO: Freed in f age=1 cpu=0 pid=33",
                "INFO: Freed in f age=NUM cpu=NUM pid=NUM",
            ),
            ("a  b\u{7}\tc", "a b c"),
            ("f+0x1/0x2 on CPU#3", "f on CPU"),
        ] {
            assert_eq!(tidy(&grammar, raw), tidy_title, "{raw}");
        }
    }
}
