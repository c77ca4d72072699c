//! People and lists, each once.
//!
//! In: values of `M:`, `R:` and `L:` lines. Out: addresses in the order in which they came. As in
//! scripts/get_maintainer.pl one person is known by the name or by the address, whatever the letters' case.

use std::collections::HashSet;

/// Whom the script never names: all kernel mails reach him anyway ("chief penguin" there).
const CHIEF: &str = "torvalds@linux-foundation.org";

/// Addresses that were taken.
#[derive(Debug, Default)]
pub struct Addresses {
    names: HashSet<String>,
    addresses: HashSet<String>,
}

impl Addresses {
    /// Takes an address, `NAME <ADDRESS>` or bare; false where it was taken before, or is none.
    pub fn take(&mut self, text: &str) -> bool {
        let (name, address) = split(text);
        let (name, address) = (name.to_lowercase(), address.to_lowercase());
        // One of the two is enough: people change addresses, and mailmap may not know.
        let is_new =
            !self.addresses.contains(&address) && (name.is_empty() || !self.names.contains(&name));
        if !is_new || !address.contains('@') || address == CHIEF {
            return false;
        }
        self.names.insert(name);
        self.addresses.insert(address);
        true
    }
}

/// Name and address of `NAME <ADDRESS>`.
pub fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once('<') {
        Some((name, rest)) => {
            let address = rest.split('>').next().unwrap_or(rest);
            (name.trim().trim_matches('"'), address.trim())
        }
        None => ("", text.split_whitespace().next().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, split};

    #[test]
    fn a_person_is_named_once() {
        let mut all = Addresses::default();
        assert!(all.take("A B <a@b.c>"));
        for again in ["a b <other@b.c>", "C <A@b.c>", "a@b.c", "nobody", ""] {
            assert!(!all.take(again), "{again}");
        }
        assert!(all.take("x@y.z (open list)"));
        assert!(!all.take("Linus Torvalds <torvalds@linux-foundation.org>"));
    }

    #[test]
    fn a_name_may_be_quoted() {
        assert_eq!(split("\"A B (C)\" <a@b>"), ("A B (C)", "a@b"));
        assert_eq!(split("a@b (moderated)"), ("", "a@b"));
    }
}
